"""Whose turn it is: clients that sent more than one turn of the loop may serve stand in line, one turn between reads.

Each turn of the loop serves one of them and whoever has just sent something, so a client that asks now and then waits
for about one turn of work, however many connections flood.
"""

import asyncio
from collections import deque
from typing import Final, Protocol

TURN_REQUESTS: Final = 32  # of one connection in one turn of the loop
TURN_BYTES: Final = 64 * 1024  # of answers in one turn, the last one's excess apart
TURN_NS: Final = 2_000_000  # of work in one turn, the last request's excess apart: some are far dearer than others


class Served(Protocol):
    """Something that has more to do."""

    def serve_rest(self) -> None: ...


class Turns:
    """Those who wait for their next turn, at one listener."""

    def __init__(self) -> None:
        self._waiting: deque[Served] = deque()

    def put(self, client: Served) -> None:
        """Let `client` have a turn after those who wait already."""
        self._waiting.append(client)
        if len(self._waiting) == 1:
            asyncio.get_running_loop().call_soon(self._serve_first)

    def _serve_first(self) -> None:
        try:
            self._waiting[0].serve_rest()  # which may put itself at the end
        finally:
            self._waiting.popleft()
            if self._waiting:
                asyncio.get_running_loop().call_soon(self._serve_first)
