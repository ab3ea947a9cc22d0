"""What unreliable measurement does to correlations, and its correction."""
