"""What the account could come to hold: positions, and every open order at its worst."""

cimport cython
from libc.stdint cimport INT64_MAX, int64_t

from tidings.model.enums cimport (
    INST_CLOSE_ON_TRIGGER, INST_REDUCE_ONLY, ORD_LIMIT, ORD_LIMIT_IF_TOUCHED, ORD_STOP_LIMIT, POS_LONG, POS_SHORT,
    SIDE_BUY, SIDE_SELL,
)
from tidings.model.instrument cimport Instrument
from tidings.model.order cimport Order, int128_t
from tidings.model.terms cimport OrderTerms


ctypedef struct OpenOrder:
    # What is counted of one order, so that exactly this is freed; by the order's slot in the table.
    int64_t handle                  # 0: none yet
    int64_t cum_lots                # filled: moved out of the order, into its strategy's position
    int64_t traded_lots             # of those by executions seen: moved into the account's position
    int64_t lots                    # that may still fill
    int64_t notional_e4             # of those
    int64_t value_ticks             # the price they are valued at
    int64_t book_ticks              # its most aggressive price on the book
    int index, pos_side, side, owner
    bint is_unanswered              # no word of it yet, or its answer is lost
    bint is_closing                 # can only shrink the position
    bint is_listed                  # on the book, or may be: counts for self-match
    int before, after               # in the list of its symbol and side; -1: none


ctypedef struct Cell:
    # One symbol and position side; in lots. Positions are signed, orders are not.
    int64_t net_lots                # by executions, ours and others'
    int64_t untold_lots             # filled, signed; the executions that say so are still missing
    int64_t venue_lots              # as the venue told last
    bint is_told                    # it has
    int128_t buy_lots, sell_lots                    # open orders that may open
    int128_t closing_buy_lots, closing_sell_lots    # open orders that can only close
    int128_t foreign_buy_lots, foreign_sell_lots    # of orders that are not ours
    # Valued at the reference price: the position at its highest and at its lowest, signed, and its size.
    int64_t high_e4, low_e4, size_e4
    int64_t foreign_buy_e4, foreign_sell_e4     # orders that are not ours, each side


ctypedef struct SymbolExposure:
    Cell[3] cells                   # by PosSide
    int64_t reference_ticks         # last known price; 0: none
    int[3] first_listed             # by Side: slot of an order on the book, -1: none
    int64_t[3] bound_ticks          # by Side: no order of ours is more aggressive than this
    bint is_held                    # there is, or was, something to value when the price changes


ctypedef struct Totals:
    # Of the account, or of one strategy; in 10**-4 of the quote currency.
    int128_t buy_e4, sell_e4        # open orders that may open
    int128_t high_e4, low_e4        # Σ positions, signed: all at their highest, all at their lowest
    int128_t size_e4                # Σ |position|


@cython.final
cdef class OwnPositions:
    """What one strategy's own executions have made of each symbol."""
    cdef Totals totals
    cdef int64_t* net_lots          # by instrument index × 3 + PosSide
    cdef int64_t* value_e4


@cython.final
cdef class Exposure:
    cdef Totals totals
    cdef readonly list instruments              # by index; None: no such instrument
    cdef readonly list owners                   # OwnPositions by strategy index
    cdef SymbolExposure* symbols
    cdef readonly int symbol_count
    cdef OpenOrder* slots
    cdef readonly int64_t slot_count
    cdef int64_t mask
    cdef int collar_bp                          # how far a price may fall before money has bought its lots

    cdef int hold(self, int64_t slot_count) except -1           # the order table's capacity
    cdef int add_owner(self) except -1                          # its index
    cdef void enter(self, Order order) noexcept                 # was added to the table: counted until it ends
    cdef void follow(self, Order order) noexcept                # after anything about it changed
    # Before an amend leaves: at the larger of both, until follow() is told how it went.
    cdef void enter_amend(self, Order order, int64_t price_ticks, int64_t qty_lots) noexcept
    cdef void withdraw(self, Order order) noexcept              # it never existed
    cdef bint is_unanswered(self, int64_t handle) noexcept
    cdef void set_reference(self, int index, int64_t price_ticks) noexcept
    # The most aggressive price of our own orders on the book; call only if there are any.
    cdef int64_t nearest_own(self, int index, int side) noexcept

    cdef bint knows(self, Instrument instrument) noexcept
    cdef Cell* _cell_of(self, Instrument instrument, int pos_side) except NULL
    cdef void _open(self, OpenOrder* slot, Order order) noexcept
    cdef void _recount(self, OpenOrder* slot, Order order, int64_t price_ticks, int64_t qty_lots) noexcept
    cdef void _count_money(self, OpenOrder* slot, Order order, int64_t price_ticks, int64_t money) noexcept
    cdef void _count(self, OpenOrder* slot, int64_t lots, int64_t notional_e4) noexcept
    cdef void _fill(self, OpenOrder* slot, int64_t cum_lots, int64_t traded_lots) noexcept
    cdef void _forget(self, OpenOrder* slot) noexcept
    cdef void _value_cell(self, int index, Cell* cell) noexcept
    cdef int64_t _book_ticks(self, OpenOrder* slot, Order order, int64_t price_ticks) noexcept
    cdef void _value_owner(self, OwnPositions owner, int index, int pos_side) noexcept
    cdef void _list(self, OpenOrder* slot, int64_t book_ticks) noexcept
    cdef void _unlist(self, OpenOrder* slot) noexcept


