"""Speed and memory of the preset siglip2-bge on a GPU."""
