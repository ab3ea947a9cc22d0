"""Files of every format into frames, with what was recognised in them."""
