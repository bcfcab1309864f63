"""USD-M as JSON: decimal strings without trailing zeros. Keys, order and style as captured from the venue in 2025."""

from tidings.exchange.messages.contract_json cimport trigger_or
from tidings.exchange.reports cimport AccountState, AccountUpdate, OrderReport, PositionState
from tidings.exchange.scaled cimport quoted as real

from tidings.exchange.messages.json_text import array, boolean, quote

cdef enum:
    RATIO_PLACES = 8  # of every Rr


def order_reply(OrderReport report not None):
    """`data` of create, replace and cancel, and a row of the open-order list."""
    cdef OrderReport r = report
    i = r.instrument

    cdef int price_scale = i.price_scale
    return (
        f'{{"bizError":{r.code},"orderID":"{r.order_id}","clOrdID":{quote(r.cl_ord_id)},"symbol":"{i.symbol}",'
        f'"side":"{r.side}","actionTimeNs":{r.action_time_ns},"transactTimeNs":{r.transact_time_ns},'
        f'"orderType":"{r.ord_type}","priceRp":{real(r.price, price_scale)},'
        f'"orderQtyRq":{real(r.order_qty, i.qty_scale)},'
        f'"displayQtyRq":{real(r.display_qty, i.qty_scale)},"timeInForce":"{r.time_in_force}",'
        f'"closedPnlRv":{real(r.closed_pnl, i.value_scale)},"closedSizeRq":{real(r.closed_size, i.qty_scale)},'
        f'"cumQtyRq":{real(r.cum_qty, i.qty_scale)},"cumValueRv":{real(r.cum_value, i.value_scale)},'
        f'"leavesQtyRq":{real(r.leaves_qty, i.qty_scale)},"leavesValueRv":{real(r.leaves_value, i.value_scale)},'
        f'"stopDirection":"{r.stop_direction}","stopPxRp":{real(r.stop_px, price_scale)},"trigger":"{r.trigger}",'
        f'"pegOffsetValueRp":{real(r.peg_offset, price_scale)},"pegOffsetProportionRr":"0",'
        f'"execStatus":"{r.exec_status}",'
        f'"pegPriceType":"{r.peg_price_type}","ordStatus":"{r.ord_status}","execInst":"{r.exec_inst}",'
        f'"takeProfitRp":{real(r.take_profit, price_scale)},"stopLossRp":{real(r.stop_loss, price_scale)},'
        f'"slPxRp":{real(r.sl_px, price_scale)},'
        f'"tpPxRp":{real(r.tp_px, price_scale)}}}'
    )


def closed_order(OrderReport report not None):
    """A row of `/api-data/g-futures/orders` and `/orders/by-order-id`: another service, with keys of its own."""
    cdef OrderReport r = report
    i = r.instrument
    return (
        f'{{"orderId":"{r.order_id}","clOrdId":{quote(r.cl_ord_id)},"symbol":"{i.symbol}","side":"{r.side}",'
        f'"ordType":"{r.ord_type}","actionTimeNs":{r.action_time_ns},"priceRp":{real(r.price, i.price_scale)},'
        f'"orderQtyRq":{real(r.order_qty, i.qty_scale)},"displayQtyRq":{real(r.display_qty, i.qty_scale)},'
        f'"timeInForce":"{r.time_in_force}","reduceOnly":{boolean(r.reduce_only)},'
        f'"takeProfitRp":{real(r.take_profit, i.price_scale)},"stopLossRp":{real(r.stop_loss, i.price_scale)},'
        f'"closedPnlRv":{real(r.closed_pnl, i.value_scale)},"closedSizeRq":{real(r.closed_size, i.qty_scale)},'
        f'"cumQtyRq":{real(r.cum_qty, i.qty_scale)},"cumValueRv":{real(r.cum_value, i.value_scale)},'
        f'"leavesQtyRq":{real(r.leaves_qty, i.qty_scale)},"leavesValueRv":{real(r.leaves_value, i.value_scale)},'
        f'"stopDirection":"{r.stop_direction}","ordStatus":"{r.ord_status}","transactTimeNs":{r.transact_time_ns},'
        f'"bizError":{r.code}}}'
    )


