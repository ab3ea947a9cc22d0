"""Intraclass correlations: forms, analysis of variance, incomplete designs."""
