"""From item answers to scores."""
