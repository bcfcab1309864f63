"""Cancels whose answer was lost: they are made again until the client's request has an answer.

A lost cancel may never have reached the venue; then nothing will tell of it, and the order rests on. A cancel is the
one request that may be sent twice, and its second answer says what became of the order.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from tidings.fix_gateway.account import Account
from tidings.fix_gateway.order_chains import OrderChain, Request
from tidings.model.order import Order

log = logging.getLogger("tidings.fix")

PAUSE_S: Final = 0.2
PAUSE_MAX_S: Final = 5.0


class LostCancels:
    """Those of one account's FIX clients."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._open: dict[str, Request] = {}  # by the chain's first id

    def begin(self, chain: OrderChain) -> None:
        """Look after the cancel that its client waits for."""
        request = chain.cancel
        if request is not None and self._open.get(chain.first_id) is not request:
            self._open[chain.first_id] = request
            self._look_later(chain, request, PAUSE_S)

    def _look_later(self, chain: OrderChain, request: Request, pause_s: float) -> None:
        asyncio.get_running_loop().call_later(pause_s, self._look, chain, request, pause_s)

    def _look(self, chain: OrderChain, request: Request, pause_s: float) -> None:
        order, engine = chain.order, self._account.engine
        if chain.cancel is not request or order is None or not engine.is_open:
            if self._open.get(chain.first_id) is request:
                del self._open[chain.first_id]
            return
        if not order.is_cancel_pending:
            log.info("order %s: its cancel has no answer, and is made again", chain.first_id)
            request.is_repeated = True
            self._make_again(chain, order)
        self._look_later(chain, request, min(2 * pause_s, PAUSE_MAX_S))

    def _make_again(self, chain: OrderChain, order: Order) -> None:
        try:
            self._account.entry.cancel_order(order, self._account.engine.clock.read_now_ns())
        except Exception:  # a fault of ours must not be the last that this request has seen
            log.exception("order %s: its cancel could not be made again, and is tried once more", chain.first_id)
