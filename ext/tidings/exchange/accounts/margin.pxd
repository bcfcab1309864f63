"""The margin arithmetic, for compiled neighbours."""

cpdef order_cost(instrument, side, leverage_er, value)
cpdef position_cost(instrument, side, leverage_er, value)
cpdef unrealised_pnl(instrument, net_qty, value, mark_price)
cpdef tuple bankruptcy(instrument, net_qty, value, margin)
cpdef liquidation_price(instrument, net_qty, entry_price, bankrupt_price, maint_margin_er)
