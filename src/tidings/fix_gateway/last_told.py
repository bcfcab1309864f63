"""What a client was told last, by its session's store: the chains may have died before they noted it.

A report is in the store before its first byte leaves, and in the chains' log right after. A process that is killed in
between would tell it a second time, or give its ExecID to another report: so the end of the store is read at the start.
"""

from __future__ import annotations

from collections.abc import Callable

from tidings.errors import GridError
from tidings.fix.message_store import MessageStore
from tidings.fix.reader import FixReader
from tidings.fix_gateway.order_chains import OrderChain, OrderChains
from tidings.fix_gateway.reject_codes import CXL_DUPLICATE, DUPLICATE_ORDER
from tidings.model.instrument import Instrument
from tidings.model.scale import qty_lots

TAIL_MESSAGES = 64  # each is noted before the next one is told, so one would do
ANSWERS = ("4", "5")  # ExecTypes


class LastTold:
    """Notes in `chains` what the stores know better."""

    def __init__(self, chains: OrderChains, find_instrument: Callable[[str], Instrument | None]) -> None:
        self._chains = chains
        self._find_instrument = find_instrument
        self._reader = FixReader()

    def read(self, owner: str, store: MessageStore) -> frozenset[bytes]:
        """The end of one session's store: ClOrdIDs of requests that it refused, of which no chain knows, or no other
        end than that.

        If one of them comes again with PossDupFlag, it was not counted before the kill, and has had its answer.
        """
        refused: set[bytes] = set()
        last = store.next_out - 1
        for _, data in store.get(max(1, last - TAIL_MESSAGES + 1), last):
            if self._reader.read(data):
                continue
            chain = self._chains.find(self._text(11))
            if chain is None and (self._reader.msg_type == b"9" or self._text(150) == "8"):
                refused.add(self._reader.find(11) or b"")
            if chain is None or chain.owner != owner:
                continue
            if self._reader.msg_type == b"8" and self._text(103) != str(DUPLICATE_ORDER):
                self._note_report(chain)
                if self._text(150) == chain.told_status == "8":
                    refused.add(chain.first_id.encode())
            elif self._reader.msg_type == b"9" and self._text(102) != str(CXL_DUPLICATE):
                self._note_reject(chain)  # a refused repetition says nothing of what it repeats
        return frozenset(refused)

    def _note_report(self, chain: OrderChain) -> None:
        exec_type, status, exec_id = self._text(150), self._text(39), self._text(17)
        number = self._number_in(exec_id)
        is_execution = exec_type == "F" and exec_id not in chain.exec_ids
        # A reject of what has been told as New is about somebody else: a D that used the order's id again.
        is_reject = exec_type == "8" and chain.told_status == "A"
        if not (is_execution or number > chain.exec_count or is_reject):
            return
        if exec_type in ANSWERS and (request := chain.pending(self._text(11))) is not None:
            self._chains.accept(chain, request)
        chain.exec_count = max(chain.exec_count, number)
        chain.was_told(exec_type, status)
        if is_execution:
            chain.told_cum_lots = max(chain.told_cum_lots, self._cum_lots(chain))
        self._chains.note_told(chain, exec_id if is_execution else "")

    def _note_reject(self, chain: OrderChain) -> None:
        if (request := chain.pending(self._text(11))) is not None:
            self._chains.refuse(chain, request)
            self._chains.note_answered()

    def _number_in(self, exec_id: str) -> int:
        """Of an ExecID that we made, <OrderID>-<n>; 0 for the venue's."""
        order_id, _, number = exec_id.rpartition("-")
        is_ours = order_id == self._text(37) != "NONE"
        return int(number) if is_ours and number.isdigit() else 0

    def _cum_lots(self, chain: OrderChain) -> int:
        instrument = self._find_instrument(chain.symbol)
        try:
            return qty_lots(instrument, self._text(14), zero_allowed=True) if instrument is not None else 0
        except GridError:
            return 0

    def _text(self, tag: int) -> str:
        return (self._reader.find(tag) or b"").decode("latin-1")
