"""What a visitor sees: one file a tab, on top of `pipeline.serving`."""
