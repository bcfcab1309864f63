"""Requests of unknown fate that stay so: after a while their clients are told once more that they still are."""

from __future__ import annotations

from typing import NamedTuple

from tidings.fix_gateway.order_chains import OrderChain, Request


class _Open(NamedTuple):
    chain: OrderChain
    request: Request | None  # None: the order itself
    due_ns: int


class UnknownNotices:
    """Those of one account. A client without a timeout is told once only, when the answer is missing."""

    def __init__(self) -> None:
        self.timeouts_ns: dict[str, int] = {}  # by the client's name
        self._open: list[_Open] = []

    def begin(self, chain: OrderChain, request: Request | None, now_ns: int) -> bool:
        """The outcome is unknown: whether its client is to be told. False: it was, and a cancel was lost again."""
        timeout_ns = self.timeouts_ns.get(chain.owner)
        is_known = any(one.chain is chain and one.request is request for one in self._open)
        if timeout_ns is not None and not is_known:
            self._open.append(_Open(chain, request, now_ns + timeout_ns))
        return not is_known

    def due(self, now_ns: int) -> list[tuple[OrderChain, Request | None]]:
        """What is to be told of again; each is given once, and only if its fate is still unknown."""
        if not self._open:
            return []
        over = [one for one in self._open if now_ns >= one.due_ns]
        if over:
            self._open = [one for one in self._open if now_ns < one.due_ns]
        return [(one.chain, one.request) for one in over if _is_unknown(one.chain, one.request)]


def _is_unknown(chain: OrderChain, request: Request | None) -> bool:
    if request is None:
        return chain.told_status == "A"
    return request is (chain.replace if request.is_replace else chain.cancel)
