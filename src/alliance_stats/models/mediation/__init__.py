"""Mediation: through what the alliance may go with the outcome, within and between patients."""
