"""Which headings of which shop system, and of plain tables in many languages, hold which of our fields."""
