"""Where an engine's journal lies, opening it at the start and closing it at the end.

    $XDG_STATE_HOME/tidings/journal/ENV-FINGERPRINT, one directory per key

The fingerprint is keyed with the secret, so that it shows neither: who reads the directory's name learns nothing, and
cannot try keys on it. At the local exchange it is the exchange's, too, for another one knows nothing of this one's
orders; what is left there when a session ends cleanly, with nothing open or with its exchange, is removed.
"""

from __future__ import annotations

import hmac
import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tidings import __version__
from tidings.app.links.venue_access import VenueAccess
from tidings.app.state_directory import state_directory
from tidings.app.truth.foreign_orders import ForeignOrder
from tidings.app.world import World
from tidings.config import EngineSettings
from tidings.engine.order_table import OrderTable
from tidings.errors import ConfigError
from tidings.journal.disk import Disk
from tidings.journal.keeper import JournalKeeper, begin_session, first_needed
from tidings.journal.log_reader import Log, read_log
from tidings.journal.order_journal import OrderJournal
from tidings.journal.stories import Replay, replay
from tidings.model.enums import OrdStatus
from tidings.model.order_ids import ClOrdIDMaker
from tidings.venue.phemex.endpoints import LOCAL

log = logging.getLogger("tidings.journal")

OFF = "none"
NS_PER_MS = 1_000_000
FINGERPRINT_CHARACTERS = 16


@dataclass(slots=True)
class JournalHome:
    """One engine's open journal. With mode "none": ids by the clock, and nothing is written."""

    journal: OrderJournal
    ids: ClOrdIDMaker
    past: Replay = field(default_factory=Replay)  # what earlier sessions left
    prefixes: frozenset[str] = frozenset()  # of their ClOrdIDs
    keeper: JournalKeeper | None = None
    boot_id: str = ""
    is_local: bool = False
    ends_with_us: bool = False  # the exchange is our own: what is open there is gone with it
    orders: OrderTable | None = None  # of this session, once there are any
    unadopted_count: int = field(init=False)  # orders of earlier sessions that have no known end, and are not in it
    _told: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.unadopted_count = len(self.past.open_stories())

    @property
    def where(self) -> str:
        """The journal's directory; "" where nothing is written."""
        return self.keeper.where if self.keeper is not None else ""

    @property
    def denies_because(self) -> str:
        """Why the journal denies new orders; "" when it does not."""
        cause = self.journal.denies_because
        return f"the order journal takes no new orders: {cause}" if cause else ""

    def tell_alarms(self, open_orders: Iterable[ForeignOrder]) -> None:
        """Of the orders that are open and not of this session: the journal should know those that bear its ids.

        One that it has no intent of was lost with the power; one that it has ended was ended wrongly. Both count in the
        limits like all orders of others; people must hear of them. Not as each report comes: see ForeignOrders.
        """
        for order in open_orders:
            if order.cl_ord_id not in self._told and self._is_ours(order.cl_ord_id):
                self._told.add(order.cl_ord_id)
                self._tell_alarm(order.cl_ord_id, order.symbol)

    def _tell_alarm(self, cl_ord_id: str, symbol: str) -> None:
        story = self.past.stories.get(cl_ord_id)
        if story is not None and not story.is_final:
            return  # one that could not be adopted, which was told
        known = f"the journal has it ended as {OrdStatus(story.status).name}" if story else "the journal has lost it"
        log.critical(
            "order %s of an earlier session is open at the venue (%s), and %s: nobody looks after it, so cancel it with"
            " `tidings cancel`, or let it work", cl_ord_id, symbol, known,
        )  # fmt: skip

    def _is_ours(self, cl_ord_id: str) -> bool:
        return any(cl_ord_id.startswith(prefix) for prefix in self.prefixes)

    def tend(self) -> None:
        """What the journal's thread does, where there are none: with the housekeeping, that is less often."""
        if self.keeper is not None:
            self.keeper.tend()

    def close(self) -> None:
        """End the session."""
        if self.keeper is None:
            return
        orders = self.orders
        open_count = self.unadopted_count + (orders.open_count if orders is not None else 0)
        unknown_count = orders.unknown_count if orders is not None else 0
        is_worthless = self.ends_with_us or (self.is_local and open_count == 0)
        self.keeper.close(open_count=open_count, unknown_count=unknown_count, is_worthless=is_worthless)


