"""USD-M as JSON: decimal strings without trailing zeros. Keys, order and style as captured from the venue in 2025."""

from tidings.exchange.messages.contract_json import trigger_or
from tidings.exchange.messages.json_text import array, boolean, quote, ratio, real, writer
from tidings.exchange.reports import AccountState, AccountUpdate, OrderReport, PositionState


def order_reply(report: OrderReport) -> str:
    """`data` of create, replace and cancel, and a row of the open-order list."""
    r = report
    i = r.instrument

    price = writer(i.price_scale)
    return (
        f'{{"bizError":{r.code},"orderID":"{r.order_id}","clOrdID":{quote(r.cl_ord_id)},"symbol":"{i.symbol}",'
        f'"side":"{r.side}","actionTimeNs":{r.action_time_ns},"transactTimeNs":{r.transact_time_ns},'
        f'"orderType":"{r.ord_type}","priceRp":{price(r.price)},"orderQtyRq":{real(r.order_qty, i.qty_scale)},'
        f'"displayQtyRq":{real(r.display_qty, i.qty_scale)},"timeInForce":"{r.time_in_force}",'
        f'"closedPnlRv":{real(r.closed_pnl, i.value_scale)},"closedSizeRq":{real(r.closed_size, i.qty_scale)},'
        f'"cumQtyRq":{real(r.cum_qty, i.qty_scale)},"cumValueRv":{real(r.cum_value, i.value_scale)},'
        f'"leavesQtyRq":{real(r.leaves_qty, i.qty_scale)},"leavesValueRv":{real(r.leaves_value, i.value_scale)},'
        f'"stopDirection":"{r.stop_direction}","stopPxRp":{price(r.stop_px)},"trigger":"{r.trigger}",'
        f'"pegOffsetValueRp":{price(r.peg_offset)},"pegOffsetProportionRr":"0","execStatus":"{r.exec_status}",'
        f'"pegPriceType":"{r.peg_price_type}","ordStatus":"{r.ord_status}","execInst":"{r.exec_inst}",'
        f'"takeProfitRp":{price(r.take_profit)},"stopLossRp":{price(r.stop_loss)},"slPxRp":{price(r.sl_px)},'
        f'"tpPxRp":{price(r.tp_px)}}}'
    )


def closed_order(report: OrderReport) -> str:
    """A row of `/api-data/g-futures/orders` and `/orders/by-order-id`: another service, with keys of its own."""
    r = report
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


def trade_row(report: OrderReport) -> str:
    """A row of `/api-data/g-futures/trades`."""
    r = report
    i = r.instrument
    return (
        f'{{"transactTimeNs":{r.transact_time_ns},"symbol":"{i.symbol}","currency":"{i.settle_currency}",'
        f'"action":"{r.action}","posSide":"{r.pos_side}","side":"{r.side}","tradeType":"{r.trade_type}",'
        f'"execQtyRq":{real(r.exec_qty, i.qty_scale)},"execPriceRp":{real(r.exec_price, i.price_scale)},'
        f'"orderQtyRq":{real(r.order_qty, i.qty_scale)},"priceRp":{real(r.price, i.price_scale)},'
        f'"execValueRv":{real(r.exec_value, i.value_scale)},"feeRateRr":{ratio(r.fee_rate_er)},'
        f'"execFeeRv":{real(r.exec_fee, i.value_scale)},"closedSizeRq":{real(r.closed_size, i.qty_scale)},'
        f'"closedPnlRv":{real(r.closed_pnl, i.value_scale)},"ordType":"{r.ord_type}","execID":"{r.exec_id}",'
        f'"orderID":"{r.order_id}","clOrdID":{quote(r.cl_ord_id)},"execStatus":"{r.exec_status}"}}'
    )


