"""A kill switch for an engine: which of its parts it works with, and where orders may be open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidings.app.kill.kill_latch import KillLatch
from tidings.app.kill.kill_switch import KillSwitch
from tidings.app.truth.recovery import EXPIRY_S_MAX
from tidings.journal.stories import Replay
from tidings.model.instrument import Instrument
from tidings.venue.phemex.mass_cancel import MassCancel

if TYPE_CHECKING:
    from tidings.app.engine import Engine


def make_kill_switch(engine: Engine) -> KillSwitch:
    """For an engine whose order path is laid."""
    return KillSwitch(
        risk=engine.risk,
        entry=engine.entry,
        mass_cancel=MassCancel(engine.gateway),
        link=engine.link,
        latch=KillLatch.of(engine.access.endpoints.rest.authority, engine.access.api_key or ""),
        clock=engine.clock,
        symbols=lambda: symbols_with_orders(engine),
        known_open=lambda: symbols_known_open(engine),
        expiry_s=longest_expiry_s(engine.home.past, engine.settings.expiry_s),
        has_threads=engine.world.has_threads,
    )


def longest_expiry_s(past: Replay, own_s: int) -> int:
    """How long a request can live that is still under way: one of ours, or of an earlier engine, set otherwise."""
    sessions = [story.session for story in past.open_stories()]
    if past.entries:
        sessions.append(past.sessions[-1] if past.sessions else None)
    return max([own_s, *(EXPIRY_S_MAX if session is None else session.expiry_s for session in sessions)])


def symbols_known_open(engine: Engine) -> set[str]:
    """Where orders are open as far as we were told, ours and those of others."""
    return {order.symbol for order in engine.entry.orders.open_orders()} | set(
        engine.truth.reconciliation.foreign.symbols()
    )


def symbols_with_orders(engine: Engine) -> list[Instrument]:
    """Where anything may be open: our orders, those of others we were told of, positions with orders attached to them,
    and what an earlier engine may have left (the heartbeat page remembers).
    """
    found = dict.fromkeys(engine.risk.exposure.open_instruments())
    names = engine.truth.reconciliation.foreign.symbols()
    names += [position.symbol for position in engine.positions if position.net_qty_lots or position.venue_qty_lots]
    inherited = engine.watchdog.heartbeat.inherited if engine.watchdog is not None else ()
    others = [*map(engine.products.find, names), *(item for item in engine.products if item.index in inherited)]
    return list(found | {instrument: None for instrument in others if instrument is not None})
