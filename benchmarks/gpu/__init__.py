"""What the preset siglip2-bge takes on a GPU."""
