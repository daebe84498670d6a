"""What words say: BM25, the senses of a query, names of regions, categories found by name."""
