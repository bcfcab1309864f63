"""The venue's JSON, one file per product line and service."""
