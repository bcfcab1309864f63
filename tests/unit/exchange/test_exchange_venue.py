"""The facade: time, queries, snapshots, money handed out."""

import json

import pytest
from venue_driver import COIN_M_60K, MILLI_BTC, SPOT_60K, SPOT_BTC, START_NS, USD, USD_M_60K, Driver, steps

from tidings.exchange.catalogue import Line
from tidings.exchange.venue import Venue
from tidings.exchange.venue_config import VenueConfig


@pytest.fixture
def d() -> Driver:
    return Driver()


def traded(d: Driver) -> None:
    """User a buys from b on all lines, and leaves an order open on each."""
    for symbol, qty, price in (
        ("BTCUSD", 10, COIN_M_60K), ("BTCUSDT", MILLI_BTC, USD_M_60K), ("sBTCUSDT", SPOT_BTC // 100, SPOT_60K),
    ):  # fmt: skip
        d.place(d.b, symbol, "Sell", qty, price)
        d.place(d.a, symbol, "Buy", qty, price, cl_ord_id=f"fill-{symbol}")
        d.place(d.a, symbol, "Buy", qty, price, cl_ord_id=f"open-{symbol}")


# Time.


def test_next_due_is_the_matching_delay_after_a_request(d: Driver) -> None:
    assert d.venue.next_due_ns() is None
    d.create(d.a, "BTCUSD", "Buy", 1, COIN_M_60K)
    assert d.venue.next_due_ns() == START_NS + 5_000_000
    d.run()
    assert d.venue.next_due_ns() is None


def test_with_no_delay_the_outcome_still_follows_the_reply() -> None:
    d = Driver(matching_delay_ns=0)
    assert d.create(d.a, "BTCUSD", "Buy", 1, COIN_M_60K).order.ord_status == "Created"
    assert d.venue.next_due_ns() == START_NS
    assert steps(d.run(ms=0)) == [("New", "New")]


def test_updates_are_given_out_once_with_rising_sequences(d: Driver) -> None:
    sequences = []
    for _ in range(20):
        d.place(d.a, "BTCUSD", "Buy", 1, COIN_M_60K)
        sequences += [update.sequence for update in d.updates]
    assert len(sequences) == 20
    assert sequences == sorted(set(sequences))
    assert sequences[-1] - sequences[0] > 19  # with gaps
    assert d.run() == []


def test_update_carries_account_and_touched_position_with_a_rising_version(d: Driver) -> None:
    d.place(d.a, "BTCUSD", "Buy", 10, COIN_M_60K)
    (first,) = d.updates
    d.place(d.b, "BTCUSD", "Sell", 10, COIN_M_60K)
    second = next(update for update in d.updates if update.user_id == d.a)
    assert (first.line, first.currency, first.account.balance) == (Line.COIN_M, "BTC", 10 * 10**8)
    assert first.account.account_id == d.a * 10_000 + 1
    assert [p.data_ver for p in (*first.positions, *second.positions)] == [1, 2]
    (state,) = second.positions
    assert (state.side, state.size, state.value, state.avg_entry_price) == ("Buy", 10, 16_666, 600_024_000)
    assert second.account.balance == 10 * 10**8 - 2  # maker fee of 1.67 rounded up


def test_spot_update_carries_both_wallets(d: Driver) -> None:
    d.place(d.a, "sBTCUSDT", "Buy", SPOT_BTC // 100, SPOT_60K)
    (update,) = d.updates
    wallets = {wallet.currency: wallet for wallet in update.wallets}
    assert set(wallets) == {"BTC", "USDT"}
    assert wallets["USDT"].locked_trading_balance == 600 * 10**8
    assert (update.account, update.positions) == (None, [])


# Money handed out.


def test_every_user_is_funded_in_every_currency_that_trades() -> None:
    venue = Venue(VenueConfig(), START_NS)
    assert len(venue.user_ids) == 4
    for user_id in venue.user_ids:
        assert {wallet.currency for wallet in venue.wallets(user_id) if wallet.balance > 0} == {
            "BTC", "ETH", "XRP", "LTC", "ADA", "TRX", "DOGE", "USDT", "USDC",
        }  # fmt: skip
        assert all(venue.account(user_id, Line.USD_M, currency).balance > 0 for currency in ("USDT", "USDC"))
        assert all(venue.account(user_id, Line.COIN_M, currency).balance > 0 for currency in ("BTC", "ETH", "USD"))
        assert {state.pos_mode for state in venue.positions(user_id, Line.USD_M)} == {"OneWay"}
    assert venue.account(venue.user_ids[0], Line.USD_M, "EUR") is None


def test_starting_price_of_an_unknown_symbol_is_refused() -> None:
    with pytest.raises(ValueError, match="NOSUCH"):
        Venue(VenueConfig(prices={"NOSUCH": "1"}), START_NS)


# Queries.


def test_open_orders_and_single_orders(d: Driver) -> None:
    traded(d)
    (report,) = d.venue.queries.open_orders(d.a, "BTCUSDT")
    assert (report.cl_ord_id, report.ord_status, report.exec_status) == ("open-BTCUSDT", "New", "New")
    assert d.venue.queries.by_id(d.a, "BTCUSDT", [report.order_id], [])[0].cl_ord_id == "open-BTCUSDT"
    (done,) = d.venue.queries.by_id(d.a, "BTCUSDT", [], ["fill-BTCUSDT"])
    assert (done.ord_status, done.cum_qty) == ("Filled", MILLI_BTC)
    assert d.venue.queries.by_id(d.a, "BTCUSDT", [], ["nothing"]) == []
    assert d.venue.queries.open_orders(d.b, "BTCUSDT") == []


def test_history_is_newest_first(d: Driver) -> None:
    traded(d)
    d.cancel(d.a, "BTCUSD", cl_ord_id="open-BTCUSD")
    d.run()
    closed = d.venue.queries.closed(d.a, Line.COIN_M)
    assert [report.ord_status for report in closed] == ["Canceled", "Filled"]
    assert [fill.exec_qty for fill in d.venue.queries.fills(d.a, Line.COIN_M)] == [10]
    assert d.venue.queries.fills(d.a, Line.USD_M, "ETHUSDT") == []


def test_positions_include_flat_ones(d: Driver) -> None:
    traded(d)
    states = d.venue.positions(d.a, Line.USD_M, "USDT")
    assert len(states) == 8
    assert {state.instrument.symbol for state in states if state.size} == {"BTCUSDT"}
    assert [s.instrument.symbol for s in d.venue.positions(d.a, Line.USD_M, "USDC")] == ["BTCUSDC"]


def test_snapshot_holds_open_orders_then_history_of_its_currency(d: Driver) -> None:
    traded(d)
    d.create(d.a, "BTCUSDT", "Buy", 0, USD_M_60K)
    d.run()
    by_currency = {update.currency: update for update in d.venue.account_snapshot(d.a, Line.USD_M, d.now_ns)}
    assert set(by_currency) == {"USDT", "USDC"}
    usdt = by_currency["USDT"]
    assert usdt.is_snapshot
    assert steps(usdt.orders) == [("New", "New"), ("Filled", "TakerFill"), ("Rejected", "CreateRejected")]
    assert [state.instrument.symbol for state in usdt.positions] == ["BTCUSDT"]
    assert (by_currency["USDC"].orders, by_currency["USDC"].positions) == ([], [])
    (spot,) = d.venue.account_snapshot(d.a, Line.SPOT, d.now_ns)
    assert (len(spot.wallets), len(spot.orders)) == (9, 2)


def test_snapshot_history_is_limited() -> None:
    d = Driver(history_orders=3)
    for n in range(5):
        d.place(d.a, "BTCUSD", "Buy", 1, COIN_M_60K, cl_ord_id=f"x{n}")
        d.cancel(d.a, "BTCUSD", cl_ord_id=f"x{n}")
        d.run()
    (btc,) = [u for u in d.venue.account_snapshot(d.a, Line.COIN_M, d.now_ns) if u.currency == "BTC"]
    assert [report.cl_ord_id for report in btc.orders] == ["x2", "x3", "x4"]


# The public side.


def test_tape_and_book_follow_the_trades(d: Driver) -> None:
    market = d.venue.market("BTCUSD", d.now_ns)
    before = market.sequence
    d.place(d.b, "BTCUSD", "Sell", 10, COIN_M_60K + USD)
    d.place(d.a, "BTCUSD", "Buy", 4, COIN_M_60K + USD)
    (trade,) = market.new_trades(0)
    assert (trade.side, trade.price, trade.qty) == ("Buy", COIN_M_60K + USD, 4)
    assert (trade.trade_id, trade.time_ns) == (market.sequence * 10_000, market.updated_ns)
    assert market.levels() == ([], [(COIN_M_60K + USD, 6)])
    assert before < market.sequence < before + 20
    day = market.day(d.now_ns)
    assert (market.last_price, day.open, day.high, day.low, day.volume) == (*[COIN_M_60K + USD] * 4, 4)
    assert market.new_trades(market.trade_count) == []


def test_levels_can_be_cut(d: Driver) -> None:
    for n in range(5):
        d.place(d.a, "BTCUSD", "Buy", 1, COIN_M_60K - n * USD)
    bids, _ = d.venue.markets["BTCUSD"].levels(2)
    assert bids == [(COIN_M_60K, 1), (COIN_M_60K - USD, 1)]


# The admin's view.


def test_admin_view_is_json_without_floats(d: Driver) -> None:
    traded(d)

    def refuse(text: str) -> float:
        raise AssertionError(f"a float: {text}")

    view = json.loads(json.dumps(d.venue.admin_view()), parse_float=refuse)
    orders = {order["cl_ord_id"]: order for order in view["orders"] if order["cl_ord_id"]}
    assert orders["fill-BTCUSD"]["ord_status"] == "Filled"
    assert orders["open-sBTCUSDT"]["leaves_qty"] == SPOT_BTC // 100
    (position,) = [p for p in view["positions"] if p["user_id"] == d.b and p["symbol"] == "BTCUSD"]
    assert (position["net_qty"], position["cum_fee"]) == (-10, 2)
    assert view["books"]["BTCUSDT"]["bids"] == [[USD_M_60K, MILLI_BTC]]
    assert view["scales"]["BTCUSDT"] == {"price": 9, "qty": 6, "value": 12}
    assert (view["counters"]["trades"], view["counters"]["creates"]) == (3, 9)
