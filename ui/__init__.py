"""The page of the Space: tabs, their components, the galaxy, endpoints for programs, and the input guard."""
