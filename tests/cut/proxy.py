"""A TCP proxy in front of the exchange's TLS, which passes bytes on until one connection is to be cut at a byte.

It reads nothing but the heads of TLS records. `arm` names a connection by the client's port: the next record in the
cut's direction passes as far as the cut says, and then both sides are reset, closed, or neither read nor written any
more. A reset or an end that comes from either side is passed on as what it is.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.cut.plan import ANSWER, RECORD_HEAD_BYTES, REQUEST

READ_BYTES = 65_536
_NO_LINGER = struct.pack("ii", 1, 0)  # close(2) then sends RST (socket(7), SO_LINGER)


@dataclass(slots=True)
class ProxyCut:
    """A cut to be made. `passing` tells, of the record's size, how many of its bytes pass."""

    stream: str
    end: str
    passing: Callable[[int], int]
    record_bytes: int = 0
    limit: int = -1  # as `passing` told
    passed_bytes: int = 0
    happened: asyncio.Event = field(default_factory=asyncio.Event)

    def take(self, data: bytes) -> bytes:
        """Of the bytes that came those that pass."""
        if self.limit < 0:
            if len(data) < RECORD_HEAD_BYTES:
                raise ConnectionError("a TLS record came in crumbs: its size is not known in time")
            self.record_bytes = RECORD_HEAD_BYTES + int.from_bytes(data[3:5], "big")
            self.limit = self.passing(self.record_bytes)
        passing = data[: self.limit - self.passed_bytes]
        self.passed_bytes += len(passing)
        return passing


class Proxy:
    """In front of `port` of this machine. Enter it to listen; `port` is then its own."""

    def __init__(self, upstream_port: int) -> None:
        self.port = 0
        self._upstream_port = upstream_port
        self._cuts: dict[int, ProxyCut] = {}  # by the client's port
        self._pairs: dict[asyncio.Task[None], list[asyncio.StreamWriter]] = {}
        self._is_over = asyncio.Event()

    async def __aenter__(self) -> Proxy:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self._is_over.set()
        for writers in self._pairs.values():
            for writer in writers:
                writer.transport.abort()
        await asyncio.gather(*self._pairs)

    def arm(self, client_port: int, cut: ProxyCut) -> None:
        """Cut the connection from this port of the client's as told."""
        self._cuts[client_port] = cut

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        writers = self._pairs[task] = [writer]
        client_port = writer.get_extra_info("peername")[1]
        try:
            above_reader, above = await asyncio.open_connection("127.0.0.1", self._upstream_port)
            writers.append(above)
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pass_on(client_port, REQUEST, reader, writer, above))
                both.create_task(self._pass_on(client_port, ANSWER, above_reader, above, writer))
        except* (_Over, OSError):
            pass
        finally:
            self._cuts.pop(client_port, None)
            self._pairs.pop(task)
            for side in writers:
                side.close()

    async def _pass_on(
        self, client_port: int, stream: str, reader: asyncio.StreamReader, near: asyncio.StreamWriter,
        far: asyncio.StreamWriter,
    ) -> None:  # fmt: skip
        """One direction, from `near` to `far`, until an end."""
        while True:
            try:
                data = await reader.read(READ_BYTES)
            except ConnectionError:
                _reset(far)
                raise _Over from None
            if not data:
                raise _Over  # both sides are closed in order
            cut = self._cuts.get(client_port)
            if cut is None or (cut.stream != stream and not cut.happened.is_set()):
                far.write(data)
                continue
            far.write(cut.take(data) if cut.stream == stream else b"")
            if cut.passed_bytes == cut.limit:
                await self._cut(cut, near, far)

    async def _cut(self, cut: ProxyCut, near: asyncio.StreamWriter, far: asyncio.StreamWriter) -> None:
        cut.happened.set()
        if cut.end == "hang":
            for side in (near, far):
                side.transport.pause_reading()  # type: ignore[attr-defined]
            await self._is_over.wait()
        if cut.end == "reset":
            for side in (far, near):
                _reset(side)
        raise _Over


class _Over(Exception):
    """Both directions of a connection end."""


def _reset(writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
    writer.transport.abort()
