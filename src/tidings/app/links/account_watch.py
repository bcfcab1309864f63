"""The account's streams: COIN-M, USD-M and spot on one connection, with login; positions and wallets as they are
told.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from tidings.app.links.feed import StreamFeed
from tidings.app.links.venue_access import VenueAccess
from tidings.app.links.venue_clock import VenueClock
from tidings.app.recording.session_recording import Recording
from tidings.app.world import World
from tidings.engine.order_entry import OrderEntry
from tidings.errors import AuthenticationError, ConnectionLost
from tidings.model.enums import PosSide, ProductLine
from tidings.model.position import Positions
from tidings.venue.phemex.account_desk import AccountDesk
from tidings.venue.phemex.account_state import PositionUpdate, WalletUpdate
from tidings.venue.phemex.account_stream import AccountStream
from tidings.venue.phemex.products import Products
from tidings.venue.phemex.signing import Credentials
from tidings.venue.phemex.stream_session import StreamSession

log = logging.getLogger("tidings.account")

LOGIN_EXPIRY_S = 60  # the venue takes at most 120 (phemex docs 2026, "User authentication")
NS_PER_S = 1_000_000_000
SNAPSHOT_GRACE_S = 2.0  # after the last subscription was answered
UNSET_LOTS = -(2**63)  # the message held no size, or one off the grid
SUBSCRIPTIONS: tuple[tuple[str, list[object]], ...] = (
    ("aop.subscribe", []),
    ("aop_p.subscribe", []),
    ("wo.subscribe", []),
)


class AccountWatch:
    """Ready when the login is through and each line has sent its snapshot. An AccountKeeper for the desk."""

    def __init__(
        self,
        access: VenueAccess,
        credentials: Credentials,
        products: Products,
        entry: OrderEntry,
        positions: Positions,
        world: World,
        venue_clock: VenueClock,
        on_change: Callable[[AuthenticationError | None], None],
    ) -> None:
        self.wallets: dict[str, int] = {}  # spot currency → balance in units of its value scale
        self._wallet_ns: dict[str, int] = {}  # spot currency → when its balance last changed, by the venue's clock
        self.is_ready = asyncio.Event()
        self._positions, self._credentials, self._venue_clock = positions, credentials, venue_clock
        self._on_change = on_change  # ready, or not any more; with the error if it will not be again
        self._awaited = set(ProductLine)
        stream = AccountStream(dict(products.instruments), AccountDesk(entry, self))
        self._feed = StreamFeed(
            "account",
            dialer=world.make_dialer(access.stream, world.clock, access.tls),
            url=access.stream_url,
            session=StreamSession(login=self._login, subscriptions=SUBSCRIPTIONS),
            decode=stream.feed_message,
            clock=world.clock,
            random_source=world.chance,
            on_live=self._on_live,
            on_down=self._on_down,
            on_refused=on_change,
        )

    def record(self, recording: Recording | None) -> None:
        """Let it have every message."""
        self._feed.tap = recording.account_tap() if recording is not None else None

    async def start(self, timeout_s: float) -> None:
        """Log in, subscribe, take the snapshots. Raises AuthenticationError or ConnectionLost."""
        await self._feed.start(timeout_s)
        try:
            await asyncio.wait_for(self.is_ready.wait(), timeout_s)
        except TimeoutError:
            missing = ", ".join(line.name.lower() for line in sorted(self._awaited))
            raise ConnectionLost(f"the account stream sent no snapshot of {missing} within {timeout_s:g} s") from None

    async def stop(self) -> None:
        await self._feed.stop()

    @property
    def down_cause(self) -> str:
        """Why the last connection ended; "" if none has."""
        return self._feed.down_cause

    @property
    def reconnect_count(self) -> int:
        return self._feed.reconnect_count

    def _login(self, now_ns: int) -> list[object]:
        expiry_s = self._venue_clock.wall_ns(now_ns) // NS_PER_S + LOGIN_EXPIRY_S
        return ["API", self._credentials.api_key, self._credentials.sign_login(expiry_s), expiry_s]

    def _on_live(self) -> None:
        """Subscribed. A line with no account has no snapshot to send ("zero or more", phemex docs 2026, "aop")."""
        connection = self._feed.reconnect_count
        asyncio.get_running_loop().call_later(SNAPSHOT_GRACE_S, self._take_silence_for_nothing, connection)

    def _take_silence_for_nothing(self, connection: int) -> None:
        if self._feed.is_live and self._feed.reconnect_count == connection:
            for line in list(self._awaited):
                log.warning("the account stream sent no snapshot of %s: taken for an empty account", line.name.lower())
                self.snapshot_ended(line)

    def _on_down(self, cause: str) -> None:
        self._awaited = set(ProductLine)
        self.is_ready.clear()
        self._on_change(None)
        log.warning("account stream down: %s: no new orders until it is back; replies and cancels go on", cause)

    # ---- AccountKeeper -------------------------------------------------------------------------------------------

    def position_told(self, update: PositionUpdate) -> None:
        if update.net_qty_lots != UNSET_LOTS:
            position = self._positions.of(update.instrument.symbol, PosSide(update.pos_side))
            position.tell(update.net_qty_lots, update.transact_time_ns)

    def wallet_told(self, update: WalletUpdate) -> None:
        if update.line != ProductLine.SPOT or 0 < update.update_time_ns < self._wallet_ns.get(update.currency, 0):
            return  # a word of before the last one, with which it has changed places, takes nothing back
        self.wallets[update.currency] = update.balance_mantissa
        self._wallet_ns[update.currency] = update.update_time_ns

    def snapshot_ended(self, line: int) -> None:
        self._awaited.discard(ProductLine(line))
        if not self._awaited and not self.is_ready.is_set():
            self.is_ready.set()
            self._on_change(None)
