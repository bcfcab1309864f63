"""What became of one FIX request, by the messages that came for it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from tidings.fix.dictionary import FIX44

if TYPE_CHECKING:
    from tidings.fix.message import FixMessage

DONE, FAILED, IN_PART = 0, 1, 3
OPEN, FILLED, PENDING = ("0", "1", "5"), "2", ("A", "6", "E")
AT_ONCE = ("3", "4")  # TimeInForce: nothing of it can rest
MARKET = "1"


class Outcome:
    """Of a D, F or G with these fields. `seq` is the MsgSeqNum it went out with."""

    def __init__(self, kind: str, fields: Mapping[int, str]) -> None:
        self.seq = 0
        self.is_final = False
        self._kind = kind
        self._id = fields[11]
        self._can_rest = kind == "G" or (fields.get(40) != MARKET and fields.get(59) not in AT_ONCE)
        self._status = ""
        self._has_filled = False
        self._text = "no answer: nobody knows whether it was executed"
        self._code = FAILED

    @property
    def may_rest(self) -> bool:
        """The venue has it and it is on its book: what still comes comes soon, or much later."""
        return self._code == DONE

    @property
    def verdict(self) -> tuple[int, str]:
        """Exit code, and why."""
        return self._code, self._text

    def hear(self, message: FixMessage) -> None:
        """One message; those about other orders change nothing."""
        kind = (message.message_type or b"").decode()
        if kind in ("3", "j"):
            if self._of(message, 45) == str(self.seq):
                text = self._of(message, 58) or FIX44.message_name(kind.encode())
                self._end(FAILED, f"refused: {text}{self._field(message)}")
        elif self._of(message, 11) == self._id:
            if kind == "9":
                self._end(FAILED, f"refused: {self._reason(message, 102)}")
            elif kind == "8":
                self._hear_report(message)

    def _hear_report(self, report: FixMessage) -> None:
        status = self._of(report, 39)
        self._has_filled = self._has_filled or _is_positive(self._of(report, 14))
        meaning = FIX44.enum(39, status.encode()).lower().replace("_", " ") or f"status {status}"
        if status == FILLED:
            self._end(DONE if self._kind != "F" else FAILED, meaning)
        elif status in OPEN:
            is_answer = self._kind == "D" or (self._kind == "G" and self._of(report, 150) in ("5", "F"))
            if is_answer and self._can_rest:
                self._code, self._text = DONE, meaning
        elif status in PENDING:
            self._text = f"{meaning}: nobody knows yet: {self._of(report, 58) or 'no outcome in time'}"
        elif self._kind == "F" and status == "4":
            self._end(DONE, meaning)
        else:
            text = f"{meaning}: {self._reason(report, 103)}" if status == "8" or self._of(report, 58) else meaning
            self._end(IN_PART if self._has_filled else FAILED, text)

    def _end(self, code: int, text: str) -> None:
        self._code, self._text, self.is_final = code, text, True

    def _reason(self, message: FixMessage, tag: int) -> str:
        """In the venue's words, else what its number means."""
        value = self._of(message, tag)
        meaning = FIX44.enum(tag, value.encode()).lower().replace("_", " ")
        return self._of(message, 58) or meaning or value or "no reason given"

    def _field(self, reject: FixMessage) -> str:
        """Which field a Reject is about, as its text does not say."""
        tag = self._of(reject, 371)
        if not tag.isdigit():
            return ""
        name = FIX44.name(int(tag))
        return f": {name} ({tag})" if name else f": {tag}"

    def _of(self, message: FixMessage, tag: int) -> str:
        value: bytes | None = message.get(tag)
        return value.decode(errors="replace") if value is not None else ""


def _is_positive(text: str) -> bool:
    try:
        return Decimal(text) > 0
    except InvalidOperation:
        return False
