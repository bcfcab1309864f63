"""Simulated TCP connections: bytes that take time on two ways, a client's end that behaves like a socket and kernel.

The client's end is the pipe of a `PythonChannel`: what `send` takes is what "the kernel has". The far end hands its
bytes to a gateway. A way keeps its bytes in order whatever happens; it can be slowed, stalled, ended or cut. What a way
has when its client closes is still delivered, as a kernel would.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from tests.simulated.loop import EngineLoop, Timeline
from tidings.clock import Clock
from tidings.errors import ConnectionLost
from tidings.net.channel import PythonChannel
from tidings.net.connection import ByteSink, Connection
from tidings.net.dialer import CONNECT_TIMEOUT_S, Endpoint

if TYPE_CHECKING:
    from tests.simulated.gateway import Gateway

US_NS = 1_000
FIRST_DESCRIPTOR = 10


class Weather(Protocol):
    """What the wires ask the faults in force."""

    @property
    def is_rough(self) -> bool: ...
    def latency_ns(self) -> int: ...
    def pieces(self, data: bytes) -> list[bytes]: ...
    def kernel_takes(self, wire: Wire, data: bytes) -> int: ...
    def after_send(self, wire: Wire) -> None: ...
    def dial_delay_s(self) -> float: ...


class Way:
    """One direction of a connection."""

    def __init__(self, timeline: Timeline, weather: Weather, deliver: Callable[[bytes], None],
                 end: Callable[[str], None]) -> None:
        self._timeline, self._weather, self._deliver, self._end = timeline, weather, deliver, end
        self._on_the_way: deque[bytes | str] = deque()  # a str is the end, and says why
        self._last_ns = 0
        self._due_count = 0  # arrivals that came due while stalled
        self.is_stalled = False
        self.is_over = False  # nothing more is taken

    def push(self, data: bytes) -> None:
        """Send bytes on their way."""
        if not self.is_over:
            for piece in self._weather.pieces(data) if self._weather.is_rough else (data,):
                if piece:
                    self._plan(piece)

    def finish(self, cause: str = "closed") -> None:
        """The end, behind what is on the way."""
        if not self.is_over:
            self.is_over = True
            self._plan(cause)

    def cut(self) -> None:
        """Whatever is on the way is lost, and nothing follows."""
        self.is_over = True
        self._on_the_way.clear()

    @property
    def is_idle(self) -> bool:
        """Whether nothing is on the way."""
        return not self._on_the_way

    def hold_back(self, delay_ns: int) -> None:
        """What is sent from now on arrives so much later."""
        self._last_ns = max(self._last_ns, self._timeline.now_ns) + delay_ns

    def release(self) -> None:
        """A stall is over."""
        self.is_stalled = False
        due_count, self._due_count = self._due_count, 0
        for number in range(due_count):  # one after the other, as `_plan` has them
            self._timeline.after(number, self._arrive)

    def _plan(self, item: bytes | str) -> None:
        self._on_the_way.append(item)
        # No two arrive at the same nanosecond: the venue stamps what happens to each.
        at_ns = self._timeline.now_ns + self._weather.latency_ns()
        self._last_ns = at_ns if at_ns > self._last_ns else self._last_ns + 1
        self._timeline.at(self._last_ns, self._arrive)

    def _arrive(self) -> None:
        if self.is_stalled:
            self._due_count += 1
        elif self._on_the_way:
            item = self._on_the_way.popleft()
            if isinstance(item, bytes):
                self._deliver(item)
            else:
                self._end(item)


class Wire:
    """One connection. `send`, `recv`, `close`, `fileno` and `getblocking` are the client's socket and kernel."""

    def __init__(self, network: Network, loop: EngineLoop, number: int) -> None:
        self.number = number
        self.network = network
        self.is_stream = False  # it carries a WebSocket
        self.is_dark = False  # nothing passes any more, and nobody is told
        self.is_client_closed = False
        self.gateway: Gateway
        self.up = Way(network.timeline, network.weather, self._at_server, self._end_at_server)
        self.down = Way(network.timeline, network.weather, self._at_client, self._end_at_client)
        self._loop = loop
        self._inbox = b""
        self._end = ""  # why nothing more will come
        self._is_broken = False  # the kernel takes nothing any more

    # ---- The client's socket ---------------------------------------------------------------------------------------

    def fileno(self) -> int:
        return self.number

    def getblocking(self) -> bool:
        return False

    def send(self, data: bytes) -> int:
        if self._is_broken or self.is_client_closed or self._loop.is_killed:
            raise ConnectionLost(f"wire {self.number}: broken pipe")
        count = self.network.weather.kernel_takes(self, data)
        if count > 0:
            taken = data[:count]
            self.network.on_taken(self, taken)
            self.up.push(taken)
            self.network.weather.after_send(self)
        if self._is_broken or self.is_client_closed:  # also when this very call was the process's last
            raise ConnectionLost(f"wire {self.number}: broken pipe")
        if count == 0:
            self._loop.writable.pop(self.number, None)
        return count

    def recv(self, room: int) -> bytes:
        if self._inbox:
            if len(self._inbox) <= room:
                data, self._inbox = self._inbox, b""
            else:
                data, self._inbox = self._inbox[:room], self._inbox[room:]
            if not self._inbox and not self._end:
                self._loop.readable.pop(self.number, None)
            return data
        if self._end:
            raise ConnectionLost(f"wire {self.number}: {self._end} by the peer")
        return b""

    def close(self) -> None:
        if not self.is_client_closed:
            self.is_client_closed = True
            self._loop.readable.pop(self.number, None)
            self._loop.writable.pop(self.number, None)
            self.network.forget(self)
            self.down.cut()
            self.up.finish()

    # ---- What befalls it -------------------------------------------------------------------------------------------

    def break_kernel(self) -> None:
        """The client's kernel gives the connection up: it takes nothing more, and says so."""
        self._is_broken = True
        self.reset()

    def let_kernel_take(self) -> None:
        """The client's kernel has room again."""
        if not self.is_client_closed:
            self._loop.writable[self.number] = None

    def give_unasked(self, data: bytes) -> bool:
        """Bytes for the client that nobody has asked for. False: something is on the way, and might be taken for them.

        (A refusal that names no order, put in front of a real answer, cannot be told from it by anybody.)
        """
        if not self.up.is_idle or not self.down.is_idle or self.gateway.is_holding:
            return False
        self._at_client(data)
        return True

    def reset(self) -> None:
        """Both ways are cut, and both ends hear it."""
        self.up.cut()
        self.down.cut()
        self._end_at_client("reset")
        self._end_at_server("reset")

    def go_dark(self) -> None:
        """Nothing passes any more, and nobody is told."""
        self.is_dark = True
        self.up.cut()
        self.down.cut()

    def stall(self, is_stalled: bool) -> None:
        """Hold everything on both ways, or let it go on."""
        for way in (self.up, self.down):
            if is_stalled:
                way.is_stalled = True
            else:
                way.release()

    # ---- Arrivals --------------------------------------------------------------------------------------------------

    def _at_server(self, data: bytes) -> None:
        self.gateway.bytes_came(data)

    def _end_at_server(self, cause: str) -> None:
        self.gateway.client_left()

    def _at_client(self, data: bytes) -> None:
        if not self.is_client_closed and not self._loop.is_killed:
            self.network.on_given(self, data)
            self._inbox = self._inbox + data if self._inbox else data
            self._loop.readable[self.number] = None

    def _end_at_client(self, cause: str) -> None:
        if not self.is_client_closed and not self._end:
            self._end = cause
            self._is_broken = self._is_broken or cause == "reset"
            self._loop.readable[self.number] = None
            self._loop.writable[self.number] = None


