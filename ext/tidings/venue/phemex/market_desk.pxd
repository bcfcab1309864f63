"""What a session does with each change of a book and each print: the collar's reference, then whoever listens."""

from libc.stdint cimport int64_t

from tidings.engine.risk cimport Risk
from tidings.market.book cimport Book
from tidings.venue.phemex.market_stream cimport MarketListener


cdef class MarketDesk(MarketListener):
    cdef Risk risk
    cdef readonly set muted     # books that are still told, and not followed any more
    cdef tuple book_heard, trade_heard      # of (callback, on_error)

    cpdef object book_in_doubt(self, Book book, int64_t now_ns)
