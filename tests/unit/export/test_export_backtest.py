"""Events are what hftbacktest means by them: by its own types and checks, and by its own book at the end."""

import random
from pathlib import Path
from typing import Any

import pytest

from tidings.export import event_order
from tidings.export.conversion import convert
from tidings.export.event_order import FIELDS, EventOrder
from tidings.recorder.entries import EntryKind

numpy = pytest.importorskip("numpy", reason="numpy is not installed")
WALL_NS = 1_700_000_000_000_000_000
# hftbacktest's types.py.
DEPTH, TRADE, CLEAR, SNAPSHOT = 1, 2, 3, 4
EXCHANGE, LOCAL, BUY, SELL = 1 << 31, 1 << 30, 1 << 29, 1 << 28
BOTH = EXCHANGE | LOCAL
NAN = pytest.approx(float("nan"), nan_ok=True)


def events(path: Path) -> list[tuple[Any, ...]]:
    """(ev, exch_ts, local_ts, px, qty) of each."""
    return [tuple(event)[:5] for event in numpy.load(path)["data"].tolist()]


def test_events_by_hand(written, book_push, tmp_path: Path) -> None:
    written.push(book_push("snapshot", [["60000.0", "1.5"]], [["60000.1", "0.001"]], 10))
    written.push({
        "sequence": 5, "symbol": "BTCUSDT", "type": "incremental",
        "trades_p": [[WALL_NS - 500_000, "Sell", "60000.0", "0.5"], [WALL_NS - 600_000, "Buy", "60000.1", "0.2"]],
    })  # fmt: skip
    written.push(book_push("incremental", [["60000.0", "1"]], [], 11))
    written.push(book_push("snapshot", [["60000.0", "1"], ["59999.9", "3"]], [], 12))
    written.event(EntryKind.FEED, event="down", cause="cut")
    written.push(book_push("snapshot", [["50000.0", "2"]], [], 13))
    convert(written.close(), "hftbacktest", tmp_path)
    at = [WALL_NS + 1_000 * number for number in range(10)]
    happened = WALL_NS - 1_000_000
    assert events(tmp_path / "BTCUSDT.npz") == [
        (CLEAR | BUY | BOTH, happened + 10, at[2], NAN, 0),
        (CLEAR | SELL | BOTH, happened + 10, at[2], NAN, 0),
        (SNAPSHOT | BUY | BOTH, happened + 10, at[2], 60000.0, 1.5),
        (SNAPSHOT | SELL | BOTH, happened + 10, at[2], 60000.1, 0.001),
        # The trades were received before what had happened in the book until then.
        (DEPTH | BUY | EXCHANGE, happened + 11, at[4], 60000.0, 1.0),
        (DEPTH | BUY | EXCHANGE, happened + 12, at[5], 59999.9, 3.0),
        (DEPTH | SELL | EXCHANGE, happened + 12, at[5], 60000.1, 0.0),
        (CLEAR | BUY | EXCHANGE, happened + 13, at[7], NAN, 0),
        (CLEAR | SELL | EXCHANGE, happened + 13, at[7], NAN, 0),
        (SNAPSHOT | BUY | EXCHANGE, happened + 13, at[7], 50000.0, 2.0),
        (TRADE | BUY | EXCHANGE, WALL_NS - 600_000, at[3], 60000.1, 0.2),
        (TRADE | SELL | EXCHANGE, WALL_NS - 500_000, at[3], 60000.0, 0.5),
        (TRADE | BUY | LOCAL, WALL_NS - 600_000, at[3], 60000.1, 0.2),
        (TRADE | SELL | LOCAL, WALL_NS - 500_000, at[3], 60000.0, 0.5),
        (DEPTH | BUY | LOCAL, happened + 11, at[4], 60000.0, 1.0),
        (DEPTH | BUY | LOCAL, happened + 12, at[5], 59999.9, 3.0),
        (DEPTH | SELL | LOCAL, happened + 12, at[5], 60000.1, 0.0),
        (CLEAR | BUY | LOCAL, happened + 13, at[7], NAN, 0),
        (CLEAR | SELL | LOCAL, happened + 13, at[7], NAN, 0),
        (SNAPSHOT | BUY | LOCAL, happened + 13, at[7], 50000.0, 2.0),
    ]


