"""Answers to items with a known reliability."""
