"""Messages: what compiled modules see of their writers."""
