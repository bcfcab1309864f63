"""The message logs of all sessions of one gateway, written behind the trading loop's back.

Lines are made on the loop in portions of well under a millisecond, with a turn for everybody else in between; the
writing itself, which a disk may hold up for as long as it likes, is a thread's.
"""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tidings.errors import ConfigError
from tidings.fix.message_log import MessageLog

log = logging.getLogger("tidings.fix")

FLUSH_S = 0.1
PORTION_MSGS = 50
ALL_MSGS = 1 << 60


class MessageLogs:
    """One directory, one file per session. What is not written when the process is killed is lost: FLUSH_S of it."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._logs: list[MessageLog] = []
        self._writer = ThreadPoolExecutor(1, "fix-log")
        self._failing: set[Path] = set()

    def open(self, name: str) -> MessageLog:
        """The log of a session. Raises ConfigError."""
        path = self._directory / f"{name}.log"
        try:
            self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            opened = MessageLog(path)
        except OSError as error:
            raise ConfigError(f"log = {str(self._directory)!r}: {path}: {error.strerror}") from None
        self._logs.append(opened)
        return opened

    async def run(self) -> None:
        """Write now and then, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(FLUSH_S)
            for one in self._logs:
                if one.has_waiting:
                    lines = await self._lines_of(one)
                    await loop.run_in_executor(self._writer, self._write, one, lines)

    def close(self) -> None:
        """Write what waits, and let go."""
        self._writer.shutdown(wait=True)
        for one in self._logs:
            self._write(one, one.take_lines(ALL_MSGS))
            one.close()

    async def _lines_of(self, one: MessageLog) -> bytes:
        portions = []
        while one.has_waiting:
            portions.append(one.take_lines(PORTION_MSGS))
            await asyncio.sleep(0)
        return b"".join(portions)

    def _write(self, one: MessageLog, lines: bytes) -> None:
        """A full disk must not end the gateway: what it does not take is gone, and the operator is told once."""
        try:
            one.write(lines)
            self._failing.discard(one.path)
        except OSError as error:
            if one.path not in self._failing:
                self._failing.add(one.path)
                log.error("%s cannot be written, messages go unlogged: %s", one.path, error.strerror)
