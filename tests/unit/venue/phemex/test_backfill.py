"""History by pages: a venue of the test's own answers in the shapes of its documents."""

import asyncio
from decimal import Decimal

import pytest
from market_instruments import INVERSE, LINEAR, SPOT

from tidings.errors import PeerError, UsageError
from tidings.model.enums import Side
from tidings.venue.phemex.backfill import funding_pages, kline_pages, trade_pages

S_NS, MS_NS, DAY_S = 1_000_000_000, 1_000_000, 86_400
AUGUST_S = 1_785_542_400  # 2026-08-01T00:00:00Z


class Venue:
    """Answers from functions by path, and remembers what it was asked."""

    def __init__(self, **answers) -> None:
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.answers = answers

    async def fetch(self, path: str, query: str):
        words = dict(pair.split("=") for pair in query.split("&"))
        self.asked.append((path, words))
        return self.answers[path.rsplit("/", 1)[1]](words)

    def read(self, pages):
        async def read():
            return [page async for page in pages]

        return asyncio.run(read())


def minutes(first_s: int, last_s: int, *, newest_first: bool = False, to_is_in: bool = False, holes=()):
    """A list of klines of one-minute candles, and of the days they make, that begin from `first_s` to `last_s`."""

    def answer(words):
        resolution_s, from_s, to_s = (int(words[name]) for name in ("resolution", "from", "to"))
        starts = range(-(-from_s // resolution_s) * resolution_s, to_s + to_is_in, resolution_s)
        begin_s = first_s // resolution_s * resolution_s
        kept = [
            s
            for s in starts
            if begin_s <= s and s + resolution_s <= last_s + 60 and not any(a <= s < b for a, b in holes)
        ]
        rows = [[s, resolution_s, "9.5", "10.0", "11.25", "9", str(s % 997), "3.001", "30.5"] for s in kept]
        return {"total": -1, "rows": rows[::-1] if newest_first else rows}

    return answer


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize("to_is_in", [False, True])
def test_klines_come_once_each_and_oldest_first_whatever_the_order_of_the_venue(newest_first, to_is_in):
    venue = Venue(list=minutes(AUGUST_S, AUGUST_S + DAY_S, newest_first=newest_first, to_is_in=to_is_in))
    pages = venue.read(kline_pages(venue.fetch, LINEAR, 60, AUGUST_S * S_NS, (AUGUST_S + 2000 * 60) * S_NS))
    starts = [kline.start_s for page in pages for kline in page.rows]
    assert starts == list(range(AUGUST_S, AUGUST_S + DAY_S + 60, 60))
    assert [page.until_ns for page in pages] == [(AUGUST_S + rows * 60) * S_NS for rows in (900, 1800, 2000)]


def test_a_page_without_a_candle_is_not_the_end():
    hole = (AUGUST_S + 100 * 60, AUGUST_S + 2500 * 60)
    venue = Venue(list=minutes(AUGUST_S, AUGUST_S + 2 * DAY_S, holes=[hole]))
    pages = venue.read(kline_pages(venue.fetch, LINEAR, 60, AUGUST_S * S_NS, (AUGUST_S + 2600 * 60) * S_NS))
    assert [len(page.rows) for page in pages] == [100, 0, 100]


def test_years_before_the_first_candle_cost_no_pages():
    first_s = AUGUST_S - 2 * DAY_S
    venue = Venue(list=minutes(first_s, AUGUST_S))
    pages = venue.read(kline_pages(venue.fetch, LINEAR, 60, (AUGUST_S - 3000 * DAY_S) * S_NS, AUGUST_S * S_NS))
    assert sum(len(page.rows) for page in pages) == 2 * 1440
    assert "no klines of BTCUSDT before 2026-07-30T00:00:00Z" in pages[0].note
    assert len(venue.asked) == 4 + 4  # days to find where it begins, then minutes


def test_a_market_younger_than_its_first_day_is_found():
    venue = Venue(list=minutes(AUGUST_S + 3600, AUGUST_S + 7200))
    end_ns = (AUGUST_S + 7300) * S_NS
    pages = venue.read(kline_pages(venue.fetch, LINEAR, 60, (AUGUST_S - 700 * DAY_S) * S_NS, end_ns))
    assert sum(len(page.rows) for page in pages) == 61


def test_a_kline_of_usd_m_is_decimal_text_and_of_the_others_scaled_integers():
    row = ["9.5", "10.0", "11.25", "9", "10.75", "3.001", "30.5"]
    venue = Venue(list=lambda words: {"rows": [[AUGUST_S, 60, *row]]})
    [page] = venue.read(kline_pages(venue.fetch, LINEAR, 60, AUGUST_S * S_NS, (AUGUST_S + 60) * S_NS))
    assert page.rows[0][1:] == (60, AUGUST_S, *map(Decimal, row))
    # A row of COIN-M in price scale 4, of spot in price scale 8 (phemex docs 2026, "Query kline").
    cases = [
        (INVERSE, [93_070_000, 93_065_000, 93_070_500, 93_060_000, 93_067_000, 4_017, 43_166],
         ["9307", "9306.5", "9307.05", "9306", "9306.7", "4017", "43166"]),
        (SPOT, [23376000000, 23322000000, 23381000000, 23315000000, 23367000000, 208671000, 48759063370],
         ["233.76", "233.22", "233.81", "233.15", "233.67", "2.08671", "48759063370"]),
    ]  # fmt: skip
    for instrument, integers, texts in cases:
        venue = Venue(kline=lambda words, integers=integers: {"rows": [[AUGUST_S, 60, *integers]]})
        [page] = venue.read(kline_pages(venue.fetch, instrument, 60, AUGUST_S * S_NS, (AUGUST_S + 60) * S_NS))
        assert page.rows[0][3:9] == tuple(map(Decimal, texts[:6]))
        assert page.rows[0].turnover == Decimal(texts[6]).scaleb(-instrument.value_scale)
        assert venue.asked[0][0] == "/exchange/public/md/kline"


@pytest.mark.parametrize(
    "answer",
    [
        {"rows": [[AUGUST_S, 60, "1", "1", "1", "1", "1", "1"]]},
        {"rows": [[AUGUST_S, 300, "1", "1", "1", "1", "1", "1", "1"]]},
        {"rows": [[AUGUST_S, 60, "1", "1", "1", "1", "NaN", "1", "1"]]},
        {"rows": [[AUGUST_S, 60, "1", "1", "x", "1", "1", "1", "1"]]},
        {"rows": [None]},
        {},
        None,
    ],
)
def test_an_answer_of_another_shape_is_an_error(answer):
    venue = Venue(list=lambda words: answer)
    with pytest.raises(PeerError):
        venue.read(kline_pages(venue.fetch, LINEAR, 60, AUGUST_S * S_NS, (AUGUST_S + 60) * S_NS))


def test_an_interval_the_venue_does_not_have_is_refused_before_it_is_asked():
    venue = Venue()
    with pytest.raises(UsageError, match="klines of 61 s"):
        venue.read(kline_pages(venue.fetch, LINEAR, 61, 0, S_NS))
    assert venue.asked == []


# ---- Trades ------------------------------------------------------------------------------------------------------


class Tape:
    """Numbered trades, three to each second sequence; a page has 50."""

    def __init__(self, count: int, *, first: int = 0) -> None:
        self.rows = []
        for number in range(first, count):
            ms = 1_785_542_400_000 + number * 500
            self.rows.append(
                {
                    "id": f"{1000 + number // 3 * 2}-{number % 3 + 1}-1",
                    "timestamp": f"2026-08-01T{ms // 3_600_000 % 24:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}."
                    f"{ms % 1000:03}Z",
                    "price": "61250.50000000", "amount_quote": str(number + 1), "side": "sell", "type": "limit",
                }
            )  # fmt: skip

    def trades(self, words):
        since = tuple(map(int, words["since"].split("-")))
        return [row for row in self.rows if tuple(map(int, row["id"].split("-"))) > since][:50]

    def trade(self, words):
        return {"sequence": 1000 + len(self.rows), "symbol": "BTCUSD", "trades": [], "type": "snapshot"}


def tape_venue(tape: Tape) -> Venue:
    return Venue(trades=tape.trades, trade=tape.trade)


@pytest.mark.parametrize("first", [0, 1, 49, 50, 51, 777, 4321, 9998])
def test_trades_from_any_moment_are_found_by_halves(first):
    venue = tape_venue(Tape(10_000))
    begin_ns = AUGUST_S * S_NS + first * 500 * MS_NS
    end_ns = begin_ns + 60 * 500 * MS_NS
    pages = venue.read(trade_pages(venue.fetch, INVERSE, begin_ns, end_ns))
    trades = [trade for page in pages for trade in page.rows]
    assert [trade.qty for trade in trades] == [Decimal(n + 1) for n in range(first, min(first + 60, 10_000))]
    assert [page.note for page in pages if page.note] == []
    assert len(venue.asked) < 20


def test_a_trade_is_exact():
    venue = tape_venue(Tape(2))
    [page, _] = venue.read(trade_pages(venue.fetch, INVERSE, AUGUST_S * S_NS, (AUGUST_S + 60) * S_NS))
    assert page.rows[1] == (
        INVERSE, AUGUST_S * S_NS + 500 * MS_NS, "1000-2-1", Side.SELL, Decimal("61250.5"), Decimal(2),
    )  # fmt: skip


def test_what_is_no_longer_kept_is_told():
    venue = tape_venue(Tape(200, first=120))
    pages = venue.read(trade_pages(venue.fetch, INVERSE, AUGUST_S * S_NS, (AUGUST_S + 600) * S_NS))
    assert sum(len(page.rows) for page in pages) == 80
    assert pages[0].note == "the venue's trades of BTCUSD begin at 2026-08-01T00:01:00Z"


def test_a_list_that_does_not_move_on_ends():
    rows = Tape(3).rows
    venue = Venue(trades=lambda words: rows, trade=lambda words: {"sequence": 1})
    pages = venue.read(trade_pages(venue.fetch, INVERSE, AUGUST_S * S_NS, (AUGUST_S + 600) * S_NS))
    assert [len(page.rows) for page in pages] == [3, 0]


@pytest.mark.parametrize(
    "change", [{"id": "1-2"}, {"id": "a-b-c"}, {"side": "up"}, {"timestamp": "soon"}, {"price": "1e"}]
)
def test_a_trade_of_another_shape_is_an_error(change):
    row = {**Tape(1).rows[0], **change}
    venue = Venue(trades=lambda words: [row])
    with pytest.raises(PeerError):
        venue.read(trade_pages(venue.fetch, INVERSE, 0, S_NS))


def test_of_usd_m_there_are_only_the_last_trades_and_the_rest_is_told():
    # Newest first, four columns (phemex docs 2026, "Query trades").
    rows = [
        [(AUGUST_S + second) * S_NS + 7, "Buy", "61250.5", qty] for second, qty in ((30, "9"), (20, "8"), (10, "0.015"))
    ]
    venue = Venue(trade=lambda words: {"trades_p": rows, "symbol": "BTCUSDT", "sequence": 9, "type": "snapshot"})
    [page] = venue.read(trade_pages(venue.fetch, LINEAR, (AUGUST_S - 100) * S_NS, (AUGUST_S + 25) * S_NS))
    assert [trade.venue_time_ns for trade in page.rows] == [(AUGUST_S + s) * S_NS + 7 for s in (10, 20)]
    assert page.rows[0][2:] == ("", Side.BUY, Decimal("61250.5"), Decimal("0.015"))
    assert "of BTCUSDT 3, they begin at 2026-08-01T00:00:10Z" in page.note
    assert venue.asked == [("/md/v2/trade", {"symbol": "BTCUSDT"})]


def test_trades_of_one_moment_keep_their_order():
    rows = [[AUGUST_S * S_NS, "Buy", "61250.5", qty] for qty in ("3", "2", "1")]
    venue = Venue(trade=lambda words: {"trades_p": rows})
    [page] = venue.read(trade_pages(venue.fetch, LINEAR, AUGUST_S * S_NS, (AUGUST_S + 1) * S_NS))
    assert [trade.qty for trade in page.rows] == [1, 2, 3]


# ---- Funding -----------------------------------------------------------------------------------------------------


def funding_list(interval_s: int, *, from_end: bool):
    """Rates at every multiple of `interval_s`; a long stretch is cut at one of its ends."""

    def answer(words):
        start_ms, end_ms, limit = (int(words[name]) for name in ("start", "end", "limit"))
        step_ms = interval_s * 1000
        times = list(range(-(-start_ms // step_ms) * step_ms, end_ms + 1, step_ms))
        chosen = times[-limit:] if from_end else times[:limit]
        return {
            "rows": [
                {
                    "symbol": words["symbol"],
                    "fundingRate": "0.00007058",
                    "fundingTime": t,
                    "intervalSeconds": interval_s,
                }
                for t in chosen
            ]
        }

    return answer


@pytest.mark.parametrize(("paid_each_s", "from_end"), [(28_800, False), (28_800, True), (14_400, False), (3_600, True)])
def test_every_rate_of_a_year_comes_once(paid_each_s, from_end):
    venue = Venue(**{"funding-rate-history": funding_list(paid_each_s, from_end=from_end)})
    begin_s = AUGUST_S - 365 * DAY_S
    pages = venue.read(funding_pages(venue.fetch, LINEAR, ".BTCUSDTFR8H", begin_s * S_NS, AUGUST_S * S_NS))
    times = [rate.venue_time_ns for page in pages for rate in page.rows]
    assert times == [s * S_NS for s in range(begin_s, AUGUST_S, paid_each_s)]
    assert pages[0].rows[0] == (LINEAR, begin_s * S_NS, Decimal("0.00007058"), paid_each_s)
    assert {words["symbol"] for _, words in venue.asked} == {".BTCUSDTFR8H"}
