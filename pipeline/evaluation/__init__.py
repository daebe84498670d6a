"""Evaluation: the figures of a bundle on any products, over the whole taxonomy, and of its search."""
