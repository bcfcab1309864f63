"""The body of a reply to an order call, as one ExecutionReport."""

from tidings.model.execution_report import ExecutionReport
from tidings.model.instrument import Instrument

class OrderDecoder:
    """Decodes replies; holds only counters."""

    second_try_count: int
    """Replies that the fast cursor did not understand, so that orjson was asked."""
    cancelled_count: int
    """Of the last accepted CANCEL_ALL: how many orders the venue says it cancels, -1: not told."""

    def __init__(self) -> None: ...
    def decode(
        self, request_kind: int, instrument: Instrument, http_status: int, body: bytes, now_ns: int = 0
    ) -> ExecutionReport | None:
        """What the reply to a request of `request_kind` (RequestKind) about `instrument` says.

        None means not understood: take the outcome for unknown. Numbers off the instrument's grid are UNSET.
        """
    def decode_cancelled(
        self, instrument: Instrument, http_status: int, body: bytes, now_ns: int = 0
    ) -> list[ExecutionReport] | None:
        """The orders that a bulk cancel's reply reports on; empty if it was refused, None if not understood."""