cdef inline bint has_price(OrderTerms terms) noexcept:
    return terms.ord_type == ORD_LIMIT or terms.ord_type == ORD_STOP_LIMIT or terms.ord_type == ORD_LIMIT_IF_TOUCHED


cdef inline int64_t lowest_ticks(Order order, int64_t amended_ticks, int64_t reference_ticks) noexcept:
    """The lowest price an order may trade at as far as it is told: a limit price is none a buy has to pay."""
    cdef int64_t price_ticks
    if not has_price(order.terms):
        return reference_ticks
    price_ticks = min(order.price_ticks, amended_ticks or order.price_ticks)
    return min(price_ticks, reference_ticks or price_ticks)


cdef inline bint is_closing(OrderTerms terms) noexcept:
    """Whether such orders can only shrink a position: by their flag, or by their side of a hedged position."""
    if terms.exec_inst & (INST_REDUCE_ONLY | INST_CLOSE_ON_TRIGGER):
        return True
    return (terms.pos_side == POS_LONG and terms.side == SIDE_SELL) or (
        terms.pos_side == POS_SHORT and terms.side == SIDE_BUY)


cdef inline int64_t saturated(int128_t number) noexcept:
    if number > INT64_MAX:
        return INT64_MAX
    return <int64_t> number if number > -INT64_MAX else -INT64_MAX


cdef inline int64_t signed_notional(Instrument instrument, int64_t price_ticks, int64_t lots) noexcept:
    cdef int64_t value_e4 = instrument.notional_e4(price_ticks, lots)
    return value_e4 if lots >= 0 else -value_e4


cdef inline void value_foreign(Totals* totals, Cell* cell, Instrument instrument, int64_t price_ticks) noexcept:
    """Count orders that are not ours at a price, in place of what was counted of them."""
    cdef int64_t buy_e4 = instrument.notional_e4(price_ticks, saturated(cell.foreign_buy_lots))
    cdef int64_t sell_e4 = instrument.notional_e4(price_ticks, saturated(cell.foreign_sell_lots))
    totals.buy_e4 += <int128_t> buy_e4 - cell.foreign_buy_e4
    totals.sell_e4 += <int128_t> sell_e4 - cell.foreign_sell_e4
    cell.foreign_buy_e4, cell.foreign_sell_e4 = buy_e4, sell_e4


cdef inline int128_t gross_e4(Totals* totals) noexcept:
    """All positions and all open orders, whatever their direction."""
    return totals.size_e4 + totals.buy_e4 + totals.sell_e4


cdef inline int128_t net_long_e4(Totals* totals) noexcept:
    """How far the account would lean to the long side if every buy filled and no sell did."""
    return totals.high_e4 + totals.buy_e4


cdef inline int128_t net_short_e4(Totals* totals) noexcept:
    return totals.sell_e4 - totals.low_e4


cdef inline int64_t highest(Cell* cell) noexcept:
    """The position as the higher of both witnesses has it."""
    cdef int64_t counted = cell.net_lots + cell.untold_lots
    return max(counted, cell.venue_lots) if cell.is_told else counted


cdef inline int64_t lowest(Cell* cell) noexcept:
    cdef int64_t counted = cell.net_lots + cell.untold_lots
    return min(counted, cell.venue_lots) if cell.is_told else counted


cdef inline int128_t worst_long(Cell* cell) noexcept:
    """The position if every order fills that could raise it: those that close a short first, then those that buy."""
    cdef int128_t position = highest(cell)
    cdef int128_t closed = position + cell.closing_buy_lots
    return max(position, min(<int128_t> 0, closed)) + cell.buy_lots + cell.foreign_buy_lots


cdef inline int128_t worst_short(Cell* cell) noexcept:
    """As a positive number: how short the position could become."""
    cdef int128_t position = lowest(cell)
    cdef int128_t closed = position - cell.closing_sell_lots
    return cell.sell_lots + cell.foreign_sell_lots - min(position, max(<int128_t> 0, closed))
