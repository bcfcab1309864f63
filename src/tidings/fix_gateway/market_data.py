"""Books, trades and figures for FIX clients: MarketDataRequest (V) → snapshots (W), changes (X), or why not (Y).

Each subscription remembers what its client has been shown, so a change is the difference to that, however many updates
lie between: a slow client misses steps, never the state. After the venue's book was in doubt, or the client fell
behind, it gets a whole new snapshot.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from tidings.app.market.market_listeners import MarketCallbacks
from tidings.errors import TidingsError
from tidings.fix.timestamps import timestamp
from tidings.fix_gateway.client import Client
from tidings.fix_gateway.field_text import Fields, FieldSource, body_of
from tidings.fix_gateway.market_figures import LastFigures, figure_fields
from tidings.fix_gateway.market_request import (
    BAD_SUBSCRIPTION,
    BID,
    OFFER,
    STOP,
    TRADE,
    Levels,
    MarketDataRefused,
    Subscription,
    read_request,
)
from tidings.fix_gateway.order_desk import FixOrderDesk
from tidings.market.book import Book
from tidings.market.price_tick import PriceTick
from tidings.market.ticker import Ticker
from tidings.market.trade import Trade
from tidings.model.instrument import Instrument
from tidings.model.scale import price_text, qty_text

log = logging.getLogger("tidings.fix")

NEW, CHANGE, DELETE = b"0", b"1", b"2"
PLUS_TICK, ZERO_PLUS_TICK, MINUS_TICK, ZERO_MINUS_TICK = b"0", b"1", b"2", b"3"


class MarketData:
    """All subscriptions of one client. `is_behind` says that too much waits for it already."""

    def __init__(self, desk: FixOrderDesk, client: Client, is_behind: Callable[[], bool] = lambda: False) -> None:
        self._desk = desk
        self._client = client
        self._is_behind = is_behind
        self._subscriptions: dict[bytes, Subscription] = {}
        self._asking: set[asyncio.Task[None]] = set()
        self._trade_count = 0
        self._last_trades: dict[str, Trade] = {}
        self._directions: dict[str, bytes] = {}
        self._figures = LastFigures()
        self._listener: MarketCallbacks | None = None  # to figures; books and trades come through the strategy

    def request(self, message: FieldSource) -> None:
        """A MarketDataRequest."""
        request_id = message.find(262) or b""
        if message.find(263) == STOP:
            self._end(request_id)
            return
        try:
            products, rules = self._desk.phemex.engine.products, self._client.rules
            wanted = read_request(message, request_id, self._subscriptions, products, rules)
        except MarketDataRefused as refused:
            text = refused.text.encode()
            self._client.tell(b"Y", [(58, text), (262, request_id), (281, refused.reason)])
            return
        self._subscriptions[request_id] = wanted
        task = asyncio.get_running_loop().create_task(self._follow(wanted))
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)

    def drop_all(self) -> None:
        """The client is gone; nothing is kept for it."""
        for request_id in list(self._subscriptions):
            self._end(request_id)

    async def _follow(self, wanted: Subscription) -> None:
        """See that the venue sends the books, and show those that are there already."""
        phemex = self._desk.phemex
        if wanted.has_figures:
            self._listen()
        try:
            for symbols, words in wanted.wants(phemex.engine.products):
                await phemex.subscribe(*symbols, channels=words)
                wanted.followed.append((symbols, words))
        except TidingsError as error:
            if self._is_on(wanted):
                self._client.tell(b"Y", [(58, str(error).encode()), (262, wanted.request_id), (281, BAD_SUBSCRIPTION)])
                self._end(wanted.request_id)
        if not self._is_on(wanted):
            self._leave(wanted)
            return
        for symbol in wanted.symbols:
            self._show_known(wanted, symbol)

    def _show_known(self, wanted: Subscription, symbol: str) -> None:
        """What is known of a symbol because others follow it already."""
        last = self._last_trades.get(symbol)
        is_due = symbol not in wanted.shown and self._is_on(wanted)  # else it has come while the venue was asked
        if TRADE in wanted.entry_types and not wanted.has_levels and last is not None and is_due:
            self._show_trade(wanted, last, b"")
        book = self._desk.phemex.engine.market.book(symbol) if wanted.has_levels else None
        if book is not None and self._is_on(wanted):
            self._show(wanted, book)
        if wanted.has_figures and self._figures.is_whole(symbol) and self._is_on(wanted):
            self._show_figures(wanted, self._desk.phemex.engine.products.tradable(symbol))

    def _is_on(self, wanted: Subscription) -> bool:
        return self._subscriptions.get(wanted.request_id) is wanted

    def _end(self, request_id: bytes) -> None:
        """Whoever asked, the venue or we: nothing is shown or followed for it any more."""
        wanted = self._subscriptions.pop(request_id, None)
        if wanted is None:
            return
        self._leave(wanted)
        self._stop_listening()
        for symbol in wanted.symbols:
            if not self._wants_figures(symbol):
                self._figures.forget(symbol)

    def _leave(self, wanted: Subscription) -> None:
        """Give back what was followed for it; a trade that nobody goes on from is not the last one for long."""
        while wanted.followed and self._desk.phemex.engine.is_open:
            symbols, words = wanted.followed.pop()
            self._desk.phemex.unsubscribe(*symbols, channels=words)
        others = [one for one in self._subscriptions.values() if TRADE in one.entry_types]
        for symbol in wanted.symbols:
            if not any(symbol in one.symbols for one in others):
                self._last_trades.pop(symbol, None)

    def _listen(self) -> None:
        if self._listener is None:
            market = self._desk.phemex.engine.market
            self._listener = market.add_listener(ticker=self._on_ticker, tick=self._on_tick)

    def _stop_listening(self) -> None:
        """Where no figures are asked for any more."""
        if self._listener is not None and not any(wanted.has_figures for wanted in self._subscriptions.values()):
            self._desk.phemex.engine.market.remove_listener(self._listener)
            self._listener = None

    def _wants_figures(self, symbol: str) -> bool:
        return any(one.has_figures and symbol in one.symbols for one in self._subscriptions.values())

    # ---- From the feed ------------------------------------------------------------------------------------------

    def on_book(self, book: Book) -> None:
        """A book has changed, or cannot be trusted any more."""
        for wanted in list(self._subscriptions.values()):
            if book.symbol in wanted.symbols:
                self._show(wanted, book)

    def _show(self, wanted: Subscription, book: Book) -> None:
        symbol = book.symbol
        if not wanted.has_levels:
            return
        if not book.is_live or self._is_behind():
            wanted.shown.pop(symbol, None)  # the next that is sent is whole again
            return
        if wanted.is_once and (symbol in wanted.shown or not self._has_figures_for(wanted, symbol)):
            return
        bids = _levels(book.bid_at, book.bid_count, wanted.depth) if BID in wanted.entry_types else {}
        offers = _levels(book.offer_at, book.offer_count, wanted.depth) if OFFER in wanted.entry_types else {}
        before = wanted.shown.get(symbol)
        if before is not None and before == (bids, offers):
            return
        wanted.shown[symbol] = bids, offers
        if before is None or not wanted.is_incremental:
            self._send_snapshot(wanted, book.instrument, bids, offers)
        else:
            entries = _changes(book.instrument, BID, before[0], bids) + _changes(
                book.instrument, OFFER, before[1], offers
            )
            self._send_changes(wanted, entries)
        self._end_if_complete(wanted)

    def _end_if_complete(self, wanted: Subscription) -> None:
        if wanted.is_once and len(wanted.shown) == len(wanted.symbols):
            self._end(wanted.request_id)

    def _send_snapshot(self, wanted: Subscription, instrument: Instrument, bids: Levels, offers: Levels) -> None:
        entries: list[Fields] = []
        for entry_type, levels in ((BID, bids), (OFFER, offers)):
            for place, (ticks, lots) in enumerate(levels.items(), 1):
                entries.append([(269, entry_type), *_price_and_size(instrument, ticks, lots), (290, b"%d" % place)])
        last = self._last_trades.get(instrument.symbol)
        if TRADE in wanted.entry_types and last is not None:
            entries.append([(269, TRADE), *_print_of(last)])
        figures = self._figures.of(instrument.symbol, wanted.entry_types)
        wanted.shown_figures[instrument.symbol] = figures
        entries += [[(269, kind), *figure_fields(kind, figure)] for kind, figure in figures.items()]
        found = {55: instrument.symbol.encode(), 262: wanted.request_id}
        self._client.tell(b"W", body_of(found, {268: entries}))

    def on_trade(self, trade: Trade) -> None:
        """Somebody has traded."""
        self._trade_count += 1
        direction = self._tick_direction(trade)
        self._last_trades[trade.symbol] = trade
        for wanted in list(self._subscriptions.values()):
            if TRADE in wanted.entry_types and trade.symbol in wanted.symbols and not self._is_behind():
                self._show_trade(wanted, trade, direction)

    def _tick_direction(self, trade: Trade) -> bytes:
        """TickDirection (274): up, up as before, down, down as before."""
        last = self._last_trades.get(trade.symbol)
        before = self._directions.get(trade.symbol, PLUS_TICK)
        if last is None or trade.price_ticks == last.price_ticks:
            direction = ZERO_PLUS_TICK if before in (PLUS_TICK, ZERO_PLUS_TICK) else ZERO_MINUS_TICK
        else:
            direction = PLUS_TICK if trade.price_ticks > last.price_ticks else MINUS_TICK
        self._directions[trade.symbol] = direction
        return direction

    def _show_trade(self, wanted: Subscription, trade: Trade, direction: bytes) -> None:
        """Whoever asked for trades alone gets the first one as its snapshot; beside a book they follow the book's."""
        symbol = trade.symbol
        if symbol not in wanted.shown:
            if wanted.has_levels or (wanted.is_once and not self._has_figures_for(wanted, symbol)):
                return
            wanted.shown[symbol] = {}, {}
            self._send_snapshot(wanted, trade.instrument, {}, {})
            self._end_if_complete(wanted)
        elif wanted.is_once:
            return
        elif not wanted.is_incremental:
            bids, offers = wanted.shown[symbol]
            self._send_snapshot(wanted, trade.instrument, bids, offers)
        else:
            entry: Fields = [
                (279, NEW), (269, TRADE), (278, b"t%d" % self._trade_count), (55, symbol.encode()), *_print_of(trade),
                (274, direction),
            ]  # fmt: skip
            self._send_changes(wanted, [entry])

    # ---- Figures -------------------------------------------------------------------------------------------------

    def _on_ticker(self, ticker: Ticker, now_ns: int) -> None:
        if self._wants_figures(ticker.symbol):
            self._figures.hear_ticker(ticker)
            self._show_figures_of(ticker.instrument)

    def _on_tick(self, tick: PriceTick, now_ns: int) -> None:
        if not self._wants_figures(tick.symbol):
            return
        self._figures.hear_tick(tick)
        if self._figures.is_whole(tick.symbol):  # else a first snapshot would lack what the ticker is about to tell
            self._show_figures_of(tick.instrument)

    def _show_figures_of(self, instrument: Instrument) -> None:
        for wanted in list(self._subscriptions.values()):
            if wanted.has_figures and instrument.symbol in wanted.symbols and not self._is_behind():
                self._show_figures(wanted, instrument)

    def _show_figures(self, wanted: Subscription, instrument: Instrument) -> None:
        """Beside a book they wait for it; else the first ones are the snapshot."""
        symbol = instrument.symbol
        if symbol not in wanted.shown:
            book = self._desk.phemex.engine.market.book(symbol) if wanted.has_levels else None
            if book is not None:
                self._show(wanted, book)
            elif not wanted.has_levels:
                wanted.shown[symbol] = {}, {}
                self._send_snapshot(wanted, instrument, {}, {})
                self._end_if_complete(wanted)
            return
        before, now = wanted.shown_figures[symbol], self._figures.of(symbol, wanted.entry_types)
        changed = [kind for kind, figure in now.items() if kind not in before or before[kind].value != figure.value]
        if wanted.is_once or not changed:
            return
        if not wanted.is_incremental:
            self._send_snapshot(wanted, instrument, *wanted.shown[symbol])
            return
        wanted.shown_figures[symbol] = now
        named = (55, symbol.encode())
        entries: list[Fields] = [
            [(279, CHANGE if kind in before else NEW), (269, kind), named, *figure_fields(kind, now[kind])]
            for kind in changed
        ]
        self._send_changes(wanted, entries)

    def _has_figures_for(self, wanted: Subscription, symbol: str) -> bool:
        return not wanted.has_figures or self._figures.is_whole(symbol)

    def _send_changes(self, wanted: Subscription, entries: list[Fields]) -> None:
        fields: Fields = [(262, wanted.request_id), (268, b"%d" % len(entries))]
        for entry in entries:
            fields += entry
        self._client.tell(b"X", fields)


