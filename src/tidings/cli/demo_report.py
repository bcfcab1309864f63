"""The demo's account of itself: counts per symbol, rate budget, latencies; and what is missing for it to pass."""

from __future__ import annotations

from typing import Any

from tidings.cli.demo_quoter import Quoter
from tidings.cli.screen import Screen
from tidings.model.scale import qty_text
from tidings.session.phemex import Phemex

EVENTS = ("orders", "acks", "fills", "rejects", "unknown", "amends", "cancels")  # as the strategy counted them
MUST_HAPPEN = ("acks", "fills", "amends", "cancels")  # on each product line
_SHORT = {"rejects": "rej", "unknown": "unkn", "open_left": "open"}  # 80 columns are what a terminal has
COLUMNS = tuple(_SHORT.get(name, name) for name in ("symbol", *EVENTS, "open_left", "position"))


class Tally:
    """The counts so far, at any time."""

    def __init__(self, phemex: Phemex, quoter: Quoter) -> None:
        self._phemex, self._quoter = phemex, quoter

    def by_symbol(self) -> dict[str, dict[str, Any]]:
        """Events as the strategy heard them; open orders and positions as the engine knows them."""
        open_orders = [order.symbol for order in self._phemex.open_orders()]
        return {
            symbol: {
                **{name: events[name] for name in EVENTS},
                "open_left": open_orders.count(symbol),
                "position": self._position(symbol),
            }
            for symbol, events in self._quoter.events.items()
        }

    def budget_use(self) -> dict[str, dict[str, int]]:
        return self._phemex.engine.budget_use()

    def latency_us(self) -> dict[str, dict[str, float]]:
        return self._phemex.engine.stages.latency_us()

    def report(self, seconds: float, mismatch_count: int) -> dict[str, Any]:
        """The object of --json. Latencies in microseconds, from the strategy's decision."""
        rows = self.by_symbol()
        return {
            **{name: sum(row[name] for row in rows.values()) for name in (*EVENTS, "open_left")},
            "mismatches": mismatch_count,
            "seconds": round(seconds, 3),
            "by_symbol": rows,
            "rate_budget": self.budget_use(),
            "latency_us": self.latency_us(),
        }

    def _position(self, symbol: str) -> str:
        return qty_text(self._phemex.instrument(symbol), self._phemex.position(symbol).net_qty_lots)


def show_report(screen: Screen, report: dict[str, Any]) -> None:
    """The object, or the same as tables."""
    screen.json(report)
    screen.table("Orders", COLUMNS, symbol_rows(report["by_symbol"]))
    latencies = [(stage, *marks.values()) for stage, marks in report["latency_us"].items()]
    screen.table("Latency from the decision, microseconds", ("stage", "p50", "p99", "p99.9", "max"), latencies)
    budgets = [(group, use["used"], use["capacity"]) for group, use in report["rate_budget"].items()]
    screen.table("Rate budget used in the last minute (ip: five minutes)", ("group", "used", "capacity"), budgets)


def symbol_rows(by_symbol: dict[str, dict[str, Any]]) -> list[tuple[Any, ...]]:
    """Rows under COLUMNS."""
    return [(symbol, *row.values()) for symbol, row in by_symbol.items()]


def shortcomings(report: dict[str, Any]) -> list[str]:
    """Why the demo did not pass, apart from mismatches; empty if it did."""
    missing = [
        f"{symbol} had no {name.removesuffix('s')} in {report['seconds']:.0f} s: give it more --seconds"
        for symbol, row in report["by_symbol"].items()
        for name in MUST_HAPPEN
        if row[name] == 0
    ]
    left = [f"{report['open_left']} orders are still open"] if report["open_left"] else []
    return missing + left
