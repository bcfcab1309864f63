"""Nothing is called from other compiled modules: the room stands alone."""
