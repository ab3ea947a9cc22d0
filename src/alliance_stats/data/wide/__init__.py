"""Wide files, one row a patient, into one row a session."""
