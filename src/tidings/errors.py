"""Every error tidings raises, on one screen. Each leaf answers one question: who must act?

    TidingsError
    ├── UsageError (ValueError)      the caller: a bad argument, nothing was sent
    │   ├── GridError                price or quantity off the instrument's grid, not finite, negative or a float
    │   ├── UnknownSymbol            no such instrument in the catalogue, or not listed for trading
    │   └── ConfigError              a setting or an environment variable is missing or wrong
    ├── OrderError                   one order or request; carries cl_ord_id
    │   ├── OrderDenied              refused by us before the wire; carries reason
    │   ├── OrderNotSent             the kernel never took its last byte: it cannot have been executed
    │   ├── OrderRejected            refused by the venue; carries code, name, meaning
    │   ├── OrderUnknown             sent, and no clean answer: may be live; never resent
    │   └── OrderDone                asked to change an order that is finished
    ├── VenueError                   the venue refused a query or a setting; carries code, name, meaning, http_status
    │   ├── AuthenticationError      key, secret, signature or expiry refused
    │   └── RateLimited              HTTP 429 or our own budget; carries retry_after_s
    ├── JournalDamaged               the operator: the order journal does not add up; nothing is traded until it does
    ├── RecordingError               the operator: a recording is damaged or cannot be made; names the file and the byte
    ├── FileNotWritten               the operator: a file cannot be written, as on a full disk; names it and says why
    ├── FieldError (ValueError)      the sender of a FIX message: a field is missing or not of its type
    ├── SessionStoreDamaged          the operator: a FIX session's files do not add up; it is not started
    ├── PeerError                    the peer broke a protocol (HTTP, WebSocket, JSON); the connection is closed
    └── ConnectionLost (ConnectionError)   not connected, cannot connect, or went down
        ├── RequestNotSent           a query or setting whose last byte the kernel never took: not executed
        └── RequestUnknown           likewise, sent and without an answer: it may have been executed

Messages name the thing and say what to do. No message ever holds a secret, a signature or a request header.
"""

# What a callback may raise through us: it ends the program. All else is the callback's own failure, a CancelledError
# (of some future it looked into) too.
ENDS_PROGRAM = (KeyboardInterrupt, SystemExit)


class TidingsError(Exception):
    """The root: `except TidingsError` catches everything the package raises on purpose."""


class UsageError(TidingsError, ValueError):
    """A bad argument; nothing was sent."""


class GridError(UsageError):
    """A price or quantity that is off the instrument's grid, negative, not finite or a float."""


class UnknownSymbol(UsageError):
    """A symbol the product catalogue does not list for trading."""


class ConfigError(UsageError):
    """A setting or environment variable that is missing or wrong; the message names it."""


class OrderError(TidingsError):
    """Something about one order. `cl_ord_id` is "" when the order never got one."""

    def __init__(self, message: str, cl_ord_id: str = "") -> None:
        super().__init__(message)
        self.cl_ord_id = cl_ord_id


class OrderDenied(OrderError):
    """Refused by us before anything was sent; `reason` is the DenyReason's name."""

    def __init__(self, message: str, reason: str, cl_ord_id: str = "") -> None:
        super().__init__(message, cl_ord_id)
        self.reason = reason


class OrderNotSent(OrderError):
    """The kernel never took the request's last byte: it cannot have been executed."""


class OrderRejected(OrderError):
    """Refused by the venue: `code` (its number), `name` (its enum name), `meaning` (in words).

    `request` is what it refused of an order that goes on ("cancel", "amend"); code 0 is no word of the venue's.
    """

    def __init__(self, code: int, name: str, meaning: str, cl_ord_id: str = "", request: str = "") -> None:
        what = f"{request} of order" if request else "order"
        by_whom = " by the venue" if code else ""
        super().__init__(f"{what} {cl_ord_id or '?'} rejected{by_whom}: {code} {name}: {meaning}", cl_ord_id)
        self.code = code
        self.name = name
        self.meaning = meaning


class OrderUnknown(OrderError):
    """Sent, and no clean answer came: the order may be live. It is never resent."""


class OrderDone(OrderError):
    """The order is finished (filled, cancelled, rejected): there is nothing left to change."""


class VenueError(TidingsError):
    """The venue refused a query or a setting."""

    def __init__(self, message: str, code: int = 0, name: str = "", meaning: str = "", http_status: int = 200) -> None:
        super().__init__(message)
        self.code = code
        self.name = name
        self.meaning = meaning
        self.http_status = http_status


class AuthenticationError(VenueError):
    """Key, secret, signature, expiry or source address refused (HTTP 401, code 10500, stream code 6012)."""


class RateLimited(VenueError):
    """The budget of a rate group is used up; try again in `retry_after_s` seconds."""

    def __init__(self, message: str, retry_after_s: int, http_status: int = 429) -> None:
        super().__init__(message, 39995, "TOO_MANY_REQUESTS", "too many requests in this minute", http_status)
        self.retry_after_s = retry_after_s


class JournalDamaged(TidingsError):
    """The order journal does not add up: a file in it is damaged, missing or strange. The message names it.

    Nothing is traded on it: orders it has lost may be open at the venue, and an id it has lost could be used again.
    """


class RecordingError(TidingsError):
    """A recording that is damaged, is none, or cannot be made; the message names the file and the offset.

    Nothing behind the damage is read: a replay or a table made of half a recording would look whole.
    """


class StrategyFailed(TidingsError):
    """A strategy's `on_start` raised, and the command that ran it ends; the message says what it raised."""


class FileNotWritten(TidingsError):
    """What was to become of a command cannot be written, as on a full disk; the message names the file and says why."""


class FieldError(TidingsError, ValueError):
    """One field of a FIX message: `tag`, `reason` in words, `reject_reason` by the numbers of tag 373."""

    def __init__(self, tag: int, reason: str, reject_reason: int) -> None:
        super().__init__(f"tag {tag} {reason}")
        self.tag = tag
        self.reason = reason
        self.reject_reason = reject_reason


class SessionStoreDamaged(TidingsError):
    """A FIX session's files do not add up: going on could use a sequence number twice. The message names the file."""


class PeerError(TidingsError):
    """The peer broke a protocol; its connection is closed and nothing more is read from it."""


class ConnectionLost(TidingsError, ConnectionError):
    """Not connected, unable to connect, or the connection went down."""


class RequestNotSent(ConnectionLost):
    """The kernel never took the request's last byte: it cannot have been executed."""


class RequestUnknown(ConnectionLost):
    """The request was sent, and no answer came: it may have been executed. It is never sent again by itself."""
