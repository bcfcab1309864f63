"""The file of an exchange's state: whole, private, and refused by name where it is not sound."""

import asyncio
import fcntl
import gc
import json
import os
import re
import select
import stat
from collections import deque
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from full_disk import room_for
from venue_driver import COIN_M_60K, PRICES, START_NS, Driver

from tidings.exchange.catalogue import Line, load_catalogue
from tidings.exchange.local_exchange import ExchangeConfig, LocalExchange
from tidings.exchange.saved import keeper
from tidings.exchange.saved.graph_reader import GraphReader
from tidings.exchange.saved.graph_words import StateError
from tidings.exchange.saved.graph_writer import GraphWriter
from tidings.exchange.saved.keeper import StateKeeper
from tidings.exchange.saved.state_file import read_state, write_state
from tidings.exchange.saved.state_lock import StateLock
from tidings.exchange.saved.venue_saving import restore_venue, venue_document
from tidings.exchange.venue import Venue
from tidings.exchange.venue_config import VenueConfig
from tidings.exchange.venue_rules import Rules

STATE = {"saved_ns": 1, "seed": 7, "user_ids": [7_000_001], "keys": []}


def test_what_is_written_is_read_and_only_its_owner_may(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    assert read_state(path) is None
    size_bytes = write_state(path, STATE)
    assert (read_state(path), path.stat().st_size) == (STATE, size_bytes)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    document = json.loads(path.read_text())
    assert (document["format"], document["version"], document["state"]) == ("tidings exchange state", 1, STATE)
    assert [file.name for file in tmp_path.iterdir()] == ["state.json"]


def test_older_state_stays_where_a_new_one_cannot_be_written(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    write_state(path, STATE)
    with pytest.raises(TypeError):
        write_state(path, STATE | {"odd": object()})
    assert (read_state(path), len(list(tmp_path.iterdir()))) == (STATE, 1)
    with pytest.raises(StateError, match=r"cannot write the state file .*nowhere"):
        write_state(tmp_path / "nowhere" / "state.json", STATE)


def test_every_damaged_byte_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    write_state(path, STATE)
    sound = path.read_bytes()
    for at in range(len(sound)):
        path.write_bytes(sound[:at] + bytes([sound[at] ^ 1]) + sound[at + 1 :])
        with pytest.raises(StateError, match=r"state\.json"):
            read_state(path)
        path.write_bytes(sound[:at])
        with pytest.raises(StateError, match=r"state\.json"):
            read_state(path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is no state file"), (b'{"rest": "https://127.0.0.1:1"}\n', "is no state file"),
        (b"\xff" * 300, "is no state file"), (b"[" * 5_000, "is no state file"),
        (b'{"format":"tidings exchange state","version":2,"sha256":"' + b"0" * 64 + b'","state":{}}\n', "of version 2"),
        (b'{"format":"other","version":1,"sha256":"' + b"0" * 64 + b'","state":{}}\n', "is no state file"),
    ],
)  # fmt: skip
def test_foreign_files_are_refused_by_name_and_reason(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "foreign.json"
    path.write_bytes(content)
    with pytest.raises(StateError, match=rf"foreign\.json .*{reason}"):
        read_state(path)


def test_state_without_its_parts_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    write_state(path, {"seed": 1})
    with pytest.raises(StateError, match=r"state\.json is damaged: KeyError: 'keys'"):
        StateKeeper(path)
    write_state(path, STATE)
    with pytest.raises(StateError, match=r"state\.json cannot be restored: it does not fit together: KeyError"):
        StateKeeper(path).restore(Venue(VenueConfig(), START_NS), START_NS)


def saved_document() -> dict:
    d = Driver()
    d.place(d.a, "BTCUSD", "Buy", 10, COIN_M_60K)
    return json.loads(json.dumps(venue_document(d.venue, d.now_ns)))


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda doc: doc["products"].pop(), "other products"),
        (lambda doc: doc["classes"].append(["orders.orders:NoSuchOrder", []]), "knows no orders.orders:NoSuchOrder"),
        (lambda doc: doc["classes"].append(["os:system", []]), "knows no os:system"),
        (lambda doc: doc["classes"].append(["markets.matching:PriceLevel", ["orders", "price"]]), "other fields"),
        (lambda doc: doc["rows"].pop(), "does not fit together"),
        (lambda doc: doc["rows"][0].pop(), "does not fit together"),
        (lambda doc: doc["rows"][0].__setitem__(1, ["shell", "rm"]), "unknown tag 'shell'"),
    ],
)
def test_state_that_does_not_fit_is_refused_by_reason(spoil, reason: str) -> None:
    document = saved_document()
    spoil(document)
    venue = Venue(VenueConfig(has_flow=False, prices=PRICES), START_NS)
    with pytest.raises(StateError, match=reason):
        restore_venue(venue, document, START_NS)


