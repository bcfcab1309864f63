"""Users' orders in a recorded market: places in its queues, what they take, and that they move nothing."""

from pathlib import Path

import pytest
from recordings import START_NS, USD, Player, Script

from tidings.exchange.catalogue import Line
from tidings.exchange.venue_rules import Rules


def quiet_start() -> Script:
    return Script().book(0, {100: 10, 99: 20}, {102: 10, 103: 20}, kind="snapshot")


def test_the_recorded_book_is_the_market(tmp_path: Path) -> None:
    script = quiet_start().book(20, {100: 0, 101: 7}, {103: 25})
    script.book(40, {98: 1}, {105: 2}, kind="snapshot")
    player = Player(script, tmp_path)
    player.to(0)
    assert player.book() == ({100: 10, 99: 20}, {102: 10, 103: 20})
    player.to(20)
    assert player.book() == ({101: 7, 99: 20}, {102: 10, 103: 25})
    player.to(40)
    assert player.book() == ({98: 1}, {105: 2})


def test_order_joins_behind_what_is_displayed_and_is_filled_in_its_turn(tmp_path: Path) -> None:
    script = quiet_start()
    for ms, qty in ((20, 4), (40, 4), (60, 5), (80, 9)):
        script.trade(ms, "Sell", 100, qty)
    player = Player(script, tmp_path)
    player.place(1, "Buy", 5, 100)
    assert player.fills(40) == []  # 8 of the 10 ahead are gone
    assert player.fills(60) == [(100, 3)]  # 2 ahead, then 3 of ours
    assert player.fills(80) == [(100, 2)]


def test_what_joins_later_stands_behind(tmp_path: Path) -> None:
    script = quiet_start().book(20, {100: 50}, {}).trade(40, "Sell", 100, 13)
    player = Player(script, tmp_path)
    player.place(1, "Buy", 5, 100)
    assert player.fills(40) == [(100, 3)]


def test_trade_at_a_worse_price_fills_whatever_stood_ahead(tmp_path: Path) -> None:
    script = quiet_start().trade(20, "Sell", 99, 8)
    player = Player(script, tmp_path)
    player.place(1, "Buy", 5, 100)
    player.place(1, "Buy", 2, 99, player.b)
    assert player.fills(20) == [(100, 5)]
    assert player.book()[0] == {99: 20 + 2 - 3}  # 3 of the 8 are left for the queue at 99


def test_no_more_is_filled_than_was_traded(tmp_path: Path) -> None:
    player = Player(quiet_start().trade(20, "Sell", 98, 8), tmp_path)
    player.place(1, "Buy", 50, 100)
    assert player.fills(20) == [(100, 8)]


@pytest.mark.parametrize(
    ("rule", "filled"),
    [("proportional", 6), ("behind-first", 3), ("ahead-first", 8)],
)
def test_cancels_by_others_go_by_the_stated_rule(tmp_path: Path, rule: str, filled: int) -> None:
    """10 ahead, 10 behind; 6 leave without a trade; 13 are traded."""
    script = quiet_start().book(20, {100: 20}, {}).book(40, {100: 14}, {}).trade(60, "Sell", 100, 13)
    player = Player(script, tmp_path, rules=Rules(recorded_cancels=rule))
    player.place(1, "Buy", 8, 100)
    assert sum(qty for _, qty in player.fills(60)) == filled


