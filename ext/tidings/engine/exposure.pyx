"""What the account could come to hold: positions, and every open order at its worst.

An order counts from the moment before its bytes leave until it is proved to be over. While nothing is known of it
(in flight, or of unknown fate) it counts like one that works: as live, and as filled, whichever is worse for the limit
that asks. What has filled moves from the order into the position in one step, by `cum_qty`, so nothing is ever counted
twice or not at all, whoever tells of a fill and in whatever order.

Each order's slot keeps what was counted of it; `follow` compares that with what the order has become, and moves the
difference. So sums cannot drift, and an order that comes back to life is counted anew by the same line of code.

Positions have two witnesses, our executions and the venue's word. Where they differ both count: the higher one towards
long limits, the lower one towards short limits.
"""

cimport cython
from cpython.list cimport PyList_GET_ITEM
from cpython.mem cimport PyMem_Calloc, PyMem_Free
from cpython.ref cimport PyObject
from libc.stdint cimport int64_t
from libc.string cimport memset

from tidings.engine.price_rules cimport lots_of_money, market_reach, money_e4
from tidings.model.enums cimport (
    INST_CLOSE_ON_TRIGGER, SIDE_BUY, STATUS_NEW, STATUS_PARTIALLY_FILLED, TRIGGER_NONE,
)
from tidings.model.execution_value cimport python_int
from tidings.model.instrument cimport Instrument
from tidings.model.order cimport Order, int128_t
from tidings.model.scale cimport whole_steps
from tidings.model.terms cimport OrderTerms

from tidings.model.enums import PosSide
from tidings.model.terms import OWNERS_MAX

cdef enum:
    SYMBOLS_MAX = 1 << 20

cdef int64_t WHOLE_POSITION = 1 << 62           # lots of an order that closes whatever the position is


@cython.final
cdef class OwnPositions:
    """Made by `Exposure.add_owner`."""

    def __cinit__(self, int symbol_count):
        memset(&self.totals, 0, sizeof(Totals))
        self.net_lots = <int64_t*> PyMem_Calloc(3 * symbol_count, sizeof(int64_t))
        self.value_e4 = <int64_t*> PyMem_Calloc(3 * symbol_count, sizeof(int64_t))
        if self.net_lots == NULL or self.value_e4 == NULL:
            raise MemoryError("no memory for a strategy's positions")

    def __dealloc__(self):
        PyMem_Free(self.net_lots)
        PyMem_Free(self.value_e4)


