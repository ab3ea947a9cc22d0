"""Scoring keys of questionnaires."""
