"""Who drives the pooled result: studies left out one by one, added one by one, looked at."""
