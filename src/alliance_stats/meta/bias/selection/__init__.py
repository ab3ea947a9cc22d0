"""Selection models: how likely an effect was to be published, given its p value."""
