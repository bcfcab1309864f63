"""Accounts: what compiled modules see of positions."""
