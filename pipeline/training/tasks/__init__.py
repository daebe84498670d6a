"""What a stage of training learns from: one task a file, all run by the same loop."""
