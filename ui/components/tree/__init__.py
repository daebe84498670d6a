"""Picking categories from a tree, with a search of their names in any language."""
