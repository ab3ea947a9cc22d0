"""A file of study results: correlations of alliance and outcome with known truth."""
