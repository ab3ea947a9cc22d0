"""Published meta-analyses of therapeutic relationships, and what their printed numbers imply."""
