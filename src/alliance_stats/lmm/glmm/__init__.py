"""Generalised linear mixed models: binomial and Poisson responses, Laplace and quadrature."""
