"""How much of the variance is explained, and by which part of a fitted model."""
