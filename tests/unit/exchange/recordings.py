"""Recordings written by hand, and venues that play them on a virtual clock."""

import gzip
import json
from pathlib import Path
from typing import Any

from tidings.exchange.orders.order_requests import NewOrder
from tidings.exchange.reports import OrderReport
from tidings.exchange.venue import Venue
from tidings.exchange.venue_config import VenueConfig

START_NS = 1_760_000_000_000_000_000
MS_NS = 1_000_000
FIRST_NS = 1_600_000_000_000_000_000  # when the first line was received
USD = 10_000  # BTCUSD's price scale: levels below are in whole dollars


class Script:
    """Lines of a recording, each with the milliseconds since the first."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []
        self._sequence = 100

    def book(self, ms: int, bids: dict[int, int], asks: dict[int, int], *, kind: str = "incremental", depth: int = 30,
             shown_ms: int | None = None, symbol: str = "BTCUSD") -> "Script":  # fmt: skip
        self._sequence += 3
        time_ns = FIRST_NS + (ms if shown_ms is None else shown_ms) * MS_NS
        sides = {"asks": self._rows(symbol, asks), "bids": self._rows(symbol, bids)}
        name = "orderbook_p" if symbol == "BTCUSDT" else "book"
        return self._add(ms, {
            name: sides, "depth": depth, "sequence": self._sequence, "symbol": symbol, "timestamp": time_ns,
            "type": kind,
        })  # fmt: skip

    def trade(self, ms: int, side: str, price: int, qty: int, *, at_ms: int | None = None, kind: str = "incremental",
              symbol: str = "BTCUSD") -> "Script":  # fmt: skip
        time_ns = FIRST_NS + (ms if at_ms is None else at_ms) * MS_NS
        ((price_word, qty_word),) = self._rows(symbol, {price: qty})
        name = "trades_p" if symbol == "BTCUSDT" else "trades"
        rows = [[time_ns, side, price_word, qty_word]]
        return self._add(ms, {name: rows, "sequence": self._sequence, "symbol": symbol, "type": kind})

    def price(self, ms: int, symbol: str, last: int) -> "Script":
        tick = {"last": last * USD, "scale": 4, "symbol": symbol, "timestamp": FIRST_NS}
        return self._add(ms, {"tick": tick})

    def write(self, path: Path) -> Path:
        text = "".join(json.dumps(line) + "\n" for line in self.lines)
        path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
        return path

    def _add(self, ms: int, message: dict[str, Any]) -> "Script":
        self.lines.append({"received_ns": FIRST_NS + ms * MS_NS, "message": message})
        return self

    @staticmethod
    def _rows(symbol: str, levels: dict[int, int]) -> list[list[Any]]:
        if symbol == "BTCUSDT":
            return [[str(price), str(qty)] for price, qty in levels.items()]
        return [[price * USD, qty] for price, qty in levels.items()]


class Player:
    """A venue that plays a script; matching takes no time."""

    def __init__(self, script: Script, tmp_path: Path, **settings: Any) -> None:
        self.path = script.write(tmp_path / settings.pop("name", "recording.jsonl"))
        config = VenueConfig(recording=self.path, matching_delay_ns=0, **settings)
        self.venue = Venue(config, START_NS)
        self.market = self.venue.markets["BTCUSD"]
        self.a, self.b = self.venue.user_ids[:2]

    def to(self, ms: int) -> list[OrderReport]:
        """Let the time be `ms` after the start; what was reported."""
        self._ms = ms
        return [report for update in self.venue.advance(START_NS + ms * MS_NS) for report in update.orders]

    def place(self, ms: int, side: str, qty: int, price: int, user_id: int = 0, **terms: Any) -> list[OrderReport]:
        self.to(ms)
        request = NewOrder(symbol="BTCUSD", side=side, qty=qty, price=price * USD, **terms)
        assert self.venue.create(user_id or self.a, request, START_NS + ms * MS_NS).code == 0
        return self.to(ms)

    def fills(self, ms: int) -> list[tuple[int, int]]:
        """(dollars, quantity) of each execution until `ms`."""
        return [(report.exec_price // USD, report.exec_qty) for report in self.to(ms) if report.is_trade]

    def book(self) -> tuple[dict[int, int], dict[int, int]]:
        """Bids and asks, in dollars."""
        bids, asks = self.market.levels()
        return {price // USD: qty for price, qty in bids}, {price // USD: qty for price, qty in asks}
