"""A recording of the local exchange's market in virtual time: an hour of it in minutes, the same for the same seed.

The messages are the ones its streams send; when they arrive is made up, a few milliseconds after they were sent.
"""

import argparse
import random
from pathlib import Path

from tidings.clock import ManualClock
from tidings.exchange.catalogue import Line
from tidings.exchange.messages.json_text import success
from tidings.exchange.streams.market_feeds import BOOK_INTERVAL_NS, BookFeed, TradeFeed
from tidings.exchange.streams.market_figures import KlineFeed, TickFeed
from tidings.exchange.venue import Venue
from tidings.exchange.venue_config import VenueConfig
from tidings.recorder.entries import EntryKind
from tidings.recorder.recorder import Recorder

START_NS = 1_760_000_000_123_456_789
MONOTONIC_START_NS = 5_000_000_000_000  # of a machine that has been up for a while
STEP_NS = BOOK_INTERVAL_NS
S = 1_000_000_000


class RecordedFlow:
    """`advance` records so many seconds more; `close` ends the recording."""

    def __init__(self, directory: Path, symbols: tuple[str, ...], seed: int = 1, *, flow: str = "normal") -> None:
        self._random = random.Random(seed)
        self.clock = ManualClock(MONOTONIC_START_NS, START_NS)
        self.venue = Venue(VenueConfig(seed=seed, flow=flow, always_awake=symbols), START_NS)
        session = {"env": "local", "symbols": list(symbols), "channels": ["book", "trade", "kline"]}
        self.recorder = Recorder(directory, session=session, clock=self.clock, has_thread=False, free_bytes_min=0)
        self.now_ns = START_NS
        self._put(EntryKind.CATALOGUE, success(self.venue.catalogue.as_json), source=0)
        self.subscribe(symbols)

    def subscribe(self, symbols: tuple[str, ...]) -> None:
        """Begin with snapshots, as after each connect."""
        self._feeds = []
        for symbol in symbols:
            market, rules = self.venue.markets[symbol], self.venue.config.rules
            self._feeds += [
                BookFeed(market, 30, BOOK_INTERVAL_NS, self.now_ns, rules),
                TradeFeed(market, rules),
                KlineFeed(market, 60, rules),
            ]
            if market.instrument.line is not Line.SPOT:
                instrument = market.instrument
                mark = (instrument.mark_symbol, instrument.price_scale, lambda _, market=market: market.mark_price)
                self._feeds.append(TickFeed(instrument.line, *mark, self.now_ns))
        for feed in self._feeds:
            self._push(feed.snapshot(self.now_ns))
        self.recorder.turn()

    def advance(self, seconds: float) -> None:
        end_ns = self.now_ns + int(seconds * S)
        while self.now_ns < end_ns:
            self.now_ns += STEP_NS
            self.venue.advance(self.now_ns)
            for feed in self._feeds:
                self._push(feed.poll(self.now_ns))
            self.recorder.turn()

    def lose_connection(self, cause: str = "reset by the peer") -> None:
        self._put(EntryKind.FEED, b'{"event":"down","cause":"%s"}' % cause.encode())

    def miss(self, messages: int) -> None:
        self._put(EntryKind.DROPPED, b'{"messages":%d,"bytes":1,"from_ns":1,"to_ns":2}' % messages, source=0)

    def close(self) -> None:
        self.recorder.close()

    def _push(self, messages: list[str]) -> None:
        for message in messages:
            self._put(EntryKind.MARKET, message.encode())

    def _put(self, kind: EntryKind, payload: bytes, source: int = 1) -> None:
        """Received 1 to 3 ms after it was sent, one behind the other."""
        due_ns = self.now_ns - START_NS + MONOTONIC_START_NS + self._random.randrange(1_000_000, 3_000_000)
        self.clock.advance(max(self._random.randrange(2_000, 20_000), due_ns - self.clock.read_now_ns()))
        self.recorder.take(kind, source, payload, self.clock.read_now_ns())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--symbols", nargs="+", default=["BTCUSDT"])
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--flow", default="normal")
    options = parser.parse_args()
    recorded = RecordedFlow(options.directory, tuple(options.symbols), options.seed, flow=options.flow)
    recorded.advance(options.seconds)
    recorded.close()
