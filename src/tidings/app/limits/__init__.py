"""Limits of a running engine: from settings, changed while it runs, and who may trade how much."""