def trade_row(OrderReport report not None):
    """A row of `/api-data/g-futures/trades`."""
    cdef OrderReport r = report
    i = r.instrument
    return (
        f'{{"transactTimeNs":{r.transact_time_ns},"symbol":"{i.symbol}","currency":"{i.settle_currency}",'
        f'"action":"{r.action}","posSide":"{r.pos_side}","side":"{r.side}","tradeType":"{r.trade_type}",'
        f'"execQtyRq":{real(r.exec_qty, i.qty_scale)},"execPriceRp":{real(r.exec_price, i.price_scale)},'
        f'"orderQtyRq":{real(r.order_qty, i.qty_scale)},"priceRp":{real(r.price, i.price_scale)},'
        f'"execValueRv":{real(r.exec_value, i.value_scale)},"feeRateRr":{real(r.fee_rate_er, RATIO_PLACES)},'
        f'"execFeeRv":{real(r.exec_fee, i.value_scale)},"closedSizeRq":{real(r.closed_size, i.qty_scale)},'
        f'"closedPnlRv":{real(r.closed_pnl, i.value_scale)},"ordType":"{r.ord_type}","execID":"{r.exec_id}",'
        f'"orderID":"{r.order_id}","clOrdID":{quote(r.cl_ord_id)},"execStatus":"{r.exec_status}"}}'
    )


def stream_order(OrderReport report not None, account_id):
    """One entry of `orders_p` on the aop_p stream; optional fields are left out, as the venue does."""
    cdef OrderReport r = report
    i = r.instrument

    cdef int price_scale = i.price_scale
    cdef int qty_scale = i.qty_scale
    cdef int value_scale = i.value_scale
    exec_inst = "" if r.exec_inst == "None" else f'"execInst":"{r.exec_inst}",'
    liquidity = f'"lastLiquidityInd":"{r.last_liquidity_ind}",' if r.last_liquidity_ind else ""
    trade_type = f'"tradeType":"{r.trade_type}",' if r.trade_type else ""
    return (
        f'{{"accountID":{account_id},"action":"{r.action}","actionBy":"{r.action_by}",'
        f'"actionTimeNs":{r.action_time_ns},"addedSeq":{r.added_seq},"bonusChangedAmountRv":"0",'
        f'"clOrdID":{quote(r.cl_ord_id)},"cl_req_code":0,"closedPnlRv":{real(r.closed_pnl, value_scale)},'
        f'"closedSize":{real(r.closed_size, qty_scale)},"code":{r.code},'
        f'"cumFeeRv":{real(r.cum_fee, value_scale)},"cumPtFeeRv":"0","cumQty":{real(r.cum_qty, qty_scale)},'
        f'"cumValueRv":{real(r.cum_value, value_scale)},'
        f'"curAccBalanceRv":{real(r.cur_acc_balance, value_scale)},'
        f'"curAssignedPosBalanceRv":{real(r.cur_assigned_pos_balance, value_scale)},'
        f'"curBonusBalanceRv":"0","curLeverageRr":{real(r.cur_leverage_er, RATIO_PLACES)},'
        f'"curPosSide":"{r.cur_pos_side}",'
        f'"curPosSize":{real(r.cur_pos_size, qty_scale)},"curPosTerm":{r.cur_pos_term},'
        f'"curPosValueRv":{real(r.cur_pos_value, value_scale)},'
        f'"curRiskLimitRv":{real(r.cur_risk_limit, value_scale)},"currency":"{i.settle_currency}",'
        f'"cxlRejReason":{r.cxl_rej_reason},"displayQty":{real(r.display_qty, qty_scale)},'
        f'"execFeeRv":{real(r.exec_fee, value_scale)},'
        f'"execID":"{r.exec_id}",{exec_inst}"execPriceRp":{real(r.exec_price, price_scale)},'
        f'"execQty":{real(r.exec_qty, qty_scale)},'
        f'"execSeq":{r.exec_seq},"execStatus":"{r.exec_status}","execValueRv":{real(r.exec_value, value_scale)},'
        f'"feeRateRr":{real(r.fee_rate_er, RATIO_PLACES)},{liquidity}"leavesQty":{real(r.leaves_qty, qty_scale)},'
        f'"leavesValueRv":{real(r.leaves_value, value_scale)},"message":{quote(r.message)},'
        f'"ordStatus":"{r.ord_status}",'
        f'"ordType":"{r.ord_type}","orderID":"{r.order_id}","orderQty":{real(r.order_qty, qty_scale)},'
        f'"pegOffsetProportionRr":"0",'
        f'"pegOffsetValueRp":{real(r.peg_offset, price_scale)},"posSide":"{r.pos_side}","posTpSlPattern":"None",'
        f'"priceRp":{real(r.price, price_scale)},"ptFeeRv":"0","ptPriceRp":"0","relatedPosTerm":{r.cur_pos_term},'
        f'"relatedReqNum":{r.related_req_num},"side":"{r.side}","slPxRp":{real(r.sl_px, price_scale)},'
        f'"slTimeInForce":"{_attached_time_in_force(r.sl_px)}",'
        f'"slTrigger":"{trigger_or(r.sl_trigger, "ByMarkPrice")}",'
        f'"stopLossRp":{real(r.stop_loss, price_scale)},"stopPxRp":{real(r.stop_px, price_scale)},'
        f'"symbol":"{i.symbol}",'
        f'"takeProfitRp":{real(r.take_profit, price_scale)},"timeInForce":"{r.time_in_force}",'
        f'"tpPxRp":{real(r.tp_px, price_scale)},'
        f'"tpTimeInForce":"{_attached_time_in_force(r.tp_px)}",'
        f'"tpTrigger":"{trigger_or(r.tp_trigger, "ByLastPrice")}",{trade_type}'
        f'"transactTimeNs":{r.transact_time_ns},"userID":{r.user_id}}}'
    )


