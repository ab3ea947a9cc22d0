"""Papers whose numbers are tested."""
