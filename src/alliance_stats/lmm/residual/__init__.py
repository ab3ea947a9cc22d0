"""Residuals that are correlated within blocks of rows, or differ in variance."""