cdef str _attached_time_in_force(limit_price):
    """An attached order without a limit price is a market order."""
    return "GoodTillCancel" if limit_price else "ImmediateOrCancel"


def stream_account(AccountState account not None):
    """One entry of `accounts_p` on the aop_p stream."""
    cdef AccountState a = account
    return (
        f'{{"accountBalanceRv":{real(a.balance, a.value_scale)},"accountID":{a.account_id},'
        f'"bonusBalanceRv":{real(a.bonus_balance, a.value_scale)},"currency":"{a.currency}","status":0,'
        f'"totalUsedBalanceRv":{real(a.total_used_balance, a.value_scale)},"tradeLevel":0,"userID":{a.user_id},'
        f'"userMode":"Classic"}}'
    )


def stream_position(PositionState position not None):
    """One entry of `positions_p` on the aop_p stream."""
    cdef PositionState p = position
    i = p.instrument

    cdef int value_scale = i.value_scale
    cdef int qty_scale = i.qty_scale
    return (
        f'{{"accountID":{p.account_id},"assignedPosBalanceRv":{real(p.assigned_pos_balance, value_scale)},'
        f'"avgEntryPriceRp":{real(p.avg_entry_price, i.price_scale)},'
        f'"bankruptCommRv":{real(p.bankrupt_comm, value_scale)},'
        f'"bankruptPriceRp":{real(p.bankrupt_price, i.price_scale)},"buyLeavesQty":{real(p.buy_leaves_qty, qty_scale)},'
        f'"buyLeavesValueRv":{real(p.buy_leaves_value, value_scale)},'
        f'"buyValueToCostRr":{real(p.buy_value_to_cost_er, RATIO_PLACES)},'
        f'"createdAtNs":0,"crossSharedBalanceRv":{real(p.cross_shared_balance, value_scale)},'
        f'"cumClosedPnlRv":{real(p.cum_closed_pnl, value_scale)},'
        f'"cumFundingFeeRv":{real(p.cum_funding_fee, value_scale)},"cumPtFeeRv":"0",'
        f'"cumTransactFeeRv":{real(p.cum_transact_fee, value_scale)},'
        f'"curTermRealisedPnlRv":{real(p.cur_term_realised_pnl, value_scale)},'
        f'"currency":"{i.settle_currency}","dataVer":{p.data_ver},'
        f'"deleveragePercentileRr":{real(p.deleverage_er, RATIO_PLACES)},'
        f'"displayLeverageRr":{real(p.display_leverage_er, RATIO_PLACES)},'
        f'"estimatedOrdLossRv":{real(p.estimated_ord_loss, value_scale)},'
        f'"execSeq":{p.exec_seq},'
        f'"freeCostRv":"0",'
        f'"freeQty":{real(p.free_qty, qty_scale)},"initMarginReqRr":{real(p.init_margin_req_er, RATIO_PLACES)},'
        f'"lastFundingTime":{p.last_funding_time_ns},"lastTermEndTime":{p.last_term_end_time_ns},'
        f'"leverageRr":{real(p.leverage_er, RATIO_PLACES)},'
        f'"liquidationPriceRp":{real(p.liquidation_price, i.price_scale)},'
        f'"maintMarginReqRr":{real(p.maint_margin_req_er, RATIO_PLACES)},'
        f'"makerFeeRateRr":{real(p.maker_fee_rate_er, RATIO_PLACES)},'
        f'"markPriceRp":{real(p.mark_price, i.price_scale)},"minPosCostRv":"0",'
        f'"orderCostRv":{real(p.order_cost, value_scale)},'
        f'"posCostRv":{real(p.pos_cost, value_scale)},"posMode":"{p.pos_mode}","posSide":"{p.pos_side}",'
        f'"positionMarginRv":{real(p.position_margin, value_scale)},"positionStatus":"{p.status}",'
        f'"riskLimitRv":{real(p.risk_limit, value_scale)},"sellLeavesQty":{real(p.sell_leaves_qty, qty_scale)},'
        f'"sellLeavesValueRv":{real(p.sell_leaves_value, value_scale)},'
        f'"sellValueToCostRr":{real(p.sell_value_to_cost_er, RATIO_PLACES)},'
        f'"side":"{p.side}","size":{real(p.size, qty_scale)},"symbol":"{i.symbol}",'
        f'"takerFeeRateRr":{real(p.taker_fee_rate_er, RATIO_PLACES)},'
        f'"term":{p.term},"transactTimeNs":{p.transact_time_ns},'
        f'"unrealisedPnlRv":{real(p.unrealised_pnl, value_scale)},'
        f'"updatedAtNs":0,"usedBalanceRv":{real(p.used_balance, value_scale)},"userID":{p.user_id},'
        f'"valueRv":{real(p.value, value_scale)}}}'
    )


