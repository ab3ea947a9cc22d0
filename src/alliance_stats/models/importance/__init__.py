"""How much each predictor matters: dominance analysis within and between patients."""
