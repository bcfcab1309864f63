"""What a side of a book holds down to a price, and what a size costs there."""

from libc.stdint cimport INT64_MAX, int64_t

from tidings.market.book cimport BookSide, Level


ctypedef struct SideSweep:
    int64_t qty_lots            # found, at most what was asked for
    int64_t cost                # the sum of ticks × lots
    int64_t last_price_ticks    # of the worst level touched; 0: none was


cdef inline bint is_beyond(const BookSide* side, int64_t price_ticks, int64_t limit_ticks) noexcept nogil:
    """Whether a price is worse than the limit. By comparing alone: any 64-bit number may be asked for."""
    return price_ticks < limit_ticks if side.sign > 0 else price_ticks > limit_ticks


cdef inline int64_t lots_down_to(const BookSide* side, int64_t price_ticks) noexcept nogil:
    """Lots at this price or better; -1: more than 64 bits hold."""
    cdef int64_t qty_lots = 0
    cdef Py_ssize_t index
    for index in range(side.count):
        if is_beyond(side, side.levels[index].price_ticks, price_ticks):
            break
        if side.levels[index].qty_lots > INT64_MAX - qty_lots:
            return -1
        qty_lots += side.levels[index].qty_lots
    return qty_lots


cdef inline bint sweep_side(const BookSide* side, int64_t asked_lots, SideSweep* swept) noexcept nogil:
    """Take the best levels until `asked_lots` are found; False: the cost is more than 64 bits hold."""
    cdef const Level* level
    cdef int64_t left_lots = asked_lots, taken_lots
    cdef Py_ssize_t index
    swept.cost = swept.last_price_ticks = 0
    for index in range(side.count):
        if left_lots == 0:
            break
        level = side.levels + index
        taken_lots = min(left_lots, level.qty_lots)
        if taken_lots > (INT64_MAX - swept.cost) // level.price_ticks:
            return False
        swept.cost += taken_lots * level.price_ticks
        swept.last_price_ticks = level.price_ticks
        left_lots -= taken_lots
    swept.qty_lots = asked_lots - left_lots
    return True
