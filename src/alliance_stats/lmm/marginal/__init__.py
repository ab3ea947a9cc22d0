"""What a fitted model says about means and slopes at chosen values of its predictors."""
