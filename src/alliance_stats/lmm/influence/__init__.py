"""What a fit would be without one patient, or one therapist."""
