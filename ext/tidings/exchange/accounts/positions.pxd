"""The attributes and the arithmetic of positions, for compiled neighbours."""

from tidings.exchange.reports cimport PositionState


cdef class Position:
    cdef public object instrument
    cdef public object user_id
    cdef public object account_id
    cdef public object pos_side
    cdef public object status
    cdef public object deleverage_er
    cdef public object net_qty
    cdef public object value
    cdef public object leverage_er
    cdef public object risk
    cdef public object added_margin
    cdef public object buy_leaves_qty
    cdef public object buy_leaves_value
    cdef public object sell_leaves_qty
    cdef public object sell_leaves_value
    cdef public object buy_leaves_loss
    cdef public object sell_leaves_loss
    cdef public dict reducing
    cdef public object cum_closed_pnl
    cdef public object cum_fee
    cdef public object cum_funding_fee
    cdef public object cur_term_pnl
    cdef public object last_funding_time_ns
    cdef public object term
    cdef public object current
    cdef public object finished
    cdef public object last_term_end_time_ns
    cdef public object req_num
    cdef public object data_ver
    cdef public object exec_seq
    cdef public object transact_time_ns
    cdef public object reducers

    cpdef exposure(self, side)
    cpdef room(self, side)
    cpdef cost(self)
    cpdef assigned(self, mark_price)
    cpdef order_cost(self)
    cpdef used(self, mark_price)
    cpdef unrealised_pnl(self, mark_price)
    cpdef PositionState state(self, mark_price, shared_balance, str pos_mode, others_profit=*)
    cdef _open(self, side, qty, value, now_ns)
    cdef _end_term(self, now_ns)
    cdef _opening_share(self, side, qty, amount, kind)
    cdef _side_cost(self, side, qty, value)
    cdef _maintenance_er(self)
    cdef void _describe_terms(self, PositionState state)
    cdef void _describe_past(self, PositionState state)
