"""One engine's recording: a tap on every connection, and what it says of itself.

Taps hear what came before anybody acts on it, so that what was done because of it lies behind it. What could give the
account away (token, signature) is taken out before anything leaves this file.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import orjson

from tidings import __version__
from tidings.clock import Clock
from tidings.recorder.entries import ACCOUNT_SOURCE, LANE_SOURCE, EntryKind
from tidings.recorder.recorder import MIB, Recorder
from tidings.venue.phemex.redaction import Redaction

if TYPE_CHECKING:
    from tidings.app.engine import Engine
    from tidings.wire.response_reader import ResponseCopy


class StreamTap:
    """On one stream: its messages, and when it is up."""

    came: Callable[[bytes, int], None]  # (message, now_ns): it came, and nobody has acted on it yet

    def __init__(self, recording: Recording, kind: EntryKind, source: int) -> None:
        self._recording, self._source = recording, source
        self._take = functools.partial(recording.take, int(kind), source)  # without a frame of Python per message
        self.came = self._take if kind is EntryKind.MARKET else self._private_came

    def _private_came(self, message: bytes, now_ns: int) -> None:
        self._take(self._recording.redaction.of_message(message), now_ns)

    def up(self) -> None:
        self._recording.feed(self._source, "up", "")

    def silent(self, cause: str) -> None:
        """It is given up, because nothing comes any more."""
        self._recording.feed(self._source, "silent", cause)

    def down(self, cause: str) -> None:
        self._recording.feed(self._source, "down", cause)


class LaneTap:
    """On the order lanes."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording

    def request_left(self, index: int, request: bytes, now_ns: int) -> None:
        request = self._recording.redaction.of_request(request)
        self._recording.take(EntryKind.LANE_SENT, LANE_SOURCE + index, request, now_ns)

    def answer_came(self, index: int, answer: ResponseCopy, now_ns: int) -> None:
        budget = {f"{header.kind}:{header.group}": header.value for header in answer.rate_headers}
        body = self._recording.redaction.of_message(answer.body)
        head = orjson.dumps({"status": answer.status, "keep_alive": answer.keep_alive, "budget": budget})
        self._recording.take(EntryKind.LANE_CAME, LANE_SOURCE + index, head + b"\n" + body, now_ns)

    def changed(self, index: int, is_up: bool, cause: Exception | None) -> None:
        """A lane came up or went down."""
        self._recording.feed(LANE_SOURCE + index, "up" if is_up else "down", "" if is_up else str(cause))


class Recording:
    """A recorder and its taps. `take` never waits and never raises."""

    take: Callable[[int, int, bytes, int], None]  # kind, source, payload, received_ns

    def __init__(self, recorder: Recorder, redaction: Redaction, clock: Clock) -> None:
        self.recorder, self.redaction, self._clock = recorder, redaction, clock
        self.take = recorder.take
        self.has_begun = False  # what was asked for is being recorded
        self._catalogue = b""

    def feed(self, source: int, event: str, cause: str) -> None:
        """A connection came up, went down, or fell silent."""
        cause = self.redaction.of_message(cause.encode(errors="replace")).decode(errors="replace")
        told = orjson.dumps({"event": event, "cause": cause})
        self.take(EntryKind.FEED, source, told, self._clock.read_now_ns())

    def tell_catalogue(self, body: bytes) -> None:
        """The product list in force from here on; nothing happens if it is the one that was."""
        if body != self._catalogue:
            self._catalogue = body
            self.take(EntryKind.CATALOGUE, 0, body, self._clock.read_now_ns())

    def market_tap(self, number: int) -> StreamTap:
        """For the market connection of this number, from 1."""
        return StreamTap(self, EntryKind.MARKET, number)

    def account_tap(self) -> StreamTap:
        return StreamTap(self, EntryKind.ACCOUNT, ACCOUNT_SOURCE)

    def lane_tap(self) -> LaneTap:
        return LaneTap(self)

    async def end(self) -> None:
        """End the recording; remove it if it never began. A disk that takes its time is waited for beside the loop."""
        await asyncio.to_thread(self.recorder.close, is_worthless=not self.has_begun)


def recording_of(engine: Engine, closing: AsyncExitStack) -> Recording | None:
    """The recording that the engine's settings ask for; it ends with `closing`, and is removed then if the engine never
    came up: the next attempt may have its directory. Raises RecordingError.
    """
    if engine.settings.record is None:
        return None
    recording = begin_recording(engine, engine.settings.record)
    closing.push_async_callback(recording.end)
    return recording


def begin_recording(
    engine: Engine, directory: str, *, symbols: Sequence[str] = (), channels: Sequence[str] = ()
) -> Recording:
    """Record what this engine hears and does. Its catalogue has been read. Raises RecordingError.

    `symbols`, `channels`: what is known to be followed; more may come.
    """
    endpoints = engine.access.endpoints
    told: dict[str, object] = {
        "tidings": __version__,
        "env": endpoints.environment,
        "stream": engine.access.stream_url,
        "symbols": list(symbols),
        "channels": list(channels),
    }
    recorder = Recorder(
        directory,
        session=told,
        clock=engine.clock,
        segment_bytes=engine.settings.record_segment_mb * MIB,
        free_bytes_min=engine.settings.record_free_mb * MIB,
    )
    recording = Recording(recorder, Redaction(engine.credentials), engine.clock)
    recording.tell_catalogue(engine.catalogue.body)
    return recording
