"""Nothing is called from other compiled modules: messages are made at the faces."""
