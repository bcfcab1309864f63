"""Orders → signed HTTP/1.1 requests, byte for byte what Phemex reads. Compiled code appends them to a buffer."""

from collections.abc import Iterable

from tidings.model.instrument import Instrument
from tidings.model.order import Order
from tidings.model.terms import OrderTerms
from tidings.venue.phemex.order_template import PhemexTemplate
from tidings.venue.phemex.signing import Credentials
from tidings.wire.buffer import ByteBuffer

class OrderEncoder:
    """Requests for one host under one API key. Signed ones need `expiry_s`. Not for two threads at once.

    Each request method returns the whole request as bytes, or raises UsageError for what cannot be said or is unsafe
    to send (a number out of range or without a place in the terms, an unfit ClOrdID).
    """

    def __init__(
        self,
        host: str,
        credentials: Credentials | None = None,
        *,
        create_by_post: bool = False,
        extra_headers: Iterable[tuple[str, str]] = (),
    ) -> None:
        """`host` goes into the Host field; without `credentials` only unsigned requests are made.

        `create_by_post` sends creates as POST with a JSON body instead of PUT with a query.
        """
    @property
    def host(self) -> str: ...
    @property
    def credentials(self) -> Credentials | None: ...
    @property
    def create_by_post(self) -> bool: ...
    @property
    def expiry_s(self) -> int:
        """Unix time, in seconds, after which the venue refuses what is encoded from now on; 0: not set."""
    @expiry_s.setter
    def expiry_s(self, value: int) -> None: ...
    def make_template(self, terms: OrderTerms) -> PhemexTemplate:
        """Lay out and hash what `terms` fix, and keep it in them, so that their first order is as fast as the next."""
    def write_new(self, order: Order, out: ByteBuffer) -> None:
        """Append the create of `order` to `out`; nothing is appended if it is refused."""
    def new_request(self, order: Order) -> bytes:
        """Create `order`."""
    def amend_request(
        self, order: Order, *, price_ticks: int = 0, qty_lots: int = 0, stop_px_ticks: int = 0,
        take_profit_ticks: int = 0, stop_loss_ticks: int = 0, peg_offset_ticks: int = 0,
    ) -> bytes:
        """Change price, quantity or both; 0 leaves it. Names the order by the venue's id if known, else by ClOrdID."""
    def cancel_request(self, order: Order, *, by_order_id: bool = False) -> bytes:
        """Cancel by ClOrdID, or by the venue's id."""
    def cancel_many_request(self, instrument: Instrument, orders: list[Order]) -> bytes:
        """Cancel up to 150 orders of one symbol and posSide in one request. Contracts only: spot has no bulk cancel.

        COIN-M takes the venue's ids only, so every order must be acked; USD-M falls back to ClOrdIDs.
        """
    def cancel_all_request(self, instrument: Instrument, *, untriggered: bool = False) -> bytes:
        """Cancel the symbol's active orders, or with `untriggered` the conditional ones that still wait."""
    def request(self, method: str, path: str, query: str = "", body: bytes = b"", *, signed: bool = True) -> bytes:
        """Any other request. `query` is sent and signed as it is, without its "?"; `body` is JSON text."""
    def ping_request(self, *, signed: bool = False) -> bytes:
        """GET /public/time, to keep a connection warm. The VIP host wants it signed."""
