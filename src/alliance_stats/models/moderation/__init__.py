"""For whom the alliance goes with outcome, and whether it does so regardless of treatment."""
