"""Shapes of what is packed, printed or used up."""
