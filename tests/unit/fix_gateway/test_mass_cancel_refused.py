"""A mass cancel that the venue refuses: its code goes to who knows the tag."""

import asyncio
from types import SimpleNamespace

import pytest
from fix_client import body_problems

from tidings.errors import ConnectionLost, VenueError
from tidings.fix_gateway.order_chains import OrderChains
from tidings.fix_gateway.order_queries import OrderQueries
from tidings.fix_gateway.tag_message import TagMessage
from tidings.fix_gateway.translate_in import Rules
from tidings.fix_gateway.translate_out import Profile

REFUSED = VenueError("DELETE /g-orders/all: refused", 11023, "TE_LIQUIDATION_ONGOING", "", 200)


@pytest.mark.parametrize(
    ("error", "is_extended", "code"),
    [(REFUSED, True, "11023"), (REFUSED, False, None), (ConnectionLost("gone"), True, None)],
)  # fmt: skip
async def test_the_venues_code_is_told(error, is_extended, code):
    async def cancel_all(symbol):
        raise error

    engine = SimpleNamespace(state=SimpleNamespace(lanes_up=1))
    clock = SimpleNamespace(read_wall_ns=lambda: 1_785_587_696_789_000_000)
    phemex = SimpleNamespace(engine=engine, cancel_all=cancel_all)
    told = []
    client = SimpleNamespace(
        name="C1", rules=Rules(), profile=Profile(is_extended=is_extended),
        tell=lambda msg_type, fields: told.append((msg_type.decode(), dict(fields))),
    )  # fmt: skip
    desk = SimpleNamespace(chains=OrderChains(), clock=clock, phemex=phemex)
    OrderQueries(desk).mass_cancel(client, TagMessage([(35, b"q"), (11, b"m1"), (530, b"1"), (55, b"BTCUSDT")]))
    while not told:
        await asyncio.sleep(0)
    ((msg_type, fields),) = told
    found = {tag: value.decode() for tag, value in fields.items()}
    assert not body_problems(msg_type, [*found.items()], is_extended=is_extended)
    assert (msg_type, found[531], found[532], found.get(25016)) == ("r", "0", "99", code)
