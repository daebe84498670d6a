"""Shapes of what stands in houses, garages and gardens."""
