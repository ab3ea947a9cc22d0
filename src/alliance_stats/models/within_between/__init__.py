"""The alliance and outcome within and between patients."""
