"""A recording through decoders, order path and state table, on a driven clock."""
