"""COIN-M as JSON: scaled integers, on REST with real-valued twins. Keys, order and style as captured in 2025."""

from tidings.exchange.reports cimport AccountState, AccountUpdate, OrderReport, PositionState
from tidings.exchange.scaled cimport eight_places as twin

from tidings.exchange.messages.json_text import RATIO_SCALE, UNSPECIFIED, array, boolean, quote


SAFE_MARGIN_RATIO_ER = 99_900_000_000  # "999": no risk (observed 2025)


def order_reply(OrderReport report not None):
    """`data` of create, replace and cancel, and a row of the open-order list.

    `reduceOnly` is false even of an order that only reduces: `execInst` says so (observed 2020).
    """
    cdef OrderReport r = report
    price_scale, value_scale = r.instrument.price_scale, r.instrument.value_scale
    leaves = twin(r.leaves_value, value_scale)
    return (
        f'{{"bizError":{r.code},"orderID":"{r.order_id}","clOrdID":{quote(r.cl_ord_id)},'
        f'"symbol":"{r.instrument.symbol}","side":"{r.side}","actionTimeNs":{r.action_time_ns},'
        f'"transactTimeNs":{r.transact_time_ns},'
        f'"orderType":"{r.ord_type}","priceEp":{r.price},"price":{twin(r.price, price_scale)},'
        f'"orderQty":{r.order_qty},"displayQty":{r.display_qty},"timeInForce":"{r.time_in_force}",'
        f'"reduceOnly":false,"closedPnlEv":{r.closed_pnl},'
        f'"closedPnl":{twin(r.closed_pnl, value_scale)},"closedSize":{r.closed_size},'
        f'"cumQty":{r.cum_qty},"cumValueEv":{r.cum_value},"cumValue":{twin(r.cum_value, value_scale)},'
        f'"leavesQty":{r.leaves_qty},"leavesValueEv":{r.leaves_value},"leavesValue":{leaves},'
        f'"stopDirection":"{r.stop_direction}","stopPxEp":{r.stop_px},"stopPx":{twin(r.stop_px, price_scale)},'
        f'"trigger":"{r.trigger}","pegOffsetValueEp":{r.peg_offset},"pegOffsetProportionEr":0,'
        f'"execStatus":"{r.exec_status}","pegPriceType":"{r.peg_price_type}","ordStatus":"{r.ord_status}",'
        f'"execInst":"{r.exec_inst}"}}'
    )


def closed_order(OrderReport report not None):
    """A row of `/exchange/order/list` and `/exchange/order` (docs 2026: twins are null there)."""
    cdef OrderReport r = report
    return (
        f'{{"orderID":"{r.order_id}","clOrdID":{quote(r.cl_ord_id)},"symbol":"{r.instrument.symbol}","side":"{r.side}",'
        f'"orderType":"{r.ord_type}","actionTimeNs":{r.action_time_ns},"priceEp":{r.price},"price":null,'
        f'"orderQty":{r.order_qty},"displayQty":{r.display_qty},"timeInForce":"{r.time_in_force}",'
        f'"reduceOnly":{boolean(r.reduce_only)},"takeProfitEp":{r.take_profit},"takeProfit":null,'
        f'"stopLossEp":{r.stop_loss},"closedPnlEv":{r.closed_pnl},"closedPnl":null,"closedSize":{r.closed_size},'
        f'"cumQty":{r.cum_qty},"cumValueEv":{r.cum_value},"cumValue":null,"leavesQty":{r.leaves_qty},'
        f'"leavesValueEv":{r.leaves_value},"leavesValue":null,"stopLoss":null,"stopDirection":"{r.stop_direction}",'
        f'"ordStatus":"{r.ord_status}","transactTimeNs":{r.transact_time_ns}}}'
    )


def trade_row(OrderReport report not None):
    """A row of `/exchange/order/trade`."""
    cdef OrderReport r = report
    return (
        f'{{"transactTimeNs":{r.transact_time_ns},"symbol":"{r.instrument.symbol}",'
        f'"currency":"{r.instrument.settle_currency}","action":"{r.action}","side":"{r.side}",'
        f'"tradeType":"{r.trade_type}","execQty":{r.exec_qty},"execPriceEp":{r.exec_price},"orderQty":{r.order_qty},'
        f'"priceEp":{r.price},"execValueEv":{r.exec_value},"feeRateEr":{r.fee_rate_er},"execFeeEv":{r.exec_fee},'
        f'"ordType":"{r.ord_type}","execID":"{r.exec_id}","orderID":"{r.order_id}","clOrdID":{quote(r.cl_ord_id)},'
        f'"execStatus":"{r.exec_status}"}}'
    )


