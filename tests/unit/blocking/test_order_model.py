"""The original's order descriptions."""

from decimal import Decimal

import pytest

from tidings.blocking import Contract, LimitOrder, MarketOrder, OrderFactory, Side, TimeInForce
from tidings.blocking.order_model import exact
from tidings.errors import UsageError
from tidings.model.enums import TimeInForce as EngineTimeInForce


@pytest.mark.parametrize(
    ("number", "expected"),
    [(10000.0, "10000"), (9000.1, "9000.1"), (0.1, "0.1"), (1e-7, "0.0000001"), (1.1 + 2.2, "3.3000000000000003")],
)
def test_float_is_taken_by_its_shortest_decimal_form(number: float, expected: str) -> None:
    assert exact(number) == Decimal(expected)


def test_float_of_a_class_that_writes_itself_otherwise_is_still_a_number() -> None:
    """As numpy's float64 does, which is a float, and says `np.float64(9000.1)`."""

    class Named(float):
        def __repr__(self) -> str:
            return f"np.float64({float(self)})"

    assert exact(Named(9000.1)) == Decimal("9000.1")


@pytest.mark.parametrize("number", ["9000.10", 7, Decimal("0.3")])
def test_exact_number_stays_as_it_is(number) -> None:
    assert exact(number) is number


def test_factory_takes_the_originals_arguments_in_its_order() -> None:
    contract = Contract("BTCUSD")
    factory = OrderFactory()

    limit = factory.create_limit_order(Side.SELL, 1, 10000.0, contract, TimeInForce.IOC, True, True)
    market = factory.create_market_order(Side.BUY, 2, contract)

    assert limit == LimitOrder(10000.0, 1, contract, Side.SELL, TimeInForce.IOC, post_only=True, reduce_only=True)
    assert market == MarketOrder(2, contract, Side.BUY, reduce_only=False)


def test_order_is_good_till_cancelled_and_nothing_else_unless_told() -> None:
    limit = OrderFactory().create_limit_order(Side.BUY, 1, 9000, Contract("BTCUSD"))

    assert (limit.time_in_force, limit.post_only, limit.reduce_only) == (TimeInForce.GTC, False, False)
    assert limit.contract.leverage is None


def test_day_raises_with_the_reason() -> None:
    with pytest.raises(UsageError, match="the venue has no day orders"):
        TimeInForce.DAY.in_engine_words()


@pytest.mark.parametrize("word", ["GTC", "IOC", "FOK"])
def test_other_times_in_force_are_the_engines(word: str) -> None:
    assert TimeInForce[word].in_engine_words() is EngineTimeInForce[word]
