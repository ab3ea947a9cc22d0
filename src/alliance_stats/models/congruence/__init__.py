"""Whether one rater knows what another sees: truth and bias."""