def test_what_is_bounded_stays_bounded() -> None:
    writer = GraphWriter(())
    root = writer.add([deque([1, 2], maxlen=3), deque([1])])
    bounded, free = GraphReader(writer.classes, json.loads(json.dumps(writer.rows)), load_catalogue()).read(root)
    bounded.extend([3, 4])
    assert (list(bounded), free.maxlen) == ([2, 3, 4], None)


def test_no_identifier_is_given_out_again_after_a_restore() -> None:
    d = Driver()

    def ids_of(reports: list) -> set[str]:
        return {r.order_id for r in reports} | {r.exec_id for r in reports if r.is_trade}

    def trade() -> list:
        return d.place(d.b, "BTCUSD", "Sell", 10, COIN_M_60K) + d.place(d.a, "BTCUSD", "Buy", 10, COIN_M_60K)

    before, sequences = ids_of(trade()), [update.sequence for update in d.updates]
    document = json.loads(json.dumps(venue_document(d.venue, d.now_ns)))
    d.venue = Venue(VenueConfig(has_flow=False, prices=PRICES), d.now_ns)
    restore_venue(d.venue, document, d.now_ns)
    after = ids_of(trade())
    assert (len(before), len(after), before & after) == (4, 4, set())
    assert min(update.sequence for update in d.updates) > max(sequences)


def test_sets_are_written_in_the_same_order_by_every_process() -> None:
    names = [f"name {number}" for number in range(30)]
    writer = GraphWriter(())
    writer.add(set(names))
    assert writer.rows == [["set", *sorted(names)]]


