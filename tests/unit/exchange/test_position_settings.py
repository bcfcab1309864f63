import pytest
from venue_driver import COIN_M_60K, MILLI_BTC, USD_M_60K, USDT, Driver

from tidings.exchange.catalogue import Line

X = 10**8  # leverage 1 at scale 8
USDT_VALUE = 10**12


@pytest.fixture
def d() -> Driver:
    return Driver()


def hold(d: Driver, qty: int = 100 * MILLI_BTC) -> None:
    d.place(d.b, "BTCUSDT", "Sell", qty, USD_M_60K)
    d.place(d.a, "BTCUSDT", "Buy", qty, USD_M_60K)


def leverage(d: Driver, symbol: str, **values: int) -> int:
    return d.venue.set_leverage(d.a, symbol, d.now_ns, **values).code


def test_leverage_changes_margin_and_is_published(d: Driver) -> None:
    hold(d)
    before = d.venue.account(d.a, Line.USD_M, "USDT").total_used_balance
    assert leverage(d, "BTCUSDT", leverage_er=-20 * X) == 0
    d.run()
    (update,) = d.updates
    assert (update.orders, update.positions[0].leverage_er) == ([], -20 * X)
    assert before == 6000 * USDT_VALUE * 10_054 // 100_000  # 0.1 + 0.0006 × 0.9
    assert update.account.total_used_balance == 6000 * USDT_VALUE * 5_057 // 100_000  # 0.05 + 0.0006 × 0.95


def test_a_mode_that_a_symbol_never_used_has_already_is_published_too(d: Driver) -> None:
    assert d.venue.set_position_mode(d.a, "ETHUSDT", "OneWay", d.now_ns).code == 0
    d.run()
    (update,) = d.updates
    (position,) = update.positions
    assert (position.instrument.symbol, position.pos_mode, position.size) == ("ETHUSDT", "OneWay", 0)


