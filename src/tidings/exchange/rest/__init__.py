"""The HTTP face: endpoints by product line, signatures, rate limits."""
