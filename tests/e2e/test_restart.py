"""An engine that is killed, and started again: it knows every order it may have sent, and goes on with them."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from engine_program import EngineProgram
from session_lines import COIN_M, USD_M, Line, every_line
from tidings_command import tidings

ACCOUNT = 2
PROOF_LIMIT_S = 60  # a busy machine


class Desk:
    """One account's engines, one after the other, with one state directory."""

    def __init__(self, exchange, state: Path) -> None:
        self.exchange, self.state = exchange, state
        self.engines: list[EngineProgram] = []

    def start(self, account: int = ACCOUNT, **settings) -> EngineProgram:
        options = {"account": account, "expiry_s": 1, **settings}
        self.engines.append(EngineProgram(self.exchange.ready_file, self.state, **options))
        return self.engines[-1]

    def journals(self) -> list[Path]:
        return sorted((self.state / "tidings" / "journal").iterdir())

    def until(self, engine: EngineProgram, is_so: Callable[[dict], object]) -> dict:
        deadline_s = time.monotonic() + PROOF_LIMIT_S
        while not is_so(shown := engine.ask("show")):
            assert time.monotonic() < deadline_s, shown
            time.sleep(0.05)
        return shown


@pytest.fixture
def desk(quiet_exchange, tmp_path) -> Iterator[Desk]:
    desk = Desk(quiet_exchange, tmp_path / "state")
    yield desk
    for engine in desk.engines:
        engine.kill()
    last = desk.start()
    last.ask("cancel")
    last.end()


def bid(line: Line) -> tuple[str, ...]:
    return line.symbol, "buy", line.qty, line.low


@every_line
def test_open_orders_are_known_after_a_kill(desk, line):
    first = desk.start()
    ids = [first.ask("place", *bid(line))["cl_ord_id"] for _ in range(2)]
    first.kill()
    second = desk.start()
    shown = desk.until(second, lambda shown: all(state == ["NEW", 0] for state in shown["open"].values()))
    assert list(shown["open"]) == ids
    assert second.ask("cancel") == {}
    heard = second.ask("show")["heard"]
    assert [told for told in heard if told[0] == "cancel"] == [["cancel", one, False] for one in ids]


def test_order_whose_answer_nobody_heard_is_known(desk):
    """Killed right behind the bytes of an order: it may be there, and it is."""
    first = desk.start()
    assert first.ask("die", *bid(USD_M)) == {}
    assert first.process.wait(10) == -9
    shown = desk.until(desk.start(), lambda shown: list(shown["open"].values()) == [["NEW", 0]])
    assert [(event, is_late) for event, _, is_late in shown["heard"]] == [("ack", True)]


def test_order_that_never_left_is_proved_absent(desk):
    first = desk.start()
    lost = first.ask("lose", *bid(USD_M))["cl_ord_id"]
    first.kill()
    second = desk.start()
    assert second.ask("show")["open"] == {lost: ["UNKNOWN", 0]}
    shown = desk.until(second, lambda shown: not shown["open"])
    assert shown["heard"] == [["reject", lost, True]]


def test_order_that_filled_while_nobody_was_there(desk):
    """Its executions are told once, though the account's snapshot and its lists tell them again and again."""
    first = desk.start()
    mine = first.ask("place", COIN_M.symbol, "buy", COIN_M.qty, COIN_M.price)["cl_ord_id"]
    first.kill()
    other = desk.start(account=3)
    other.ask("place", COIN_M.symbol, "sell", COIN_M.qty, COIN_M.price)
    second = desk.start()
    shown = desk.until(second, lambda shown: not shown["open"])
    assert shown["heard"] == [["ack", mine, True], ["fill", mine, True]]
    assert [(one, outcome.split(",")[0]) for one, outcome in shown["adopted"].items()] == [(mine, "FILLED")]
    second.kill()
    third = desk.start()
    shown = third.ask("show")
    assert (shown["open"], shown["heard"], shown["adopted"]) == ({}, [], {})
    third.ask("place", COIN_M.symbol, "sell", COIN_M.qty, COIN_M.price)
    other.ask("place", COIN_M.symbol, "buy", COIN_M.qty, COIN_M.price)


