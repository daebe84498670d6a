"""Towers, the two-tower model, losses, training and the model bundle."""
