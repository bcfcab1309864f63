"""Recordings as files: which are refused and how, how they are timed, and how they end."""

import json
from pathlib import Path

import pytest
from recordings import FIRST_NS, MS_NS, START_NS, USD, Player, Script

from tidings.exchange.markets.recording_file import RecordingError
from tidings.exchange.orders.order_requests import NewOrder
from tidings.exchange.saved.venue_saving import restore_venue, venue_document
from tidings.exchange.venue import Venue
from tidings.exchange.venue_config import VenueConfig


def quiet_start() -> Script:
    return Script().book(0, {100: 10, 99: 20}, {102: 10, 103: 20}, kind="snapshot")


def line_of(**changes: object) -> str:
    """A sound line but for what is changed; "a.b" is a key within."""
    (line,) = Script().book(0, {100: 10}, {102: 10}, kind="snapshot").lines
    for path, value in changes.items():
        target, *rest = line, *path.split("__")
        for key in rest[:-1]:
            target = target[key]
        if value is None:
            del target[rest[-1]]
        else:
            target[rest[-1]] = value
    return json.dumps(line)


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("not json", "the line: no JSON"), ("[1]", "the line: no JSON object"), ("[" * 100_000, "the line: no JSON"),
        (line_of(received_ns=None), "received_ns: missing"), (line_of(received_ns="5"), "received_ns: a whole number"),
        (line_of(received_ns=True), "received_ns: a whole number"),
        (line_of(received_ns=FIRST_NS - 1), "received_ns: goes backwards"),
        (line_of(message=[]), "message: no JSON object"),
        (line_of(message={}), "message: must hold one of orderbook_p"),
        (line_of(message__trades=[]), "message: must hold one of"),
        (line_of(message__symbol="NOPE"), "message.symbol: no listed product 'NOPE'"),
        (line_of(message__symbol="BTCUSDT"), "message.book: not the kind of message that BTCUSDT has"),
        (line_of(message__type="delta"), "message.type: snapshot or incremental"),
        (line_of(message__depth="30"), "message.depth: a whole number"),
        (line_of(message__timestamp=None), "message.timestamp: missing"),
        (line_of(message__sequence=1, message__type="incremental"), "message.sequence: goes backwards"),
        (line_of(message__book=[]), "message.book: no JSON object"),
        (line_of(message__book__bids=None), "message.book.bids: no list of rows"),
        (line_of(message__book__asks=[[5, 5], [5]]), "message.book.asks[1]: a level is price and quantity"),
        (line_of(message__book__asks=[["5", 5]]), "message.book.asks[0][0]: no number of BTCUSD"),
        (line_of(message__book__asks=[[5, 1.5]]), "message.book.asks[0][1]: no number of BTCUSD"),
        (line_of(message__book__asks=[[0, 1]]), "message.book.asks[0]: a price is above zero"),
        (line_of(message__book__asks=[[1, -1]]), "message.book.asks[0]: a price is above zero"),
    ],
)  # fmt: skip
def test_wrong_line_is_refused_with_file_line_and_key(tmp_path: Path, line: str, complaint: str) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(f"{line_of()}\n{line}\n")
    with pytest.raises(RecordingError) as refused:
        Venue(VenueConfig(recording=path), START_NS)
    assert str(refused.value).startswith(f"{path}:2: ")
    assert complaint in str(refused.value)


