"""Individual-participant data: one question about alliance and outcome, in several studies."""
