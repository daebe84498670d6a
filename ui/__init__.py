"""What a visitor sees: tabs, what they are put together from, the galaxy, and the same for programs."""
