"""The demo catalogue: products of our own, made from tables, with photos rendered from parametric shapes."""
