"""Nothing is called from other compiled modules."""
