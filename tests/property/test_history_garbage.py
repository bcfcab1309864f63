"""Whatever the venue answers about the past, it is exact rows or a PeerError, quickly, and never anything else."""

import asyncio
import copy
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from market_instruments import INVERSE, LINEAR

from tidings.errors import PeerError
from tidings.venue.phemex.backfill import funding_pages, kline_pages, trade_pages

S_NS = 1_000_000_000
BEGIN_S = 1_785_542_400
BEGIN_NS, END_NS = BEGIN_S * S_NS, (BEGIN_S + 600) * S_NS
KLINES = {"total": -1, "rows": [[BEGIN_S, 60, "9.5", "10.0", "11.25", "9", "10.75", "3.001", "30.5"]]}
PRINTS = {"trades_p": [[BEGIN_NS + 7, "Buy", "61250.5", "0.015"]], "sequence": 9, "symbol": "BTCUSDT"}
TRADES = [{"id": "1183-3-2", "timestamp": "2026-08-01T00:00:01.046Z", "price": "7211.00000000", "amount_quote": "1",
           "side": "sell", "type": "limit"}]  # fmt: skip
RATES = {"rows": [{"symbol": ".BTCFR8H", "fundingRate": "0.00007058", "fundingTime": BEGIN_S * 1000,
                   "intervalSeconds": 28_800}]}  # fmt: skip
NASTY = [
    None, True, False, 0, -1, 1.5, 10**30, -(10**30), "", "x", "1e5", "1E+999999999", "1E-999999999", "NaN", "Infinity",
    "0" * 5_000, "9" * 5_000, Decimal("1.5"), Decimal("1E+99999"), [], {}, [[]], "123456789", "1-1", "-1-1-1", "٣-1-1",
    "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+23:59", "2026-08-01", [1] * 9, {"rows": []},
]  # fmt: skip


def places_of(answer, path=()):
    """The path of every value in a JSON document."""
    yield path
    if isinstance(answer, dict):
        for key, value in answer.items():
            yield from places_of(value, (*path, key))
    elif isinstance(answer, list):
        for number, value in enumerate(answer):
            yield from places_of(value, (*path, number))


def changed(answer, path, value):
    if not path:
        return value
    answer = copy.deepcopy(answer)
    inner = answer
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return answer


def read(what, answer):
    """Rows, after one answer (trades are asked for from their beginning twice) and then nothing more."""
    answers = [answer] * (2 if what == "trades" else 1)

    async def fetch(path, query):
        if answers:
            return answers.pop()
        return {"sequence": 1} if path == "/md/trade" else [] if "nomics" in path else {"rows": []}

    pages = {
        "klines": lambda: kline_pages(fetch, LINEAR, 60, BEGIN_NS, END_NS),
        "prints": lambda: trade_pages(fetch, LINEAR, BEGIN_NS, END_NS),
        "trades": lambda: trade_pages(fetch, INVERSE, BEGIN_NS, END_NS),
        "rates": lambda: funding_pages(fetch, LINEAR, ".BTCFR8H", BEGIN_NS, END_NS),
    }[what]()

    async def all_rows():
        return [row async for page in pages for row in page.rows]

    try:
        return asyncio.run(all_rows())
    except PeerError:
        return None


SOUND = {"klines": KLINES, "prints": PRINTS, "trades": TRADES, "rates": RATES}
CASES = [(what, path) for what, answer in SOUND.items() for path in places_of(answer)]


@pytest.mark.parametrize(("what", "path"), CASES, ids=str)
def test_any_value_in_any_place_is_a_row_or_an_error(what, path):
    assert len(read(what, SOUND[what])) == 1
    for value in NASTY:
        for row in read(what, changed(SOUND[what], path, value)) or ():
            numbers = [number for number in row if isinstance(number, Decimal)]
            assert all(number.is_finite() and len(f"{number:f}") < 100 for number in numbers), (value, row)
            assert all(type(number) is not float for number in row)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.decimals(),
    lambda inner: st.lists(inner, max_size=9) | st.dictionaries(st.sampled_from([*RATES["rows"][0], *TRADES[0], "rows",
    "trades_p"]), inner, max_size=6),
    max_leaves=40,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(list(SOUND)), JSON)
def test_any_json_is_rows_or_an_error(what, answer):
    read(what, answer)
