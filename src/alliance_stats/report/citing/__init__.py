"""Works of the literature, which results rest on them, and how they are printed."""
