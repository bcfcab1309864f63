"""How long a client is told to wait when the venue's request budget is spent."""

from types import SimpleNamespace

from fix_story import make_instrument

from tidings.clock import ManualClock
from tidings.fix_gateway.budget_wait import retry_after_ms
from tidings.model.enums import RequestKind
from tidings.venue.phemex.endpoints import endpoints_of
from tidings.venue.phemex.rate_groups import RateBudget

S = 1_000_000_000


def test_it_is_what_the_venue_said():
    instrument, clock = make_instrument(), ManualClock(100 * S, 1)
    budget = RateBudget(endpoints_of("testnet"))
    engine = SimpleNamespace(
        clock=clock, link=SimpleNamespace(budget=budget), products=SimpleNamespace(find=lambda name: instrument)
    )
    assert retry_after_ms(engine, "BTCUSDT", RequestKind.NEW) == 1
    budget.block("contract", 7, 100 * S)
    assert retry_after_ms(engine, "BTCUSDT", RequestKind.NEW) == 7000