def test_what_falls_out_of_the_depth_is_gone_when_prices_come_back(written, book_push, tmp_path: Path) -> None:
    """The venue deletes nothing that it does not show, so 59999.9 may have ended meanwhile, or not."""
    for sequence, kind, bids in (
        (10, "snapshot", [["60000.0", "1"], ["59999.9", "2"]]),
        (11, "incremental", [["60000.1", "3"]]),
        (12, "incremental", [["60000.1", "0"], ["59999.8", "4"]]),
    ):
        written.push(book_push(kind, bids, [["60000.2", "1"]], sequence) | {"depth": 2})
    convert(written.close(), "hftbacktest", tmp_path)
    told = [(ev & 7, px, qty) for ev, _, _, px, qty in events(tmp_path / "BTCUSDT.npz") if ev & BUY and ev & LOCAL]
    assert told[1:] == [
        (SNAPSHOT, 60000.0, 1), (SNAPSHOT, 59999.9, 2),
        (DEPTH, 60000.1, 3), (DEPTH, 59999.9, 0),
        (DEPTH, 59999.8, 4), (DEPTH, 60000.1, 0),
    ]  # fmt: skip


def test_a_clock_behind_the_venue_s_is_put_right(written, book_push, tmp_path: Path) -> None:
    push = book_push("snapshot", [["60000.0", "1.5"]], [], 10) | {"timestamp": WALL_NS + 1_000_000}
    written.push(push)
    (made,) = convert(written.close(), "hftbacktest", tmp_path).files
    assert made.notes == {"split": 0, "local_ts_moved_ns": 998_000}  # it is the third entry, of one microsecond each
    assert {(happened, received) for _, happened, received, *_ in events(tmp_path / "BTCUSDT.npz")} == {
        (WALL_NS + 1_000_000, WALL_NS + 1_000_000)
    }


@pytest.mark.parametrize("seed", range(30))
def test_any_order_becomes_one_that_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    """Each event counts once at the venue and once here, both in order, whatever the pieces it is read in."""
    choose = random.Random(seed)
    monkeypatch.setattr(event_order, "PIECE_ROWS", choose.choice([1, 2, 7, 100]))
    rows, received = numpy.zeros(choose.randrange(1, 60), FIELDS), 1_000
    for number in range(len(rows)):
        received += choose.choice([0, 1, 50])
        happened = received - choose.choice([5, 5, 5, 40, 300])
        rows[number] = (TRADE | BUY, happened, received, number, 1, 0, 0, 0)
    (tmp_path / "rows").write_bytes(rows.tobytes())
    done = numpy.concatenate(list(EventOrder(tmp_path / "rows").pieces()))
    at_venue, here = (done[(done["ev"] & flag) != 0] for flag in (EXCHANGE, LOCAL))
    assert here["px"].tolist() == list(range(len(rows)))
    assert at_venue["px"].tolist() == [rows["px"][n] for n in numpy.argsort(rows["exch_ts"], kind="stable")]
    flags = done["ev"] & (EXCHANGE | LOCAL)
    assert (flags == BOTH).sum() * 2 + (flags != BOTH).sum() == 2 * len(rows)


def test_hftbacktest_plays_it_to_the_exchange_s_own_book(flow, tmp_path: Path) -> None:
    package = pytest.importorskip("hftbacktest", reason="hftbacktest is not installed")
    validation = pytest.importorskip("hftbacktest.data.validation")
    convert(flow.directory, "hftbacktest", tmp_path, ["BTCUSDT"])
    path = tmp_path / "BTCUSDT.npz"
    data = numpy.load(path)["data"]
    assert data.dtype == package.types.event_dtype
    validation.validate_event_order(data)
    asset = package.BacktestAsset().data([str(path)]).linear_asset(1.0).constant_order_latency(0, 0)
    asset = asset.risk_adverse_queue_model().no_partial_fill_exchange().trading_value_fee_model(0, 0)
    test = package.HashMapMarketDepthBacktest([asset.tick_size(0.1).lot_size(0.001).last_trades_capacity(0)])
    test.elapse(200_000_000_000)
    depth, market = test.depth(0), flow.recorded.venue.markets["BTCUSDT"]
    (bid, bid_qty), (ask, ask_qty) = (side[0] for side in market.levels(30))
    price_one, qty_one = 10**market.instrument.price_scale, 10**market.instrument.qty_scale
    assert (depth.best_bid, depth.best_ask) == pytest.approx((bid / price_one, ask / price_one))
    found = (depth.bid_qty_at_tick(depth.best_bid_tick), depth.ask_qty_at_tick(depth.best_ask_tick))
    assert found == pytest.approx((bid_qty / qty_one, ask_qty / qty_one))
    test.close()