@cython.final
cdef class Exposure:
    def __cinit__(self):
        self.symbols = NULL
        self.slots = NULL

    def __dealloc__(self):
        PyMem_Free(self.symbols)
        PyMem_Free(self.slots)

    def __init__(self, instruments):
        cdef int index
        listed = list(instruments)
        symbol_count = 1 + max((instrument.index for instrument in listed), default=0)
        if symbol_count > SYMBOLS_MAX:
            raise ValueError(f"instrument indexes must be dense, below {SYMBOLS_MAX}: was {symbol_count - 1}")
        PyMem_Free(self.symbols)                # __init__ may be called twice
        self.symbol_count = 0
        self.symbols = <SymbolExposure*> PyMem_Calloc(symbol_count, sizeof(SymbolExposure))
        if self.symbols == NULL:
            raise MemoryError("no memory for the exposure of each symbol")
        self.symbol_count = symbol_count
        self.instruments = [None] * symbol_count
        for instrument in listed:
            self.instruments[instrument.index] = <Instrument?> instrument
        for index in range(symbol_count):
            self.symbols[index].first_listed = [-1, -1, -1]
        memset(&self.totals, 0, sizeof(Totals))
        self.owners = []
        self.add_owner()

    cdef int hold(self, int64_t slot_count) except -1:
        """Make room for as many orders as the table holds. Once, before the first order."""
        if self.slots != NULL:
            raise ValueError("these limits serve an order table already: make others for another")
        self.slots = <OpenOrder*> PyMem_Calloc(slot_count, sizeof(OpenOrder))
        if self.slots == NULL:
            raise MemoryError("no memory for the exposure of each order")
        self.slot_count, self.mask = slot_count, slot_count - 1
        return 0

    cdef int add_owner(self) except -1:
        if len(self.owners) >= OWNERS_MAX:
            raise ValueError(f"one engine takes at most {OWNERS_MAX} strategies, the default one included")
        self.owners.append(OwnPositions(self.symbol_count))
        return len(self.owners) - 1

    # ---- Orders --------------------------------------------------------------------------------------------------

    cdef void enter(self, Order order) noexcept:
        cdef OpenOrder* slot = &self.slots[order.handle & self.mask]
        self._open(slot, order)
        self._recount(slot, order, order.price_ticks, order.order_qty_lots)

    cdef void enter_amend(self, Order order, int64_t price_ticks, int64_t qty_lots) noexcept:
        cdef OpenOrder* slot = &self.slots[order.handle & self.mask]
        if slot.handle == order.handle:
            self._recount(slot, order, price_ticks, qty_lots)

    cdef void follow(self, Order order) noexcept:
        cdef OpenOrder* slot = &self.slots[order.handle & self.mask]
        if slot.handle != order.handle:
            if order.is_finished() or not self.knows(order.terms.instrument):
                return                          # over before we heard of it: its fills are in the venue's positions
            self._open(slot, order)             # adopted: what has filled so far is in the venue's positions
            slot.cum_lots, slot.traded_lots = order.cum_qty_lots, order.cum_qty_lots
        if order.cum_qty_lots > slot.cum_lots or order.traded_qty_lots > slot.traded_lots:
            self._fill(slot, order.cum_qty_lots, order.traded_qty_lots)
        if order.is_amend_pending:
            self._recount(slot, order, order.amend_price_ticks, order.amend_qty_lots)
        else:
            self._recount(slot, order, order.price_ticks, order.order_qty_lots)

    cdef bint is_unanswered(self, int64_t handle) noexcept:
        cdef OpenOrder* slot = &self.slots[handle & self.mask]
        return slot.handle == handle and slot.is_unanswered

    cdef void withdraw(self, Order order) noexcept:
        cdef OpenOrder* slot = &self.slots[order.handle & self.mask]
        if slot.handle == order.handle:
            self._forget(slot)
            slot.handle = 0

    cdef void _open(self, OpenOrder* slot, Order order) noexcept:
        """A slot for an order that is not counted yet. Whoever had it before has given its place in the table away."""
        cdef OrderTerms terms = order.terms
        if slot.handle:
            self._forget(slot)
        memset(slot, 0, sizeof(OpenOrder))
        slot.handle = order.handle
        slot.is_unanswered = True
        slot.index, slot.pos_side, slot.side = terms.instrument.index, terms.pos_side, terms.side
        slot.owner = terms.owner if terms.owner < len(self.owners) else 0
        slot.is_closing = is_closing(terms)
        slot.value_ticks = order.stop_px_ticks if terms.trigger != TRIGGER_NONE else (
            self.symbols[slot.index].reference_ticks)

    cdef void _forget(self, OpenOrder* slot) noexcept:
        """Count nothing of it any more. Executions that nobody has told by now, nobody will."""
        cdef Cell* cell = &self.symbols[slot.index].cells[slot.pos_side]
        cdef int64_t untold_lots = slot.cum_lots - slot.traded_lots
        self._count(slot, 0, 0)
        self._unlist(slot)
        if untold_lots > 0:
            cell.untold_lots -= untold_lots if slot.side == SIDE_BUY else -untold_lots
            self._value_cell(slot.index, cell)

    cdef void _recount(self, OpenOrder* slot, Order order, int64_t price_ticks, int64_t qty_lots) noexcept:
        """Count the order at the larger of what it is and the price and quantity given (0: as it is)."""
        cdef int64_t lots = max(<int64_t> 0, max(order.order_qty_lots, qty_lots) - order.cum_qty_lots)
        cdef int64_t value_ticks = slot.value_ticks
        slot.is_unanswered = not (order.is_acked or order.is_finished())
        if order.is_finished():
            self._count(slot, 0, 0)
            self._unlist(slot)
            return
        if has_price(order.terms):
            value_ticks = max(order.price_ticks, price_ticks)
        elif order.terms.trigger != TRIGGER_NONE:
            value_ticks = slot.value_ticks = max(order.stop_px_ticks, order.amend_triggers.stop_px_ticks)
        if order.terms.qty_in_quote:
            self._count_money(slot, order, price_ticks, qty_lots)
        elif order.order_qty_lots == 0 and order.terms.exec_inst & INST_CLOSE_ON_TRIGGER:
            self._count(slot, WHOLE_POSITION, 0)
        else:
            self._count(slot, lots, order.terms.instrument.notional_e4(value_ticks, lots))
        if order.terms.trigger == TRIGGER_NONE or order.status in (STATUS_NEW, STATUS_PARTIALLY_FILLED):
            self._list(slot, self._book_ticks(slot, order, price_ticks))

    cdef void _count_money(self, OpenOrder* slot, Order order, int64_t price_ticks, int64_t money) noexcept:
        """An order of money is worth what it spends, and may become the lots that buys at its lowest price."""
        cdef Instrument instrument = order.terms.instrument
        cdef int64_t spend_e4 = money_e4(max(order.order_qty_lots, money), instrument.value_scale)
        cdef int64_t lots = lots_of_money(
            instrument, spend_e4, lowest_ticks(order, price_ticks, slot.value_ticks), self.collar_bp)
        self._count(slot, max(<int64_t> 0, lots - order.cum_qty_lots), spend_e4)

    cdef int64_t _book_ticks(self, OpenOrder* slot, Order order, int64_t price_ticks) noexcept:
        """The most aggressive price the order may trade at: an amend in flight may have happened or not."""
        if not has_price(order.terms):
            return market_reach(slot.side, self.symbols[slot.index].reference_ticks)
        if price_ticks == 0:
            return order.price_ticks
        return max(order.price_ticks, price_ticks) if slot.side == SIDE_BUY else min(order.price_ticks, price_ticks)

    cdef void _count(self, OpenOrder* slot, int64_t lots, int64_t notional_e4) noexcept:
        """Let the slot count `lots`, worth `notional_e4`, from now on."""
        cdef Cell* cell = &self.symbols[slot.index].cells[slot.pos_side]
        cdef OwnPositions owner = <OwnPositions> PyList_GET_ITEM(self.owners, slot.owner)
        cdef int128_t more = <int128_t> lots - slot.lots
        cdef int128_t more_e4 = <int128_t> notional_e4 - slot.notional_e4
        slot.lots, slot.notional_e4 = lots, notional_e4
        if slot.is_closing:
            if more == 0:
                return
            if slot.side == SIDE_BUY:
                cell.closing_buy_lots += more
            else:
                cell.closing_sell_lots += more
            self._value_cell(slot.index, cell)
        elif slot.side == SIDE_BUY:
            cell.buy_lots += more
            self.totals.buy_e4 += more_e4
            owner.totals.buy_e4 += more_e4
        else:
            cell.sell_lots += more
            self.totals.sell_e4 += more_e4
            owner.totals.sell_e4 += more_e4

    # ---- Positions -----------------------------------------------------------------------------------------------

    cdef void _fill(self, OpenOrder* slot, int64_t cum_lots, int64_t traded_lots) noexcept:
        """Part of an order has become position: its strategy's by what the venue tells has filled, the account's by
        executions; what was told without its execution is kept beside until that comes.
        """
        cdef Cell* cell = &self.symbols[slot.index].cells[slot.pos_side]
        cdef OwnPositions owner = <OwnPositions> PyList_GET_ITEM(self.owners, slot.owner)
        cdef int sign = 1 if slot.side == SIDE_BUY else -1
        cdef int64_t filled = max(<int64_t> 0, cum_lots - slot.cum_lots)
        cdef int64_t traded = max(<int64_t> 0, traded_lots - slot.traded_lots)
        slot.cum_lots += filled
        slot.traded_lots += traded
        cell.net_lots += sign * traded
        cell.untold_lots += sign * (filled - traded)
        self._value_cell(slot.index, cell)
        owner.net_lots[3 * slot.index + slot.pos_side] += sign * filled
        self._value_owner(owner, slot.index, slot.pos_side)

    cdef void _value_cell(self, int index, Cell* cell) noexcept:
        """Value a position, and orders that are not ours, at the reference price, and keep the totals."""
        cdef SymbolExposure* symbol = &self.symbols[index]
        cdef Instrument instrument = <Instrument> PyList_GET_ITEM(self.instruments, index)
        cdef int64_t high = saturated(worst_long(cell) - cell.buy_lots - cell.foreign_buy_lots)
        cdef int64_t low = saturated(cell.sell_lots + cell.foreign_sell_lots - worst_short(cell))
        cdef int64_t size = max(highest(cell), -lowest(cell))
        cdef int64_t high_e4 = signed_notional(instrument, symbol.reference_ticks, high)
        cdef int64_t low_e4 = signed_notional(instrument, symbol.reference_ticks, low)
        cdef int64_t size_e4 = instrument.notional_e4(symbol.reference_ticks, max(size, <int64_t> 0))
        self.totals.high_e4 += <int128_t> high_e4 - cell.high_e4
        self.totals.low_e4 += <int128_t> low_e4 - cell.low_e4
        self.totals.size_e4 += <int128_t> size_e4 - cell.size_e4
        cell.high_e4, cell.low_e4, cell.size_e4 = high_e4, low_e4, size_e4
        symbol.is_held = True
        if cell.foreign_buy_lots or cell.foreign_buy_e4 or cell.foreign_sell_lots or cell.foreign_sell_e4:
            value_foreign(&self.totals, cell, instrument, symbol.reference_ticks)

    cdef void _value_owner(self, OwnPositions owner, int index, int pos_side) noexcept:
        cdef int at = 3 * index + pos_side
        cdef Instrument instrument = <Instrument> PyList_GET_ITEM(self.instruments, index)
        cdef int64_t value_e4 = instrument.notional_e4(self.symbols[index].reference_ticks, owner.net_lots[at])
        owner.totals.size_e4 += <int128_t> value_e4 - owner.value_e4[at]
        owner.value_e4[at] = value_e4

    cdef void set_reference(self, int index, int64_t price_ticks) noexcept:
        cdef SymbolExposure* symbol
        cdef int pos_side, number
        if price_ticks <= 0 or not 0 <= index < self.symbol_count:
            return
        symbol = &self.symbols[index]
        if price_ticks == symbol.reference_ticks:
            return
        symbol.reference_ticks = price_ticks
        if not symbol.is_held:
            return
        for pos_side in range(3):
            self._value_cell(index, &symbol.cells[pos_side])
            for number in range(len(self.owners)):
                self._value_owner(<OwnPositions> PyList_GET_ITEM(self.owners, number), index, pos_side)

    def tell_position(self, Instrument instrument not None, int pos_side, net_lots, venue_lots):
        """What is held by all executions known, and what the venue said last (None: nothing yet)."""
        cdef Cell* cell = self._cell_of(instrument, pos_side)
        cell.net_lots = whole_steps(net_lots)
        cell.is_told = venue_lots is not None
        cell.venue_lots = whole_steps(venue_lots) if cell.is_told else 0
        self._value_cell(instrument.index, cell)

    def tell_foreign(self, Instrument instrument not None, int pos_side, buy_lots, sell_lots):
        """Open orders of this account that are not ours, as found at the venue: they count like ours."""
        cdef Cell* cell = self._cell_of(instrument, pos_side)
        cell.foreign_buy_lots = <int64_t> whole_steps(buy_lots)
        cell.foreign_sell_lots = <int64_t> whole_steps(sell_lots)
        self._value_cell(instrument.index, cell)

    def lots_of(self, Instrument instrument not None, money, int64_t price_ticks):
        cdef int64_t spend_e4 = money_e4(whole_steps(money), instrument.value_scale)
        return lots_of_money(instrument, spend_e4, price_ticks, self.collar_bp)

    # ---- Our own orders on the book ------------------------------------------------------------------------------

    cdef void _list(self, OpenOrder* slot, int64_t book_ticks) noexcept:
        cdef SymbolExposure* symbol = &self.symbols[slot.index]
        cdef int number = <int> (slot - self.slots)
        cdef int first = symbol.first_listed[slot.side]
        slot.book_ticks = book_ticks
        if not slot.is_listed:
            slot.is_listed = True
            slot.before, slot.after = -1, first
            if first >= 0:
                self.slots[first].before = number
            else:
                symbol.bound_ticks[slot.side] = book_ticks
            symbol.first_listed[slot.side] = number
        if slot.side == SIDE_BUY:
            symbol.bound_ticks[slot.side] = max(symbol.bound_ticks[slot.side], book_ticks)
        else:
            symbol.bound_ticks[slot.side] = min(symbol.bound_ticks[slot.side], book_ticks)

    cdef void _unlist(self, OpenOrder* slot) noexcept:
        """Off the book. The bound stays where it was: `nearest_own` draws it in when somebody comes near."""
        if not slot.is_listed:
            return
        slot.is_listed = False
        if slot.before >= 0:
            self.slots[slot.before].after = slot.after
        else:
            self.symbols[slot.index].first_listed[slot.side] = slot.after
        if slot.after >= 0:
            self.slots[slot.after].before = slot.before

    cdef int64_t nearest_own(self, int index, int side) noexcept:
        cdef SymbolExposure* symbol = &self.symbols[index]
        cdef int number = symbol.first_listed[side]
        cdef int64_t nearest = self.slots[number].book_ticks
        while number >= 0:
            if side == SIDE_BUY:
                nearest = max(nearest, self.slots[number].book_ticks)
            else:
                nearest = min(nearest, self.slots[number].book_ticks)
            number = self.slots[number].after
        symbol.bound_ticks[side] = nearest
        return nearest

    # ---- The cold side -------------------------------------------------------------------------------------------

    cdef bint knows(self, Instrument instrument) noexcept:
        return instrument.index < self.symbol_count and (
            PyList_GET_ITEM(self.instruments, instrument.index) != <PyObject*> None)

    cdef Cell* _cell_of(self, Instrument instrument, int pos_side) except NULL:
        if not self.knows(instrument):
            raise ValueError(f"{instrument.symbol} is not among the instruments these limits were made for")
        return &self.symbols[instrument.index].cells[PosSide(pos_side)]

    def reference_price(self, Instrument instrument not None):
        """The last known price in ticks; 0: none."""
        self._cell_of(instrument, 0)
        return self.symbols[instrument.index].reference_ticks

    def open_instruments(self):
        """Instruments with orders that count. Reads what is counted, not the orders: a fifth of a millisecond."""
        cdef set indexes = set()
        cdef int64_t number
        for number in range(self.slot_count):
            if self.slots[number].lots or self.slots[number].notional_e4:
                indexes.add(self.slots[number].index)
        return [self.instruments[index] for index in sorted(indexes)]

    def position_lots(self, Instrument instrument not None, int pos_side=0):
        """(by our own count, as the venue told last or None)."""
        cdef Cell* cell = self._cell_of(instrument, pos_side)
        return cell.net_lots + cell.untold_lots, cell.venue_lots if cell.is_told else None

    def open_lots(self, Instrument instrument not None, int pos_side=0):
        """(buys, sells, closing buys, closing sells) of our own orders that may still fill."""
        cdef Cell* cell = self._cell_of(instrument, pos_side)
        sums = cell.buy_lots, cell.sell_lots, cell.closing_buy_lots, cell.closing_sell_lots
        return tuple([python_int(lots) for lots in sums])

    def worst_lots(self, Instrument instrument not None, int pos_side=0):
        """(how long, how short) the position could become; ≤ 0: it could not."""
        cdef Cell* cell = self._cell_of(instrument, pos_side)
        return python_int(worst_long(cell)), python_int(worst_short(cell))

    def account_e4(self):
        """(gross, net long, net short) of the account at worst."""
        return (
            python_int(gross_e4(&self.totals)), python_int(net_long_e4(&self.totals)),
            python_int(net_short_e4(&self.totals)),
        )

    def owner_e4(self, int owner):
        """Gross of one strategy at worst."""
        return python_int(gross_e4(&(<OwnPositions?> self.owners[owner]).totals))
