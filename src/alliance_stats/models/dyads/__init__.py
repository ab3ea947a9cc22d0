"""Dyads: what each of two members shows from what they and the other rated (actor and partner)."""
