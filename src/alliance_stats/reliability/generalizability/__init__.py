"""Generalizability theory: variance components, coefficients, planning of measurements."""
