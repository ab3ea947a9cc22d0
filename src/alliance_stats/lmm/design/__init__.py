"""From a formula and a frame to the cross-products of a model."""
