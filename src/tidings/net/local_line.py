"""Questions to a process on this machine: a Unix socket that takes one line and answers with one.

Who may ask is the file system's business: the socket is its owner's alone (0600), and so is its directory.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

from tidings.errors import ConfigError, ConnectionLost

LINE_BYTES_MAX = 1 << 20
PATH_BYTES_MAX = 107  # of a Unix socket, by the kernel
ASKING_LIMIT_S = 5.0  # for the question to come; the answer may take longer


class LocalLine:
    """The answering side. `answer` is given the line without its end, and gives one without."""

    def __init__(self, path: Path, answer: Callable[[bytes], Awaitable[bytes]]) -> None:
        self.path = path
        self._answer = answer
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Begin to answer; what an ended process left there is replaced. Raises ConfigError."""
        path = self.path
        if len(bytes(path)) > PATH_BYTES_MAX:
            raise ConfigError(f"{path}: a Unix socket's path has at most {PATH_BYTES_MAX} bytes")
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.unlink(missing_ok=True)
            self._server = await asyncio.start_unix_server(self._serve, path, limit=LINE_BYTES_MAX)
            path.chmod(0o600)
        except OSError as error:
            self.close()
            raise ConfigError(f"{path}: {error.strerror or error}") from None

    def close(self) -> None:
        """Answer nobody any more."""
        if self._server is not None:
            self._server.close()
            self._server = None
            with suppress(OSError):
                self.path.unlink()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(ASKING_LIMIT_S):
                line = await reader.readline()
            if line.endswith(b"\n"):
                writer.write(await self._answer(line[:-1]) + b"\n")
                await writer.drain()
        except (OSError, ValueError, TimeoutError):
            pass  # who asked is gone, or asked for more than a line: there is nobody to tell
        finally:
            writer.close()


async def ask(path: Path, line: bytes, limit_s: float) -> bytes:
    """The answer to one line. Raises ConnectionLost: nobody answers there, or not in time."""
    try:
        async with asyncio.timeout(limit_s):
            reader, writer = await asyncio.open_unix_connection(path, limit=LINE_BYTES_MAX)
            try:
                writer.write(line + b"\n")
                answer = await reader.readline()
            finally:
                writer.close()
    except TimeoutError:
        raise ConnectionLost(f"{path}: no answer within {limit_s:g} s") from None
    except (OSError, ValueError) as error:
        raise ConnectionLost(f"{path}: {getattr(error, 'strerror', None) or error}") from error
    if not answer.endswith(b"\n"):
        raise ConnectionLost(f"{path}: it ended before it answered")
    return answer[:-1]
