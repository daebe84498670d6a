"""The Hugging Face hub: catalogues and bundles fetched and pushed, at pinned commits."""