def test_an_update_that_cannot_be_made_does_not_hold_up_the_others(d: Driver, monkeypatch) -> None:
    broken = next(a for a in d.venue.contract_accounts if (a.user_id, a.currency, a.line) == (d.a, "USDT", Line.USD_M))
    monkeypatch.setattr(broken, "update", lambda *_: 1 // 0)
    leverage(d, "BTCUSDT", leverage_er=-20 * X)
    with pytest.raises(ZeroDivisionError):
        d.run()
    assert d.venue.set_leverage(d.b, "BTCUSDT", d.now_ns, leverage_er=-10 * X).code == 0
    d.run()
    (update,) = d.updates
    assert (update.user_id, update.positions[0].leverage_er) == (d.b, -10 * X)


@pytest.mark.parametrize(
    ("leverage_er", "code"), [(101 * X, 11004), (-101 * X, 11004), (X // 2, 11004), (0, 0), (5 * X, 0)]
)
def test_leverage_must_lie_within_the_instruments_range(d: Driver, leverage_er: int, code: int) -> None:
    assert leverage(d, "BTCUSD", leverage_er=leverage_er) == code


def test_leverage_that_the_balance_cannot_carry_is_refused(d: Driver) -> None:
    hold(d, 50_000 * MILLI_BTC)  # 3,000,000 USDT on a balance of 500,000
    assert leverage(d, "BTCUSDT", leverage_er=-X) == 11005
    assert d.venue.positions(d.a, Line.USD_M, symbol="BTCUSDT")[0].leverage_er == -10 * X


def test_hedged_symbol_needs_both_leverages(d: Driver) -> None:
    d.venue.set_position_mode(d.a, "BTCUSDT", "Hedged", d.now_ns)
    assert leverage(d, "BTCUSDT", leverage_er=5 * X) == 11004
    assert leverage(d, "BTCUSDT", long_leverage_er=5 * X) == 11004
    assert leverage(d, "BTCUSDT", long_leverage_er=5 * X, short_leverage_er=-3 * X) == 0
    assert {s.pos_side: s.leverage_er for s in d.venue.positions(d.a, Line.USD_M, symbol="BTCUSDT")} == {
        "Long": 5 * X, "Short": -3 * X,
    }  # fmt: skip


def test_unknown_symbols_and_spot_have_no_settings(d: Driver) -> None:
    assert leverage(d, "NOSUCH", leverage_er=X) == 11027
    assert leverage(d, "sBTCUSDT", leverage_er=X) == 11027


@pytest.mark.parametrize(("symbol", "mode", "code"), [
    ("BTCUSDT", "Hedged", 0), ("BTCUSDT", "OneWay", 0), ("BTCUSDT", "Sideways", 39108), ("BTCUSD", "Hedged", 39108),
])  # fmt: skip
def test_position_mode_switches_on_usd_m_only(d: Driver, symbol: str, mode: str, code: int) -> None:
    assert d.venue.set_position_mode(d.a, symbol, mode, d.now_ns).code == code


def test_mode_switch_publishes_the_new_positions(d: Driver) -> None:
    d.venue.set_position_mode(d.a, "BTCUSDT", "Hedged", d.now_ns)
    d.run()
    assert [(p.pos_mode, p.pos_side) for p in d.updates[0].positions] == [("Hedged", "Long"), ("Hedged", "Short")]


def test_mode_does_not_switch_beside_a_position_or_an_order(d: Driver) -> None:
    d.place(d.b, "BTCUSDT", "Sell", MILLI_BTC, USD_M_60K)
    assert d.venue.set_position_mode(d.b, "BTCUSDT", "Hedged", d.now_ns).code == 20004
    d.place(d.a, "BTCUSDT", "Buy", MILLI_BTC, USD_M_60K)
    assert d.venue.set_position_mode(d.a, "BTCUSDT", "Hedged", d.now_ns).code == 20004


def test_margin_can_be_assigned_to_isolated_positions_only(d: Driver) -> None:
    def assign(amount: int) -> int:
        return d.venue.assign_margin(d.a, "BTCUSDT", "Merged", amount * USDT_VALUE, d.now_ns).code

    assert assign(1000) == 11006
    hold(d)
    assert assign(1000) == 11007
    leverage(d, "BTCUSDT", leverage_er=10 * X)
    assert assign(600) == 11008  # the position needs 603.24
    assert assign(600_000) == 11010
    assert assign(1000) == 0
    d.run()
    assert d.updates[-1].positions[0].assigned_pos_balance == 1000 * USDT_VALUE
    assert d.venue.assign_margin(d.a, "BTCUSDT", "Long", USDT_VALUE, d.now_ns).code == 20004


def test_assigned_margin_returns_when_the_position_closes(d: Driver) -> None:
    hold(d)
    leverage(d, "BTCUSDT", leverage_er=10 * X)
    d.venue.assign_margin(d.a, "BTCUSDT", "", 1000 * USDT_VALUE, d.now_ns)
    d.place(d.b, "BTCUSDT", "Buy", 100 * MILLI_BTC, USD_M_60K + USDT)
    d.place(d.a, "BTCUSDT", "Sell", 100 * MILLI_BTC, USD_M_60K)
    assert d.venue.account(d.a, Line.USD_M, "USDT").total_used_balance == 0


def test_coin_m_ignores_the_position_side(d: Driver) -> None:
    (report,) = d.place(d.a, "BTCUSD", "Buy", 1, COIN_M_60K, pos_side="Long")
    assert report.pos_side == "Merged"


def test_what_a_position_was_is_not_forgotten_with_its_mode(d: Driver) -> None:
    hold(d)
    d.place(d.b, "BTCUSDT", "Buy", 100 * MILLI_BTC, USD_M_60K)
    d.place(d.a, "BTCUSDT", "Sell", 100 * MILLI_BTC, USD_M_60K)
    before = d.venue.closed_terms(d.a, Line.USD_M, symbol="BTCUSDT")
    fees = d.venue.positions(d.a, Line.USD_M, symbol="BTCUSDT")[0].cum_transact_fee
    assert (len(before), fees > 0) == (1, True)
    assert d.venue.set_position_mode(d.a, "BTCUSDT", "Hedged", d.now_ns).code == 0
    d.run()
    assert d.venue.closed_terms(d.a, Line.USD_M, symbol="BTCUSDT") == before
    assert [s.cum_transact_fee for s in d.venue.positions(d.a, Line.USD_M, symbol="BTCUSDT")] == [0, 0]
    leverage(d, "BTCUSDT", long_leverage_er=7 * X, short_leverage_er=7 * X)
    assert d.venue.set_position_mode(d.a, "BTCUSDT", "OneWay", d.now_ns).code == 0
    (state,) = d.venue.positions(d.a, Line.USD_M, symbol="BTCUSDT")
    assert (state.cum_transact_fee, state.term, state.leverage_er) == (fees, 2, 7 * X)