def stream_order(OrderReport report not None, account_id):
    """One entry of `orders` on the aop stream; optional fields are left out, as the venue does."""
    cdef OrderReport r = report
    exec_inst = "" if r.exec_inst == "None" else f'"execInst":"{r.exec_inst}",'
    liquidity = f'"lastLiquidityInd":"{r.last_liquidity_ind}",' if r.last_liquidity_ind else ""
    trade_type = f'"tradeType":"{r.trade_type}",' if r.trade_type else ""
    is_rejected = r.ord_status == "Rejected"  # then this line names no risk limit and has no words (captured 2025)
    risk_limit = "" if is_rejected else f'"curRiskLimitEv":{r.cur_risk_limit},'
    message = "" if is_rejected else r.message
    return (
        f'{{"accountID":{account_id},"action":"{r.action}","actionBy":"{r.action_by}",'
        f'"actionTimeNs":{r.action_time_ns},"addedSeq":{r.added_seq},"bonusChangedAmountEv":0,'
        f'"clOrdID":{quote(r.cl_ord_id)},"closedPnlEv":{r.closed_pnl},'
        f'"closedSize":{r.closed_size},"code":{r.code},"cumQty":{r.cum_qty},"cumValueEv":{r.cum_value},'
        f'"curAccBalanceEv":{r.cur_acc_balance},"curAssignedPosBalanceEv":{r.cur_assigned_pos_balance},'
        f'"curBonusBalanceEv":0,"curLeverageEr":{r.cur_leverage_er},"curPosSide":"{r.cur_pos_side}",'
        f'"curPosSize":{r.cur_pos_size},"curPosTerm":{r.cur_pos_term},"curPosValueEv":{r.cur_pos_value},'
        f'{risk_limit}"currency":"{r.instrument.settle_currency}",'
        f'"cxlRejReason":{r.cxl_rej_reason},"displayQty":{r.display_qty},"execFeeEv":{r.exec_fee},'
        f'"execID":"{r.exec_id}",'
        f'{exec_inst}"execPriceEp":{r.exec_price},"execQty":{r.exec_qty},"execSeq":{r.exec_seq},'
        f'"execStatus":"{r.exec_status}","execValueEv":{r.exec_value},"feeRateEr":{r.fee_rate_er},{liquidity}'
        f'"leavesQty":{r.leaves_qty},"leavesValueEv":{r.leaves_value},"message":{quote(message)},'
        f'"ordStatus":"{r.ord_status}","ordType":"{r.ord_type}","orderID":"{r.order_id}","orderQty":{r.order_qty},'
        f'"pegOffsetValueEp":{r.peg_offset},"priceEp":{r.price},"relatedPosTerm":{r.cur_pos_term},'
        f'"relatedReqNum":{r.related_req_num},"side":"{r.side}","slPxEp":{r.sl_px},'
        f'"slTrigger":"{trigger_or(r.sl_trigger, "ByMarkPrice")}","slippageEr":0,"stopLossEp":{r.stop_loss},'
        f'"stopPxEp":{r.stop_px},"symbol":"{r.instrument.symbol}","takeProfitEp":{r.take_profit},'
        f'"timeInForce":"{r.time_in_force}","tpPxEp":{r.tp_px},'
        f'"tpTrigger":"{trigger_or(r.tp_trigger, "ByLastPrice")}",{trade_type}'
        f'"transactTimeNs":{r.transact_time_ns},"userID":{r.user_id}}}'
    )


cpdef str trigger_or(trigger, default):
    """The watched price, or what the stream shows where none was given."""
    return default if trigger == UNSPECIFIED else trigger


def stream_account(AccountState account not None):
    """One entry of `accounts` on the aop stream."""
    cdef AccountState a = account
    return (
        f'{{"accountBalanceEv":{a.balance},"accountID":{a.account_id},"bonusBalanceEv":{a.bonus_balance},'
        f'"currency":"{a.currency}","liqStatus":"{a.liq_status}","marginRatioEr":{SAFE_MARGIN_RATIO_ER},"status":1,'
        f'"totalUsedBalanceEv":{a.total_used_balance},"userID":{a.user_id},"userMode":"Classic","ver":1}}'
    )


