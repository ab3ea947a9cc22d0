"""The same question asked in every defensible way."""
