"""The galaxy: its data as bytes, the routes that serve it, and the scripts that draw it."""
