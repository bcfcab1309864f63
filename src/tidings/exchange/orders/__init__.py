"""Orders from request to end: checks, the engine of an instrument, conditional orders, what is remembered."""
