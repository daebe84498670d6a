"""Search: queries, vectors, words, their fusion, filters, neighbors, and the nearest labeled products as evidence."""
