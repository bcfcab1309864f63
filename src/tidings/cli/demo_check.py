"""Our final view of every order, position and wallet against the exchange's own dump.

The dump comes over the admin endpoint, which is no part of the venue's API and shares no code with the engine: what
is compared was learnt through replies and streams only.
"""

from __future__ import annotations

import asyncio
import json
import urllib.request
from dataclasses import dataclass
from typing import Any

from tidings.app.links.local_exchange import ReadyExchange
from tidings.model.enums import OrdStatus, PosSide, ProductLine
from tidings.model.instrument import Instrument
from tidings.model.order import Order
from tidings.session.phemex import Phemex

DUMP_TIMEOUT_S = 10

# The venue's words for the states an order of ours can end or stand in.
_VENUE_STATUS = {
    OrdStatus.NEW: ("New", "Created", "Triggered"),
    OrdStatus.PARTIALLY_FILLED: ("PartiallyFilled",),
    OrdStatus.UNTRIGGERED: ("Untriggered",),
    OrdStatus.FILLED: ("Filled",),
    OrdStatus.CANCELED: ("Canceled", "Deactivated"),
    OrdStatus.EXPIRED: ("Canceled", "Deactivated"),
    OrdStatus.REJECTED: ("Rejected",),
}
_DONE = {"Filled", "Canceled", "Deactivated", "Rejected"}


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One thing on which the two sides differ."""

    what: str
    ours: str
    theirs: str

    def __str__(self) -> str:
        return f"{self.what}: we say {self.ours}, the exchange says {self.theirs}"


async def compare_with_exchange(phemex: Phemex, ready: ReadyExchange, account: int = 0) -> list[Mismatch]:
    """Every difference; empty when both sides agree."""
    user_id = ready.account(account)["user_id"]
    dump = await asyncio.to_thread(_dump, ready.admin_url)
    return [
        *_order_mismatches(phemex, dump, user_id),
        *_position_mismatches(phemex, dump, user_id),
        *_wallet_mismatches(phemex, dump, user_id),
    ]


def _dump(admin_url: str) -> dict[str, Any]:
    with urllib.request.urlopen(f"{admin_url}/dump", timeout=DUMP_TIMEOUT_S) as answer:
        dump: dict[str, Any] = json.load(answer)
    return dump


def _order_mismatches(phemex: Phemex, dump: dict[str, Any], user_id: int) -> list[Mismatch]:
    """Both ways. Of orders done so long ago that our table has given up their place only the state can be judged."""
    theirs = {row["cl_ord_id"]: row for row in dump["orders"] if row["user_id"] == user_id}
    orders = phemex.entry.orders.orders()
    found = []
    for order in orders:
        row = theirs.pop(order.cl_ord_id, None)
        found += _compare_order(order, row, dump["scales"])
    oldest = orders[0].cl_ord_id if orders else ""  # ClOrdIDs sort by age
    for cl_ord_id, row in theirs.items():
        if cl_ord_id >= oldest or row["ord_status"] not in _DONE:
            found.append(Mismatch(f"order {cl_ord_id}", "nothing", row["ord_status"]))
    return found


def _compare_order(order: Order, row: dict[str, Any] | None, scales: dict[str, Any]) -> list[Mismatch]:
    """State, price and quantities of one order."""
    name = f"order {order.cl_ord_id} ({order.symbol})"
    if row is None:
        gone = order.status in (OrdStatus.UNSENT, OrdStatus.REJECTED)  # neither needs to have left a trace
        return [] if gone else [Mismatch(name, order.ord_status.name, "nothing")]
    found = []
    if row["ord_status"] not in _VENUE_STATUS.get(OrdStatus(order.status), ()):
        found.append(Mismatch(f"{name} status", OrdStatus(order.status).name, row["ord_status"]))
    if not order.terms.qty_in_quote:
        quantities = {"order_qty": order.order_qty_lots, "cum_qty": order.cum_qty_lots}
        if order.status != OrdStatus.UNTRIGGERED:
            quantities["leaves_qty"] = order.leaves_qty_lots
        for key, lots in quantities.items():
            qty = _on_their_scale(order.terms.instrument, lots, scales)
            if qty != row[key]:
                found.append(Mismatch(f"{name} {key}", str(qty), str(row[key])))
    if order.terms.has_price:
        price = _price_on_their_scale(order.terms.instrument, order.price_ticks, scales)
        if price != row["price"]:
            found.append(Mismatch(f"{name} price", str(price), str(row["price"])))
    if order.traded_qty_lots != order.cum_qty_lots:
        found.append(Mismatch(f"{name} executions", str(order.traded_qty_lots), str(order.cum_qty_lots)))
    return found


def _position_mismatches(phemex: Phemex, dump: dict[str, Any], user_id: int) -> list[Mismatch]:
    """Both ways: what the exchange lists, and contract positions that only we believe in."""
    found = []
    listed = {(row["symbol"], row["pos_side"].upper()) for row in dump["positions"] if row["user_id"] == user_id}
    for position in phemex.positions():
        line = phemex.instrument(position.symbol).line
        if line != ProductLine.SPOT and (position.symbol, position.pos_side.name) not in listed:
            found.append(Mismatch(f"position {position.symbol}", f"{position.net_qty_lots} lots", "nothing"))
    for row in dump["positions"]:
        if row["user_id"] != user_id:
            continue
        instrument = phemex.engine.products.find(row["symbol"])
        if instrument is None:
            continue
        position = phemex.engine.positions.of(row["symbol"], PosSide[row["pos_side"].upper()])
        ours = _on_their_scale(instrument, position.net_qty_lots, dump["scales"])
        told = _on_their_scale(instrument, position.venue_qty_lots, dump["scales"])
        if ours != row["net_qty"] or told != row["net_qty"]:
            found.append(
                Mismatch(f"position {row['symbol']} {row['pos_side']}", f"{ours} (stream: {told})", str(row["net_qty"]))
            )
    return found


def _wallet_mismatches(phemex: Phemex, dump: dict[str, Any], user_id: int) -> list[Mismatch]:
    """Every wallet of a currency that trades must have been told to us, and the same."""
    ours = phemex.engine.account.wallets
    spot = [instrument for instrument in phemex.engine.products if instrument.line == ProductLine.SPOT]
    traded = {name for found in spot for name in (found.base_currency, found.quote_currency)}
    theirs = {row["currency"]: row["balance"] for row in dump["wallets"] if row["user_id"] == user_id}
    return [
        Mismatch(f"wallet {currency}", str(ours.get(currency, "nothing")), str(balance))
        for currency, balance in theirs.items()
        if currency in traded and ours.get(currency) != balance
    ]


def _price_on_their_scale(instrument: Instrument, ticks: int, scales: dict[str, Any]) -> int:
    """Ticks as an integer on the dump's price scale of the symbol."""
    scale: int = scales[instrument.symbol]["price"]
    return ticks * instrument.tick_mantissa * int(10 ** (scale - instrument.price_scale))


def _on_their_scale(instrument: Instrument, lots: int, scales: dict[str, Any]) -> int:
    """Lots as an integer on the dump's quantity scale of the symbol."""
    scale: int = scales[instrument.symbol]["qty"]
    return lots * instrument.lot_mantissa * int(10 ** (scale - instrument.qty_scale))
