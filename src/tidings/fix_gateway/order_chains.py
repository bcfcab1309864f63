"""The ids a FIX client knows its orders by, beside the one the engine gave them.

The venue keeps the first ClOrdID of an order for ever and never learns those of amends and cancels, and the engine
makes ids of its own. So the chain is ours: ClOrdID of the NewOrderSingle, then of each request that was accepted. It is
written down before the order is submitted, with what the client must get back in every report, and so is what it has
been told: after a restart answers go on where they ended, under the right ids.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from tidings.errors import JournalDamaged
from tidings.fix_gateway.chain_log import ChainLog, MemoryChainLog
from tidings.fix_gateway.execution_matrix import TERMINAL
from tidings.fix_gateway.traded import NOTHING, Traded
from tidings.model.order import Order

log = logging.getLogger("tidings.fix")

DONE_ORDERS_KEPT = 10_000  # with their engine order, to be asked about; of older ones only the ids are kept
DONE_ORDERS_IN_BASE = 1_000  # so many are known after a restart, however long ago they ended
REJECTED = "8"  # OrdStatus (39)

Asked = dict[str, int]


@dataclass(slots=True)
class Request:
    """A cancel (F) or replace (G) of a client that has not been answered."""

    cl_ord_id: str
    orig_cl_ord_id: str
    is_replace: bool
    asked: Asked = field(default_factory=dict)  # of a replace: ticks and lots by the order's names for them
    is_repeated: bool = False  # a cancel that has been made again: the first one may have done it


@dataclass(slots=True)
class OrderChain:
    """One order of one client."""

    first_id: str  # ClOrdID of the NewOrderSingle: the chain's name
    owner: str  # which client: a session's name
    engine_id: str  # the engine's ClOrdID, which the venue knows
    symbol: str
    side: str
    echo: dict[int, str]  # tags of the NewOrderSingle that come back in every report
    head_id: str = ""  # ClOrdID of the newest accepted request
    order: Order | None = None
    cancel: Request | None = None
    replace: Request | None = None
    told_status: str = "A"  # OrdStatus (39) without the pending ones
    told_cum_lots: int = 0
    traded: Traded = NOTHING  # by the executions that this process has told
    exec_count: int = 0  # numbers the ExecIDs we make: <OrderID>-<n>
    exec_ids: set[str] = field(default_factory=set)  # executions told
    is_triggered: bool = False  # a conditional order's price has been reached, in this process's time
    ended_by: str = ""  # why we cancelled it without being asked: "cancel on disconnect"
    ids: list[str] = field(default_factory=list)  # every ClOrdID it has had, but for those of refused requests
    refused_ids: list[str] = field(default_factory=list)
    is_saved: bool = False  # only its ids are on disk any more

    @property
    def row(self) -> str:
        """Its row in the execution matrix."""
        if self.told_status in TERMINAL:
            return self.told_status
        if self.cancel is not None:
            return "6"
        return "E" if self.replace is not None else self.told_status

    @property
    def open_requests(self) -> list[Request]:
        """Not answered yet."""
        return [request for request in (self.cancel, self.replace) if request is not None]

    @property
    def is_done(self) -> bool:
        return self.told_status in TERMINAL

    def was_told(self, exec_type: str, ord_status: str) -> None:
        """What a report with this ExecType and OrdStatus makes of the status told."""
        if ord_status in TERMINAL:
            self.told_status = ord_status
        elif exec_type == "F":
            self.told_status = "1"
        elif exec_type in "0D" and self.told_status == "A":
            self.told_status = "0"
        elif exec_type == "D" and ord_status in "01":
            self.told_status = ord_status  # it came back to life

    def pending(self, cl_ord_id: str) -> Request | None:
        """The request with this id, if it has not been answered."""
        found = (one for one in (self.cancel, self.replace) if one is not None and one.cl_ord_id == cl_ord_id)
        return next(found, None)


class OrderChains:
    """All chains of one account. A ClOrdID is used once, by whichever client, for the life of the log."""

    def __init__(self, log: ChainLog | None = None) -> None:
        self._log = log or MemoryChainLog()
        self._by_id: dict[str, OrderChain] = {}
        self._open: dict[str, OrderChain] = {}  # by first id, oldest first
        self._by_order_id: dict[str, OrderChain] = {}
        self._by_engine_id: dict[str, OrderChain] = {}
        self._used: set[str] = set()  # ids of what is forgotten: old orders, and requests that came to nothing
        self._unsaved: list[str] = []  # those of them that are in no file of ids yet
        self._done: deque[OrderChain] = deque()
        self.armed: dict[str, str] = {}  # client → whose orders go when it does; "" none
        self._untold: list[tuple[Any, ...]] = []  # answers that are written down once they have been handed on
        for fact in self._log.facts():
            _REPLAY[fact[0]](self, *fact[1:])
        if self._log.is_in_two or self._log.is_long:
            self._shorten(wait=True)

    def is_used(self, cl_ord_id: str) -> bool:
        """Whether any order or request of the account ever had this id."""
        return cl_ord_id in self._by_id or cl_ord_id in self._used

    def is_of(self, chain: OrderChain, cl_ord_id: str) -> bool:
        """Whether this id is one of the chain, or of a request for it that came to nothing."""
        return self._by_id.get(cl_ord_id) is chain or cl_ord_id in chain.refused_ids

    def find(self, cl_ord_id: str) -> OrderChain | None:
        """The chain with this id anywhere in it."""
        return self._by_id.get(cl_ord_id)

    def find_order_id(self, order_id: str) -> OrderChain | None:
        """The chain of an order by the venue's id."""
        return self._by_order_id.get(order_id)

    def find_listed(self, engine_id: str, order_id: str) -> OrderChain | None:
        """The chain of an order as the venue lists it: by its id, or by the engine's, which a restart does not lose."""
        return self._by_order_id.get(order_id) or self._by_engine_id.get(engine_id)

    def symbols(self) -> frozenset[str]:
        """Where the orders are, or were, that are known."""
        return frozenset(chain.symbol for chain in self._by_id.values())

    def open_chains(self, owner: str | None = None) -> list[OrderChain]:
        """Those whose end has not been told, oldest first; of one client, or of all."""
        return [chain for chain in self._open.values() if owner in (None, chain.owner)]

    # ---- Facts --------------------------------------------------------------------------------------------------
    # What is asked is written before it is acted upon; what is told, after the session's store has it. A process that
    # dies in between finds the message there (`last_told`): so an answer is neither forgotten nor given twice.

    def begin(
        self, first_id: str, owner: str, engine_id: str, symbol: str, side: str, echo: dict[int, str]
    ) -> OrderChain:
        """A NewOrderSingle is about to be submitted."""
        self._append(("N", first_id, owner, engine_id, symbol, side, [*echo.items()]))
        return self._begin(OrderChain(first_id, owner, engine_id, symbol, side, echo, first_id))

    def ask(self, chain: OrderChain, cl_ord_id: str, is_replace: bool, asked: Asked | None = None) -> Request:
        """A cancel or replace is about to be asked for."""
        self._append(("Q", chain.first_id, cl_ord_id, is_replace, *((asked,) if asked else ())))
        return self._ask(chain, cl_ord_id, is_replace, asked)

    def accept(self, chain: OrderChain, request: Request) -> None:
        """A request has had its effect: its id is the order's from now on. Tell, then `note_told`."""
        self._untold.append(("H", chain.first_id, request.cl_ord_id))
        self._settle(chain, request, is_accepted=True)

    def refuse(self, chain: OrderChain, request: Request) -> None:
        """A request came to nothing; its id stays used. Tell, then `note_answered`."""
        self._untold.append(("Z", chain.first_id, request.cl_ord_id))
        self._settle(chain, request, is_accepted=False)

    def note_told(self, chain: OrderChain, exec_id: str = "") -> None:
        """A report has been handed on: what it said."""
        if chain.is_saved and chain.told_status not in TERMINAL:  # it came back to life
            self._append(_whole(chain))
            chain.is_saved = False
        self._append(("R", chain.first_id, chain.told_status, chain.told_cum_lots, chain.exec_count, exec_id))
        self._tell(chain, exec_id)

    def note_answered(self) -> None:
        """What became of requests has been handed on."""
        while self._untold:
            self._log.append(self._untold[0])
            del self._untold[0]

    def note_armed(self, owner: str, scope: str) -> None:
        """Cancel on disconnect is armed for a client, or ("") has nothing to do any more."""
        if self.armed.get(owner, "") != scope:
            self._append(("L", owner, scope))
            self.armed[owner] = scope

    def know_order_id(self, chain: OrderChain, order_id: str) -> None:
        """The venue has named the order."""
        self._by_order_id[order_id] = chain

    def _append(self, fact: tuple[Any, ...]) -> None:
        self.note_answered()
        self._log.append(fact)

    def sync(self) -> None:
        """Call now and then: makes durable what is due, and the log shorter when it is long."""
        self._log.sync()
        if self._log.is_long and not self._untold:
            self._shorten()

    def close(self) -> None:
        self._log.close()

    def _shorten(self, *, wait: bool = False) -> None:
        """What is open, and what has ended last, takes the place of the log; of the rest the ids stay used."""
        kept = [*self._open.values(), *reversed([*islice(reversed(self._done), DONE_ORDERS_IN_BASE)])]
        left = [chain for chain in islice(self._done, max(0, len(self._done) - DONE_ORDERS_IN_BASE))
                if not chain.is_saved and chain.is_done]  # fmt: skip
        used_ids = self._unsaved + [one for chain in left for one in chain.ids]
        armed = [("L", owner, scope) for owner, scope in self.armed.items() if scope]
        try:
            if not self._log.compact(used_ids, [*map(_whole, kept), *armed], wait=wait):
                return
        except OSError as error:
            log.error("the chains' log cannot be made shorter: %s", error)
            return
        self._unsaved = []
        for chain in left:
            chain.is_saved = True

    # ---- What a fact does ---------------------------------------------------------------------------------------

    def _begin(self, chain: OrderChain) -> OrderChain:
        self._by_id[chain.first_id] = self._open[chain.first_id] = chain
        self._by_engine_id[chain.engine_id] = chain  # an order that was refused before the wire has left its id to this
        chain.ids.append(chain.first_id)
        return chain

    def _ask(self, chain: OrderChain, cl_ord_id: str, is_replace: bool, asked: Asked | None = None) -> Request:
        request = Request(cl_ord_id, chain.head_id, is_replace, asked or {})
        self._by_id[cl_ord_id] = chain
        chain.ids.append(cl_ord_id)
        if is_replace:
            chain.replace = request
        else:
            chain.cancel = request
        return request

    def _settle(self, chain: OrderChain, request: Request, *, is_accepted: bool) -> None:
        if is_accepted:
            chain.head_id = request.cl_ord_id
        else:
            self._by_id.pop(request.cl_ord_id, None)
            chain.ids = [one for one in chain.ids if one != request.cl_ord_id]
            chain.refused_ids.append(request.cl_ord_id)
            self._use(request.cl_ord_id)
        if request.is_replace:
            chain.replace = None
        else:
            chain.cancel = None

    def _tell(self, chain: OrderChain, exec_id: str) -> None:
        if exec_id:
            chain.exec_ids.add(exec_id)
        if chain.told_status not in TERMINAL:
            self._open[chain.first_id] = chain  # also one that came back to life
            return
        if self._open.pop(chain.first_id, None) is None:
            return
        self._done.append(chain)
        if len(self._done) > DONE_ORDERS_KEPT:
            self._forget(self._done.popleft())

    def _forget(self, chain: OrderChain) -> None:
        """Of an order that ended long ago the ids stay used."""
        if not chain.is_done:
            return  # it came back to life
        for one in chain.ids:
            self._by_id.pop(one, None)
            if chain.is_saved:
                self._used.add(one)
            else:
                self._use(one)
        if self._by_engine_id.get(chain.engine_id) is chain:
            del self._by_engine_id[chain.engine_id]
        if chain.order is not None:
            self._by_order_id.pop(chain.order.order_id, None)
            chain.order = None

    def _use(self, cl_ord_id: str) -> None:
        self._used.add(cl_ord_id)
        self._unsaved.append(cl_ord_id)

    # ---- Read back ----------------------------------------------------------------------------------------------

    def _replay_new(
        self, first_id: str, owner: str, engine_id: str, symbol: str, side: str, echo: Iterable[tuple[int, str]]
    ) -> None:
        self._begin(OrderChain(first_id, owner, engine_id, symbol, side, dict(echo), first_id))

    def _replay_ask(self, first_id: str, cl_ord_id: str, is_replace: bool, asked: Asked | None = None) -> None:
        if (chain := self._known(first_id)) is not None:
            self._ask(chain, cl_ord_id, is_replace, asked)

    def _replay_accept(self, first_id: str, cl_ord_id: str) -> None:
        if (chain := self._known(first_id)) is not None:
            self._settle(chain, _pending(chain, cl_ord_id), is_accepted=True)

    def _replay_refuse(self, first_id: str, cl_ord_id: str) -> None:
        if (chain := self._known(first_id)) is not None:
            self._settle(chain, _pending(chain, cl_ord_id), is_accepted=False)

    def _replay_told(self, first_id: str, status: str, cum_lots: int, exec_count: int, exec_id: str) -> None:
        if (chain := self._known(first_id)) is not None:
            chain.told_status, chain.told_cum_lots, chain.exec_count = status, cum_lots, exec_count
            self._tell(chain, exec_id)

    def _replay_armed(self, owner: str, scope: str) -> None:
        self.armed[owner] = scope

    def _replay_used(self, *cl_ord_ids: str) -> None:
        self._used.update(cl_ord_ids)

    def _replay_whole(
        self, told: list[Any], ids: list[str], refused_ids: list[str], exec_ids: list[str], requests: list[list[Any]]
    ) -> None:
        first_id, owner, engine_id, symbol, side, echo, head_id, status, cum_lots, exec_count = told
        chain = OrderChain(first_id, owner, engine_id, symbol, side, dict(echo), head_id)
        chain.told_status, chain.told_cum_lots, chain.exec_count = status, cum_lots, exec_count
        chain.ids, chain.refused_ids, chain.exec_ids = ids, refused_ids, set(exec_ids)
        for cl_ord_id, orig_id, is_replace, asked in requests:
            request = Request(cl_ord_id, orig_id, is_replace, asked)
            if is_replace:
                chain.replace = request
            else:
                chain.cancel = request
        self._by_id.update(dict.fromkeys(ids, chain))
        if status != REJECTED:  # its engine's id may be another order's, and nothing of it was executed
            self._by_engine_id[chain.engine_id] = chain
        self._open[first_id] = chain
        self._tell(chain, "")

    def _known(self, first_id: str) -> OrderChain | None:
        """The chain a fact is about; None: one that is forgotten, a late word about which changes nothing."""
        chain = self._by_id.get(first_id)
        if chain is None and first_id not in self._used:
            raise JournalDamaged(f"the chains' log speaks of {first_id}, and nothing before it does")
        return chain


def _whole(chain: OrderChain) -> tuple[Any, ...]:
    """Everything about a chain, as one fact."""
    told = [chain.first_id, chain.owner, chain.engine_id, chain.symbol, chain.side, [*chain.echo.items()],
            chain.head_id, chain.told_status, chain.told_cum_lots, chain.exec_count]  # fmt: skip
    requests = [
        [request.cl_ord_id, request.orig_cl_ord_id, request.is_replace, request.asked]
        for request in (chain.cancel, chain.replace)
        if request is not None
    ]
    return "C", told, chain.ids, chain.refused_ids, [*chain.exec_ids], requests


def _pending(chain: OrderChain, cl_ord_id: str) -> Request:
    return chain.pending(cl_ord_id) or Request(cl_ord_id, chain.head_id, is_replace=False)


_REPLAY: dict[str, Any] = {
    "N": OrderChains._replay_new,
    "Q": OrderChains._replay_ask,
    "H": OrderChains._replay_accept,
    "Z": OrderChains._replay_refuse,
    "R": OrderChains._replay_told,
    "L": OrderChains._replay_armed,
    "U": OrderChains._replay_used,
    "C": OrderChains._replay_whole,
}
