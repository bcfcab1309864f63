"""Arithmetic of limits on prices and money: integers that cannot overflow."""

cimport cython
from libc.stdint cimport INT64_MAX, int64_t

from tidings.model.enums cimport SIDE_BUY
from tidings.model.instrument cimport Instrument
from tidings.model.order cimport int128_t

cdef enum:
    BASIS_POINTS = 10000
    MARKET_REACH_BP = 100           # a market order is taken to trade this far beyond the last price: 1 %
    MANY_LOTS = 1000000             # money is turned into lots by the price of so many: one lot's is rounded up


cdef inline int64_t share_of(int64_t price_ticks, int share_bp) noexcept:
    """So many hundredths of a percent of a price. Divided first: nothing here can overflow."""
    return price_ticks // BASIS_POINTS * share_bp + price_ticks % BASIS_POINTS * share_bp // BASIS_POINTS


cdef inline int64_t market_reach(int side, int64_t reference_ticks) noexcept:
    """The worst price a market order is taken to trade at; with no price known, any."""
    if reference_ticks == 0:
        return INT64_MAX if side == SIDE_BUY else 0
    if side == SIDE_BUY:
        if reference_ticks > INT64_MAX // 2:
            return INT64_MAX
        return reference_ticks + share_of(reference_ticks, MARKET_REACH_BP)
    return reference_ticks - share_of(reference_ticks, MARKET_REACH_BP)


cdef inline bint is_beyond_collar(int side, int64_t price_ticks, int64_t reference_ticks, int collar_bp) noexcept:
    """Only the aggressive side is collared: a buy far above the reference, a sell far below."""
    cdef int64_t room_ticks = share_of(reference_ticks, collar_bp)
    if side == SIDE_BUY:
        return price_ticks - reference_ticks > room_ticks
    return reference_ticks - price_ticks > room_ticks


cdef inline int64_t money_e4(int64_t money, int scale) noexcept:
    """Money in units of 10**-scale as units of 10**-4, rounded up; at most the largest int64."""
    while scale > 4:
        money = money // 10 + (money % 10 > 0)
        scale -= 1
    while scale < 4:
        if money > INT64_MAX // 10:
            return INT64_MAX
        money *= 10
        scale += 1
    return money


@cython.cdivision(True)             # of 128-bit numbers, which Cython's own checks would cut
cdef inline int64_t lots_of_money(Instrument instrument, int64_t spend_e4, int64_t price_ticks, int collar_bp) noexcept:
    """As many lots as money buys at the collar's far end below a price."""
    cdef int64_t many_e4 = instrument.notional_e4(price_ticks - share_of(price_ticks, collar_bp), MANY_LOTS)
    cdef int128_t lots = <int128_t> spend_e4 * MANY_LOTS / max(<int64_t> 1, many_e4) + 1
    return INT64_MAX if lots > INT64_MAX else <int64_t> lots
