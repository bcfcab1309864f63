"""`tidings backfill` without a venue: times and spans, progress on both kinds of screen, what a file is left with."""

import asyncio
import io
import json
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pytest
from full_disk import room_for
from market_instruments import INVERSE, LINEAR

from tidings.cli.backfill import Progress, _fill, kline_interval_s, moment_ns, progress_text, span_s, span_text
from tidings.cli.history_file import HistoryFile
from tidings.cli.screen import Screen
from tidings.errors import ConnectionLost, FileNotWritten, UsageError
from tidings.market.kline import Kline
from tidings.market.past import FundingRate, PublicTrade
from tidings.model.enums import Side
from tidings.session.history import Backfill
from tidings.venue.phemex.backfill import Page

S_NS = 1_000_000_000
BEGIN_NS = 1_785_542_400 * S_NS  # 2026-08-01T00:00:00Z
RATE = FundingRate(LINEAR, BEGIN_NS, Decimal("0.00010000"), 28_800)


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("text", "wanted_ns"),
    [
        ("2026-08-01", BEGIN_NS),
        ("2026-08-01T00:00:00.000001Z", BEGIN_NS + 1_000),
        ("2026-08-01T02:00:00+02:00", BEGIN_NS),
        ("90m", BEGIN_NS + 1_800 * S_NS),
        ("2h", BEGIN_NS),
    ],
)
def test_moments(text, wanted_ns):
    assert moment_ns(text, now_ns=BEGIN_NS + 7_200 * S_NS) == wanted_ns


@pytest.mark.parametrize("text", ["", "soon", "2026-13-01", "1.5h", "10000000-01-01", "5"])
def test_what_is_no_moment_is_refused(text):
    with pytest.raises(UsageError):
        moment_ns(text, BEGIN_NS)


@pytest.mark.parametrize(("text", "seconds"), [("1m", 60), ("4h", 14_400), ("1d", 86_400), ("7d", 604_800)])
def test_spans_both_ways(text, seconds):
    assert (span_s(text, "x"), span_text(seconds)) == (seconds, text)


def backfill_of(*pages, failure=None):
    async def told():
        for page in pages:
            yield page
        if failure is not None:
            raise failure

    questions = SimpleNamespace(question_count=3, waited_s=12.4, waits_s=0.0)
    return Backfill(told(), questions, BEGIN_NS, BEGIN_NS + 100 * S_NS)


def test_the_bar_tells_how_far_it_is():
    backfill = backfill_of()
    backfill.until_ns, backfill.row_count = BEGIN_NS + 50 * S_NS, 7
    wanted = "█" * 15 + "·" * 15 + "  50% 7 rows, 3 requests, waited 12 s for the budget"
    assert progress_text(backfill) == wanted


def test_the_bar_tells_that_it_waits():
    backfill = backfill_of()
    backfill.questions.waits_s = 41.0
    assert progress_text(backfill).endswith("  0% 0 rows, 3 requests, waits 41 s for the budget")


def test_progress_is_told_also_while_no_page_comes(tmp_path, monkeypatch):
    monkeypatch.setattr("tidings.cli.backfill.NOTE_INTERVAL_S", 0.01)
    told = io.StringIO()

    async def slow():
        while told.getvalue().count("waits 41 s") < 3:
            await asyncio.sleep(0)
        yield Page([RATE], BEGIN_NS + 100 * S_NS)

    questions = SimpleNamespace(question_count=0, waited_s=0.0, waits_s=41.0)
    backfill = Backfill(slow(), questions, BEGIN_NS, BEGIN_NS + 100 * S_NS)
    options = SimpleNamespace(out=tmp_path / "f.csv")
    with HistoryFile(options.out, "funding") as file:
        asyncio.run(_fill(backfill, file, Screen(as_json=False, out=told, progress=told), options))


def test_a_candle_that_ends_behind_the_stretch_is_no_more_than_all_of_it():
    backfill = backfill_of(Page(["a row"], BEGIN_NS + 102 * S_NS))
    told = []

    async def read():
        async for _ in backfill.pages():
            told.append((backfill.progress, backfill.until_ns))

    asyncio.run(read())
    assert told == [(1.0, backfill.end_ns)]


def test_a_terminal_has_one_line_and_a_pipe_a_line_now_and_then():
    backfill = backfill_of()
    for stream, count in ((Terminal(), 5), (io.StringIO(), 1)):
        progress = Progress(Screen(as_json=False, out=stream, progress=stream))
        for _ in range(5):
            progress.show(backfill)
        progress.end()
        shown = stream.getvalue()
        assert shown.count("3 requests") == count
        assert ("\n" in shown) is not stream.isatty()
        assert not stream.isatty() or shown.endswith("\r\x1b[K")


