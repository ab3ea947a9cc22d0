"""Random effects, predictions and simulated responses of a fitted model."""