def stream_order(report: OrderReport, account_id: int) -> str:
    """One entry of `orders_p` on the aop_p stream; optional fields are left out, as the venue does."""
    r = report
    i = r.instrument

    price = writer(i.price_scale)
    qty = writer(i.qty_scale)
    amount = writer(i.value_scale)
    exec_inst = "" if r.exec_inst == "None" else f'"execInst":"{r.exec_inst}",'
    liquidity = f'"lastLiquidityInd":"{r.last_liquidity_ind}",' if r.last_liquidity_ind else ""
    trade_type = f'"tradeType":"{r.trade_type}",' if r.trade_type else ""
    return (
        f'{{"accountID":{account_id},"action":"{r.action}","actionBy":"{r.action_by}",'
        f'"actionTimeNs":{r.action_time_ns},"addedSeq":{r.added_seq},"bonusChangedAmountRv":"0",'
        f'"clOrdID":{quote(r.cl_ord_id)},"cl_req_code":0,"closedPnlRv":{amount(r.closed_pnl)},'
        f'"closedSize":{qty(r.closed_size)},"code":{r.code},'
        f'"cumFeeRv":{amount(r.cum_fee)},"cumPtFeeRv":"0","cumQty":{qty(r.cum_qty)},"cumValueRv":{amount(r.cum_value)},'
        f'"curAccBalanceRv":{amount(r.cur_acc_balance)},"curAssignedPosBalanceRv":{amount(r.cur_assigned_pos_balance)},'
        f'"curBonusBalanceRv":"0","curLeverageRr":{ratio(r.cur_leverage_er)},"curPosSide":"{r.cur_pos_side}",'
        f'"curPosSize":{qty(r.cur_pos_size)},"curPosTerm":{r.cur_pos_term},"curPosValueRv":{amount(r.cur_pos_value)},'
        f'"curRiskLimitRv":{amount(r.cur_risk_limit)},"currency":"{i.settle_currency}",'
        f'"cxlRejReason":{r.cxl_rej_reason},"displayQty":{qty(r.display_qty)},"execFeeRv":{amount(r.exec_fee)},'
        f'"execID":"{r.exec_id}",{exec_inst}"execPriceRp":{price(r.exec_price)},"execQty":{qty(r.exec_qty)},'
        f'"execSeq":{r.exec_seq},"execStatus":"{r.exec_status}","execValueRv":{amount(r.exec_value)},'
        f'"feeRateRr":{ratio(r.fee_rate_er)},{liquidity}"leavesQty":{qty(r.leaves_qty)},'
        f'"leavesValueRv":{amount(r.leaves_value)},"message":{quote(r.message)},"ordStatus":"{r.ord_status}",'
        f'"ordType":"{r.ord_type}","orderID":"{r.order_id}","orderQty":{qty(r.order_qty)},"pegOffsetProportionRr":"0",'
        f'"pegOffsetValueRp":{price(r.peg_offset)},"posSide":"{r.pos_side}","posTpSlPattern":"None",'
        f'"priceRp":{price(r.price)},"ptFeeRv":"0","ptPriceRp":"0","relatedPosTerm":{r.cur_pos_term},'
        f'"relatedReqNum":{r.related_req_num},"side":"{r.side}","slPxRp":{price(r.sl_px)},'
        f'"slTimeInForce":"{_attached_time_in_force(r.sl_px)}",'
        f'"slTrigger":"{trigger_or(r.sl_trigger, "ByMarkPrice")}",'
        f'"stopLossRp":{price(r.stop_loss)},"stopPxRp":{price(r.stop_px)},"symbol":"{i.symbol}",'
        f'"takeProfitRp":{price(r.take_profit)},"timeInForce":"{r.time_in_force}","tpPxRp":{price(r.tp_px)},'
        f'"tpTimeInForce":"{_attached_time_in_force(r.tp_px)}",'
        f'"tpTrigger":"{trigger_or(r.tp_trigger, "ByLastPrice")}",{trade_type}'
        f'"transactTimeNs":{r.transact_time_ns},"userID":{r.user_id}}}'
    )


def _attached_time_in_force(limit_price: int) -> str:
    """An attached order without a limit price is a market order."""
    return "GoodTillCancel" if limit_price else "ImmediateOrCancel"


def stream_account(account: AccountState) -> str:
    """One entry of `accounts_p` on the aop_p stream."""
    a = account
    return (
        f'{{"accountBalanceRv":{real(a.balance, a.value_scale)},"accountID":{a.account_id},'
        f'"bonusBalanceRv":{real(a.bonus_balance, a.value_scale)},"currency":"{a.currency}","status":0,'
        f'"totalUsedBalanceRv":{real(a.total_used_balance, a.value_scale)},"tradeLevel":0,"userID":{a.user_id},'
        f'"userMode":"Classic"}}'
    )


