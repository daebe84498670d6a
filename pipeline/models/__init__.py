"""The networks: text and vision towers, projection heads with gated fusion, the hierarchical classifier."""
