"""FIX messages for a strategy in this process: tags in, tags out, no session and no sequence numbers.

    phemex.fix.listen(print)
    order = phemex.fix.send(b"35=D|11=a|55=BTCUSDT|54=1|38=0.01|40=2|44=55000|".replace(b"|", b"\\x01"))

The order is the engine's own, the same as `phemex.limit` would make; only the way in and out speaks FIX.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from tidings.fix.reader import FixReader
from tidings.fix_gateway.account import Account
from tidings.fix_gateway.chain_log import FileChainLog
from tidings.fix_gateway.field_text import Fields
from tidings.fix_gateway.message_routes import MessageRoutes
from tidings.fix_gateway.order_chains import OrderChains
from tidings.fix_gateway.order_desk import FixOrderDesk, business_reject
from tidings.fix_gateway.tag_message import TagMessage, WithPairs, read_into
from tidings.fix_gateway.translate_in import Rules
from tidings.fix_gateway.translate_out import Profile
from tidings.market.book import Book
from tidings.market.trade import Trade
from tidings.model.order import Order

MESSAGES_MAX = 100_000  # kept for `messages()` while nobody reads; the oldest go first
UNSUPPORTED_TYPE = "Unsupported Message Type"


class FixLine:
    """One account's FIX face in this process. `directory`: where its ids outlive the process; None: they do not."""

    name = "in-process"
    message_use = None  # no session, no rate of its own

    def __init__(self, account: Account, directory: Path | None = None) -> None:
        self.profile = Profile(is_extended=True)
        self.rules = Rules()
        self.has_pending_acks = False
        self.desk = FixOrderDesk(account, OrderChains(FileChainLog(directory) if directory else None))
        self.desk.join(self)
        self._routes = MessageRoutes(
            self.desk,
            self,
            lambda order: self.desk.submit(self, order),
            lambda request: self.desk.cancel(self, request),
            lambda request: self.desk.replace(self, request),
        )
        self._listener: Callable[[TagMessage], object] | None = None
        self._spare: FixReader | None = None
        self._waiting: deque[TagMessage] = deque(maxlen=MESSAGES_MAX)
        self._news = asyncio.Event()

    def listen(self, listener: Callable[[TagMessage], object] | None) -> None:
        """Let `listener` have every message, inline, the moment it is known; None: they wait for `messages()`."""
        self._listener = listener

    def send(self, message: bytes | WithPairs) -> Order | None:
        """Bytes (8, 9 and 10 may be missing) or a message object: the order of a NewOrderSingle, else None.

        What is refused is told by a message, as everything else. Raises UsageError for what is no FIX message.
        """
        reader = self._spare or FixReader()
        self._spare = None  # a listener that sends from inside of a send gets a reader of its own
        try:
            read_into(reader, message)
            return self._take(reader)
        finally:
            self._spare = reader

    def _take(self, request: FixReader) -> Order | None:
        msg_type = request.find(35) or b""
        if msg_type == b"D":
            return self.desk.submit(self, request)
        handler = self._routes.handlers.get(msg_type)
        if handler is None:
            self.tell(b"j", business_reject(request, 3, UNSUPPORTED_TYPE))
        else:
            handler(request)
        return None

    def on_book(self, book: Book) -> None:
        """For the strategy's own on_book: what V has asked for is told by messages."""
        self._routes.market_data.on_book(book)

    def on_trade(self, trade: Trade) -> None:
        """For the strategy's own on_trade."""
        self._routes.market_data.on_trade(trade)

    async def messages(self) -> AsyncIterator[TagMessage]:
        """Every message in order, for one reader, without an end."""
        while True:
            while self._waiting:
                yield self._waiting.popleft()
            self._news.clear()
            await self._news.wait()

    def tell(self, msg_type: bytes, fields: Fields) -> None:
        """The desk's call: a message for the strategy."""
        message = TagMessage([(8, b"FIX.4.4"), (35, msg_type), *fields])
        if self._listener is not None:
            self._listener(message)
            return
        self._waiting.append(message)
        self._news.set()
