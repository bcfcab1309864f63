"""Lists of executions read back from the newest, by a stand-in for the venue, as far as a budget goes."""

import json
from urllib.parse import parse_qs
from uuid import UUID

import pytest
from market_instruments import LINEAR

from tidings.errors import PeerError, RateLimited, VenueError
from tidings.model.enums import ProductLine
from tidings.model.instrument import Instrument
from tidings.venue.phemex.queries import Queries
from tidings.venue.phemex.trade_lists import read_back, trade_lists

NS_PER_MS = 1_000_000
FREE = ""


def instrument(symbol: str, line: ProductLine, settle: str) -> Instrument:
    return Instrument(
        symbol=symbol, line=line, index=0, base_currency="X", quote_currency=settle, settle_currency=settle,
        price_scale=4, tick_mantissa=1, qty_scale=0, lot_mantissa=1, value_scale=8,
    )  # fmt: skip


ETHUSDT = instrument("ETHUSDT", ProductLine.LINEAR, "USDT")
BTCUSDC = instrument("BTCUSDC", ProductLine.LINEAR, "USDC")
BTCUSD = instrument("BTCUSD", ProductLine.INVERSE, "BTC")
SPOT = instrument("sBTCUSDT", ProductLine.SPOT, "USDT")
(LIST,) = trade_lists([LINEAR])


class Venue:
    """Answers from `rows`, newest first, inside of the window that is asked for."""

    def __init__(self, times_ms: list[int]) -> None:
        self.rows = [row(number, ms) for number, ms in enumerate(times_ms)]
        self.asked: list[dict[str, str]] = []
        self.error: Exception | None = None

    async def ask(self, method: str, path: str, query: str, body: bytes, signed: bool) -> tuple[int, bytes]:
        assert (method, body, signed) == ("GET", b"", True)
        fields = {name: values[0] for name, values in parse_qs(query).items()}
        self.asked.append({"path": path, **fields})
        if self.error is not None:
            raise self.error
        start_ns, end_ns = int(fields["start"]) * NS_PER_MS, int(fields["end"]) * NS_PER_MS
        hit = [one for one in self.rows if start_ns <= one["transactTimeNs"] <= end_ns + NS_PER_MS - 1]
        offset, limit = int(fields["offset"]), int(fields["limit"])
        return 200, json.dumps({"code": 0, "data": {"rows": hit[offset : offset + limit]}}).encode()


def row(number: int, ms: int, **changes: object) -> dict[str, object]:
    return {
        "transactTimeNs": ms * NS_PER_MS, "symbol": "BTCUSDT", "side": "Buy", "tradeType": "Trade",
        "execID": str(UUID(int=number + 1)), "orderID": str(UUID(int=7)), "clOrdID": "a", "execPriceRp": "60000",
        "execQtyRq": "0.001", "execFeeRv": "0.01",
    } | changes  # fmt: skip


async def read(venue: Venue, begin_ms: int, end_ms: int, pages: int = 1000, **options: bool):
    left = iter([FREE] * pages)
    return await read_back(
        Queries(venue.ask), LIST, begin_ms * NS_PER_MS, end_ms * NS_PER_MS, lambda: next(left, "enough"), **options
    )  # fmt: skip