def stream_position(position: PositionState) -> str:
    """One entry of `positions_p` on the aop_p stream."""
    p = position
    i = p.instrument

    amount = writer(i.value_scale)
    qty = writer(i.qty_scale)
    return (
        f'{{"accountID":{p.account_id},"assignedPosBalanceRv":{amount(p.assigned_pos_balance)},'
        f'"avgEntryPriceRp":{real(p.avg_entry_price, i.price_scale)},"bankruptCommRv":{amount(p.bankrupt_comm)},'
        f'"bankruptPriceRp":{real(p.bankrupt_price, i.price_scale)},"buyLeavesQty":{qty(p.buy_leaves_qty)},'
        f'"buyLeavesValueRv":{amount(p.buy_leaves_value)},"buyValueToCostRr":{ratio(p.buy_value_to_cost_er)},'
        f'"createdAtNs":0,"crossSharedBalanceRv":{amount(p.cross_shared_balance)},'
        f'"cumClosedPnlRv":{amount(p.cum_closed_pnl)},"cumFundingFeeRv":{amount(p.cum_funding_fee)},"cumPtFeeRv":"0",'
        f'"cumTransactFeeRv":{amount(p.cum_transact_fee)},"curTermRealisedPnlRv":{amount(p.cur_term_realised_pnl)},'
        f'"currency":"{i.settle_currency}","dataVer":{p.data_ver},'
        f'"deleveragePercentileRr":{ratio(p.deleverage_er)},'
        f'"displayLeverageRr":{ratio(p.display_leverage_er)},'
        f'"estimatedOrdLossRv":{amount(p.estimated_ord_loss)},"execSeq":{p.exec_seq},"freeCostRv":"0",'
        f'"freeQty":{qty(p.free_qty)},"initMarginReqRr":{ratio(p.init_margin_req_er)},'
        f'"lastFundingTime":{p.last_funding_time_ns},"lastTermEndTime":{p.last_term_end_time_ns},'
        f'"leverageRr":{ratio(p.leverage_er)},"liquidationPriceRp":{real(p.liquidation_price, i.price_scale)},'
        f'"maintMarginReqRr":{ratio(p.maint_margin_req_er)},"makerFeeRateRr":{ratio(p.maker_fee_rate_er)},'
        f'"markPriceRp":{real(p.mark_price, i.price_scale)},"minPosCostRv":"0","orderCostRv":{amount(p.order_cost)},'
        f'"posCostRv":{amount(p.pos_cost)},"posMode":"{p.pos_mode}","posSide":"{p.pos_side}",'
        f'"positionMarginRv":{amount(p.position_margin)},"positionStatus":"{p.status}",'
        f'"riskLimitRv":{amount(p.risk_limit)},"sellLeavesQty":{qty(p.sell_leaves_qty)},'
        f'"sellLeavesValueRv":{amount(p.sell_leaves_value)},"sellValueToCostRr":{ratio(p.sell_value_to_cost_er)},'
        f'"side":"{p.side}","size":{qty(p.size)},"symbol":"{i.symbol}","takerFeeRateRr":{ratio(p.taker_fee_rate_er)},'
        f'"term":{p.term},"transactTimeNs":{p.transact_time_ns},"unrealisedPnlRv":{amount(p.unrealised_pnl)},'
        f'"updatedAtNs":0,"usedBalanceRv":{amount(p.used_balance)},"userID":{p.user_id},"valueRv":{amount(p.value)}}}'
    )


def stream_message(update: AccountUpdate, account_id: int) -> str:
    """One message of the aop_p stream."""
    accounts = array([stream_account(update.account)] if update.account else [])
    return (
        f'{{"sequence":{update.sequence},"timestamp":{update.timestamp_ns},'
        f'"type":"{"snapshot" if update.is_snapshot else "incremental"}","version":0,"accounts_p":{accounts},'
        f'"orders_p":{array(stream_order(order, account_id) for order in update.orders)},'
        f'"positions_p":{array(map(stream_position, update.positions))}}}'
    )


def rest_account(account: AccountState) -> str:
    """`account` of `/g-accounts/accountPositions`."""
    return f'{rest_account_with_pnl(account)[:-1]},"status":0}}'


def rest_account_with_pnl(account: AccountState) -> str:
    """`account` of `/g-accounts/positions`: without status (docs 2026)."""
    a = account
    return (
        f'{{"userID":{a.user_id},"accountId":{a.account_id},"currency":"{a.currency}",'
        f'"accountBalanceRv":{real(a.balance, a.value_scale)},'
        f'"totalUsedBalanceRv":{real(a.total_used_balance, a.value_scale)},'
        f'"bonusBalanceRv":{real(a.bonus_balance, a.value_scale)}}}'
    )


