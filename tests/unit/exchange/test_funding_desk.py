"""Funding payments. Expected amounts are worked out here with fractions, from the venue's rules alone."""

from fractions import Fraction
from math import ceil

import pytest
from money_driver import DUE_NS, ask, fix_rate, hold, run_to
from venue_driver import COIN_M_60K, MILLI_BTC, USD_M_60K, USDT, Driver

from tidings.exchange.accounts.funding_desk import FundingDesk
from tidings.exchange.catalogue import Line
from tidings.exchange.reports import NIL_UUID

X = 10**8


@pytest.fixture
def d() -> Driver:
    return Driver()


def balance(d: Driver, user_id: int, line: Line, currency: str) -> int:
    return d.venue.account(user_id, line, currency).balance


def test_nothing_is_due_while_nobody_holds(d: Driver) -> None:
    d.place(d.a, "BTCUSDT", "Buy", MILLI_BTC, USD_M_60K)
    assert d.venue.next_due_ns() is None
    d.place(d.b, "BTCUSDT", "Sell", MILLI_BTC, USD_M_60K)
    assert d.venue.next_due_ns() == DUE_NS


@pytest.mark.parametrize("rate_er", [10_000, -34_567])
def test_usd_m_longs_pay_shorts_when_the_rate_is_positive(d: Driver, rate_er: int) -> None:
    hold(d, "BTCUSDT", 123 * MILLI_BTC, USD_M_60K)
    d.set_mark("BTCUSDT", 61_234 * USDT + 123_456_789)  # 61234.123456789
    fix_rate(d, "BTCUSDT", rate_er)
    before = {user_id: balance(d, user_id, Line.USD_M, "USDT") for user_id in (d.a, d.b)}
    reports = run_to(d, DUE_NS)
    value = Fraction("0.123") * Fraction("61234.123456789")
    owed = value * Fraction(rate_er, 10**8) * 10**12  # on the account's scale; of a long
    paid = {user_id: before[user_id] - balance(d, user_id, Line.USD_M, "USDT") for user_id in (d.a, d.b)}
    assert paid == {d.a: ceil(owed), d.b: ceil(-owed)}
    assert d.venue.state.house.funding[Line.USD_M, "USDT"] == paid[d.a] + paid[d.b] in (0, 1)
    assert [(r.user_id, r.exec_fee, r.fee_rate_er) for r in reports] == [
        (d.a, paid[d.a], rate_er), (d.b, paid[d.b], -rate_er),
    ]  # fmt: skip


def test_coin_m_fee_is_rounded_up_at_the_satoshi() -> None:
    """700 contracts at 6947.3435 are 10075793 Ev; at 0.004747 % that is 479 (phemex docs 2026, user trades)."""
    d = Driver(prices={"BTCUSD": "7000"})
    hold(d, "BTCUSD", 700, 70_000_000)
    d.set_mark("BTCUSD", 69_473_435)
    fix_rate(d, "BTCUSD", 4_747)
    reports = run_to(d, DUE_NS)
    assert [(r.side, r.exec_qty, r.exec_price, r.exec_value, r.exec_fee) for r in reports] == [
        ("Buy", 700, 69_473_435, 10_075_793, 479), ("Sell", 700, 69_473_435, 10_075_793, -478),
    ]  # fmt: skip
    assert d.venue.state.house.funding[Line.COIN_M, "BTC"] == 1


def test_event_is_told_as_the_venue_tells_it(d: Driver) -> None:
    hold(d, "BTCUSD", 600, COIN_M_60K)
    fix_rate(d, "BTCUSD", 10_000)
    report, _ = run_to(d, DUE_NS)
    assert (report.action, report.trade_type, report.cl_ord_id) == ("SettleFundingFee", "Funding", "SettlingFunding")
    assert (report.order_id, report.exec_status, report.ord_type) == (NIL_UUID, "Init", "UNSPECIFIED")
    assert (report.price, report.order_qty, report.transact_time_ns) == (0, 0, DUE_NS)
    assert not report.is_trade
    assert report.exec_id[14] == "4"
    assert report.cur_acc_balance == balance(d, d.a, Line.COIN_M, "BTC")
    (update,) = [update for update in d.updates if update.user_id == d.a]
    (state,) = update.positions
    assert (state.cum_funding_fee, state.last_funding_time_ns) == (100, DUE_NS)  # 0.01 BTC × 0.01 %
    assert state.cur_term_realised_pnl == -100 - 600  # and the taker fee of 0.06 %
    assert update.account.balance == 10 * 10**8 - 700


