"""Reliability of session data: of patients, of their changes, of observed means."""
