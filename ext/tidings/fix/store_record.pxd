"""Records and header copies of a session's store, as bytes."""
