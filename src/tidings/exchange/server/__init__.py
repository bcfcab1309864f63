"""Connections: HTTP/1.1 with pipelining, TLS certificates."""