def stream_message(AccountUpdate update not None, account_id):
    """One message of the aop_p stream."""
    accounts = array([stream_account(update.account)] if update.account else [])
    return (
        f'{{"sequence":{update.sequence},"timestamp":{update.timestamp_ns},'
        f'"type":"{"snapshot" if update.is_snapshot else "incremental"}","version":0,"accounts_p":{accounts},'
        f'"orders_p":{array([stream_order(order, account_id) for order in update.orders])},'
        f'"positions_p":{array([stream_position(position) for position in update.positions])}}}'
    )


def rest_account(AccountState account not None):
    """`account` of `/g-accounts/accountPositions`."""
    return f'{rest_account_with_pnl(account)[:-1]},"status":0}}'


def rest_account_with_pnl(AccountState account not None):
    """`account` of `/g-accounts/positions`: without status (docs 2026)."""
    cdef AccountState a = account
    return (
        f'{{"userID":{a.user_id},"accountId":{a.account_id},"currency":"{a.currency}",'
        f'"accountBalanceRv":{real(a.balance, a.value_scale)},'
        f'"totalUsedBalanceRv":{real(a.total_used_balance, a.value_scale)},'
        f'"bonusBalanceRv":{real(a.bonus_balance, a.value_scale)}}}'
    )


def rest_position(PositionState position not None):
    """A row of `/g-accounts/accountPositions`."""
    cdef PositionState p = position
    i = p.instrument
    return (
        f'{{"userID":{p.user_id},{_position_head(p)}"size":{real(p.size, i.qty_scale)},'
        f'"valueRv":{real(p.value, i.value_scale)},"avgEntryPriceRp":{real(p.avg_entry_price, i.price_scale)},'
        f'"avgEntryPrice":{real(p.avg_entry_price, i.price_scale)},{_position_margins(p)}'
        f'"estimatedOrdLossRv":{real(p.estimated_ord_loss, i.value_scale)},'
        f'"usedBalanceRv":{real(p.used_balance, i.value_scale)},{_position_totals(p)}'
        f'"transactTimeNs":{p.transact_time_ns},"takerFeeRateRr":{real(p.taker_fee_rate_er, RATIO_PLACES)},'
        f'"makerFeeRateRr":{real(p.maker_fee_rate_er, RATIO_PLACES)},{_position_tail(p)},'
        f'"buyLeavesValueRv":{real(p.buy_leaves_value, i.value_scale)},'
        f'"sellLeavesValueRv":{real(p.sell_leaves_value, i.value_scale)}}}'
    )