def test_fill_whose_answer_was_lost_is_told_to_the_next_engine(desk):
    """Killed right behind the bytes of an order that fills: the next strategy hears of all of it, and so do people."""
    other = desk.start(account=3)
    other.ask("place", USD_M.symbol, "sell", USD_M.qty, USD_M.price)
    first = desk.start()
    first.ask("die", USD_M.symbol, "buy", USD_M.qty, USD_M.price)
    assert first.process.wait(10) == -9
    second = desk.start()
    shown = desk.until(second, lambda shown: not shown["open"] and len(shown["heard"]) > 1)
    ((mine, outcome),) = shown["adopted"].items()
    assert outcome == "FILLED, 0.01 filled, 0.01 of it unheard of by the session that sent it"
    assert shown["heard"] == [["ack", mine, True], ["fill", mine, True]]
    told = tidings("explain", mine, "--json", XDG_STATE_HOME=str(desk.state)).json["events"]
    fills = [event for event in told if "fill" in event.get("effect", "")]
    assert [event["reconciled"] for event in fills] == [True]
    second.ask("place", USD_M.symbol, "sell", USD_M.qty, USD_M.price)     # and back
    other.ask("place", USD_M.symbol, "buy", USD_M.qty, USD_M.price)
    second.kill()
    assert f"order {mine} of an earlier session (buy BTCUSDT): {outcome}" in second.error()


def test_killed_again_and_again(desk):
    ids: set[str] = set()
    for _ in range(4):
        engine = desk.start()
        shown = desk.until(engine, lambda shown: all(state == ["NEW", 0] for state in shown["open"].values()))
        assert set(shown["open"]) == ids
        sent = engine.ask("send", *bid(USD_M), 3)["cl_ord_ids"]
        assert not ids & set(sent)
        ids |= set(sent)
        engine.kill()


def test_clean_end_with_nothing_open_leaves_nothing(desk):
    engine = desk.start()
    engine.ask("place", *bid(USD_M))
    engine.ask("cancel")
    engine.end()
    assert desk.journals() == []


def test_clean_end_with_an_open_order_keeps_the_journal(desk):
    engine = desk.start()
    one = engine.ask("place", *bid(USD_M))["cl_ord_id"]
    engine.end()
    assert len(desk.journals()) == 1
    assert list(desk.start().ask("show")["open"]) == [one]


def test_second_engine_of_one_key_is_refused(desk):
    first = desk.start()
    second = desk.start()
    assert "ConfigError" in second.refusal
    assert f"in use by another engine (process {first.process.pid})" in second.refusal
    assert first.ask("show")["reason"] == ""


def test_damaged_journal_is_refused_by_name(desk):
    first = desk.start()
    for _ in range(3):
        first.ask("place", *bid(USD_M))
    first.kill()
    (directory,) = desk.journals()
    segment = next(path for path in directory.iterdir() if path.name.startswith("00000001.journal.") )
    data = bytearray(segment.read_bytes())
    data[200] ^= 1
    segment.write_bytes(data)
    second = desk.start()
    assert "JournalDamaged" in second.refusal and "00000001.journal has a gap" in second.refusal
    assert "tidings journal verify" in second.refusal
    data[200] ^= 1
    (directory / "00000001.journal").write_bytes(data)


def test_journal_holds_no_secret(desk, quiet_exchange):
    engine = desk.start()
    engine.ask("place", *bid(USD_M))
    engine.kill()
    account = quiet_exchange.ready["accounts"][ACCOUNT]
    (directory,) = desk.journals()
    for path in directory.iterdir():
        text = path.name.encode() + path.read_bytes()
        for secret in (account["api_secret"], account["api_key"]):
            assert secret.encode() not in text and secret[:8].encode() not in text, path
    assert json.dumps(str(directory.name)).startswith('"local-')
