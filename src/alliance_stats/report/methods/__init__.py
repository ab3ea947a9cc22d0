"""The Methods paragraph of results: what was modelled and how, from views only."""
