"""Training tasks, one per file, all run by the same loop; and the augmentation of photos."""
