"""Unmeasured confounding of a within effect by what changes from session to session."""
