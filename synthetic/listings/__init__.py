"""The list of made-up products, with their texts and candidate categories."""
