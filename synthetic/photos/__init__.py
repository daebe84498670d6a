"""Photos of the made-up products: shapes with surfaces in a scene, rendered by Mitsuba."""
