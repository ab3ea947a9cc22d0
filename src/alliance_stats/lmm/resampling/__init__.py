"""Resampling a fit: responses or groups drawn anew, and many refits side by side."""
