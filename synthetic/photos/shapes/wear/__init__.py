"""Shapes of clothes, shoes, jewelry and care products."""
