"""Executions that nobody ordered: a position, or part of it, is closed against the house at a given price."""

from collections.abc import Iterable

from tidings.exchange.accounts.contract_account import ContractAccount
from tidings.exchange.accounts.ledgers import Fill
from tidings.exchange.accounts.margin import unrealised_pnl
from tidings.exchange.accounts.positions import Position
from tidings.exchange.catalogue import ONE_ER, Instrument
from tidings.exchange.markets.matching import BUY, SELL
from tidings.exchange.orders.order_life import OrderLife
from tidings.exchange.orders.order_requests import NewOrder
from tidings.exchange.orders.orders import FILLED, SIDE_WORDS, Order
from tidings.exchange.venue_state import VenueState


def force_close(
    state: VenueState, life: OrderLife, account: ContractAccount, position: Position, qty: int, price: int,
    trade_type: str, now_ns: int,
) -> None:  # fmt: skip
    """Close `qty` of the position at `price` and tell its owner: LiqTrade pays the taker fee, AdlTrade the maker's."""
    instrument, market = position.instrument, life.market
    side, is_maker = SELL if position.net_qty > 0 else BUY, trade_type == "AdlTrade"
    order = _order(state, account, position, side, qty, price, now_ns)
    fill = Fill(price, qty, instrument.value(qty, price), is_maker, market.next_sequence(now_ns), now_ns)
    order.cum_value = fill.value
    settlement = account.settle(order, fill)
    order.cum_fee = settlement.fee
    state.house.trade(instrument, -side, qty, fill.value)
    report = order.report(
        "MakerFill" if is_maker else "TakerFill", now_ns, action_by="BySystem", trade_type=trade_type,
        exec_id=state.identifiers.exec_id(f"{instrument.symbol}:{trade_type}", fill.sequence, position.user_id),
        exec_qty=qty, exec_price=price, exec_value=fill.value, exec_fee=settlement.fee,
        fee_rate_er=fill.fee_rate_er(instrument), fee_currency=settlement.fee_currency, exec_seq=fill.sequence,
        last_liquidity_ind="AddedLiquidity" if is_maker else "RemovedLiquidity",
        closed_size=settlement.closed_size, closed_pnl=settlement.closed_pnl,
    )  # fmt: skip
    account.stamp(report, order)
    state.store.add(order)
    state.store.record(order, report)
    state.store.close(order)
    state.outbox.add(order, report)


def _order(
    state: VenueState, account: ContractAccount, position: Position, side: int, qty: int, price: int, now_ns: int
) -> Order:
    """The order that stands for a forced execution, filled already."""
    request = NewOrder(
        symbol=position.instrument.symbol, side=SIDE_WORDS[side], qty=qty, pos_side=position.pos_side,
        ord_type="Market", reduce_only=True,
    )  # fmt: skip
    order = Order(request, position.instrument, position.user_id, state.identifiers.order_id(), now_ns)
    order.ledger = account
    order.price = price
    order.action = "LiqRequest"
    order.leaves_qty, order.cum_qty, order.ord_status = 0, qty, FILLED
    order.exec_status = "TakerFill"
    return order


def pnl_of_sale(instrument: Instrument, side: int, value: int, cost: int) -> int:
    """What it brings to trade for `value` on `side` what was taken over for `cost`."""
    gain = value - cost
    return gain if (side == SELL) != instrument.is_inverse else -gain


def adl_candidates(
    accounts: Iterable[ContractAccount], instrument: Instrument, side: int, price: int, mark_price: int
) -> list[tuple[ContractAccount, Position]]:
    """Who holds the other side of what is to be sold on `side`, and gains by closing at `price`.

    The one with the highest profit for its margin first: profit and leverage both push it up.
    """
    found = [
        (account, position)
        for account in accounts
        for position in account.held_positions(instrument.symbol)
        if position.net_qty * side > 0 and unrealised_pnl(instrument, position.net_qty, position.value, price) > 0
    ]
    return sorted(found, key=lambda entry: _profit_for_margin(entry[1], mark_price), reverse=True)


def note_ranks(accounts: Iterable[ContractAccount], symbol: str, mark_price: int) -> None:
    """Tell every position in `symbol` how many of its side, itself among them, are not to be deleveraged before it."""
    held = [position for account in accounts for position in account.held_positions(symbol)]
    for is_long in (True, False):
        ranked = [position for position in held if (position.net_qty > 0) == is_long]
        ranked.sort(key=lambda position: _profit_for_margin(position, mark_price), reverse=True)
        for index, position in enumerate(ranked):
            gains = position.unrealised_pnl(mark_price) > 0
            position.deleverage_er = (len(ranked) - index) * ONE_ER // len(ranked) if gains else 0


def _profit_for_margin(position: Position, mark_price: int) -> int:
    return position.unrealised_pnl(mark_price) * ONE_ER // max(1, position.cost())