def test_payments_repeat_at_every_interval_until_the_position_is_closed(d: Driver) -> None:
    hold(d, "BTCUSD", 600, COIN_M_60K)
    reports = run_to(d, DUE_NS + 3 * 8 * 3_600 * 10**9)
    assert [r.transact_time_ns for r in reports if r.user_id == d.a] == [
        DUE_NS + n * 8 * 3_600 * 10**9 for n in range(4)
    ]
    hold_back = d.place(d.a, "BTCUSD", "Sell", 600, COIN_M_60K) + d.place(d.b, "BTCUSD", "Buy", 600, COIN_M_60K)
    assert hold_back
    assert run_to(d, DUE_NS + 40 * 8 * 3_600 * 10**9) == []
    assert d.venue.next_due_ns() is None


def test_hedged_sides_pay_each_for_itself(d: Driver) -> None:
    d.venue.set_position_mode(d.a, "BTCUSDT", "Hedged", d.now_ns)
    d.place(d.b, "BTCUSDT", "Sell", 30 * MILLI_BTC, USD_M_60K)
    d.place(d.a, "BTCUSDT", "Buy", 30 * MILLI_BTC, USD_M_60K, pos_side="Long")
    d.place(d.b, "BTCUSDT", "Buy", 10 * MILLI_BTC, USD_M_60K)
    d.place(d.a, "BTCUSDT", "Sell", 10 * MILLI_BTC, USD_M_60K, pos_side="Short")
    fix_rate(d, "BTCUSDT", 10_000)
    reports = [r for r in run_to(d, DUE_NS) if r.user_id == d.a]
    assert [(r.pos_side, r.side, r.exec_fee) for r in reports] == [
        ("Long", "Buy", 180_000_000_000), ("Short", "Sell", -60_000_000_000),
    ]  # fmt: skip


def test_isolated_margin_pays_what_is_not_available(d: Driver) -> None:
    d.venue.set_leverage(d.a, "BTCUSDT", d.now_ns, leverage_er=10 * X)
    hold(d, "BTCUSDT", 100 * MILLI_BTC, USD_M_60K)
    free = d.venue.account(d.a, Line.USD_M, "USDT")
    used = free.total_used_balance
    d.venue.assign_margin(d.a, "BTCUSDT", "Merged", used + free.balance - used - 10**12, d.now_ns)  # leaves 1 USDT
    fix_rate(d, "BTCUSDT", 100_000)  # 6000 × 0.1 % = 6 USDT
    run_to(d, DUE_NS)
    after = d.venue.account(d.a, Line.USD_M, "USDT")
    assert after.balance == after.total_used_balance == free.balance - 6 * 10**12


