"""What a client's session receives, until somebody takes it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from tidings.errors import TidingsError
from tidings.fix.message import FixMessage
from tidings.fix.reader import FixReader
from tidings.fix.session import FixSession

MESSAGES_MAX = 100_000  # then the client ends, and what it did not take comes again with its next logon


class Inbox:
    """The application of a client's session. `wake` makes everybody who waits look again."""

    def __init__(self) -> None:
        self.listener: Callable[[FixReader], object] | None = None
        self.waiting: deque[FixMessage] = deque()
        self._news = asyncio.Event()

    def on_logon(self, session: FixSession, logon: FixReader) -> str | None:
        """Whoever answers our Logon soundly is let in."""
        return None

    def on_ready(self, session: FixSession) -> None:
        """Callers wait for `is_logged_on`."""
        self.wake()

    def on_message(self, session: FixSession, message: FixReader) -> None:
        """An application message, once, in order."""
        self.take(message)

    def on_logout(self, session: FixSession, reason: str) -> None:
        """Nothing to do: the connection is dialled again, or was closed on purpose."""

    def take(self, message: FixReader) -> None:
        """To the listener, or onto the heap. What is raised ends the client: the message does not count."""
        if self.listener is not None:
            self.listener(message)
            return
        if len(self.waiting) >= MESSAGES_MAX:
            raise TidingsError(f"{MESSAGES_MAX} FIX messages wait and nobody reads them: call receive, or listen")
        self.waiting.append(FixMessage.from_fields(message.fields()))
        self.wake()

    async def wait_for(self, condition: Callable[[], object]) -> None:
        """Until it holds."""
        while not condition():
            self._news.clear()
            await self._news.wait()

    def wake(self) -> None:
        self._news.set()
