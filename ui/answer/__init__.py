"""The answer of tab "Classify" as a visitor sees it."""
