"""Factor models of items: omega, polychoric correlations, invariance."""
