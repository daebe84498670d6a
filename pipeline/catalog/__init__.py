"""The published catalogue: catalog.parquet written, checked, opened, and counted."""
