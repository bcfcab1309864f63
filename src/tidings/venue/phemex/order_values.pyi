"""The venue's words and numbers about orders, read from JSON values into ours: for the compiled decoders only."""