def rest_position(position: PositionState) -> str:
    """A row of `/g-accounts/accountPositions`."""
    p = position
    i = p.instrument
    return (
        f'{{"userID":{p.user_id},{_position_head(p)}"size":{real(p.size, i.qty_scale)},'
        f'"valueRv":{real(p.value, i.value_scale)},"avgEntryPriceRp":{real(p.avg_entry_price, i.price_scale)},'
        f'"avgEntryPrice":{real(p.avg_entry_price, i.price_scale)},{_position_margins(p)}'
        f'"estimatedOrdLossRv":{real(p.estimated_ord_loss, i.value_scale)},'
        f'"usedBalanceRv":{real(p.used_balance, i.value_scale)},{_position_totals(p)}'
        f'"transactTimeNs":{p.transact_time_ns},"takerFeeRateRr":{ratio(p.taker_fee_rate_er)},'
        f'"makerFeeRateRr":{ratio(p.maker_fee_rate_er)},{_position_tail(p)},'
        f'"buyLeavesValueRv":{real(p.buy_leaves_value, i.value_scale)},'
        f'"sellLeavesValueRv":{real(p.sell_leaves_value, i.value_scale)}}}'
    )


def rest_position_with_pnl(position: PositionState) -> str:
    """A row of `/g-accounts/positions`: with unrealised profit, and the size under another key."""
    p = position
    i = p.instrument
    return (
        f'{{{_position_head(p)}"sizeRq":{real(p.size, i.qty_scale)},"valueRv":{real(p.value, i.value_scale)},'
        f'"avgEntryPriceRp":{real(p.avg_entry_price, i.price_scale)},{_position_margins(p)}"markValueEv":0,'
        f'"unRealisedPosLossEv":0,"estimatedOrdLossRv":{real(p.estimated_ord_loss, i.value_scale)},'
        f'"usedBalanceRv":{real(p.used_balance, i.value_scale)},'
        f'"takeProfitEp":0,"stopLossEp":0,{_position_totals(p)}"realisedPnlEv":0,'
        f'"unRealisedPnlRv":{real(p.unrealised_pnl, i.value_scale)},"cumRealisedPnlEv":0,{_position_tail(p)}}}'
    )


def _position_head(p: PositionState) -> str:
    return (
        f'"accountID":{p.account_id},"symbol":"{p.instrument.symbol}","currency":"{p.instrument.settle_currency}",'
        f'"side":"{p.side}","positionStatus":"{p.status}","crossMargin":{boolean(p.leverage_er <= 0)},'
        f'"leverageRr":{ratio(p.leverage_er)},"initMarginReqRr":{ratio(p.init_margin_req_er)},'
        f'"maintMarginReqRr":{ratio(p.maint_margin_req_er)},'
        f'"riskLimitRv":{real(p.risk_limit, p.instrument.value_scale)},'
    )


def _position_margins(p: PositionState) -> str:
    i = p.instrument
    return (
        f'"posCostRv":{real(p.pos_cost, i.value_scale)},'
        f'"assignedPosBalanceRv":{real(p.assigned_pos_balance, i.value_scale)},'
        f'"bankruptCommRv":{real(p.bankrupt_comm, i.value_scale)},'
        f'"bankruptPriceRp":{real(p.bankrupt_price, i.price_scale)},'
        f'"positionMarginRv":{real(p.position_margin, i.value_scale)},'
        f'"liquidationPriceRp":{real(p.liquidation_price, i.price_scale)},'
        f'"deleveragePercentileRr":{ratio(p.deleverage_er)},"buyValueToCostRr":{ratio(p.buy_value_to_cost_er)},'
        f'"sellValueToCostRr":{ratio(p.sell_value_to_cost_er)},"markPriceRp":{real(p.mark_price, i.price_scale)},'
    )


def _position_totals(p: PositionState) -> str:
    scale = p.instrument.value_scale
    return (
        f'"cumClosedPnlRv":{real(p.cum_closed_pnl, scale)},"cumFundingFeeRv":{real(p.cum_funding_fee, scale)},'
        f'"cumTransactFeeRv":{real(p.cum_transact_fee, scale)},'
    )


def _position_tail(p: PositionState) -> str:
    return (
        f'"term":{p.term},"lastTermEndTimeNs":{p.last_term_end_time_ns},"lastFundingTimeNs":{p.last_funding_time_ns},'
        f'"curTermRealisedPnlRv":{real(p.cur_term_realised_pnl, p.instrument.value_scale)},"execSeq":{p.exec_seq},'
        f'"posSide":"{p.pos_side}","posMode":"{p.pos_mode}"'
    )
