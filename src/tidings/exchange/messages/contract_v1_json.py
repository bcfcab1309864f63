"""The aop_v1 stream: COIN-M accounts with orders sorted into open, closed and fills. Keys: phemex docs 2024.

Newer documents have lost it; what its three parameters do beyond their names is this exchange's reading of them.
"""

import json
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tidings.exchange.messages.contract_json import stream_position, trigger_or
from tidings.exchange.reports import AccountUpdate, OrderReport, PositionState


class Options(NamedTuple):
    """What a subscriber chose: `[closed/fills limit, publish zero positions, skip zero fields]`."""

    history: int = 100  # closed orders, and fills, in the snapshot
    has_flat_positions: bool = False
    skips_zeros: bool = False


def stream_message(
    update: AccountUpdate, account_id: int, options: Options, positions: Sequence[PositionState]
) -> str:
    """One message: each order once as it stands, open or closed, and its executions apart."""
    latest = {order.order_id: order for order in update.orders}.values()
    closed = [_order(order, account_id) for order in latest if order.is_done]
    fills = [_fill(order, account_id) for order in update.orders if order.is_trade]
    if update.is_snapshot:
        first = -options.history or len(update.orders)
        closed, fills = closed[first:], fills[first:]
    account = update.account
    accounts = [] if account is None else [{
        "accountBalanceEv": account.balance, "accountID": account_id, "bonusBalanceEv": account.bonus_balance,
        "currency": account.currency, "totalUsedBalanceEv": account.total_used_balance, "userID": account.user_id,
    }]  # fmt: skip
    shown = [json.loads(stream_position(p)) for p in positions if p.size or options.has_flat_positions]
    document = {
        "accounts": _rows(accounts, options), "events": [],
        "orders": {
            "closed": _rows(closed, options), "fills": _rows(fills, options),
            "open": _rows([_order(order, account_id) for order in latest if not order.is_done], options),
        },
        "positions": _rows(shown, options), "sequence": update.sequence, "timestamp": update.timestamp_ns,
        "type": "snapshot" if update.is_snapshot else "incremental", "version": "v1",
    }  # fmt: skip
    return json.dumps(document, separators=(",", ":"))


def _rows(rows: Iterable[dict[str, object]], options: Options) -> list[dict[str, object]]:
    if not options.skips_zeros:
        return list(rows)
    return [{key: value for key, value in row.items() if value != 0} for row in rows]


def _order(report: OrderReport, account_id: int) -> dict[str, object]:
    r = report
    return {
        "accountID": account_id, "bonusChangedAmountEv": 0, "clOrdID": r.cl_ord_id, "closedPnlEv": r.closed_pnl,
        "closedSize": r.closed_size, "code": r.code, "cumQty": r.cum_qty, "cumValueEv": r.cum_value,
        "currency": r.instrument.settle_currency, "cxlRejReason": r.cxl_rej_reason, "displayQty": r.display_qty,
        "leavesQty": r.leaves_qty, "leavesValueEv": r.leaves_value, "ordStatus": r.ord_status, "ordType": r.ord_type,
        "orderID": r.order_id, "orderQty": r.order_qty, "pegOffsetValueEp": r.peg_offset, "priceEp": r.price,
        "side": r.side, "slTrigger": trigger_or(r.sl_trigger, "ByMarkPrice"), "stopLossEp": r.stop_loss,
        "stopPxEp": r.stop_px, "symbol": r.instrument.symbol, "takeProfitEp": r.take_profit,
        "timeInForce": r.time_in_force, "tpTrigger": trigger_or(r.tp_trigger, "ByLastPrice"),
        "transactTimeNs": r.transact_time_ns, "userID": r.user_id,
    }  # fmt: skip


def _fill(report: OrderReport, account_id: int) -> dict[str, object]:
    r = report
    return {
        "accountID": account_id, "bonusChangedAmountEv": 0, "currency": r.instrument.settle_currency,
        "execFeeEv": r.exec_fee, "execID": r.exec_id, "execPriceEp": r.exec_price, "execQty": r.exec_qty,
        "execSeq": r.exec_seq, "execStatus": r.exec_status, "execValueEv": r.exec_value, "ordType": r.ord_type,
        "orderID": r.order_id, "orderQty": r.order_qty, "priceEp": r.price, "side": r.side,
        "symbol": r.instrument.symbol, "tradeType": r.trade_type, "transactTimeNs": r.transact_time_ns,
        "userID": r.user_id,
    }  # fmt: skip
