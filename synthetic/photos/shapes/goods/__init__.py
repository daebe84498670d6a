"""Shapes of packed, printed and consumable goods."""
