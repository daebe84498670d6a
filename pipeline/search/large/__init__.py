"""The index and the words of catalogues that are too large to scan, in files that are mapped."""
