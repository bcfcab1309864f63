"""A venue as a JSON-ready document, and back: all its orders, money, positions, books, histories, and what is planned.

Saved is whatever the venue's parts hold, found by walking from one to the next, so that nothing is forgotten when a
part learns to remember more. Left out, because a new exchange has its own: settings, catalogue, funding rates (they
follow from seed and settings), faults, and the views of a moment ago that lagging queries see, which begin with how
each open order stands. An action of the schedule is saved if it is a method of one of those parts; what the faces have
planned concerns connections that will be gone. A recording begins anew.
"""

import gc
from functools import partial
from types import MethodType
from typing import Any, Final

from tidings.exchange.catalogue import Catalogue
from tidings.exchange.faults.plan import FaultPlan
from tidings.exchange.markets.funding import FundingRates
from tidings.exchange.markets.playback import Playback
from tidings.exchange.orders.recent_changes import RecentChanges
from tidings.exchange.saved.graph_reader import GraphReader
from tidings.exchange.saved.graph_words import StateError
from tidings.exchange.saved.graph_writer import GraphWriter
from tidings.exchange.schedule import Schedule
from tidings.exchange.venue import Venue
from tidings.exchange.venue_config import VenueConfig
from tidings.exchange.venue_rules import Rules

KEPT_CLASSES: Final = (VenueConfig, Catalogue, FaultPlan, RecentChanges, Schedule, Playback, Rules, FundingRates)


def venue_document(venue: Venue, now_ns: int) -> dict[str, Any]:
    """The state of `venue`. Raises StateError if it holds something that cannot be saved."""
    writer = GraphWriter(KEPT_CLASSES)
    root = writer.add(venue)
    planned = [entry for entry in venue.state.schedule.entries() if _is_planned_by(writer, entry[1])]
    schedule = writer.add(planned)
    return {
        "saved_ns": now_ns, "seed": venue.config.seed, "user_ids": list(venue.config.user_ids),
        "products": sorted(venue.markets), "flow": _flow_words(venue.config),
        "funding_interval_s": venue.config.funding_interval_s, "root": root, "schedule": schedule,
        "classes": writer.classes, "rows": writer.rows,
    }  # fmt: skip


def restore_venue(venue: Venue, document: dict[str, Any], now_ns: int) -> None:
    """Give `venue`, newly made with the document's seed and users, the saved state. Raises StateError."""
    was_collecting = gc.isenabled()
    try:
        if document["products"] != sorted(venue.markets):
            raise StateError("it was saved with other products than are listed now")
        gc.disable()  # nothing of what is made now will be garbage
        reader = GraphReader(document["classes"], document["rows"], venue.catalogue)
        playback = venue.playback
        reader.read(document["root"], venue)
        venue.playback = playback  # there may have been none
        planned = reader.read(document["schedule"])
        has_other_interval = document["funding_interval_s"] != venue.config.funding_interval_s
    except StateError:
        raise
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise StateError(f"it does not fit together: {type(error).__name__}: {error}") from error
    finally:
        if was_collecting:
            gc.enable()
    venue.state.schedule.replace(planned)
    for order in venue.state.store:
        if not order.is_done:
            venue.state.store.recent.add(order, order.describe())
    if has_other_interval:
        venue.funding.plan_anew(now_ns)
    if document["flow"] != _flow_words(venue.config) or venue.playback is not None:
        venue.restart_flows(now_ns)


def _is_planned_by(writer: GraphWriter, action: Any) -> bool:
    """Whether `action` is a method of one of the venue's parts, perhaps with arguments."""
    function = action.func if isinstance(action, partial) else action
    return isinstance(function, MethodType) and writer.has(function.__self__)


def _flow_words(config: VenueConfig) -> list[Any]:
    return [config.has_flow, config.flow, config.flow_tick_ns, config.recording is not None]
