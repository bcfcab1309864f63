"""Strategies in an engine: plugged in, started, told, stopped; what each of them holds."""
