"""Lagged models: which of alliance and outcome comes first, and how biased the answer is."""
