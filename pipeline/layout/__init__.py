"""Places of products, of more than a layout can be fitted on."""
