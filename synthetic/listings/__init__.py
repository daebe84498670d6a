"""The made-up products: which there are, and their texts and candidate categories."""
