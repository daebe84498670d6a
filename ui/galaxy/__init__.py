"""The galaxy: its data as bytes, the routes that serve them, and the scripts that draw it."""
