"""Results of `classify-file` as files: the table that came in, new tables, files for shop systems."""
