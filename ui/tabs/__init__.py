"""The tabs of the Space, one a file; each lays itself out and answers its own events."""