class Network:
    """All wires of one run, and who listens to them."""

    def __init__(self, timeline: Timeline, weather: Weather, make_gateway: Callable[[Wire], Gateway]) -> None:
        self.timeline, self.weather = timeline, weather
        self.on_taken: Callable[[Wire, bytes], object] = lambda wire, data: None  # the client's kernel has them
        self.on_given: Callable[[Wire, bytes], object] = lambda wire, data: None  # the client's kernel got them
        self.open_wires: dict[int, Wire] = {}
        self.dial_count = 0
        self._make_gateway = make_gateway

    def connect(self, loop: EngineLoop) -> Wire:
        """A new connection to the gateway."""
        self.dial_count += 1
        wire = Wire(self, loop, FIRST_DESCRIPTOR + self.dial_count)
        wire.gateway = self._make_gateway(wire)
        self.open_wires[wire.number] = wire
        loop.writable[wire.number] = None
        return wire

    def forget(self, wire: Wire) -> None:
        """The client has closed it."""
        self.open_wires.pop(wire.number, None)

    def drop_process(self, loop: EngineLoop) -> None:
        """A process died: its kernel closes what it held."""
        for wire in [wire for wire in self.open_wires.values() if wire._loop is loop]:
            wire.close()


class SimulatedDialer:
    """What `World.make_dialer` gives: a Dialer whose connections are wires."""

    def __init__(self, network: Network, loop: EngineLoop, endpoint: Endpoint, clock: Clock) -> None:
        self.endpoint, self.clock = endpoint, clock
        self._network, self._loop = network, loop

    async def connect(self, make_sink: Callable[[], ByteSink]) -> Connection:
        """An open connection. Raises ConnectionLost when the network refuses or swallows it."""
        delay_s = self._network.weather.dial_delay_s()
        if delay_s >= CONNECT_TIMEOUT_S:
            await asyncio.sleep(CONNECT_TIMEOUT_S)
            raise ConnectionLost(f"{self.endpoint.peer}: no answer within {CONNECT_TIMEOUT_S:g} s")
        await asyncio.sleep(abs(delay_s))
        if delay_s < 0:
            raise ConnectionLost(f"{self.endpoint.peer}: cannot connect: Connection refused")
        channel = PythonChannel(self._network.connect(self._loop), self.endpoint.peer, self.clock)
        return Connection(channel, make_sink(), self._loop)
