"""`tidings journal` and `tidings explain`: on journals of made-up orders, in a directory of the test's own."""

import errno
import json
import os
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from engine_samples import Path as OrderPath
from journal_samples import WALL_NS, send, send_many
from order_samples import LIMIT, LINEAR, local, said, trade

from tidings.cli.explain import sending
from tidings.cli.journal_words import read_journal
from tidings.cli.main import main
from tidings.clock import ManualClock
from tidings.journal.entries import RecordKind
from tidings.journal.keeper import begin_session
from tidings.journal.live_disk import LiveDisk
from tidings.journal.log_reader import read_log
from tidings.journal.segments import segment_name
from tidings.model.enums import DenyReason, ExecType, OrdType, ReportSource, RequestKind, Side, Trigger
from tidings.model.order import make_order
from tidings.model.terms import OrderTerms


def begin_live(directory: Path, wall_ns: int = WALL_NS):
    disk = LiveDisk(directory)
    disk.lock()
    return begin_session(
        disk, read_log(disk), ManualClock(1, wall_ns), wall_ns=wall_ns, expiry_s=5, segment_bytes=16384
    )


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path / "tidings" / "journal"


@pytest.fixture
def directory(home):
    """A session with an order that filled in part, one that was cancelled, and one that was withdrawn."""
    keeper = begin_live(home / "local-1")
    send(keeper, 1, said(ExecType.NEW), trade(4, 4, code=0))
    send(keeper, 2, local(ExecType.UNKNOWN), said(ExecType.CANCELED, reconciled=True, text="found"))
    order = make_order(LIMIT, handle=3, cl_ord_id=keeper.ids.text(3), price_ticks=612_345, order_qty_lots=10)
    keeper.journal.note("new", order, now_ns=3000)
    keeper.journal.note("amend", order, 612_346, 0, now_ns=3001)
    keeper.journal.note("cancel", order, now_ns=3002)
    keeper.journal.note("withdrawn", order, DenyReason.NOT_CONNECTED, now_ns=3003)
    keeper.close(open_count=1)
    return home / "local-1"


def run(capsys, *arguments):
    code = main([str(argument) for argument in arguments])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def run_json(capsys, *arguments):
    code, out, _ = run(capsys, *arguments, "--json")
    return code, json.loads(out)


# ---- show ------------------------------------------------------------------------------------------------------------


def test_show_tells_each_record_on_its_orders_grid(directory, capsys):
    code, out, _ = run(capsys, "journal", "show")
    assert code == 0 and f"{directory}: 12 of 12 records" in out
    assert "decided: buy 0.01 BTCUSDT, limit at 61250, GTC" in out
    assert "filled 0.004 at 61250, 0.004 in all (account stream)" in out
    assert "amend asked for: price 61234.6" in out and "not sent: denied (NOT_CONNECTED)" in out
    assert "the engine ended; orders open: 1, of unknown fate: 0" in out
    assert "2026-11-18 11:06:40.000000" in out


def test_show_gives_records_as_json(directory, capsys):
    code, found = run_json(capsys, "journal", "show", directory, "--last", "0")
    assert (code, found["directory"], len(found["records"])) == (0, str(directory), 12)
    assert [record["what"] for record in found["records"]] == [
        "session", "intent", "new", "trade", "intent", "unknown", "canceled", "intent", "amend", "cancel", "withdrawn",
        "close",
    ]  # fmt: skip
    fill = found["records"][3]
    assert (fill["seq"], fill["cl_ord_id"][-1], fill["state"], fill["effect"]) == (4, "1", "PARTIALLY_FILLED", "fill")


def test_show_may_be_short(directory, capsys):
    assert [record["seq"] for record in run_json(capsys, "journal", "show", "--last", "2")[1]["records"]] == [11, 12]


def test_show_without_a_journal_says_where_they_lie(home, capsys):
    code, _, err = run(capsys, "journal", "show")
    assert code == 2 and "no engine has kept a journal" in err
    code, _, err = run(capsys, "journal", "show", home)
    assert code == 2 and "cannot be read: No such file" in err
    home.mkdir(parents=True)
    code, _, err = run(capsys, "journal", "show", home)
    assert code == 2 and f"engines keep theirs in {home}" in err