def journal_directory(settings: EngineSettings, access: VenueAccess) -> Path:
    """Where the journal of this key lies."""
    if settings.journal_dir is not None:
        return Path(settings.journal_dir).expanduser()
    return state_directory() / "journal" / _owner(settings, access)


def _owner(settings: EngineSettings, access: VenueAccess) -> str:
    """ENV-FINGERPRINT of this key."""
    assert access.api_key is not None and access.secret is not None
    about = [settings.env, access.api_key, *([access.endpoints.rest.authority] if settings.env == LOCAL else [])]
    digest = hmac.digest(access.secret.reveal().encode(), "\n".join(["tidings journal", *about]).encode(), "sha256")
    return f"{settings.env}-{digest.hex()[:FINGERPRINT_CHARACTERS]}"


def open_journal(settings: EngineSettings, access: VenueAccess, world: World, venue_wall_ns: int) -> JournalHome:
    """Read what earlier sessions left, and begin one. `venue_wall_ns`: the venue's Unix time, which dates the ids.

    Raises ConfigError when another engine has it, its directory cannot be used or it is another key's, JournalDamaged
    when it does not add up: nothing may be traded then.
    """
    if settings.journal == OFF or access.api_key is None or access.secret is None:
        return JournalHome(OrderJournal(), ClOrdIDMaker(wall_ns=venue_wall_ns))
    disk = world.make_disk(journal_directory(settings, access))
    disk.lock()
    try:
        past_log = read_log(disk)
        past = replay(past_log.records()) if past_log is not None else Replay()
        owner = _owner(settings, access)
        _check_owner(disk, past_log, past, owner)
        keeper = _begin(settings, disk, past_log, past, world, venue_wall_ns, owner)
    except OSError as error:
        disk.unlock()
        raise ConfigError(
            f"the order journal in {disk.where} cannot be used ({error.strerror or error}): make room or give rights"
            " there, or set journal_dir to another place"
        ) from None
    except BaseException:
        disk.unlock()
        raise
    if past_log is not None and past_log.dropped:
        log.warning("journal %s: %s", disk.where, past_log.dropped)
    if world.has_threads:
        keeper.start_thread()
    else:
        keeper.tend()  # the first spare
    is_local, ends_with_us = settings.env == LOCAL, access.is_own_exchange
    prefixes = _prefixes(past_log, past)
    return JournalHome(keeper.journal, keeper.ids, past, prefixes, keeper, disk.boot_id, is_local, ends_with_us)


def _prefixes(past_log: Log | None, past: Replay) -> frozenset[str]:
    """Of the ClOrdIDs of earlier sessions. The last one may have outlived its first segment, but not the anchor."""
    prefixes = {session.prefix for session in past.sessions}
    if past_log is not None:
        prefixes.add(ClOrdIDMaker(wall_ns=past_log.anchor.reserved_ms * NS_PER_MS).prefix)
    return frozenset(prefixes)


def _check_owner(disk: Disk, past_log: Log | None, past: Replay, owner: str) -> None:
    """Another account knows nothing of these orders: asked for them there, each would be proved never to have been.

    A local exchange that was started anew has another address and may still have them: of local ones any is taken.
    """
    last = past.sessions[-1].owner if past.sessions else ""
    last = last or (past_log.anchor.owner if past_log is not None else "")
    if last not in ("", owner) and not (last.startswith(f"{LOCAL}-") and owner.startswith(f"{LOCAL}-")):
        raise ConfigError(
            f"the journal in {disk.where} was kept for another key ({last}, this one is {owner}), whose orders nobody"
            " could find with this one: give each key a journal_dir of its own"
        )


def _begin(
    settings: EngineSettings, disk: Disk, past_log: Log | None, past: Replay, world: World, venue_wall_ns: int,
    owner: str,
) -> JournalKeeper:  # fmt: skip
    keep_from = None
    if past_log is not None:
        keep_from = first_needed(past_log, past, world.clock.read_wall_ns())
    return begin_session(
        disk,
        past_log,
        world.clock,
        wall_ns=venue_wall_ns,
        expiry_s=settings.expiry_s,
        mode=settings.journal,
        version=__version__,
        owner=owner,
        keep_from=keep_from,
    )