@pytest.mark.parametrize(
    ("message", "complaint"),
    [
        ({"trades": [[1, "Buy", 5]]}, "message.trades[0]: a trade is time, side, price and quantity"),
        ({"trades": [[1, "Both", 5, 5]]}, "message.trades[0]: a trade is"),
        ({"trades": [["1", "Buy", 5, 5]]}, "message.trades[0]: a trade is"),
        ({"trades": [[1, "Buy", 5, 0]]}, "message.trades[0][3]: a trade has a quantity"),
        ({"trades_p": [[1, "Buy", "5", "1e3"]], "symbol": "BTCUSDT"}, "message.trades_p[0][1]: not a plain decimal"),
        ({"tick": {"symbol": ".NOPE", "last": 5}}, "message.tick.symbol: no index or mark"),
        ({"tick": {"symbol": ".MBTC", "last": 0}}, "message.tick.last: a price is above zero"),
        ({"tick": 5}, "message.tick: no JSON object"),
    ],
)
def test_wrong_trades_and_prices_are_refused_too(tmp_path: Path, message: dict, complaint: str) -> None:
    path = tmp_path / "bad.jsonl"
    message = {"symbol": "BTCUSD", "type": "incremental", "sequence": 5} | message
    path.write_text(f"{line_of()}\n{json.dumps({'received_ns': FIRST_NS, 'message': message})}\n")
    with pytest.raises(RecordingError) as refused:
        Venue(VenueConfig(recording=path), START_NS)
    assert f"{path}:2: {complaint}" in str(refused.value)


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("empty.jsonl", b"", "the recording is empty"), ("cut.gz", b"\x1f\x8b\x08\x00\x00", ":1: "),
        ("plain.gz", b'{"received_ns": 1}\n', ":1: Not a gzipped file"),
    ],
)  # fmt: skip
def test_files_that_are_no_recordings_are_refused(tmp_path: Path, name: str, content: bytes, complaint: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(RecordingError, match=rf"{name}.*{complaint}"):
        Venue(VenueConfig(recording=path), START_NS)
    with pytest.raises(RecordingError, match=r"/missing\.jsonl: No such file or directory$"):
        Venue(VenueConfig(recording=tmp_path / "missing.jsonl"), START_NS)


def test_change_before_the_first_snapshot_is_refused(tmp_path: Path) -> None:
    path = Script().book(0, {100: 1}, {}).write(tmp_path / "early.jsonl")
    with pytest.raises(RecordingError, match=r"early\.jsonl:1: message\.type: an incremental before"):
        Venue(VenueConfig(recording=path), START_NS)


@pytest.mark.parametrize("name", ["recording.jsonl", "recording.jsonl.gz"])
def test_lines_are_played_as_they_were_received_or_faster(tmp_path: Path, name: str) -> None:
    script = quiet_start().book(1_000, {100: 0}, {}).book(9_000, {99: 1}, {})
    for speed, second, third in ((1, 1_000, 9_000), (4, 250, 2_250)):
        player = Player(script, tmp_path, name=name, recording_speed=speed)
        player.to(second - 1)
        assert player.book()[0] == {100: 10, 99: 20}
        player.to(second)
        assert player.book()[0] == {99: 20}
        player.to(third - 1)
        assert player.venue.playback.view()["state"] == "playing"
        player.to(third)
        assert player.book()[0] == {99: 1}
        assert player.venue.playback.view() == {
            "file": str(player.path), "state": "ended", "detail": "", "messages": 3, "played_ms": 9_000, "gaps": 1,
            "skipped": 0, "symbols": ["BTCUSD"],
        }  # fmt: skip


def test_at_the_end_the_market_stands_still_and_users_trade_on(tmp_path: Path, caplog) -> None:
    player = Player(quiet_start(), tmp_path)
    with caplog.at_level("INFO"):
        player.to(1)
    assert "ended after 1 messages; its markets stand still" in caplog.text
    player.to(3_600_000)
    assert player.book() == ({100: 10, 99: 20}, {102: 10, 103: 20})
    player.place(3_600_000, "Buy", 4, 102)
    assert player.book()[1] == {102: 6, 103: 20}
    funding_ns = player.venue.funding.rates["BTCUSD"].next_time_ns(player.venue.markets["BTCUSD"].updated_ns)
    assert player.venue.next_due_ns() == funding_ns, "there is a position to pay for, and nothing else to do"


def test_wrong_line_far_down_stops_the_market_there_and_says_so(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("tidings.exchange.markets.playback.CHECKED_LINES", 1)
    path = quiet_start().book(20, {100: 9}, {}).write(tmp_path / "half.jsonl")
    path.write_text(path.read_text() + "{}\n")
    venue = Venue(VenueConfig(recording=path), START_NS)
    venue.advance(START_NS + 60_000 * MS_NS)
    view = venue.playback.view()
    assert (view["state"], view["messages"]) == ("failed", 2)
    assert view["detail"].startswith(f"{path}:3: received_ns: missing")
    assert venue.markets["BTCUSD"].levels(1)[0] == [(100 * USD, 9)]


OTHER_MESSAGES = [
    {"error": None, "id": 1, "result": {"status": "success"}},
    {"error": None, "id": 2, "result": "pong"},
    {"error": {"code": 6001, "message": "invalid argument"}, "id": 3, "result": None},
    {"kline": [], "sequence": 1, "symbol": "BTCUSD", "type": "snapshot"},
    {"kline_p": [], "sequence": 1, "symbol": "BTCUSDT", "type": "incremental"},
    {"market24h": {"symbol": "BTCUSD"}, "timestamp": 1},
    {"spot_market24h": {"symbol": "sBTCUSDT"}, "timestamp": 1},
    {"data": [], "fields": [], "method": "perp_market24h_pack_p.update", "timestamp": 1, "type": "snapshot"},
    {"accounts_p": [], "orders_p": [], "positions_p": [], "sequence": 1, "timestamp": 1, "type": "snapshot"},
]


def test_what_else_a_stream_brings_is_skipped_counted_and_told_once(tmp_path: Path, caplog) -> None:
    script = Script()
    for message in OTHER_MESSAGES[:2]:
        script.lines.append({"received_ns": FIRST_NS, "message": message})
    script.book(0, {100: 10, 99: 20}, {102: 10, 103: 20}, kind="snapshot")
    for message in OTHER_MESSAGES[2:]:
        script.lines.append({"received_ns": FIRST_NS, "message": message})
    script.book(20, {100: 4}, {})
    with caplog.at_level("INFO"):
        player = Player(script, tmp_path)
    assert caplog.messages == [f"{player.path}: 9 of its lines are skipped: no books, trades or prices"]
    player.to(1_000)
    assert player.book() == ({100: 4, 99: 20}, {102: 10, 103: 20})
    view = player.venue.playback.view()
    assert (view["state"], view["messages"], view["skipped"]) == ("ended", 2, 9)


def test_a_file_of_nothing_that_can_be_played_is_an_empty_recording(tmp_path: Path) -> None:
    script = Script()
    script.lines.append({"received_ns": FIRST_NS, "message": OTHER_MESSAGES[0]})
    with pytest.raises(RecordingError, match="the recording is empty: no book"):
        Player(script, tmp_path)


def test_several_symbols_in_one_file_each_have_their_book(tmp_path: Path) -> None:
    script = quiet_start().book(5, {60_000: 2}, {60_001: 3}, kind="snapshot", symbol="BTCUSDT")
    player = Player(script, tmp_path)
    player.to(5)
    assert player.book()[0] == {100: 10, 99: 20}
    assert player.venue.markets["BTCUSDT"].levels(1)[0] == [(60_000 * 10**9, 2_000_000)]
    assert player.venue.markets["ETHUSDT"].levels() == ([], [])
    assert player.venue.playback.view()["symbols"] == ["BTCUSD", "BTCUSDT"]


def test_later_snapshots_of_trades_are_no_news(tmp_path: Path) -> None:
    script = quiet_start().trade(1, "Sell", 100, 99, kind="snapshot").trade(20, "Sell", 100, 1)
    script.trade(40, "Sell", 100, 50, kind="snapshot")
    player = Player(script, tmp_path)
    player.to(1)
    assert (player.market.trade_count, player.book()[0][100]) == (1, 10)
    player.place(2, "Buy", 5, 100)
    assert player.fills(40) == []
    assert [trade.qty for trade in player.market.trades] == [99, 1]


def test_saved_state_plays_the_recording_from_its_beginning(tmp_path: Path) -> None:
    player = Player(quiet_start().book(20, {100: 3}, {}), tmp_path)
    player.place(1, "Buy", 5, 100, cl_ord_id="mine")
    player.to(20)
    assert player.book()[0] == {100: 3 + 5, 99: 20}
    document = json.loads(json.dumps(venue_document(player.venue, START_NS + 20 * MS_NS)))
    later_ns = START_NS + 10**12
    for recording, first_bids in ((player.path, {100: 15, 99: 20}), (None, {100: 5})):
        venue = Venue(VenueConfig(recording=recording, has_flow=False), later_ns)
        restore_venue(venue, document, later_ns)
        venue.advance(later_ns)
        assert {price // USD: qty for price, qty in venue.markets["BTCUSD"].levels()[0]} == first_bids
        count = venue.markets["BTCUSD"].trade_count
        venue.create(venue.user_ids[1], NewOrder(symbol="BTCUSD", side="Sell", qty=1, price=100 * USD), later_ns)
        venue.advance(later_ns + 10 * MS_NS)
        assert venue.markets["BTCUSD"].trade_count == count + (recording is None)
