"""Ground of every room: errors, checks, result views, printing. Knows no statistics."""
