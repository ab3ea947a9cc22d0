"""Sentences of every kind of result, one kind a file."""
