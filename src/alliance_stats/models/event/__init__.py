"""Who stays: hazards of dropout, relapse and other events from session to session."""
