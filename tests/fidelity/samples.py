"""The samples of a directory: what was asked, what the venue answered, and how far the text can be trusted.

A sample is a JSON object with `source` and either `request` and `response`, or `subscribe` and `messages`; `raw_wire`
holds answers as they came over the wire. A capture (its source says captured, or recorded) shows the venue's own key
order; number styles are the venue's own only in `raw_wire`, everything else went through a JSON printer.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.fidelity.comparison import Rules
from tests.fidelity.raw_json import loads, plain

# Instruments of captures that the exchange does not list, and the listed ones they are played on.
SUBSTITUTES = {
    "APTUSDT": "ADAUSDT",
    "XEMUSDT": "DOGEUSDT",
    "ETHUSD": "cETHUSD",
    "ADAUSD": "BTCUSD",
    "sPUMPBTCUSDT": "sXRPUSDT",
}


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One file of the directory."""

    name: str
    source: str
    document: dict[str, Any]
    wire: list[Any] = field(default_factory=list)  # parsed texts of `raw_wire`

    @property
    def request(self) -> dict[str, Any]:
        """What was asked: `method`, `path`, `query`, perhaps `body`; empty for a table or a stream."""
        return self.document.get("request") or {}

    @property
    def response(self) -> Any:
        """The answer, from the wire where that is known."""
        return self.wire[0] if self.wire and self.request else self.document.get("response")

    @property
    def is_invented(self) -> bool:
        """Whether the document shows a schema or synthetic values."""
        return "synthetic" in self.source or "schema" in self.source

    def rules(self, message: Any = None, **changes: Any) -> Rules:
        """How closely to compare the answer, or one `message` of a stream."""
        is_wire = any(plain(message) == plain(one) for one in self.wire) if message else bool(self.wire)
        is_capture = is_wire or ("official API docs" not in self.source and "computed" not in self.source.lower())
        is_partial = isinstance(message, dict) and message.get("type") == "incremental"
        is_recent = is_wire or "real capture" in self.source
        settings = {
            "is_recent": is_recent,
            "is_ordered": is_capture, "is_wire": is_wire, "is_exact": not self.is_invented, "is_partial": is_partial,
        }  # fmt: skip
        return Rules(**settings | changes)


def read_samples(directory: Path) -> Iterator[Sample]:
    """Every sample of `directory`, by name. Raises ValueError for a file that is none."""
    for path in sorted(directory.glob("*.json")):
        document = loads(_with_listed_symbols(path.read_text(encoding="utf-8")))
        if not isinstance(document, dict) or "source" not in document:
            raise ValueError(f"{path.name} is no sample: an object with `source` is expected")
        wire = [loads(text) for text in document.get("raw_wire", ())]
        yield Sample(name=path.stem, source=document["source"], document=document, wire=wire)


def _with_listed_symbols(text: str) -> str:
    if any(f'"{name}"' in text for name in ("vectors", "priceScaleFactor", "perpProductsV2")):
        return text  # signatures hold for the text as it is; a catalogue's symbols are compared, not played
    for symbol, substitute in SUBSTITUTES.items():
        for before, after in (('"', '"'), ('\\"', '\\"'), ("symbol=", "&"), ("symbol=", '"')):
            text = text.replace(f"{before}{symbol}{after}", f"{before}{substitute}{after}")
    return text
