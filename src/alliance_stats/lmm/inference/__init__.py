"""Tests and intervals of a fitted model."""
