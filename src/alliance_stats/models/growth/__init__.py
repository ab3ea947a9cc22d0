"""Growth: courses of alliance and outcome over sessions."""