def test_margin_that_funding_took_is_taken_from_each_part_of_the_position(d: Driver) -> None:
    d.venue.set_leverage(d.a, "BTCUSDT", d.now_ns, leverage_er=10 * X)
    hold(d, "BTCUSDT", 100 * MILLI_BTC, USD_M_60K)
    free = d.venue.account(d.a, Line.USD_M, "USDT")
    others = free.balance - free.total_used_balance
    d.venue.set_leverage(d.a, "ETHUSDT", d.now_ns, leverage_er=10 * X)
    d.place(d.b, "ETHUSDT", "Sell", 10**4, 3_000 * USDT)
    d.place(d.a, "ETHUSDT", "Buy", 10**4, 3_000 * USDT)
    account = d.venue.account(d.a, Line.USD_M, "USDT")
    used = d.venue.positions(d.a, Line.USD_M, symbol="ETHUSDT")[0].used_balance
    d.venue.assign_margin(d.a, "ETHUSDT", "Merged", used + account.balance - account.total_used_balance, d.now_ns)
    assert others > 0
    cost = d.venue.positions(d.a, Line.USD_M, symbol="BTCUSDT")[0].assigned_pos_balance
    fix_rate(d, "BTCUSDT", 3_000_000)  # 6000 × 3 % = 180 USDT, all of it out of the margin
    run_to(d, DUE_NS)
    assert d.venue.positions(d.a, Line.USD_M, symbol="BTCUSDT")[0].assigned_pos_balance == cost - 180 * 10**12
    d.place(d.a, "BTCUSDT", "Sell", 90 * MILLI_BTC, USD_M_60K)
    d.place(d.b, "BTCUSDT", "Buy", 90 * MILLI_BTC, USD_M_60K)
    (state,) = d.venue.positions(d.a, Line.USD_M, symbol="BTCUSDT")
    assert (state.size, state.assigned_pos_balance) == (10 * MILLI_BTC, (cost - 180 * 10**12) // 10)


def test_interval_can_be_set_for_tests_of_clients() -> None:
    d = Driver(funding_interval_s=60)
    hold(d, "BTCUSD", 600, COIN_M_60K)
    assert d.venue.next_due_ns() == (d.now_ns // (60 * 10**9) + 1) * 60 * 10**9
    assert isinstance(d.venue.funding, FundingDesk)


def test_snapshot_and_executions_remember_payments(d: Driver) -> None:
    hold(d, "BTCUSD", 600, COIN_M_60K)
    run_to(d, DUE_NS)
    assert [r.trade_type for r in d.venue.queries.fills(d.a, Line.COIN_M)] == ["Funding", "Trade"]
    snapshots = d.venue.account_snapshot(d.a, Line.COIN_M, d.now_ns)
    assert [r.trade_type for update in snapshots for r in update.orders].count("Funding") == 1


@pytest.mark.parametrize(("path", "symbol"), [
    ("/exchange/order/trade", "BTCUSD"), ("/api-data/futures/trades", "BTCUSD"),
    ("/api-data/g-futures/trades", "BTCUSDT"),
])  # fmt: skip
def test_lists_of_trades_have_funding_rows(d: Driver, path: str, symbol: str) -> None:
    is_scaled = symbol == "BTCUSD"
    hold(d, symbol, 600 if is_scaled else MILLI_BTC, COIN_M_60K if is_scaled else USD_M_60K)
    fix_rate(d, symbol, 10_000)
    run_to(d, DUE_NS)
    answer = ask(d, "GET", path, symbol=symbol)
    rows = answer if isinstance(answer, list) else answer["data"]["rows"]
    funding, _trade = rows
    wanted = {
        "transactTimeNs": DUE_NS, "action": "SettleFundingFee", "tradeType": "Funding", "ordType": "UNSPECIFIED",
        "orderID": "00000000-0000-0000-0000-000000000000", "clOrdID": "SettlingFunding", "execStatus": "Init",
        "side": "Buy",
    }  # fmt: skip
    amounts = {"execQty": 600, "execValueEv": 1_000_000, "feeRateEr": 10_000, "execFeeEv": 100, "priceEp": 0} if (
        is_scaled) else {"execQtyRq": "0.001", "execValueRv": "60", "feeRateRr": "0.0001", "execFeeRv": "0.006"}
    assert funding == funding | wanted | amounts
    answer = ask(d, "GET", path, symbol=symbol, tradeType="Trade")
    assert len(answer if isinstance(answer, list) else answer["data"]["rows"]) == 1


def test_trading_list_numbers_a_payment(d: Driver) -> None:
    hold(d, "BTCUSDT", MILLI_BTC, USD_M_60K)
    run_to(d, DUE_NS)
    funding, trade = ask(d, "GET", "/exchange/order/v2/tradingList", currency="USDT")["data"]
    assert (funding["action"], funding["tradeType"], trade["action"], trade["tradeType"]) == (13, 4, 1, 1)
