"""Identifiers and sequence numbers in the venue's forms, reproducible from a seed.

Order ids are UUIDs version 4, execution ids version 5 (observed 2025), those of funding payments 4 again. Sequences
rise with gaps, because the venue's do: a client that expects them contiguous must fail here too.
"""

import hashlib
from random import Random
from typing import Final

_VARIANT: Final = "89ab"
GAP_MAX: Final = 40
GAP_BITS: Final = GAP_MAX.bit_length()


class Identifiers:
    """Source of order ids, execution ids and stream sequence numbers of one exchange."""

    def __init__(self, seed: int) -> None:
        self._random = Random(f"identifiers:{seed}")
        self._stream_sequence = 500_000_000

    def order_id(self) -> str:
        """A new order id."""
        return _uuid_text(f"{self._random.getrandbits(128):032x}", "4")

    def exec_id(self, symbol: str, sequence: int, index: int) -> str:
        """The id of execution number `index` of engine event `sequence`."""
        return _uuid_text(_digest(f"{symbol}:{sequence}:{index}"), "5")

    def payment_id(self, symbol: str, time_ns: int, index: int) -> str:
        """The id of funding payment number `index`: version 4, unlike those of trades (phemex docs 2026, trades)."""
        return _uuid_text(_digest(f"{symbol}:{time_ns}:{index}:funding"), "4")

    def stream_sequence(self) -> int:
        """The next sequence number of the account streams."""
        gap = self._random.getrandbits(GAP_BITS)
        while gap >= GAP_MAX:
            gap = self._random.getrandbits(GAP_BITS)
        self._stream_sequence += 1 + gap
        return self._stream_sequence


def _digest(text: str) -> str:
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def _uuid_text(digits: str, version: str) -> str:
    variant = _VARIANT[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-{version}{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:32]}"
