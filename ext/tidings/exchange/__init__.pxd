"""The exchange: what its compiled modules see of each other."""
