"""Review: people and assistants decide what the model is unsure of, and it learns from each decision."""
