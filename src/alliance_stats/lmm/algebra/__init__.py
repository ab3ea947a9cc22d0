"""The algebra of random effects on cross-products: elimination and what follows from it."""