def test_show_of_several_takes_the_newest_and_names_the_others(directory, capsys):
    begin_live(directory.with_name("local-2")).close(open_count=0)
    old_s = time.time() - 3 * 86_400
    for path in directory.iterdir():
        os.utime(path, (old_s, old_s))
    code, out, _ = run(capsys, "journal", "show")
    assert code == 0 and "the newest of 2 journals" in out and f"{directory}  used 3 days ago" in out
    assert "local-2: 2 of 2 records" in out
    code, out, err = run(capsys, "journal", "show", "--json")
    assert (code, json.loads(out)["directory"]) == (0, str(directory.with_name("local-2"))) and "3 days ago" in err


def test_a_directory_is_named_either_way(directory, capsys):
    begin_live(directory.with_name("local-2")).close(open_count=0)
    named = [("journal", "show", directory), ("journal", "show", "--journal", directory),
             ("explain", "0000000001", directory), ("explain", "0000000001", "--journal", directory)]  # fmt: skip
    for words in named:
        code, out, _ = run(capsys, *words)
        assert code == 0 and str(directory) in out


@pytest.mark.parametrize("count", ["-1", "x"])
def test_how_many_to_show_is_a_count(directory, capsys, count):
    with pytest.raises(SystemExit) as ended:
        main(["journal", "show", "--last", count])
    assert ended.value.code == 2 and "a number of records" in capsys.readouterr().err


# ---- verify ----------------------------------------------------------------------------------------------------------


def test_verify_of_a_sound_journal(directory, capsys):
    code, out, _ = run(capsys, "journal", "verify")
    assert (code, out) == (
        0, f"sound    {directory}: 1 segments, 12 records, 1 sessions, 3 orders, 1 without a known end\n"
    )  # fmt: skip
    (found,) = run_json(capsys, "journal", "verify", directory)[1]["journals"]
    assert (found["is_sound"], found["was_closed"], found["left_out"]) == (True, True, "")
    assert [name[-1] for name in found["open_orders"]] == ["1"]


def test_verify_names_the_damage(directory, capsys):
    begin_live(directory.with_name("local-2")).close(open_count=0)
    segment = directory / "00000001.journal"
    data = bytearray(segment.read_bytes())
    data[300] ^= 1
    segment.write_bytes(data)
    code, out, _ = run(capsys, "journal", "verify")
    assert code == 1
    assert "DAMAGED  journal segment" in out and "00000001.journal" in out and "sound    " in out
    code, found = run_json(capsys, "journal", "verify", directory)
    assert code == 1 and not found["journals"][0]["is_sound"] and "00000001" in found["journals"][0]["damage"]


def test_verify_tells_what_a_killed_process_left(home, capsys):
    keeper = begin_live(home / "local-1")
    send(keeper, 1)
    used_bytes = keeper.journal.writer.used_bytes
    keeper.journal.current.buffer[used_bytes : used_bytes + 4] = b"torn"
    code, out, _ = run(capsys, "journal", "verify")
    assert code == 0 and "torn at the end" in out
    keeper.close(open_count=1)


def test_an_engine_that_goes_on_while_it_is_read_is_no_damage(home, capsys, monkeypatch):
    keeper, read = begin_live(home / "local-1"), LiveDisk.read
    keeper.tend()

    def read_and_be_late(disk, name):
        content = read(disk, name)
        if name == segment_name(1) and keeper.journal.spare is not None:
            send_many(keeper, 30, tends_every=100)
        return content

    monkeypatch.setattr(LiveDisk, "read", read_and_be_late)
    code, out, _ = run(capsys, "journal", "verify")
    assert keeper.journal.spare is None     # it went on in the next segment
    assert (code, "30 orders" in out) == (0, True)
    keeper.close(open_count=10)


def test_verify_without_a_journal(home, capsys):
    assert run(capsys, "journal", "verify")[:2] == (0, "no engine has kept a journal here yet\n")


# ---- explain ---------------------------------------------------------------------------------------------------------


def test_explain_tells_the_story_with_its_times(directory, capsys):
    code, out, _ = run(capsys, "explain", "0000000002")
    assert code == 0
    lines = out.splitlines()
    assert lines[0].endswith("0000000002: buy 0.01 BTCUSDT, limit at 61250, GTC")
    assert lines[1].startswith("Ended: cancelled.   (")
    assert [line.split("+0.000 ms  ")[1] for line in lines[5:]] == [
        "decided: buy 0.01 BTCUSDT, limit at 61250, GTC",
        "no clean answer: it may be live (noticed here)",
        "cancelled: found (account stream, found by comparing)",
    ]


