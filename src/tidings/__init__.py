"""tidings: low-latency order entry for the Phemex derivatives exchange.

    async with tidings.connect("local") as phemex:
        order = phemex.limit("BTCUSDT", "buy", qty="0.01", price="61250.0")
        await order.accepted()

What is public is named here; `tidings.blocking` is the synchronous face, `tidings.errors` the error tree. Names are
loaded when they are first used, so that the local exchange, which lives in this package too, runs without the engine.
"""

import logging
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tidings.engine.strategy import Strategy as Strategy
    from tidings.errors import AuthenticationError as AuthenticationError
    from tidings.errors import ConfigError as ConfigError
    from tidings.errors import ConnectionLost as ConnectionLost
    from tidings.errors import GridError as GridError
    from tidings.errors import OrderDenied as OrderDenied
    from tidings.errors import OrderDone as OrderDone
    from tidings.errors import OrderNotSent as OrderNotSent
    from tidings.errors import OrderRejected as OrderRejected
    from tidings.errors import OrderUnknown as OrderUnknown
    from tidings.errors import RateLimited as RateLimited
    from tidings.errors import TidingsError as TidingsError
    from tidings.errors import UnknownSymbol as UnknownSymbol
    from tidings.errors import VenueError as VenueError
    from tidings.model.enums import DenyReason as DenyReason
    from tidings.model.enums import ExecInst as ExecInst
    from tidings.model.enums import ExecType as ExecType
    from tidings.model.enums import OrdStatus as OrdStatus
    from tidings.model.enums import OrdType as OrdType
    from tidings.model.enums import PosSide as PosSide
    from tidings.model.enums import ProductLine as ProductLine
    from tidings.model.enums import Side as Side
    from tidings.model.enums import TimeInForce as TimeInForce
    from tidings.model.enums import Trigger as Trigger
    from tidings.session.order_ticket import OrderTicket as OrderTicket
    from tidings.session.phemex import Phemex as Phemex
    from tidings.session.phemex import connect as connect
    from tidings.venue.phemex.signing import sign_request as sign_request

__version__ = "0.1.0"

_HOMES = {
    "tidings.engine.strategy": ("Strategy",),
    "tidings.errors": (
        "AuthenticationError",
        "ConfigError",
        "ConnectionLost",
        "GridError",
        "OrderDenied",
        "OrderDone",
        "OrderNotSent",
        "OrderRejected",
        "OrderUnknown",
        "RateLimited",
        "TidingsError",
        "UnknownSymbol",
        "VenueError",
    ),
    "tidings.model.enums": (
        "DenyReason",
        "ExecInst",
        "ExecType",
        "OrdStatus",
        "OrdType",
        "PosSide",
        "ProductLine",
        "Side",
        "TimeInForce",
        "Trigger",
    ),
    "tidings.session.order_ticket": ("OrderTicket",),
    "tidings.session.phemex": ("Phemex", "connect"),
    "tidings.venue.phemex.signing": ("sign_request",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}
__all__ = sorted(_HOME_OF)


class _LastResort(logging.Handler):
    """Errors and alarms are seen on stderr where the program has set up no logging: they may be about real money."""

    def emit(self, record: logging.LogRecord) -> None:
        if self._is_heard(record):
            return
        try:
            sys.stderr.write(f"{self.format(record)}\n")
        except Exception:  # as logging's own handlers do: whoever logs must not fail by it
            self.handleError(record)

    def _is_heard(self, record: logging.LogRecord) -> bool:
        """Whether anybody else takes the record."""
        logger: logging.Logger | None = logging.getLogger(record.name)
        while logger is not None:
            if any(handler is not self and not isinstance(handler, logging.NullHandler) for handler in logger.handlers):
                return True
            logger = logger.parent if logger.propagate else None
        return False


_last_resort = _LastResort(logging.ERROR)
_last_resort.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
logging.getLogger(__name__).addHandler(_last_resort)


def __getattr__(name: str) -> Any:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module 'tidings' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(home), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
