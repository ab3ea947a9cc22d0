"""R code that fits the same model, by lme4 or (with a residual structure) nlme."""
