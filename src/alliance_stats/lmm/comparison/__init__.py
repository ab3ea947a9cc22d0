"""Comparing fits of the same rows: which model is nested in which, tests, information criteria."""
