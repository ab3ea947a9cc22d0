"""Two responses with random intercepts at one or two nested levels, by maximum likelihood."""
