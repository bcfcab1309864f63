"""The words of trading as numbers, in FIX's vocabulary. ext/tidings/model/enums.pxd holds the same for compiled code.

Values are ours (dense, for tables); `test_enums` keeps the two files equal.
"""

from enum import IntEnum, IntFlag


class ProductLine(IntEnum):
    """How an instrument is margined and quoted; each has its own paths, fields and number style at the venue."""

    INVERSE = 0  # coin-margined contract: whole contracts, value = qty × size / price
    LINEAR = 1  # margined in its quote currency: value = qty × size × price
    SPOT = 2


class Side(IntEnum):
    """Buy or sell; FIX 54, with FIX's numbers."""

    BUY = 1
    SELL = 2


class PosSide(IntEnum):
    """Which position an order works on: the one of one-way mode, or a side of hedged mode."""

    MERGED = 0
    LONG = 1
    SHORT = 2


class OrdType(IntEnum):
    """What kind of order; FIX 40, with its numbers up to STOP_LIMIT."""

    MARKET = 1
    LIMIT = 2
    STOP = 3  # market order once the trigger price is passed against us
    STOP_LIMIT = 4
    MARKET_IF_TOUCHED = 5  # market order once the trigger price is touched in our favour
    LIMIT_IF_TOUCHED = 6


class TimeInForce(IntEnum):
    """How long an order rests; FIX 59, with FIX's numbers. The venue has no day orders."""

    GTC = 1
    IOC = 3
    FOK = 4


class ExecInst(IntFlag):
    """How an order is to be handled; may be combined."""

    NONE = 0
    POST_ONLY = 1
    REDUCE_ONLY = 2
    CLOSE_ON_TRIGGER = 4
    RPI = 8  # retail price improvement: approved market makers only


class Trigger(IntEnum):
    """Which price arms a conditional order."""

    NONE = 0
    MARK_PRICE = 1
    INDEX_PRICE = 2
    LAST_PRICE = 3
    BID_PRICE = 4
    ASK_PRICE = 5


class PegType(IntEnum):
    """What a trailing order follows: the best price since it was placed, or since its activation price."""

    NONE = 0
    TRAILING_STOP = 1
    TRAILING_TAKE_PROFIT = 2


class SelfTradePrevention(IntEnum):
    """Which of our own two orders gives way when they would trade with each other."""

    NONE = 0
    CANCEL_MAKER = 1
    CANCEL_TAKER = 2
    CANCEL_BOTH = 3


class OrdStatus(IntEnum):
    """Where an order stands. PENDING_CANCEL and PENDING_REPLACE are views: a working order with a request in flight."""

    PENDING_NEW = 0  # sent, no word yet
    NEW = 1  # working at the venue
    PARTIALLY_FILLED = 2
    UNTRIGGERED = 3  # conditional, waiting for its trigger
    UNKNOWN = 4  # sent, and the answer is lost: may be live
    FILLED = 5  # from here on: done
    CANCELED = 6
    REJECTED = 7
    EXPIRED = 8
    UNSENT = 9  # the kernel never had its last byte
    DENIED = 10  # refused by us
    PENDING_CANCEL = 11
    PENDING_REPLACE = 12


class ExecType(IntEnum):
    """What one report says happened."""

    PENDING_NEW = 0  # request accepted by the trading engine, the book has not spoken
    NEW = 1
    UNTRIGGERED = 2
    TRIGGERED = 3
    TRADE = 4
    CANCELED = 5
    REJECTED = 6
    EXPIRED = 7
    REPLACED = 8
    PENDING_CANCEL = 9
    PENDING_REPLACE = 10
    CANCEL_REJECTED = 11
    REPLACE_REJECTED = 12
    UNKNOWN = 13  # ours: no clean answer in time
    UNSENT = 14  # ours: never reached the kernel whole
    STATUS = 15  # a snapshot or query tells the state; nothing new happened


class ReportSource(IntEnum):
    """Who told us."""

    REPLY = 0  # answer to our own request
    STREAM = 1  # account stream, as it happens
    SNAPSHOT = 2  # account stream, state and history after subscribing
    QUERY = 3  # asked for
    LOCAL = 4  # our own deadline or connection


class TradeType(IntEnum):
    """Why an execution happened; NONE: not told, and for whatever is no execution."""

    NONE = 0
    TRADE = 1
    LIQUIDATION = 2
    DELEVERAGING = 3


class RequestKind(IntEnum):
    """What a request on the wire asks for."""

    NEW = 1
    AMEND = 2
    CANCEL = 3
    CANCEL_MANY = 4
    CANCEL_ALL = 5
    QUERY = 6
    PING = 7


class DenyReason(IntEnum):
    """Why we refused before the wire. `fire` returns its negative."""

    NONE = 0
    NOT_CONNECTED = 1
    LANES_FULL = 2
    RATE_LIMIT = 3
    MAX_QTY = 4
    MAX_NOTIONAL = 5
    PRICE_COLLAR = 6
    NO_REFERENCE_PRICE = 7
    MAX_OPEN_ORDERS = 8
    BAD_PRICE = 9
    BAD_QTY = 10
    ORDER_DONE = 11
    UNKNOWN_ORDER = 12
    REQUEST_PENDING = 13
    TABLE_FULL = 14
    NOT_READY = 15
    CLOCK_UNSURE = 16
    HALTED = 17
    NOTHING_TO_CHANGE = 18
    BAD_TERMS = 19
    JOURNAL = 20
    KILLED = 21  # the kill switch is latched
    SYMBOL_HALTED = 22
    STRATEGY_HALTED = 23
    REDUCING = 24  # account, symbol or strategy: only orders that shrink the position
    REPEATED_EXECUTIONS = 25  # the strategy's breaker has tripped
    DUPLICATE_ORDER = 26
    SELF_MATCH = 27
    MAX_POSITION = 28
    MAX_POSITION_NOTIONAL = 29
    MAX_GROSS = 30
    MAX_NET = 31
    ORDER_RATE = 32
    WINDOW_QTY = 33  # per symbol
    WINDOW_NOTIONAL = 34
    STRATEGY_NOTIONAL = 35  # per order
    STRATEGY_GROSS = 36
    STRATEGY_RATE = 37
    STRATEGY_WINDOW = 38
    STALE_BOOK = 39  # the symbol's book is stale or not followed, and the setting stale_book denies then


class TradingState(IntEnum):
    """What of new orders is taken: of the account, of a symbol, of a strategy; the strictest of the three counts."""

    ACTIVE = 0
    REDUCING = 1  # only orders that shrink the position
    HALTED = 2  # nothing new; cancels, and amends that only shrink an order