def _levels(level_at: Callable[[int], tuple[int, int]], count: int, depth: int) -> Levels:
    return dict(level_at(place) for place in range(min(count, depth) if depth else count))


def _price_and_size(instrument: Instrument, ticks: int, lots: int) -> Fields:
    return [(270, price_text(instrument, ticks).encode()), (271, qty_text(instrument, lots).encode())]


def _print_of(trade: Trade) -> Fields:
    moment = timestamp(trade.venue_time_ns, 3)
    return [
        *_price_and_size(trade.instrument, trade.price_ticks, trade.qty_lots), (272, moment[:8]), (273, moment[9:]),
    ]  # fmt: skip


def _changes(instrument: Instrument, side: bytes, before: Levels, after: Levels) -> list[Fields]:
    """What leads from one state to the other, by price: gone ones first."""
    symbol = (55, instrument.symbol.encode())
    found: list[Fields] = []
    for ticks, lots in before.items():
        if ticks not in after:
            found.append([(279, DELETE), (269, side), symbol, *_price_and_size(instrument, ticks, lots)])
    for place, (ticks, lots) in enumerate(after.items(), 1):
        if before.get(ticks) != lots:
            action = CHANGE if ticks in before else NEW
            level = (290, b"%d" % place)
            found.append([(279, action), (269, side), symbol, *_price_and_size(instrument, ticks, lots), level])
    return found