def test_funding_interval_is_the_new_runs() -> None:
    d = Driver()
    d.place(d.b, "BTCUSD", "Sell", 10, COIN_M_60K)
    d.place(d.a, "BTCUSD", "Buy", 10, COIN_M_60K)
    document = json.loads(json.dumps(venue_document(d.venue, d.now_ns)))
    later_ns = d.now_ns + 90 * 10**9
    restored = Venue(VenueConfig(has_flow=False, prices=PRICES, funding_interval_s=60), later_ns)
    restore_venue(restored, document, later_ns)
    assert restored.next_due_ns() == (later_ns // (60 * 10**9) + 1) * 60 * 10**9
    restored.advance(later_ns + 180 * 10**9)
    paid = [r.transact_time_ns for r in restored.queries.fills(d.a, Line.COIN_M) if r.trade_type == "Funding"]
    assert len(paid) == 3
    d.now_ns += 9 * 3_600 * 10**9  # where it is the same, nothing of what was due is left out
    unchanged = Venue(VenueConfig(has_flow=False, prices=PRICES), d.now_ns)
    restore_venue(unchanged, document, d.now_ns)
    unchanged.advance(d.now_ns)
    assert [r.trade_type for r in unchanged.queries.fills(d.a, Line.COIN_M)] == ["Funding", "Trade"]


def test_place_in_the_queue_and_requests_on_their_way_are_kept() -> None:
    d = Driver()
    for user_id in (d.b, d.a):
        d.place(user_id, "BTCUSD", "Sell", 10, COIN_M_60K, cl_ord_id=f"rest-{user_id}")
    d.create(d.a, "BTCUSD", "Sell", 3, COIN_M_60K, cl_ord_id="on its way")
    restored = Venue(VenueConfig(has_flow=False, prices=PRICES), d.now_ns + 1)
    restore_venue(restored, json.loads(json.dumps(venue_document(d.venue, d.now_ns))), d.now_ns + 1)
    d.venue = restored
    d.run()
    taken = d.place(d.venue.user_ids[2], "BTCUSD", "Buy", 23, COIN_M_60K)
    assert [r.cl_ord_id for r in taken if r.last_liquidity_ind == "AddedLiquidity"] == [
        f"rest-{d.b}", f"rest-{d.a}", "on its way",
    ]  # fmt: skip
    assert d.refused(d.b, "BTCUSD", "Buy", 1, COIN_M_60K - 10_000, cl_ord_id=f"rest-{d.b}") != 0


def test_lagging_queries_know_restored_orders_as_they_stood() -> None:
    d = Driver()
    d.place(d.a, "BTCUSD", "Buy", 10, COIN_M_60K, cl_ord_id="before")
    document = json.loads(json.dumps(venue_document(d.venue, d.now_ns)))
    d.venue = Venue(VenueConfig(has_flow=False, prices=PRICES), d.now_ns)
    restore_venue(d.venue, document, d.now_ns)
    restored_ns = d.now_ns
    d.cancel(d.a, "BTCUSD", cl_ord_id="before")
    d.run()
    (view,) = d.venue.queries.by_id(d.a, "BTCUSD", [], ["before"], restored_ns)
    assert (view.ord_status, view.leaves_qty) == ("New", 10)


def test_rules_are_those_of_the_new_run() -> None:
    d = Driver(rules=Rules(history_orders=7))
    venue = Venue(VenueConfig(has_flow=False, prices=PRICES, rules=Rules(history_orders=9)), START_NS)
    restore_venue(venue, json.loads(json.dumps(venue_document(d.venue, d.now_ns))), d.now_ns)
    assert (venue.config.rules.history_orders, venue.start_rules.history_orders) == (9, 9)
    assert venue.state.config.rules is venue.config.rules


def test_what_faces_have_planned_is_left_out_and_what_cannot_be_saved_is_named() -> None:
    d, called = Driver(), []
    d.venue.later(lambda: d.now_ns, 10**9, partial(called.append, "cut"))
    document = venue_document(d.venue, d.now_ns)
    restore_venue(Venue(VenueConfig(has_flow=False, prices=PRICES), d.now_ns), document, d.now_ns)
    d.venue.markets["BTCUSD"].odd = complex(1, 2)
    with pytest.raises(StateError, match=r"cannot save a builtins\.complex"):
        venue_document(d.venue, d.now_ns)


def test_clients_go_on_with_their_keys_and_the_clock_never_goes_back(tmp_path: Path) -> None:
    path = tmp_path / "state.json"

    async def run(seed: int) -> tuple[dict, LocalExchange]:
        exchange = LocalExchange(ExchangeConfig(seed=seed, account_count=seed, has_tls=False, state_file=path))
        ready = await exchange.start()
        await exchange.stop()
        return ready, exchange

    first, _ = asyncio.run(run(seed=3))
    again, _ = asyncio.run(run(seed=5))
    assert (again["accounts"], again["seed"], len(again["accounts"])) == (first["accounts"], 3, 3)
    write_state(path, (read_state(path) or {}) | {"saved_ns": 2**62})
    _, later = asyncio.run(run(seed=3))
    assert later.venue.market("BTCUSD", 2**62) is not None
    assert read_state(path)["saved_ns"] >= 2**62


def test_save_that_is_asked_for_lets_others_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The write ends only after the loop has turned: it turns meanwhile, and the answer waits for the write."""
    path = tmp_path / "state.json"
    config = ExchangeConfig(has_tls=False, has_flow=False, state_file=path)

    async def run() -> tuple[dict, int, str]:
        exchange = LocalExchange(config)
        ready = await exchange.start()
        host, port = str(ready["admin"]).removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        waiting, has_turned = os.pipe()  # the write is in a child process
        monkeypatch.setattr(
            keeper, "write_state", lambda *what: select.select([waiting], [], [], 30) and write_state(*what)
        )
        writer.write(b"POST /save HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        writer.write(b"GET /counters HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        said = asyncio.ensure_future(reader.read())
        turns = 0
        while not said.done():
            await asyncio.sleep(0.005)
            turns += 1
            if turns == 11:
                os.write(has_turned, b"x")
        await exchange.stop()
        os.close(waiting)
        os.close(has_turned)
        saved, counters = re.findall(r"^\{.*?\}$", said.result().decode().replace("}HTTP", "}\nHTTP"), re.MULTILINE)
        return json.loads(saved), turns, counters

    saved, turns, counters = asyncio.run(run())
    assert (saved["file"], saved["size_bytes"] > 0, "creates" in counters) == (str(path), True, True)
    assert turns > 10


def test_save_that_fails_in_its_process_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "state.json"
    d = Driver()
    saver = StateKeeper(path)

    async def save() -> None:
        await saver.save_aside(d.venue, [], lambda: d.now_ns)

    asyncio.run(save())
    assert read_state(path)["saved_ns"] == d.now_ns
    monkeypatch.setattr(keeper, "write_state", lambda path, state: write_state(path / "nowhere", state))
    with pytest.raises(StateError, match=r"cannot write the state file .*nowhere"):
        asyncio.run(save())
    monkeypatch.setattr(keeper, "write_state", lambda path, state: os._exit(3))
    with pytest.raises(StateError, match="the process that did it has failed"):
        asyncio.run(save())


def test_two_exchanges_never_share_a_file(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    config = ExchangeConfig(has_tls=False, has_flow=False, state_file=path)

    async def run() -> None:
        first = LocalExchange(config)
        await first.start()
        with pytest.raises(StateError, match=rf"another exchange is running on the state file .*process {os.getpid()}"):
            LocalExchange(config)
        LocalExchange(replace(config, state_file=tmp_path / "other.json"))
        await first.stop()
        second = LocalExchange(config)
        await second.start()
        await second.stop()

    asyncio.run(run())
    StateLock(path)  # one that ends without a word
    gc.collect()
    StateLock(path).release()


def test_full_disk_is_told_and_leaves_no_lock(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    with room_for(0), pytest.raises(StateError, match=r"cannot write the state file \S+/state\.json: File too large"):
        StateLock(path)
    assert list(tmp_path.iterdir()) == []


def test_lock_that_its_last_holder_took_away_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "state.json"
    calls, flock = [], fcntl.flock

    def flock_too_late(file, how: int) -> None:
        calls.append(file)
        if len(calls) == 1:
            (tmp_path / ".state.json.lock").unlink()
        flock(file, how)

    monkeypatch.setattr(fcntl, "flock", flock_too_late)
    lock = StateLock(path)
    monkeypatch.setattr(fcntl, "flock", flock)
    with pytest.raises(StateError, match="another exchange"):
        StateLock(path)
    lock.release()
    assert list(tmp_path.iterdir()) == []


def test_regular_saves_do_not_wait_for_the_disk_and_come_whole(tmp_path: Path) -> None:
    path = tmp_path / "state.json"

    async def run() -> None:
        config = ExchangeConfig(has_tls=False, has_flow=False, state_file=path, state_interval_s=0.05)
        exchange = LocalExchange(config)
        await exchange.start()
        first = path.stat().st_ino
        async with asyncio.timeout(30):
            while path.stat().st_ino == first:
                await asyncio.sleep(0.02)
        assert read_state(path) is not None
        await exchange.stop()

    asyncio.run(run())
    assert [file.name for file in tmp_path.iterdir()] == ["state.json"]
