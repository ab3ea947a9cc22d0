"""Reliable change from a model of all sessions."""
