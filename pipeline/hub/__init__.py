"""Download and upload of catalogues and bundles on the Hugging Face hub, at pinned commits."""
