"""Alliance as patient, therapist and observer see it, in one model."""
