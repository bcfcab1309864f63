"""Leaves that read the lines of an HTTP/1.1 head, for the compiled parser only."""