def test_marketable_order_takes_what_is_displayed_until_the_recording_changes_it(tmp_path: Path) -> None:
    script = quiet_start().book(20, {99: 21}, {}).book(40, {}, {102: 10, 103: 20}, kind="snapshot")
    script.book(60, {99: 21}, {102: 8, 103: 20}, kind="snapshot")
    player = Player(script, tmp_path)
    reports = player.place(1, "Buy", 15, 103, time_in_force="ImmediateOrCancel")
    assert [(r.exec_price // USD, r.exec_qty) for r in reports if r.is_trade] == [(102, 10), (103, 5)]
    for ms in (1, 20, 40):
        player.to(ms)
        assert player.book()[1] == {103: 15}
    player.to(60)
    assert player.book()[1] == {102: 8, 103: 15}


def test_users_move_neither_tape_nor_prices(tmp_path: Path) -> None:
    script = quiet_start().trade(1, "Buy", 102, 1).trade(20, "Sell", 100, 30)
    player = Player(script, tmp_path)
    player.to(1)
    before = player.market.last_price, player.market.mark_price, player.market.trade_count
    player.place(2, "Buy", 15, 110, time_in_force="ImmediateOrCancel")
    player.place(2, "Sell", 5, 101, player.b)
    player.place(2, "Buy", 5, 101)
    assert (player.market.last_price, player.market.mark_price, player.market.trade_count) == before
    player.to(20)
    assert [(p.side, p.price // USD, p.qty) for p in player.market.trades] == [("Buy", 102, 1), ("Sell", 100, 30)]
    assert player.market.last_price == 100 * USD


def test_recorded_quote_that_reaches_a_resting_order_trades_with_it(tmp_path: Path) -> None:
    script = quiet_start().book(20, {}, {101: 3, 102: 10}).book(40, {}, {101: 9})
    player = Player(script, tmp_path)
    player.place(1, "Buy", 5, 101)
    assert player.fills(20) == [(101, 3)]
    assert player.fills(40) == [(101, 2)]
    assert player.book() == ({100: 10, 99: 20}, {101: 7, 102: 10, 103: 20})


def test_trades_behind_the_book_that_shows_them_are_no_cancels(tmp_path: Path) -> None:
    """The book of 20 ms shows the trade that is told at 21: six of the ten ahead have traded, none was cancelled."""
    script = quiet_start().book(10, {100: 20}, {}).book(20, {100: 14}, {}).trade(21, "Sell", 100, 6, at_ms=19)
    script.trade(30, "Sell", 100, 6)
    player = Player(script, tmp_path)
    player.place(1, "Buy", 5, 100)
    assert player.fills(21) == []
    assert player.book()[0][100] == 14 + 5
    assert player.fills(30) == [(100, 2)]


def test_trade_told_long_after_the_book_advances_the_queue_and_takes_nothing_twice(tmp_path: Path) -> None:
    script = quiet_start().book(20, {99: 19}, {}).trade(500, "Sell", 100, 10, at_ms=19).trade(510, "Sell", 100, 2)
    player = Player(script, tmp_path)
    player.place(1, "Buy", 5, 100)
    assert player.fills(500) == []
    assert player.book()[0][100] == 10 + 5
    assert player.fills(510) == [(100, 2)]


def test_level_that_was_filled_up_again_is_displayed_again_behind(tmp_path: Path) -> None:
    """A level that is the same after a trade as before is not repeated: the next book says that it is there."""
    script = quiet_start().trade(20, "Sell", 100, 10).book(30, {99: 22}, {}).trade(40, "Sell", 100, 7)
    player = Player(script, tmp_path)
    player.place(1, "Buy", 5, 100)
    player.to(20)
    assert player.book()[0] == {100: 5, 99: 20}
    player.to(30)
    assert player.book()[0] == {100: 15, 99: 22}
    assert player.fills(40) == [(100, 5)]


def test_level_that_comes_back_into_view_goes_ahead(tmp_path: Path) -> None:
    script = Script().book(0, {100: 10, 99: 20}, {102: 10}, kind="snapshot", depth=2)
    script.book(20, {101: 1}, {}, depth=2)  # 99 falls out
    script.book(40, {101: 0, 99: 25}, {}, depth=2)  # and is back
    script.trade(60, "Sell", 99, 27)
    player = Player(script, tmp_path)
    player.place(30, "Buy", 5, 99)
    player.to(40)
    assert player.book()[0] == {100: 10, 99: 30}
    assert player.fills(60) == [(99, 2)]


def test_post_only_and_fill_or_kill_see_the_recorded_book(tmp_path: Path) -> None:
    player = Player(quiet_start(), tmp_path)
    (crossing,) = player.place(1, "Buy", 1, 102, time_in_force="PostOnly")
    assert (crossing.ord_status, crossing.cxl_rej_reason) == ("Canceled", 101)
    (killed,) = player.place(1, "Buy", 31, 103, time_in_force="FillOrKill")
    assert (killed.ord_status, killed.cxl_rej_reason) == ("Canceled", 100)
    assert player.place(1, "Buy", 30, 103, time_in_force="FillOrKill")[-1].ord_status == "Filled"


def test_mark_and_index_follow_the_middle_unless_they_are_recorded(tmp_path: Path) -> None:
    script = quiet_start().price(20, ".MBTC", 90).book(40, {101: 1}, {})
    player = Player(script, tmp_path)
    player.to(0)
    assert {player.market.mark_price, player.market.index_price, player.market.last_price} == {101 * USD}
    player.to(40)
    assert player.market.mark_price == 90 * USD
    assert player.market.index_price == (101 * USD + 102 * USD) // 2


def test_recorded_prices_fire_stops(tmp_path: Path) -> None:
    script = quiet_start().trade(1, "Buy", 102, 1).trade(20, "Sell", 100, 1)
    player = Player(script, tmp_path)
    player.place(2, "Sell", 3, 0, ord_type="Stop", stop_px=101 * USD, trigger="ByLastPrice")
    assert player.fills(19) == []
    assert player.fills(20) == [(100, 3)]


def test_market_of_a_linear_contract_is_read_from_decimal_text(tmp_path: Path) -> None:
    script = Script().book(0, {60_000: 2}, {60_001: 3}, kind="snapshot", symbol="BTCUSDT")
    script.trade(10, "Buy", 60_001, 1, symbol="BTCUSDT")
    player = Player(script, tmp_path)
    player.to(10)
    market = player.venue.markets["BTCUSDT"]
    assert market.levels() == ([(60_000 * 10**9, 2_000_000)], [(60_001 * 10**9, 2_000_000)])
    assert (market.last_price, market.trades[-1].qty) == (60_001 * 10**9, 1_000_000)
    assert player.venue.account(player.a, Line.USD_M, "USDT").balance == 500_000 * 10**12


def test_recorded_mark_price_liquidates(tmp_path: Path) -> None:
    player = Player(quiet_start().price(20, ".MBTC", 95).price(40, ".MBTC", 60).book(2_000, {101: 1}, {}), tmp_path)
    player.venue.set_leverage(player.a, "BTCUSD", START_NS, leverage_er=5 * 10**8)
    player.place(10, "Buy", 5, 102)
    assert [r.trade_type for r in player.to(30)] == []
    assert [(r.user_id, r.trade_type, r.exec_qty) for r in player.to(200)] == [(player.a, "LiqTrade", 5)]


def test_trade_that_a_book_showed_long_before_takes_nothing_off_what_is_displayed(tmp_path: Path) -> None:
    """4 of 10 were traded at 290 ms; the book told of it at 300, the trade itself only at 500."""
    script = quiet_start().book(300, {100: 6}, {}).trade(500, "Sell", 100, 4, at_ms=290).trade(600, "Sell", 100, 3)
    player = Player(script, tmp_path)
    player.place(1, "Buy", 5, 100)
    assert player.fills(500) == []
    assert player.book()[0][100] == 6 + 5
    assert player.fills(600) == [(100, 1)]  # 2 were left ahead, the other 4 stand behind


def test_displayed_quotes_never_trade_with_each_other(tmp_path: Path) -> None:
    """A bid at 102 says that the offer there is gone, though the recording has not told of it."""
    player = Player(quiet_start().book(20, {102: 5}, {}), tmp_path)
    player.to(20)
    assert player.book() == ({102: 5, 100: 10, 99: 20}, {103: 20})
    assert player.venue.state.counters.trades == 0
