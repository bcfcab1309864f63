"""One row of an account stream as one ExecutionReport: for the compiled streams, with counters for everybody."""

class SymbolTable:
    """Instruments by the venue's symbol, for compiled code."""

class OrderEventReader:
    """Reads rows; what it could not place is counted."""

    unknown_symbol_count: int
    """Rows of symbols that are not in the catalogue: left out, since their numbers have no scale."""
    unknown_word_count: int
    """Rows with a word or a missing execution id that we do not understand: told as STATUS, with the word as text."""
    funding_count: int
    """Funding settlements: rows that are no order's."""
