"""What is wrong with a fit, or doubtful, in plain words."""
