"""Cost of the preset siglip2-bge on a GPU."""
