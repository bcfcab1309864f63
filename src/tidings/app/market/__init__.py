"""Market data in an engine: who follows what over which connection, which book is in doubt, who hears of it."""
