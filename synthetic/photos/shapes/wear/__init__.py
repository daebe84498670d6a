"""Shapes of what people wear."""
