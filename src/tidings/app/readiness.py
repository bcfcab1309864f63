"""Why new orders are denied: for all symbols, and for each. Causes come and go by name; the gateway's gates follow.

A gate holds one DenyReason, so that the hot path asks one number; the words stay here. Of several causes the gravest
is told: HALTED before CLOCK_UNSURE before NOT_READY before STALE_BOOK.
"""

from __future__ import annotations

import logging
from typing import Protocol

from tidings.model.enums import DenyReason
from tidings.model.instrument import Instrument

log = logging.getLogger("tidings.readiness")

_GRAVITY = (DenyReason.HALTED, DenyReason.CLOCK_UNSURE, DenyReason.NOT_READY, DenyReason.STALE_BOOK)


class Gates(Protocol):
    """What denies orders; the venue's gateway."""

    def deny_orders(self, reason: int) -> None: ...
    def deny_symbol(self, instrument: Instrument, reason: int) -> None: ...


class Readiness:
    """`cause` names who denies, so that nobody lifts what another has put up."""

    def __init__(self, gates: Gates) -> None:
        self._gates = gates
        self._all: dict[str, tuple[DenyReason, str]] = {}
        self._symbols: dict[Instrument, dict[str, tuple[DenyReason, str]]] = {}

    @property
    def reason(self) -> str:
        """Why new orders of all symbols are denied, in words; "" when they are not."""
        return _gravest(self._all)[1]

    @property
    def symbols(self) -> dict[str, str]:
        """Symbol → why its new orders are denied. Symbols that may trade are left out."""
        return {instrument.symbol: _gravest(causes)[1] for instrument, causes in self._symbols.items()}

    def of(self, symbol: str) -> str:
        """Why new orders of one symbol are denied by itself; "" when they are not."""
        return self.symbols.get(symbol, "")

    def deny_all(self, cause: str, reason: DenyReason, text: str) -> None:
        """New orders of every symbol are denied from now on, for this cause."""
        if text and self._all.get(cause, (None, ""))[0] != reason:
            log.log(logging.INFO if reason == DenyReason.NOT_READY else logging.WARNING, "no new orders: %s", text)
        self._all[cause] = reason, text
        self._gates.deny_orders(_gravest(self._all)[0])

    def allow_all(self, cause: str) -> None:
        """This cause is gone."""
        if self._all.pop(cause, None) is not None:
            self._gates.deny_orders(_gravest(self._all)[0])

    def deny(self, instrument: Instrument, cause: str, reason: DenyReason, text: str) -> None:
        """New orders of one symbol are denied from now on, for this cause."""
        causes = self._symbols.setdefault(instrument, {})
        if causes.get(cause, (None, ""))[0] != reason and reason == DenyReason.HALTED:
            log.error("%s is halted: %s", instrument.symbol, text)
        causes[cause] = reason, text
        self._gates.deny_symbol(instrument, _gravest(causes)[0])

    def allow(self, instrument: Instrument, cause: str) -> None:
        """This cause is gone."""
        causes = self._symbols.get(instrument, {})
        if causes.pop(cause, None) is not None:
            self._gates.deny_symbol(instrument, _gravest(causes)[0])
            if not causes:
                del self._symbols[instrument]

    def has(self, instrument: Instrument, cause: str) -> bool:
        """Whether a symbol is denied for this cause."""
        return cause in self._symbols.get(instrument, ())


def _gravest(causes: dict[str, tuple[DenyReason, str]]) -> tuple[DenyReason, str]:
    for reason in _GRAVITY:
        for told, text in causes.values():
            if told == reason:
                return told, text
    return DenyReason.NONE, ""
