"""Research: what each idea brought, measured on validation rows and held-out categories, never on the test split."""
