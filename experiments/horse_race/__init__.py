"""The horse race: published systems of product categorization, trained and measured on the same rows."""