def fill(path: Path, what, backfill, screen=None):
    screen = screen or Screen(as_json=False, out=io.StringIO(), progress=io.StringIO())
    with HistoryFile(path, what) as file:
        asyncio.run(_fill(backfill, file, screen, SimpleNamespace(out=path)))
    return screen


def test_what_ends_it_leaves_whole_rows_and_says_where_to_go_on(tmp_path):
    path = tmp_path / "rates.csv"
    backfill = backfill_of(Page([RATE], BEGIN_NS + 40 * S_NS), failure=ConnectionLost("gone"))
    with pytest.raises(ConnectionLost):
        fill(path, "funding", backfill)
    assert path.read_text() == "venue_ns,symbol,rate,interval_s\n1785542400000000000,BTCUSDT,0.0001,28800\n"


def test_an_error_before_the_first_row_leaves_no_file(tmp_path):
    with pytest.raises(ConnectionLost):
        fill(tmp_path / "rates.csv", "funding", backfill_of(failure=ConnectionLost("gone")))
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_keeps_whole_pages_and_the_next_begins_behind_them(tmp_path):
    later = [RATE._replace(venue_time_ns=BEGIN_NS + at_s * S_NS) for at_s in (50, 60)]
    backfill = backfill_of(Page([RATE], BEGIN_NS + 40 * S_NS), Page(later, BEGIN_NS + 70 * S_NS))
    screen, path = Screen(as_json=False, out=io.StringIO()), tmp_path / "rates.csv"
    with room_for(120), pytest.raises(FileNotWritten, match=r"cannot write to .*rates\.csv: File too large"):
        fill(path, "funding", backfill, screen)
    assert path.read_text() == "venue_ns,symbol,rate,interval_s\n1785542400000000000,BTCUSDT,0.0001,28800\n"
    assert "go on with --from 2026-08-01T00:00:40Z" in screen.out.getvalue()


@pytest.mark.parametrize("size_bytes", [10, 50])
def test_a_disk_without_room_for_one_page_gets_no_file_and_no_advice(tmp_path, size_bytes):
    screen = Screen(as_json=False, out=io.StringIO())
    with room_for(size_bytes), pytest.raises(FileNotWritten):
        fill(tmp_path / "rates.csv", "funding", backfill_of(Page([RATE], BEGIN_NS + 40 * S_NS)), screen)
    assert list(tmp_path.iterdir()) == []
    assert "go on" not in screen.out.getvalue()


def test_nothing_found_is_a_file_with_a_head(tmp_path):
    fill(tmp_path / "rates.csv", "funding", backfill_of(Page([], BEGIN_NS)))
    assert (tmp_path / "rates.csv").read_text() == "venue_ns,symbol,rate,interval_s\n"


def test_numbers_are_exact_and_plain(tmp_path):
    numbers = [Decimal(text) for text in ("0E-8", "1E+3", "61000.50", "0.00000001", "61000", "12", "3.10")]
    kline = Kline(INVERSE, 60, BEGIN_NS // S_NS, *numbers)
    trade = PublicTrade(LINEAR, BEGIN_NS + 7, "1-2-1", Side.SELL, Decimal("61000.50"), Decimal("0.010"))
    fill(tmp_path / "k.csv", "klines", backfill_of(Page([kline], BEGIN_NS)))
    assert (tmp_path / "k.csv").read_text().splitlines()[1] == (
        "BTCUSD,1785542400000000000,60,0,1000,61000.5,0.00000001,61000,12,3.1"
    )
    fill(tmp_path / "t.jsonl", "trades", backfill_of(Page([trade], BEGIN_NS)))
    assert json.loads((tmp_path / "t.jsonl").read_text()) == {
        "venue_ns": BEGIN_NS + 7, "symbol": "BTCUSDT", "trade_id": "1-2-1", "side": "sell", "price": "61000.5",
        "qty": "0.01",
    }  # fmt: skip


def test_a_name_of_another_kind_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"ends in \.csv or \.jsonl"):
        HistoryFile(tmp_path / "rates.parquet", "funding")


def test_a_file_that_cannot_be_made_is_told_from_one_that_is_there(tmp_path):
    with pytest.raises(UsageError, match=r"there is no directory .*none$"):
        HistoryFile(tmp_path / "none" / "rates.csv", "funding")
    (tmp_path / "rates.csv").touch()
    with pytest.raises(UsageError, match="a new one is needed"):
        HistoryFile(tmp_path / "rates.csv", "funding")


def test_an_interval_is_of_klines():
    assert kline_interval_s(SimpleNamespace(what="trades", interval=None)) == 60
    assert kline_interval_s(SimpleNamespace(what="klines", interval="5m")) == 300
    with pytest.raises(UsageError, match="it is of klines, not of trades"):
        kline_interval_s(SimpleNamespace(what="trades", interval="5m"))
    with pytest.raises(UsageError, match="the venue has 1m, 5m"):
        kline_interval_s(SimpleNamespace(what="klines", interval="7m"))
