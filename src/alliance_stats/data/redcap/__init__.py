"""REDCap exports into one row a session."""