def test_sending_is_dated_between_the_decision_and_the_answer(directory):
    """Decided at 100, its intent written at 700, sent at 900, answered at 1000 of the same clock."""
    story = next(iter(read_journal(directory).told.stories.values()))
    story.intent = story.intent._replace(decided_ns=100)
    intent = SimpleNamespace(kind=RecordKind.INTENT, mono_ns=100, wall_ns=WALL_NS + 700)
    answer = SimpleNamespace(kind=RecordKind.REPORT, mono_ns=1000, wall_ns=WALL_NS + 1000)
    outcome = story.events[1][1]._replace(written_ns=900)
    story.record, story.events = intent, [(intent, story.intent), (answer, outcome)]
    assert sending(story) == (800, WALL_NS + 900)


def test_explain_says_when_no_end_is_known(directory, capsys):
    out = run(capsys, "explain", "0000000001")[1]
    assert "No end is known: filled in part, on the book, 0.004 filled." in out


def test_explain_as_json(directory, capsys):
    full = run_json(capsys, "journal", "verify")[1]["journals"][0]["open_orders"][0]
    code, found = run_json(capsys, "explain", full, "--journal", directory)
    assert (code, found["cl_ord_id"], found["state"], found["is_final"]) == (0, full, "PARTIALLY_FILLED", False)
    assert found["order"] == {
        "symbol": "BTCUSDT", "side": "buy", "type": "limit", "qty": "0.01", "price": "61250", "tif": "GTC",
    }  # fmt: skip
    events = [(event["what"], event["after_ns"]) for event in found["events"]]
    assert events == [("intent", 0), ("new", 1), ("trade", 1)]
    assert found["session"]["expiry_s"] == 5 and found["events"][2]["last_qty"] == "0.004"


def test_explain_follows_an_order_into_later_sessions(directory, capsys):
    keeper = begin_live(directory)
    name = json_open(capsys, directory)[0]
    order = make_order(LIMIT, handle=9, cl_ord_id=name, price_ticks=612_500, order_qty_lots=10)
    keeper.journal.note("adopted", order, now_ns=5)
    keeper.journal.note("report", order, said(ExecType.CANCELED, request_kind=RequestKind.CANCEL), 4, now_ns=6)
    keeper.close(open_count=0)
    _, found = run_json(capsys, "explain", name)
    assert [event["what"] for event in found["events"]] == ["intent", "new", "trade", "adopted", "canceled"]
    assert "a later session" in run(capsys, "explain", name)[1]


def json_open(capsys, directory):
    return run_json(capsys, "journal", "verify", directory)[1]["journals"][0]["open_orders"]


@pytest.mark.parametrize(
    ("name", "told"),
    [("nobody", "no journal knows"), ("nobody", "keeps no journal"), ("00000000", "3 orders have"), ("", "give more")],
)
def test_explain_of_nobody_or_of_several(directory, capsys, name, told):
    code, _, err = run(capsys, "explain", name)
    assert code == 2 and told in err


def test_explain_looks_past_a_damaged_journal(directory, capsys):
    other = begin_live(directory.with_name("local-0"))
    other.close(open_count=0)
    (directory.with_name("local-0") / "anchor").write_bytes(b"rubbish")
    code, out, _ = run(capsys, "explain", "0000000001")
    assert code == 0 and "anchor is damaged" in out
    code, out, err = run(capsys, "explain", "nobody")
    assert code == 1 and (out + err).count("anchor is damaged") == 1
    assert "journal verify" not in run(capsys, "journal", "verify")[1]


def test_a_directory_in_which_nothing_has_begun_hides_no_other_journal(directory, capsys):
    """An engine that died as it began there has left a lock, and perhaps an anchor of which nothing is whole."""
    for number, left in enumerate(["lock", "anchor.new"]):
        directory.with_name(f"local-{number + 2}").mkdir()
        (directory.with_name(f"local-{number + 2}") / left).touch()
    assert run(capsys, "explain", "0000000001")[0] == 0
    code, out, _ = run(capsys, "journal", "verify")
    assert (code, out.count("sound ")) == (0, 1)
    code, out, _ = run(capsys, "journal", "show")
    assert code == 0 and "12 of 12 records" in out


