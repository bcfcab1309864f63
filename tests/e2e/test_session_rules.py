"""A session lives with whatever the venue does where nobody knows it: the personalities, and rules drawn by chance."""

import json
import random
import urllib.request

import pytest
from session_lines import Line, every_line, until
from short_session import session_at

from tidings.exchange.venue_rules import PERSONALITIES, rule_rows
from tidings.model.enums import OrdStatus

DRAWS = 4
NO_TRADING = {"key-privilege"}  # under all but its default nobody may trade


def drawn(seed: int) -> dict[str, str]:
    """A value for every rule that has a list of them."""
    chance = random.Random(f"rules {seed}")
    return {name: chance.choice(values.split(", ")) for name, _, values, _ in rule_rows()
            if " to " not in values and name not in NO_TRADING}  # fmt: skip


CHOICES = {
    **{name: {"personality": name} for name in PERSONALITIES},
    **{f"draw {seed}": drawn(seed) for seed in range(DRAWS)},
}


@pytest.fixture(params=CHOICES.values(), ids=CHOICES)
def ruled_exchange(request, quiet_exchange):
    """The quiet exchange under other rules, and as it was afterwards."""
    url = f"{quiet_exchange.ready['admin']}/rules"
    with urllib.request.urlopen(url, json.dumps(request.param).encode()) as answer:
        assert answer.status == 200
    yield quiet_exchange
    urllib.request.urlopen(urllib.request.Request(url, method="DELETE")).close()


@every_line
async def test_an_order_is_followed_to_its_end_under_any_rules(ruled_exchange, line: Line):
    async with session_at(ruled_exchange, 0) as ours, session_at(ruled_exchange, 1) as theirs:
        order = ours.limit(line.symbol, "buy", qty=line.qty, price=line.low)
        await order.accepted()
        await until(lambda: order.status == OrdStatus.NEW)
        await order.amend(price=line.at("0.9", 5))
        await order.cancel()
        assert order.status == OrdStatus.CANCELED

        offer = theirs.limit(line.symbol, "sell", qty=line.qty, price=line.at("1.01"))
        await offer.accepted()
        await until(lambda: offer.status == OrdStatus.NEW)
        shy = ours.limit(line.symbol, "buy", qty=line.qty, price=line.at("1.01"), post_only=True)
        await until(lambda: shy.is_done)
        assert shy.cum_qty == 0
        taker = ours.limit(line.symbol, "buy", qty=line.qty, price=line.at("1.01"), tif="IOC")
        await until(lambda: taker.status == OrdStatus.FILLED and offer.status == OrdStatus.FILLED)
        late = ours.limit(line.symbol, "buy", qty=line.qty, price=line.at("1.01"), tif="IOC")
        await until(lambda: late.is_done)
        assert late.cum_qty == 0

        rest = [ours.limit(line.symbol, "buy", qty=line.qty, price=line.at("0.9", n)) for n in range(3)]
        await until(lambda: all(order.status == OrdStatus.NEW for order in rest))
        if line.symbol != "sBTCUSDT":  # which has no bulk cancel
            ours.cancel_many([order.handle for order in rest[:2]])
            await until(lambda: all(order.is_done for order in rest[:2]))
        await ours.cancel_all(line.symbol)
        await until(lambda: all(order.is_done for order in rest))
        assert ours.open_orders() == []
        back = theirs.limit(line.symbol, "buy", qty=line.qty, price=line.at("1.01"))
        await back.accepted()
        await until(lambda: back.status == OrdStatus.NEW)
        ours.limit(line.symbol, "sell", qty=line.qty, price=line.at("1.01"), tif="IOC")
        await until(lambda: back.status == OrdStatus.FILLED)
