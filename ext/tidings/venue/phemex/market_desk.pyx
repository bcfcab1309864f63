"""What a session does with each change of a book and each print: the collar's reference, then whoever listens."""

from libc.stdint cimport int64_t

from tidings.engine.risk cimport Risk
from tidings.market.book cimport FEED_LIVE, Book
from tidings.venue.phemex.market_stream cimport MarketListener

from tidings.errors import ENDS_PROGRAM


cdef class MarketDesk(MarketListener):
    def __cinit__(self, *arguments, **options):
        self.muted = set()
        self.book_heard = self.trade_heard = ()

    def __init__(self, Risk risk not None):
        self.risk = risk

    def hear_by(self, tuple book_heard not None, tuple trade_heard not None):
        self.book_heard, self.trade_heard = book_heard, trade_heard

    cpdef object book_changed(self, Book book, int64_t now_ns):
        cdef int64_t bid_ticks, offer_ticks
        if self.muted and book in self.muted:
            return
        if self.risk is not None and book.is_tradable():
            bid_ticks, offer_ticks = book.bid_side.levels[0].price_ticks, book.offer_side.levels[0].price_ticks
            # Their sum may be more than 64 bits hold.
            self.risk.set_reference(book.instrument.index, bid_ticks + (offer_ticks - bid_ticks) // 2)
        elif book.feed_state != FEED_LIVE:
            self.book_in_doubt(book, now_ns)
        if self.book_heard:
            tell(self.book_heard, book, now_ns)

    cpdef object trade_printed(self, object trade, int64_t now_ns):
        tell(self.trade_heard, trade, now_ns)

    cpdef object book_in_doubt(self, Book book, int64_t now_ns):
        """Nothing, unless overridden."""


cdef int tell(tuple heard, object news, int64_t now_ns) except -1:
    cdef object stamp = now_ns
    for callback, on_error in heard:
        try:
            callback(news, stamp)
        except ENDS_PROGRAM:
            raise
        except BaseException as error:      # a listener's bug must not stop the feed, nor the listeners behind it
            on_error(error, callback)
    return 0
