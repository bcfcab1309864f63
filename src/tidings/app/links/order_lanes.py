"""The warm order lanes of one engine: connected, kept warm, polled, their deadlines watched."""

from __future__ import annotations

import asyncio

from tidings.app.links.venue_access import VenueAccess
from tidings.app.recording.session_recording import LaneTap, Recording
from tidings.app.world import World
from tidings.config import EngineSettings
from tidings.engine.order_entry import OrderEntry
from tidings.net.connector import Connector
from tidings.net.event_loop import BusyPoll
from tidings.net.lane import LanePool
from tidings.venue.phemex.order_gateway import PhemexOrderGateway


class OrderLanes:
    """Owns the pool, its connector, and the busy-poll."""

    def __init__(
        self,
        access: VenueAccess,
        gateway: PhemexOrderGateway,
        entry: OrderEntry,
        settings: EngineSettings,
        world: World,
    ) -> None:
        self._gateway = gateway
        self._signs_pings = access.endpoints.signs_pings
        self._warm_interval_ns = settings.warm_interval_ns
        self._next_warm_ns = 0
        self.down_causes: dict[int, str] = {}
        self._tap: LaneTap | None = None
        self.pool = LanePool(gateway.lane_listener, lane_count=settings.lanes, depth_cap=settings.lane_depth)
        self._busy_poll = self._make_busy_poll(settings.busy_poll)
        on_sent = self._busy_poll.start if self._busy_poll is not None and settings.busy_poll == "in_flight" else None
        gateway.plug(self.pool, entry, self._on_lane_change, on_sent)
        self._connector = Connector(
            self.pool, world.make_dialer(access.rest, world.clock, access.tls), source=world.chance
        )

    def record(self, recording: Recording | None) -> None:
        """Let it have every request and answer."""
        self._tap = recording.lane_tap() if recording is not None else None
        for lane in self.pool:
            lane.tap = self._tap

    async def start(self) -> None:
        """Connect all lanes. Raises ConnectionLost when none comes up, ConfigError for a certificate not to trust."""
        await self._connector.start()

    def begin_polling(self) -> None:
        """Spin from now on, if the settings say so. Last of all: a spinning loop leaves the resolver little time."""
        if self._busy_poll is not None:
            self._busy_poll.start()

    @property
    def is_polling(self) -> bool:
        """Whether the loop is being kept awake."""
        return self._busy_poll is not None and self._busy_poll.is_running

    async def stop(self) -> None:
        if self._busy_poll is not None:
            self._busy_poll.stop()
        await self._connector.close()

    def keep_house(self, now_ns: int) -> None:
        """Deadlines, and a ping on every idle lane once per interval."""
        self.pool.check_deadlines(now_ns)
        if now_ns >= self._next_warm_ns:
            self._next_warm_ns = now_ns + self._warm_interval_ns
            for lane in self.pool:
                self._gateway.warm_lane(lane, self._signs_pings, now_ns)

    def _make_busy_poll(self, mode: str) -> BusyPoll | None:
        """Spinning always, or from each request until the last answer is in."""
        if mode == "off":
            return None
        is_wanted = self.pool.in_flight_total if mode == "in_flight" else None
        return BusyPoll(self.pool, asyncio.get_running_loop(), is_wanted)

    def _on_lane_change(self, index: int, is_up: bool, cause: Exception | None) -> None:
        if self._tap is not None:
            self._tap.changed(index, is_up, cause)
        if is_up:
            self.down_causes.pop(index, None)
        else:
            self.down_causes[index] = str(cause)
