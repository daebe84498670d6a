"""Shapes of what people play, listen and look with."""
