"""Sources, cleaning, images, splits, the taxonomy tree and the table schemas."""