def times(part) -> list[int]:
    return [one.wall_ns // NS_PER_MS for one in part.trades]


def test_usd_m_has_one_list_per_currency_the_others_one_per_symbol():
    found = trade_lists([LINEAR, BTCUSD, ETHUSDT, SPOT, BTCUSDC])
    assert [(one.path, one.name, [*one.instruments]) for one in found] == [
        ("/api-data/g-futures/trades", "currency=USDT", ["BTCUSDT", "ETHUSDT"]),
        ("/exchange/order/trade", "symbol=BTCUSD", ["BTCUSD"]),
        ("/api-data/spots/trades", "symbol=sBTCUSDT", ["sBTCUSDT"]),
        ("/api-data/g-futures/trades", "symbol=BTCUSDC", ["BTCUSDC"]),
    ]
    assert [one.words for one in found] == ["USDT", "BTCUSD", "sBTCUSDT", "BTCUSDC"]


@pytest.mark.parametrize("count", [0, 1, 199, 200, 201, 450])
async def test_a_list_is_read_to_its_beginning(count: int) -> None:
    venue = Venue([10_000 - number for number in range(count)])
    part = await read(venue, 1_000, 20_000)
    assert times(part) == [10_000 - number for number in range(count)]
    assert (part.since_ns, part.stopped) == (1_000 * NS_PER_MS, "")
    assert [one["offset"] for one in venue.asked] == [str(200 * page) for page in range(count // 200 + 1)]
    assert {one["limit"] for one in venue.asked} == {"200"}


async def test_a_budget_that_ends_leaves_a_whole_newest_part() -> None:
    venue = Venue([10_000 - number for number in range(450)])
    part = await read(venue, 1_000, 20_000, pages=2)
    assert part.stopped == "enough"
    assert part.since_ns == 9_601 * NS_PER_MS + 1  # the 400th; of its very moment there might be more
    assert times(part) == list(range(10_000, 9_601, -1))


async def test_what_happened_at_the_moment_of_the_cut_is_left_to_the_next_question() -> None:
    venue = Venue([10_000] * 150 + [9_000] * 300)
    part = await read(venue, 1_000, 20_000, pages=1)
    assert times(part) == [10_000] * 150
    assert part.since_ns == 9_000 * NS_PER_MS + 1


async def test_without_a_page_nothing_is_known() -> None:
    venue = Venue([10_000])
    part = await read(venue, 1_000, 20_000, pages=0)
    assert (part.trades, part.stopped, venue.asked) == ([], "enough", [])
    assert part.since_ns > 20_000 * NS_PER_MS


async def test_the_venues_own_limit_ends_it_too() -> None:
    venue = Venue([])
    venue.error = RateLimited("GET", 17)
    part = await read(venue, 1_000, 20_000)
    assert part.stopped == "rate limit, retry after 17 s"


async def test_the_window_is_kept_to_the_nanosecond() -> None:
    venue = Venue([])
    venue.rows = [row(number, 0, transactTimeNs=ns) for number, ns in enumerate([5_000_001, 5_000_000, 4_999_999, 7])]
    part = await read_back(Queries(venue.ask), LIST, 4_999_999, 5_000_000, lambda: FREE)
    assert [one.wall_ns for one in part.trades] == [5_000_000, 4_999_999]
    assert (venue.asked[0]["start"], venue.asked[0]["end"]) == ("4", "5")


async def test_a_row_that_two_pages_show_is_one_execution() -> None:
    venue = Venue([10_000 - number for number in range(300)])
    seen = venue.ask

    async def shifting(*asked):
        answer = await seen(*asked)
        venue.rows.insert(0, row(1_000, 10_001))  # it happened behind the first page
        return answer

    venue.ask = shifting
    part = await read(venue, 1_000, 20_000)
    assert sorted(times(part)) == list(range(9_701, 10_001))


async def test_funding_is_told_only_when_it_is_asked_for() -> None:
    venue = Venue([])
    venue.rows = [row(0, 9_000), row(1, 8_000, tradeType="Funding"), row(2, 7_000, tradeType="LiqTrade")]
    assert times(await read(venue, 1_000, 20_000)) == [9_000, 7_000]
    assert times(await read(venue, 1_000, 20_000, is_funding=True)) == [8_000]
    assert venue.asked[-1]["tradeType"] == "Funding"


async def test_other_symbols_of_a_currency_are_passed_over() -> None:
    venue = Venue([])
    venue.rows = [row(0, 9_000, symbol="NEWUSDT"), row(1, 8_000)]
    assert times(await read(venue, 1_000, 20_000)) == [8_000]


async def test_a_list_that_is_not_newest_first_is_a_broken_answer() -> None:
    venue = Venue(list(range(5_000, 5_300)))
    with pytest.raises(PeerError, match="newest first"):
        await read(venue, 1_000, 20_000)


async def test_nothing_found_is_an_empty_list_and_other_refusals_are_told() -> None:
    venue = Venue([])
    venue.error = VenueError("x", 10002, "OM_ORDER_NOT_FOUND", "order not found", 200)
    assert (await read(venue, 1_000, 20_000)).stopped == ""
    venue.error = VenueError("x", 10500, "MISSING", "", 400)
    with pytest.raises(VenueError):
        await read(venue, 1_000, 20_000)
