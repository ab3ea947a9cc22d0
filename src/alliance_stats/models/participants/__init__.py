"""Individual-participant data: one question about alliance and outcome, asked of several studies."""