def stream_position(PositionState position not None):
    """One entry of `positions` on the aop stream."""
    cdef PositionState p = position
    return (
        f'{{"accountID":{p.account_id},"assignedPosBalanceEv":{p.assigned_pos_balance},'
        f'"avgEntryPriceEp":{p.avg_entry_price},"bankruptCommEv":{p.bankrupt_comm},'
        f'"bankruptPriceEp":{p.bankrupt_price},"buyLeavesQty":{p.buy_leaves_qty},'
        f'"buyLeavesValueEv":{p.buy_leaves_value},"buyValueToCostEr":{p.buy_value_to_cost_er},"createdAtNs":0,'
        f'"crossSharedBalanceEv":{p.cross_shared_balance},'
        f'"cumClosedPnlEv":{p.cum_closed_pnl},"cumFundingFeeEv":{p.cum_funding_fee},'
        f'"cumTransactFeeEv":{p.cum_transact_fee},"curTermRealisedPnlEv":{p.cur_term_realised_pnl},'
        f'"currency":"{p.instrument.settle_currency}","dataVer":{p.data_ver},'
        f'"deleveragePercentileEr":{p.deleverage_er},"displayLeverageEr":{p.display_leverage_er},'
        f'"estimatedOrdLossEv":{p.estimated_ord_loss},"execSeq":{p.exec_seq},"freeCostEv":0,"freeQty":{p.free_qty},'
        f'"initMarginReqEr":{p.init_margin_req_er},"lastFundingTime":{p.last_funding_time_ns},'
        f'"lastTermEndTime":{p.last_term_end_time_ns},'
        f'"leverageEr":{p.leverage_er},"liquidationPriceEp":{p.liquidation_price},'
        f'"maintMarginReqEr":{p.maint_margin_req_er},'
        f'"makerFeeRateEr":{p.maker_fee_rate_er},"markPriceEp":{p.mark_price},"orderCostEv":{p.order_cost},'
        f'"posCostEv":{p.pos_cost},"positionMarginEv":{p.position_margin},"positionStatus":"{p.status}",'
        f'"riskLimitEv":{p.risk_limit},"sellLeavesQty":{p.sell_leaves_qty},"sellLeavesValueEv":{p.sell_leaves_value},'
        f'"sellValueToCostEr":{p.sell_value_to_cost_er},"side":"{p.side}","size":{p.size},'
        f'"symbol":"{p.instrument.symbol}","takerFeeRateEr":{p.taker_fee_rate_er},"term":{p.term},'
        f'"transactTimeNs":{p.transact_time_ns},"unrealisedPnlEv":{p.unrealised_pnl},"updatedAtNs":0,'
        f'"usedBalanceEv":{p.used_balance},"userID":{p.user_id},"valueEv":{p.value}}}'
    )


def stream_message(AccountUpdate update not None, account_id):
    """One message of the aop stream."""
    accounts = array([stream_account(update.account)] if update.account else [])
    return (
        f'{{"sequence":{update.sequence},"timestamp":{update.timestamp_ns},'
        f'"type":"{"snapshot" if update.is_snapshot else "incremental"}","version":0,"accounts":{accounts},'
        f'"orders":{array([stream_order(order, account_id) for order in update.orders])},'
        f'"positions":{array([stream_position(position) for position in update.positions])}}}'
    )


def rest_account(AccountState account not None):
    """`account` of both account queries."""
    cdef AccountState a = account
    return (
        f'{{"accountId":{a.account_id},"currency":"{a.currency}","accountBalanceEv":{a.balance},'
        f'"totalUsedBalanceEv":{a.total_used_balance},"bonusBalanceEv":{a.bonus_balance}}}'
    )


