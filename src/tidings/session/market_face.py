"""What a session says of the market beside the hot path: its past on request."""

from __future__ import annotations

from functools import cached_property

from tidings.app.engine import Engine
from tidings.session.history import History


class MarketFace:
    """A part of `Phemex`."""

    engine: Engine

    @cached_property
    def history(self) -> History:
        """Klines, trades and funding rates of the past: `async for kline in phemex.history.klines(…)`."""
        return History(self.engine)
