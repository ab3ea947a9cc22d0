"""Early alliance and the outcome after therapy."""
