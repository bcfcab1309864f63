"""The private streams aop (COIN-M), aop_p (USD-M) and wo (spot): messages in, reports, positions and balances out."""

from tidings.model.execution_report import ExecutionReport
from tidings.model.instrument import Instrument
from tidings.venue.phemex.account_state import AccountStateReader, PositionUpdate, WalletUpdate
from tidings.venue.phemex.order_events import OrderEventReader

class AccountListener:
    """Compiled code inherits from it; from Python use AccountEvents."""

class AccountEvents(AccountListener):
    """Keeps what it hears, in order, until it is taken."""

    def __init__(self) -> None: ...
    def take(self) -> list[ExecutionReport | PositionUpdate | WalletUpdate | int]:
        """What was heard since the last take; an int is the ProductLine whose snapshot message ended there."""

class AccountStream:
    """Decodes the messages of one account's private streams."""

    orders: OrderEventReader
    states: AccountStateReader
    message_count: int
    """Account messages told."""
    ignored_count: int
    """Other messages: acknowledgements, tickers, shapes we do not know."""
    second_try_count: int
    """Messages that the fast cursor did not understand, so that orjson was asked."""

    def __init__(self, instruments: dict[str, Instrument], listener: AccountListener) -> None:
        """`instruments` by the venue's symbol; balances take their currencies' scales from them."""
    def feed_message(self, text: bytes, now_ns: int = 0) -> bool:
        """Tell the listener what one whole message says; False if it is not an account message.

        Raises PeerError, having told nothing, if it is not JSON or a known key has an undocumented shape: subscribe
        anew, since nobody knows what was lost.
        """