def rest_position(PositionState position not None):
    """A row of `/accounts/accountPositions`, with twins."""
    cdef PositionState p = position
    price_scale, value_scale = p.instrument.price_scale, p.instrument.value_scale

    def ratio(name, value_er):
        return f'"{name}Er":{value_er},"{name}":{twin(value_er, RATIO_SCALE)},'

    def value(name, value_ev):
        return f'"{name}Ev":{value_ev},"{name}":{twin(value_ev, value_scale)},'

    def price(name, price_ep):
        return f'"{name}Ep":{price_ep},"{name}":{twin(price_ep, price_scale)},'

    return (
        f'{{"accountID":{p.account_id},"symbol":"{p.instrument.symbol}","currency":"{p.instrument.settle_currency}",'
        f'"side":"{p.side}","positionStatus":"{p.status}","crossMargin":{boolean(p.leverage_er <= 0)},'
        f'{ratio("leverage", p.leverage_er)}{ratio("initMarginReq", p.init_margin_req_er)}'
        f'{ratio("maintMarginReq", p.maint_margin_req_er)}{value("riskLimit", p.risk_limit)}"size":{p.size},'
        f'{value("value", p.value)}{price("avgEntryPrice", p.avg_entry_price)}{value("posCost", p.pos_cost)}'
        f'{value("assignedPosBalance", p.assigned_pos_balance)}{value("bankruptComm", p.bankrupt_comm)}'
        f'{price("bankruptPrice", p.bankrupt_price)}{value("positionMargin", p.position_margin)}'
        f'{price("liquidationPrice", p.liquidation_price)}{ratio("deleveragePercentile", p.deleverage_er)}'
        f'{ratio("buyValueToCost", p.buy_value_to_cost_er)}{ratio("sellValueToCost", p.sell_value_to_cost_er)}'
        f'{price("markPrice", p.mark_price)}"markValueEv":0,"markValue":null,'
        f'{value("estimatedOrdLoss", p.estimated_ord_loss)}'
        f'{value("usedBalance", p.used_balance)}"takeProfitEp":0,"takeProfit":null,"stopLossEp":0,"stopLoss":null,'
        f'"cumClosedPnlEv":{p.cum_closed_pnl},"cumFundingFeeEv":{p.cum_funding_fee},'
        f'"cumTransactFeeEv":{p.cum_transact_fee},"realisedPnlEv":0,"realisedPnl":null,"cumRealisedPnlEv":0,'
        f'"cumRealisedPnl":null,"transactTimeNs":{p.transact_time_ns},"takerFeeRateEr":{p.taker_fee_rate_er},'
        f'"makerFeeRateEr":{p.maker_fee_rate_er},"term":{p.term},"lastTermEndTimeNs":{p.last_term_end_time_ns},'
        f'"lastFundingTimeNs":{p.last_funding_time_ns},"curTermRealisedPnlEv":{p.cur_term_realised_pnl},'
        f'"execSeq":{p.exec_seq}}}'
    )


def rest_position_with_pnl(PositionState position not None):
    """A row of `/accounts/positions`: without twins, with unrealised profit."""
    cdef PositionState p = position
    return (
        f'{{"accountID":{p.account_id},"symbol":"{p.instrument.symbol}","currency":"{p.instrument.settle_currency}",'
        f'"side":"{p.side}","positionStatus":"{p.status}","crossMargin":{boolean(p.leverage_er <= 0)},'
        f'"leverageEr":{p.leverage_er},"initMarginReqEr":{p.init_margin_req_er},'
        f'"maintMarginReqEr":{p.maint_margin_req_er},"riskLimitEv":{p.risk_limit},"size":{p.size},"valueEv":{p.value},'
        f'"avgEntryPriceEp":{p.avg_entry_price},"posCostEv":{p.pos_cost},'
        f'"assignedPosBalanceEv":{p.assigned_pos_balance},"bankruptCommEv":{p.bankrupt_comm},'
        f'"bankruptPriceEp":{p.bankrupt_price},"positionMarginEv":{p.position_margin},'
        f'"liquidationPriceEp":{p.liquidation_price},"deleveragePercentileEr":{p.deleverage_er},'
        f'"buyValueToCostEr":{p.buy_value_to_cost_er},"sellValueToCostEr":{p.sell_value_to_cost_er},'
        f'"markPriceEp":{p.mark_price},"markValueEv":0,"unRealisedPosLossEv":{max(0, -p.unrealised_pnl)},'
        f'"estimatedOrdLossEv":{p.estimated_ord_loss},"usedBalanceEv":{p.used_balance},"takeProfitEp":0,"stopLossEp":0,'
        f'"cumClosedPnlEv":{p.cum_closed_pnl},"cumFundingFeeEv":{p.cum_funding_fee},'
        f'"cumTransactFeeEv":{p.cum_transact_fee},"realisedPnlEv":0,"unRealisedPnlEv":{p.unrealised_pnl},'
        f'"cumRealisedPnlEv":0}}'
    )
