"""Minutes of demand through the real request budgets, counted at the venue: `python -m tests.simulated_limits`."""
