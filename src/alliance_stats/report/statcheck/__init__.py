"""Statistics printed in a text, recomputed from one another."""
