"""Whether outcome is best where two ratings agree: response surfaces."""
