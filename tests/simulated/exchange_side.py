"""The real exchange, core and faces, on virtual time: no listener, no task, no clock of its own."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from importlib.resources import files

from tests.simulated.loop import Timeline
from tidings.exchange import error_codes
from tidings.exchange.catalogue import Catalogue
from tidings.exchange.faults.plan import FaultPlan
from tidings.exchange.markets.matching import BookOrder, Stay
from tidings.exchange.orders.orders import SIDES
from tidings.exchange.rest.authentication import Authenticator, make_api_key
from tidings.exchange.rest.face import RestApi
from tidings.exchange.rest.rate_limits import RateLimits, Window
from tidings.exchange.server.http_request import Request
from tidings.exchange.server.http_server import HttpConnection, ServerState
from tidings.exchange.streams.hub import StreamHub
from tidings.exchange.streams.session import StreamLimits, StreamSession
from tidings.exchange.venue import Venue
from tidings.exchange.venue_config import MS_NS, VenueConfig
from tidings.exchange.venue_rules import Rules

WALL_START_NS = 1_760_000_000_000_000_000  # the venue's wall clock at the timeline's 0
CONTRACTS = ("BTCUSD", "BTCUSDT")
SYMBOLS = (*CONTRACTS, "sBTCUSDT")
MIDDLE = 60_000
# One dollar on each instrument's price scale, and a small quantity on its quantity scale.
DOLLAR = {"BTCUSD": 10**4, "BTCUSDT": 10**9, "sBTCUSDT": 10**8}
SMALL_QTY = {"BTCUSD": 1, "BTCUSDT": 1_000, "sBTCUSDT": 100_000}
FUNDS = {"BTC": 10, "USD": 500_000, "USDT": 500_000}  # of each user, in whole units


@dataclass(frozen=True)
class VenueTraits:
    """What is not known of the real venue, and so differs from run to run."""

    window: Window = "fixed"
    duplicate_code: int = error_codes.TE_CL_ORD_ID_DUPLICATE
    pending_rule: str = "queue"
    reject_style: str = "reply-and-stream"
    matching_delay_ms: int = 5
    wall_ahead_ns: int = 0  # of true time


@cache
def small_catalogue() -> Catalogue:
    """The embedded catalogue with the three symbols of the simulation only: what is not there costs no time."""
    document = json.loads(files("tidings.exchange").joinpath("catalogue.json").read_text(encoding="utf-8"))
    data = document["data"]
    data["currencies"] = [row for row in data["currencies"] if row["currency"] in FUNDS]
    for name in ("products", "perpProductsV2", "riskLimits", "riskLimitsV2"):
        data[name] = [row for row in data[name] if row["symbol"] in SYMBOLS]
    return Catalogue(document)


class ExchangeSide:
    """One exchange for one run. `connect` gives the protocol that answers a new connection."""

    def __init__(self, timeline: Timeline, traits: VenueTraits, chance: random.Random) -> None:
        self.timeline, self.traits = timeline, traits
        self._stepped_ns = 0
        prices = dict.fromkeys(SYMBOLS, str(MIDDLE))
        self.venue = Venue(
            VenueConfig(
                seed=chance.getrandbits(32), prices=prices, has_flow=False, always_awake=(),
                matching_delay_ns=traits.matching_delay_ms * MS_NS, contract_funds=FUNDS, wallet_funds=FUNDS,
                rules=Rules(
                    duplicate_id_code=traits.duplicate_code, pending_rule=traits.pending_rule,
                    reject_style=traits.reject_style,
                ),
            ),
            self.wall_ns(), small_catalogue(),
        )
        self.user_id = self.venue.user_ids[0]
        key, self.api_secret = make_api_key(self.user_id, chance.randbytes, "raw")
        self.api_key = key.api_key
        authenticator = Authenticator([key])
        limits = StreamLimits()
        self.hub = StreamHub(self.venue, authenticator, limits, self.wall_ns, self.pump)
        self.rest = RestApi(self.venue, authenticator, RateLimits(True, traits.window), self.plan_pump)
        self._state = ServerState(
            self.rest, self.wall_ns, upgrade=self._open_stream, upgrade_paths=frozenset({"/", "/ws"})
        )
        self._stream_limits = limits
        self._pump_at_ns = -1
        timeline.after(1_000_000_000, self._drop_silent)

    def wall_ns(self) -> int:
        """The venue's wall clock."""
        return WALL_START_NS + self.traits.wall_ahead_ns + self._stepped_ns + self.timeline.now_ns

    def step_wall_clock(self, by_ns: int) -> None:
        """The venue's clock is set forward; its core cannot go back."""
        self._stepped_ns += by_ns
        self.plan_pump()

    @property
    def faults(self) -> FaultPlan:
        """What goes wrong inside the exchange."""
        return self.venue.state.faults

    def connect(self) -> HttpConnection:
        return HttpConnection(self._state)

    def plan_pump(self) -> None:
        """Advance the core after what happens now: a reply leaves before what follows from it."""
        if self._pump_at_ns != self.timeline.now_ns:
            self._pump_at_ns = self.timeline.now_ns
            self.timeline.after(0, self.pump)

    def pump(self) -> None:
        """Let the core do what is due, and be back when it next has something to do."""
        self._pump_at_ns = -1
        for update in self.venue.advance(self.wall_ns()):
            self.hub.publish(update)
        due_ns = self.venue.next_due_ns()
        if due_ns is not None:
            self.timeline.after(max(0, due_ns - self.wall_ns()), self._pump_if_due, due_ns)

    def _pump_if_due(self, due_ns: int) -> None:
        if self.venue.next_due_ns() == due_ns:
            self.pump()

    def _open_stream(self, request: Request, transport: asyncio.Transport, rest: bytes) -> StreamSession:
        session = StreamSession(transport, self._stream_limits, self.hub.on_request, self.hub.remove, self.wall_ns)
        self.hub.add(session)
        session.start(request, rest)
        return session

    def _drop_silent(self) -> None:
        self.hub.drop_silent(self.wall_ns())
        self.timeline.after(1_000_000_000, self._drop_silent)

    # ---- The others who trade there ----------------------------------------------------------------------------------

    def crowd_order(self, symbol: str, side: str, offset: int, size: int, *, is_taker: bool) -> None:
        """Somebody else's order, `offset` dollars from the middle: nobody's account, as the background flow's are."""
        price = (MIDDLE + offset) * DOLLAR[symbol]
        order = BookOrder(SIDES[side.capitalize()], price, size * SMALL_QTY[symbol])
        enter = partial(self.venue.lives[symbol].flow, [], [(order, Stay.IOC if is_taker else Stay.REST)])
        self.venue.state.schedule.add(self.wall_ns() + self.venue.config.matching_delay_ns, enter)
        self.plan_pump()

    def move_price(self, symbol: str, offset: int) -> None:
        """The last, mark and index price go somewhere: conditional orders may trigger."""
        price = (MIDDLE + offset) * DOLLAR[symbol]
        self.venue.set_price(symbol, self.wall_ns(), last=price, mark=price, index=price)
        self.plan_pump()


OnWrite = Callable[[bytes], None]


class ServerTransport(asyncio.Transport):
    """The transport an exchange protocol writes to; the gateway stands behind it."""

    def __init__(self, on_write: OnWrite, on_close: Callable[[], None], on_abort: Callable[[], None]) -> None:
        super().__init__({"peername": ("127.0.0.1", 50_000)})
        self._on_write, self._on_close, self._on_abort = on_write, on_close, on_abort
        self._is_closing = False

    def write(self, data: bytes) -> None:  # type: ignore[override]
        if not self._is_closing:
            self._on_write(bytes(data))

    def close(self) -> None:
        if not self._is_closing:
            self._is_closing = True
            self._on_close()

    def abort(self) -> None:
        if not self._is_closing:
            self._is_closing = True
            self._on_abort()

    def is_closing(self) -> bool:
        return self._is_closing

    def get_write_buffer_size(self) -> int:
        return 0

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Nothing is ever kept here."""

    def pause_reading(self) -> None:
        """The gateway hands over whole requests anyway."""

    def resume_reading(self) -> None:
        """As above."""
