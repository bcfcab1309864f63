"""One push of the market streams as it is written."""

from decimal import Decimal

class MarketMessage:
    """Reads one message after the other; each replaces the one before."""

    is_regular: bool
    """The data has the shape its key promises, and there is no other."""
    second_try_count: int
    """Messages that the fast cursor did not understand, so that orjson was asked."""

    def __init__(self) -> None: ...
    def read(self, text: bytes) -> bool:
        """False: no JSON object; the other members then mean nothing."""

    @property
    def key(self) -> str | None:
        """Of the data it carries: book, orderbook_p, trades or trades_p; None for anything else."""

    @property
    def is_answer(self) -> bool:
        """It answers a request: id, result or error, and no data."""

    @property
    def symbol(self) -> str | None: ...
    def ask_levels(self) -> list[tuple[Decimal | None, Decimal | None]]:
        """(price, quantity) as written, None for what is no number. Of `book`: integers on the instrument's scales."""

    def bid_levels(self) -> list[tuple[Decimal | None, Decimal | None]]:
        """(price, quantity) as written, None for what is no number. Of `book`: integers on the instrument's scales."""
