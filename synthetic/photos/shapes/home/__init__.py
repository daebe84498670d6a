"""Shapes of objects in houses, garages and gardens."""
