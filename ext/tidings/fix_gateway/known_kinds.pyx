"""Kinds of orders that have been translated before: the same again needs only its numbers read.

A client sends the same few kinds over and over: symbol, side, type, instructions stay, and id, quantity, price and time
change. What stays is the key, byte for byte; what it means was worked out once. Whatever is unusual takes the long way.
"""

from cpython.bytes cimport PyBytes_FromStringAndSize
from libc.stdint cimport int32_t, int64_t
from libc.string cimport memcpy

from tidings.engine.order_entry cimport OrderEntry
from tidings.fix.field_index cimport find_field
from tidings.fix.reader cimport FixReader
from tidings.model.order cimport Order
from tidings.model.scale cimport OFF_GRID, price_ticks_of_text, qty_lots_of_text
from tidings.model.terms cimport OrderTerms

from tidings.errors import UnknownSymbol

cdef enum:
    KEY_BYTES_MAX = 512
    KINDS_MAX = 10_000
    ABSENT = -2
    PRICE = 44
    ORDER_QTY = 38

# What changes from order to order, and the header, which says nothing about the kind.
VARYING = frozenset({8, 9, 10, 11, 34, 38, 43, 44, 49, 50, 52, 56, 57, 60, 97, 115, 116, 122, 128, 129})
NUMBERS = frozenset({"qty", "price"})

cdef enum:
    TAGS_LOOKED_UP = 130
cdef bint[TAGS_LOOKED_UP] IS_VARYING
for _tag in range(TAGS_LOOKED_UP):
    IS_VARYING[_tag] = _tag in VARYING


cdef class KnownKind:
    pass


cdef class KnownKinds:
    def __init__(self, account):
        self._account = account
        self._known = {}

    def learn(self, message, rules, wanted, OrderTerms terms not None):
        """Remember a kind, unless it has numbers beside quantity and price."""
        cdef KnownKind kind = KnownKind.__new__(KnownKind)
        cdef bytes key = _key_of(message) if isinstance(message, FixReader) else None
        cdef dict kinds = self._known.setdefault(id(rules), {})
        if key is None or not wanted.numbers.keys() <= NUMBERS or wanted.words["qty_in_quote"]:
            return
        if len(kinds) >= KINDS_MAX:
            kinds.clear()
        kind.terms, kind.wanted, kind.rules = terms, wanted, rules
        kind.symbol, kind.has_price = wanted.symbol, terms.has_price
        kind.is_hedged = self._account.engine.is_hedged(wanted.symbol)
        kinds[key] = kind

    def draft(self, source, rules):
        """What is wanted and a draft on the grid; None: not a known kind, or something about it is unusual."""
        cdef dict kinds = self._known.get(id(rules))
        cdef FixReader message
        cdef KnownKind kind
        cdef int64_t ticks, lots
        cdef OrderEntry entry
        cdef Order order
        if kinds is None or not isinstance(source, FixReader):
            return None
        message = <FixReader>source
        kind = kinds.get(_key_of(message))
        if kind is None or not self._may_go(kind):
            return None
        lots, ticks = _number(message, ORDER_QTY, kind.terms), _number(message, PRICE, kind.terms)
        if lots <= 0 or (ticks <= 0 if kind.has_price else ticks != ABSENT):
            return None
        entry = self._account.entry
        order = entry.orders.draft(kind.terms)
        if order is None:
            return None
        order.order_qty_lots, order.price_ticks = lots, ticks if kind.has_price else 0
        return kind.wanted, order

    cdef bint _may_go(self, KnownKind kind) except -1:
        """Nothing about its symbol has changed since it was learnt."""
        engine = self._account.engine
        if engine.is_hedged(kind.symbol) != kind.is_hedged:
            return False
        try:
            engine.products.tradable(kind.symbol)
        except UnknownSymbol:
            return False
        return True


cdef bytes _key_of(FixReader message):
    """The fields that stay the same, one behind the other; None if they are too many to be a plain order."""
    cdef char[KEY_BYTES_MAX] text
    cdef Py_ssize_t count = 0, start = 0, end
    cdef int32_t place, tag
    for place in range(message._count):
        tag = message._fields[place].tag
        end = message._fields[place].start + message._fields[place].length + 1
        if not 0 <= tag < TAGS_LOOKED_UP or not IS_VARYING[tag]:
            if count + end - start > KEY_BYTES_MAX:
                return None
            memcpy(text + count, message._data + start, end - start)
            count += end - start
        start = end
    return PyBytes_FromStringAndSize(text, count)


cdef int64_t _number(FixReader message, int32_t tag, OrderTerms terms) noexcept:
    """Price or OrderQty on the grid; OFF_GRID: not plainly, or said twice."""
    cdef int32_t place = find_field(message._fields, message._count, message._buckets, tag, 0)
    cdef const char* text
    if place < 0:
        return ABSENT
    if find_field(message._fields, message._count, message._buckets, tag, 1) >= 0:
        return OFF_GRID
    text = message._data + message._fields[place].start
    if tag == PRICE:
        return price_ticks_of_text(terms.instrument, text, message._fields[place].length)
    return qty_lots_of_text(terms.instrument, text, message._fields[place].length)
