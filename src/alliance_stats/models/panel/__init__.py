"""Panel models of alliance and outcome by waves."""
