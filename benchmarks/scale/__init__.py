"""Files and indexes at size: rows per second of one process and of workers, tiers of the index."""
