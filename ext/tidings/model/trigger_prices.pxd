"""What a conditional order, or one with others attached, can be amended in beside price and quantity."""

from libc.stdint cimport int64_t

from tidings.model.enums cimport PEG_NONE, TRIGGER_NONE
from tidings.model.terms cimport OrderTerms


cdef struct TriggerPrices:
    int64_t stop_px_ticks, take_profit_ticks, stop_loss_ticks, peg_offset_ticks     # 0: as is


cdef inline bint are_set(TriggerPrices* asked) noexcept:
    return (
        asked.stop_px_ticks != 0 or asked.take_profit_ticks != 0 or asked.stop_loss_ticks != 0
        or asked.peg_offset_ticks != 0
    )


cdef inline bint has_place_for(OrderTerms terms, TriggerPrices* asked) noexcept:
    """Whether orders of these terms have such prices at all, and such are prices. A distance may be negative."""
    if asked.stop_px_ticks < 0 or asked.take_profit_ticks < 0 or asked.stop_loss_ticks < 0:
        return False
    return (
        (asked.stop_px_ticks == 0 or terms.trigger != TRIGGER_NONE)
        and (asked.take_profit_ticks == 0 or terms.take_profit_trigger != TRIGGER_NONE)
        and (asked.stop_loss_ticks == 0 or terms.stop_loss_trigger != TRIGGER_NONE)
        and (asked.peg_offset_ticks == 0 or terms.peg_type != PEG_NONE)
    )
