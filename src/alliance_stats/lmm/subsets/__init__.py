"""Models of all subsets of predictors with random intercepts, all at once."""
