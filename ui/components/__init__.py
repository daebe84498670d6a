"""What tabs are put together from: cards, charts, pictures, fields."""
