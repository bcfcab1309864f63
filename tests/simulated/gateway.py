"""What stands between a wire and the exchange: whole requests go in, whole answers come out, and faults act on them.

Without a fault every request is handed to the exchange as it is, and its answer sent back. A fault that takes a request
decides both: whether the exchange ever sees it, and what the client gets to read.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.simulated.exchange_side import ExchangeSide, ServerTransport
from tests.simulated.http_frames import Framer, Passing, read_request

if TYPE_CHECKING:
    from tests.simulated.faults import FaultBox
    from tests.simulated.wire import Wire


class Gateway:
    """The far end of one wire."""

    def __init__(
        self, wire: Wire, exchange: ExchangeSide, faults: FaultBox, on_arrival: Callable[[Wire, Passing], object]
    ) -> None:
        self.wire = wire
        self.exchange = exchange
        self.request_count = 0
        self.has_orders = False  # order requests have come this way
        self.last_answer = b""
        self._faults, self._on_arrival = faults, on_arrival
        self._framer = Framer()
        self._answers: list[bytes] | None = None  # of the request being asked
        self._is_closing = False  # the exchange wants the connection closed behind the answer
        self._behind = b""  # an answer that was held back, to go behind the next
        self._message_behind = b""  # the same of a stream
        self._is_last_message = False
        self._free_ns = 0  # when the next request can be read
        self._waiting: list[Passing] | None = None  # requests, while the first of them is delayed
        self._protocol = exchange.connect()
        self._transport = ServerTransport(self._written, self._server_closed, wire.reset)
        self._protocol.connection_made(self._transport)

    # ---- From the client -------------------------------------------------------------------------------------------

    def bytes_came(self, data: bytes) -> None:
        if self.wire.is_stream:
            self._protocol.data_received(data)
            return
        timeline = self.wire.network.timeline
        for message in self._framer.feed(data):
            # One nanosecond each: the venue stamps what happens to each of those that came together.
            at_ns = max(self._free_ns, timeline.now_ns)
            self._free_ns = at_ns + 1
            if at_ns == timeline.now_ns:
                self._serve(read_request(message))
            else:
                timeline.at(at_ns, self._serve, read_request(message))

    def client_left(self) -> None:
        """The client's end is closed, or the connection was reset."""
        if not self._transport.is_closing() or self._is_closing:
            self._is_closing = False
            self._transport.close()
            self._protocol.connection_lost(None)

    def _serve(self, passing: Passing) -> None:
        if self._waiting is not None:
            self._waiting.append(passing)
            return
        self.request_count += 1
        self.has_orders = self.has_orders or passing.is_order
        self._on_arrival(self.wire, passing)
        if passing.kind == "upgrade":
            self.wire.is_stream = True
            self._protocol.data_received(passing.data)
        elif not self._faults.befall_request(self, passing):
            self.send(self.ask(passing))

    # ---- What faults are made of -----------------------------------------------------------------------------------

    def ask(self, passing: Passing) -> bytes:
        """Let the exchange act on a request: its answer, which the client has not got yet."""
        return self.ask_bytes(passing.data)

    def ask_bytes(self, data: bytes) -> bytes:
        """Let the exchange read these bytes."""
        self._answers = []
        self._protocol.data_received(data)
        answer, self._answers = b"".join(self._answers), None
        self.last_answer = answer or self.last_answer
        return answer

    def send(self, answer: bytes) -> None:
        """Give the client an answer, and what was held back for after it."""
        self.wire.down.push(answer + self._behind)
        self._behind = b""
        if self._is_closing:
            self.wire.down.finish()

    def hold_answer(self, answer: bytes) -> None:
        """Send this behind the next answer."""
        self._behind += answer

    def delay(self, passing: Passing, delay_ns: int) -> None:
        """Let a request wait in front of the exchange, and those behind it; it is read even if its client leaves."""
        self._waiting = []
        self.wire.network.timeline.after(delay_ns, self._go_on, passing)

    @property
    def is_holding(self) -> bool:
        """Whether a request waits in front of the exchange."""
        return self._waiting is not None

    def hold_message(self, message: bytes) -> None:
        """Send this message of the stream behind the next."""
        self._message_behind = message

    def end_after_messages(self) -> None:
        """End the stream behind what is being sent."""
        self._is_last_message = True

    def _go_on(self, passing: Passing) -> None:
        self.send(self.ask(passing))
        waiting, self._waiting = self._waiting or [], None
        for number, each in enumerate(waiting, 1):
            self.wire.network.timeline.after(number, self._serve, each)

    # ---- From the exchange -----------------------------------------------------------------------------------------

    def _written(self, data: bytes) -> None:
        if self._answers is not None:
            self._answers.append(data)
        elif self.wire.is_stream:
            behind, self._message_behind = self._message_behind, b""
            for message in [*self._faults.befall_message(self, data), behind]:
                self.wire.down.push(message)
            if self._is_last_message:
                self.wire.down.finish()
        else:
            self.wire.down.push(data)

    def _server_closed(self) -> None:
        self._is_closing = True
        if self._answers is None:
            self.wire.down.finish()
