"""Everything constant about a kind of order: what an armed order fixes ahead of time."""

from tidings.model.instrument cimport Instrument


cdef class OrderTerms:
    cdef readonly Instrument instrument
    cdef readonly int side, ord_type, time_in_force     # Side, OrdType, TimeInForce
    cdef readonly int exec_inst                         # ExecInst flags
    cdef readonly int pos_side                          # PosSide
    cdef readonly int trigger                           # Trigger of conditional types
    cdef readonly int peg_type                          # PegType of trailing stops
    cdef readonly int stp                               # SelfTradePrevention
    cdef readonly int take_profit_trigger, stop_loss_trigger    # Trigger; NONE: no attached order of that kind
    cdef readonly bint qty_in_quote                     # spot: quantity is money, in units of the quote's value scale
    cdef readonly int owner                             # strategy index, 0: the default one; see engine/risk_owner
    cdef readonly str text                              # comment that travels with the order, ≤ 40 characters
    cdef object template                                # the gateway's encoded form; owned by the gateway, made once
