"""Dependent effect sizes: random effects of any nested or crossed units, known sampling blocks."""
