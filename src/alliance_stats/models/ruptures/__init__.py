"""Ruptures of the alliance and their repair, beside what chance brings about."""
