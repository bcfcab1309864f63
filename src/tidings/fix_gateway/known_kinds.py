"""Kinds of orders that have been translated before: the same again needs only its numbers read.

A client sends the same few kinds over and over: symbol, side, type, instructions stay, and id, quantity, price and time
change. What stays is the key; what it means was worked out once. Whatever is unusual takes the long way.
"""

from __future__ import annotations

from typing import NamedTuple

from tidings.errors import GridError, UnknownSymbol
from tidings.fix_gateway.account import Account
from tidings.fix_gateway.field_text import FieldSource, decimal_of
from tidings.fix_gateway.tag_message import all_fields
from tidings.fix_gateway.translate_in import NewOrder, Rules
from tidings.model.order import Order
from tidings.model.scale import price_ticks, qty_lots
from tidings.model.terms import OrderTerms

# What changes from order to order, and the header, which says nothing about the kind.
VARYING = frozenset({8, 9, 10, 11, 34, 38, 44, 49, 50, 52, 56, 57, 60, 97, 115, 116, 122, 128, 129, 43})
NUMBERS = frozenset({"qty", "price"})
KINDS_MAX = 10_000
Kind = tuple[object, ...]


class KnownKind(NamedTuple):
    """What a kind means."""

    terms: OrderTerms
    wanted: NewOrder  # of the first one: symbol, side and what is echoed


class KnownKinds:
    """By everything that stays the same, the account's position mode and the session's rules included."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._known: dict[Kind, KnownKind] = {}

    def kind_of(self, message: FieldSource, is_hedged: bool, rules: Rules) -> Kind:
        """The key of a NewOrderSingle."""
        return (is_hedged, id(rules), *[field for field in all_fields(message) if field[0] not in VARYING])

    def learn(self, kind: Kind, wanted: NewOrder, terms: OrderTerms) -> None:
        """Remember a kind, unless it has numbers beside quantity and price."""
        if wanted.numbers.keys() <= NUMBERS and not wanted.words["qty_in_quote"]:
            if len(self._known) >= KINDS_MAX:
                self._known.clear()
            self._known[kind] = KnownKind(terms, wanted)

    def draft(self, kind: Kind, message: FieldSource) -> tuple[NewOrder, Order] | None:
        """A draft on the grid; None: not a known kind, or something about its numbers is wrong."""
        known = self._known.get(kind)
        if known is None:
            return None
        terms = known.terms
        price, qty = message.find(44), message.find(38)
        if qty is None or (qty_text := decimal_of(qty)) is None or terms.has_price != (price is not None):
            return None
        try:
            self._account.engine.products.tradable(known.wanted.symbol)  # it may have been delisted since
            lots = qty_lots(terms.instrument, qty_text)
            ticks = 0
            if price is not None:
                if (price_text := decimal_of(price)) is None:
                    return None
                ticks = price_ticks(terms.instrument, price_text)
        except (GridError, UnknownSymbol):
            return None
        order = self._account.entry.draft_order(terms)
        if order is None:
            return None
        order.order_qty_lots = lots
        order.price_ticks = ticks
        return known.wanted, order
