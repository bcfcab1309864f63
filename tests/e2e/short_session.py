"""A session for one test: of its own journal, and nothing left open behind it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from exchange_process import RunningExchange
from session_lines import PATIENT

import tidings


@asynccontextmanager
async def session_at(exchange: RunningExchange, account: int, **settings: Any) -> AsyncIterator[tidings.Phemex]:
    """A session of one account that leaves no open order behind, and knows none of another test's."""
    with TemporaryDirectory(prefix="tidings-e2e-") as directory:
        journal_dir = str(Path(directory) / "journal")
        # All sessions of a run share each account's minute; and a test may mean the same order twice. An answer that a
        # busy machine brings a second late is still an answer: what the deadline does is tested where it is set.
        common = {"rate_limits": False, "duplicate_window_s": 1e-6, "journal_dir": journal_dir, **PATIENT}
        options = {"exchange": str(exchange.ready_file), "account": account, **common, **settings}
        async with tidings.connect("local", **options) as phemex:
            yield phemex
            if phemex.state.is_open:  # a test may have ended it
                for symbol in {order.symbol for order in phemex.open_orders()}:
                    await phemex.cancel_all(symbol)
