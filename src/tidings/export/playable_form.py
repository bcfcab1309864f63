"""What `tidings exchange --recording` plays: pushes as they came, one per line, with the time they were received.

The exchange refuses what a client would have noticed too: a change of a book that nobody has seen whole, a number that
goes back. Such messages are left out; the next snapshot is not.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Final

from tidings.export.form import Form, MadeFile
from tidings.export.part_file import PartFile
from tidings.export.recorded_market import Document, MarketNews
from tidings.export.tables import Grids
from tidings.market.price_tick import TickKind
from tidings.recorder.entries import Entry
from tidings.venue.phemex.products import Products

KINDS: Final = ("book", "orderbook_p", "trades", "trades_p")
PLAYED_TICKS: Final = (TickKind.INDEX, TickKind.MARK)


class PlayableLines(MarketNews):
    """Lines, until they are taken."""

    def __init__(self) -> None:
        self.waiting: list[bytes] = []
        self.last_ns = 0
        self._ticks: frozenset[str] = frozenset()  # symbols of index and mark prices: funding rates are not played

    def catalogue_changed(self, products: Products) -> None:
        told = products.tick_symbols.values()
        self._ticks = frozenset(symbols[kind] for symbols in told for kind in PLAYED_TICKS if kind in symbols)

    def message_taken(self, entry: Entry, document: Document) -> None:
        tick = document.get("tick") or document.get("tick_p")
        is_price = isinstance(tick, dict) and str(tick.get("symbol")) in self._ticks
        if is_price or any(kind in document for kind in KINDS):
            # A wall clock may be set back in the middle of a recording; the file's time never goes backwards.
            self.last_ns = max(self.last_ns, entry.wall_ns)
            self.waiting.append(b'{"received_ns":%d,"message":%s}\n' % (self.last_ns, entry.payload.strip()))


class PlayableForm(Form):
    name: ClassVar[str] = "jsonl"
    file_name: ClassVar[str] = "market.jsonl"

    def __init__(self, parts: Path, grids: Grids, lengths: dict[str, int]) -> None:
        super().__init__(parts, grids, lengths)
        self._lines = PlayableLines()
        self._part = PartFile(parts / "market.part", lengths.get("market", 0))
        self._count = 0

    @property
    def news(self) -> PlayableLines:
        return self._lines

    @property
    def waiting_count(self) -> int:
        return len(self._lines.waiting)

    def write(self) -> None:
        self._count += len(self._lines.waiting)
        self._part.write(b"".join(self._lines.waiting))
        self._lines.waiting.clear()

    def sync(self) -> dict[str, int]:
        return {"market": self._part.sync()}

    def save(self) -> dict[str, Any]:
        return {"last_ns": self._lines.last_ns, "count": self._count}

    def restore(self, state: dict[str, Any]) -> None:
        self._lines.last_ns, self._count = state["last_ns"], state["count"]

    def finish(self, out: Path) -> list[MadeFile]:
        self.write()
        self._part.sync()
        return [MadeFile(self._part.path, out / self.file_name, self._count)]

    def close(self) -> None:
        self._part.close()
