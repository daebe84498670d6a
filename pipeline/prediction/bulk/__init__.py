"""A file of a visitor, classified while they watch: what it is, its progress, its results."""
