"""REST: what compiled modules see of parameters."""
