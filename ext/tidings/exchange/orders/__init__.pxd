"""Orders: nothing is called from other compiled modules."""
