"""Whose alliance goes with outcome, the therapist's or the patient's, and how therapists differ."""
