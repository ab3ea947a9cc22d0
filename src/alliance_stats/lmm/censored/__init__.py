"""Random-intercept models of responses cut off at a highest value."""
