"""Internal consistency: alpha, lower bounds, split halves, retest, errors of measurement."""
