"""Category paths: names, files, and the tree that they make."""
