"""Their photos: shapes with surfaces in a scene, rendered by Mitsuba."""