def rest_position_with_pnl(PositionState position not None):
    """A row of `/g-accounts/positions`: with unrealised profit, and the size under another key."""
    cdef PositionState p = position
    i = p.instrument
    return (
        f'{{{_position_head(p)}"sizeRq":{real(p.size, i.qty_scale)},"valueRv":{real(p.value, i.value_scale)},'
        f'"avgEntryPriceRp":{real(p.avg_entry_price, i.price_scale)},{_position_margins(p)}"markValueEv":0,'
        f'"unRealisedPosLossEv":0,"estimatedOrdLossRv":{real(p.estimated_ord_loss, i.value_scale)},'
        f'"usedBalanceRv":{real(p.used_balance, i.value_scale)},'
        f'"takeProfitEp":0,"stopLossEp":0,{_position_totals(p)}"realisedPnlEv":0,'
        f'"unRealisedPnlRv":{real(p.unrealised_pnl, i.value_scale)},"cumRealisedPnlEv":0,{_position_tail(p)}}}'
    )


cdef str _position_head(PositionState p):
    return (
        f'"accountID":{p.account_id},"symbol":"{p.instrument.symbol}","currency":"{p.instrument.settle_currency}",'
        f'"side":"{p.side}","positionStatus":"{p.status}","crossMargin":{boolean(p.leverage_er <= 0)},'
        f'"leverageRr":{real(p.leverage_er, RATIO_PLACES)},'
        f'"initMarginReqRr":{real(p.init_margin_req_er, RATIO_PLACES)},'
        f'"maintMarginReqRr":{real(p.maint_margin_req_er, RATIO_PLACES)},'
        f'"riskLimitRv":{real(p.risk_limit, p.instrument.value_scale)},'
    )


cdef str _position_margins(PositionState p):
    i = p.instrument
    return (
        f'"posCostRv":{real(p.pos_cost, i.value_scale)},'
        f'"assignedPosBalanceRv":{real(p.assigned_pos_balance, i.value_scale)},'
        f'"bankruptCommRv":{real(p.bankrupt_comm, i.value_scale)},'
        f'"bankruptPriceRp":{real(p.bankrupt_price, i.price_scale)},'
        f'"positionMarginRv":{real(p.position_margin, i.value_scale)},'
        f'"liquidationPriceRp":{real(p.liquidation_price, i.price_scale)},'
        f'"deleveragePercentileRr":{real(p.deleverage_er, RATIO_PLACES)},'
        f'"buyValueToCostRr":{real(p.buy_value_to_cost_er, RATIO_PLACES)},'
        f'"sellValueToCostRr":{real(p.sell_value_to_cost_er, RATIO_PLACES)},'
        f'"markPriceRp":{real(p.mark_price, i.price_scale)},'
    )


cdef str _position_totals(PositionState p):
    scale = p.instrument.value_scale
    return (
        f'"cumClosedPnlRv":{real(p.cum_closed_pnl, scale)},"cumFundingFeeRv":{real(p.cum_funding_fee, scale)},'
        f'"cumTransactFeeRv":{real(p.cum_transact_fee, scale)},'
    )


cdef str _position_tail(PositionState p):
    return (
        f'"term":{p.term},"lastTermEndTimeNs":{p.last_term_end_time_ns},"lastFundingTimeNs":{p.last_funding_time_ns},'
        f'"curTermRealisedPnlRv":{real(p.cur_term_realised_pnl, p.instrument.value_scale)},"execSeq":{p.exec_seq},'
        f'"posSide":"{p.pos_side}","posMode":"{p.pos_mode}"'
    )
