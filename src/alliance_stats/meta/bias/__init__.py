"""What studies that were never published may have done to a pooled effect, by several methods."""
