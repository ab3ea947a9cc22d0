"""Checklists of reporting standards, filled with what results know."""