LOST_CANCEL = said(ExecType.UNKNOWN, ReportSource.LOCAL, request_kind=RequestKind.CANCEL, text="cut")
REFUSED_CANCEL = said(ExecType.CANCEL_REJECTED, request_kind=RequestKind.CANCEL, code=10002)


@pytest.mark.parametrize(
    ("heard", "told"),
    [
        (said(ExecType.REPLACED, price_ticks=612_346, order_qty_lots=20), "amended: quantity 0.02, price 61234.6 in"),
        (said(ExecType.REPLACED), "amended (account stream)"),
        (said(ExecType.UNTRIGGERED), "waiting for its trigger (account stream)"),
        (said(ExecType.EXPIRED, cum_qty_lots=4), "expired, 0.004 filled"),
        (said(ExecType.REJECTED, code=11001), "rejected: 11001 TE_NO_ENOUGH_AVAILABLE_BALANCE: "),
        (REFUSED_CANCEL, "cancel refused: 10002 OM_ORDER_NOT_FOUND"),
        (LOST_CANCEL, "no clean answer to the cancel: cut (noticed here)"),
        (local(ExecType.UNSENT, RequestKind.AMEND), "the amend never left (noticed here)"),
    ],
)
def test_story_is_told_in_a_traders_words(home, capsys, heard, told):
    keeper = begin_live(home / "local-1")
    send(keeper, 1, heard)
    keeper.close(open_count=0)
    out = run(capsys, "explain", "0000000001")[1]
    assert told in out
    assert not [word for word in ("told_state", "effect", "about=") if word in out]


def test_an_amend_of_what_triggers_is_told_with_its_prices(home, capsys):
    path = OrderPath(journal=begin_live(home / "local-1").journal)
    order = path.draft(OrderTerms(LINEAR, Side.SELL, ord_type=OrdType.STOP_LIMIT, trigger=Trigger.MARK_PRICE,
                                  stop_loss_trigger=Trigger.LAST_PRICE))  # fmt: skip
    order.stop_px_ticks, order.stop_loss_ticks = 612_500, 700_001
    assert path.entry.submit_order(order, 1) > 0
    assert path.entry.amend_triggers(order, 0, 0, 2, stop_px_ticks=612_600, stop_loss_ticks=700_000) == 0
    assert "amend asked for: trigger 61260, stop loss 70000\n" in run(capsys, "explain", "0000000001")[1]


def test_every_word_of_the_venue_has_a_sentence(home, capsys):
    keeper = begin_live(home / "local-1")
    send(keeper, 1, *(said(kind) for kind in ExecType))
    keeper.close(open_count=0)
    lines = run(capsys, "explain", "0000000001")[1].splitlines()[5:]
    assert len({line.split(" ms  ")[1] for line in lines}) == len(ExecType) + 1


def test_explain_takes_any_part_that_no_other_has(directory, capsys):
    keeper = begin_live(directory.with_name("local-2"), WALL_NS + 10**12)
    send(keeper, 1, said(ExecType.NEW))
    keeper.close(open_count=1)
    prefix = keeper.ids.text(1)[:10]
    code, _, err = run(capsys, "explain", "0000000001")
    assert code == 2 and err.count(" BTCUSDT") == 2 and "2026-11-18 11:06:40" in err
    for part in (prefix, prefix.lower(), f"{prefix[5:]}00"):
        code, found = run_json(capsys, "explain", part)
        assert (code, found["cl_ord_id"]) == (0, keeper.ids.text(1))


@pytest.mark.parametrize("words", [["journal", "show"], ["journal", "verify"], ["explain", "T1"]])
def test_a_home_of_journals_that_may_not_be_read_is_named(home, capsys, monkeypatch, words):
    """Not taken for one without journals."""

    def refused(path):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(type(home), "stat", refused)  # what root sees of rights is no right to rely on
    monkeypatch.setattr(type(home), "iterdir", refused)
    assert run(capsys, *words)[::2] == (2, f"tidings {words[0]}: {home} cannot be read: Permission denied\n")
