"""What a drop copy is sent again after a reset: nothing is lost, whatever happened when; repetitions are few."""

import pytest
from fix_text import framed

from tidings.fix.file_store import FileStore
from tidings.fix.message_store import MemoryStore
from tidings.fix_gateway.drop_copy import NAME, SLICE_MSGS, DropCopyBacklog, Mark

S = 10**9
HEARTBEAT_S = 10  # dead after 24 s


@pytest.fixture(params=["memory", "file"])
def memory(request, tmp_path):
    """Gives the store and its backlog; called again it opens both anew, where they outlive the process."""
    opened = []

    def open_both():
        if request.param == "memory":
            if not opened:
                opened.append(MemoryStore(8))
                opened.append(DropCopyBacklog(opened[0], None))
            return opened[0], opened[1]
        for one in opened:
            one.close()
        opened[:] = [FileStore(tmp_path / "store")]
        opened.append(DropCopyBacklog(opened[0], tmp_path / "store"))
        return opened[0], opened[1]

    yield open_both
    for one in opened:
        one.close()


def tell(store, *names: str) -> None:
    """Reports with these ExecIDs get the next numbers."""
    for name in names:
        seq = store.next_out
        text = f"35=8|34={seq}|49=P|52=20260801-12:00:00.000|56=C|6=0|11=o|17={name}|58=a b|797=Y|"
        store.set_out(seq, framed(text), True)


def told_again(backlog) -> list[str]:
    """The ExecIDs of everything that is sent again, as a whole."""
    found = []
    while True:
        for fields in backlog.next_slice():
            assert [tag for tag, _ in fields] == [6, 11, 17, 58, 797]
            found.append(dict(fields)[17].decode())
        backlog.note_stored()
        if not backlog.is_sending:
            return found


def test_without_a_reset_nothing_is_sent_again(memory):
    store, backlog = memory()
    tell(store, "a", "b")
    backlog.begin()
    assert not backlog.is_sending
    assert told_again(backlog) == []


def test_what_was_never_sent_follows_the_reset_in_order(memory):
    store, backlog = memory()
    tell(store, "a", "b", "c")
    store.set_out(4, framed("35=0|34=4|49=P|52=20260801-12:00:00.000|56=C|"), False)
    store.set_out(5, framed("35=y|34=5|49=P|52=20260801-12:00:00.000|56=C|320=x|322=y|560=0|"), True)
    store.reset(1)
    backlog.begin()
    assert told_again(backlog) == ["a", "b", "c"]  # reports only
    backlog.begin()
    assert told_again(backlog) == []


def test_what_is_long_sent_is_not_sent_again_and_what_may_not_have_arrived_is(memory):
    store, backlog = memory()
    backlog.begin()
    tell(store, "a")
    backlog.on_timer(100 * S, HEARTBEAT_S, True)
    tell(store, "b")
    backlog.on_timer(110 * S, HEARTBEAT_S, True)
    backlog.on_timer(123 * S, HEARTBEAT_S, True)
    assert backlog.mark == Mark(1, 0)
    backlog.on_timer(124 * S, HEARTBEAT_S, True)
    assert backlog.mark == Mark(1, 1)
    backlog.stop()
    tell(store, "c")
    store, backlog = memory()
    assert backlog.mark == Mark(1, 1)
    store.reset(1)
    backlog.begin()
    assert told_again(backlog) == ["b", "c"]


def test_what_is_being_replayed_does_not_count_as_sent(memory):
    store, backlog = memory()
    backlog.begin()
    tell(store, "a")
    backlog.on_timer(0, HEARTBEAT_S, True)
    backlog.on_timer(10 * S, HEARTBEAT_S, False)
    backlog.on_timer(30 * S, HEARTBEAT_S, False)
    assert backlog.mark == Mark(1, 0)
    backlog.on_timer(40 * S, HEARTBEAT_S, True)
    backlog.on_timer(64 * S, HEARTBEAT_S, True)
    assert backlog.mark == Mark(1, 1)


def test_several_resets_lose_nothing(memory):
    store, backlog = memory()
    tell(store, "a")
    store.reset(1)
    tell(store, "b")
    store.reset(2)
    store, backlog = memory()
    tell(store, "c")
    store.reset(3)
    backlog.begin()
    assert told_again(backlog) == ["a", "b", "c"]


def test_a_reset_inside_the_session_loses_nothing(memory):
    """What waited behind a replay is dropped with the numbers; and a second reset may come between two slices."""
    names = [f"e{number}" for number in range(SLICE_MSGS + 50)]
    store, backlog = memory()
    backlog.begin()
    tell(store, *names)
    store.reset(1)
    backlog.begin_behind_reset()
    assert backlog.is_sending
    first = [dict(fields)[17].decode() for fields in backlog.next_slice()]
    tell(store, *first, "live")
    backlog.note_stored()
    store.reset(2)
    backlog.begin_behind_reset()
    assert sorted(told_again(backlog)) == sorted([*names, "live"])
    backlog.begin_behind_reset()
    assert not backlog.is_sending


@pytest.mark.parametrize("is_begun", [False, True])
def test_a_reset_between_slices_is_not_taken_for_sent_again(memory, is_begun):
    """They go on in turns of the loop; whether there was another reset is looked at by a timer."""
    names = [f"e{number}" for number in range(SLICE_MSGS + 50)]
    store, backlog = memory()
    tell(store, *names)
    store.reset(1)
    backlog.begin()
    first = [dict(fields)[17].decode() for fields in (backlog.next_slice() if is_begun else [])]
    tell(store, *first, "live")  # and these wait behind a replay, and are dropped with the numbers
    backlog.note_stored()
    store.reset(2)
    rest = told_again(backlog)
    tell(store, *rest)
    backlog.begin_behind_reset()
    assert sorted({*rest, *told_again(backlog)}) == sorted([*names, "live"])


def test_a_process_that_ends_between_two_slices_repeats_and_loses_nothing(memory):
    names = [f"e{number}" for number in range(2 * SLICE_MSGS + 50)]
    store, backlog = memory()
    tell(store, *names)
    store.reset(1)
    backlog.begin()
    first = [dict(fields)[17].decode() for fields in backlog.next_slice()]
    tell(store, *first)  # sent, with the numbers of the new count
    backlog.note_stored()
    second = [dict(fields)[17].decode() for fields in backlog.next_slice()]
    tell(store, *second[:10])  # and here it ends
    backlog.stop()
    store, backlog = memory()
    store.reset(2)
    backlog.begin()
    assert sorted(told_again(backlog)) == sorted(names)  # each once: an ExecID is sent again once


def test_a_process_that_ends_within_the_last_slice_loses_nothing(memory):
    """Read from the old count, and not yet in the store under the numbers of the new one."""
    store, backlog = memory()
    tell(store, "a", "b")
    store.reset(1)
    backlog.begin()
    assert len(backlog.next_slice()) == 2
    backlog.stop()
    store, backlog = memory()
    backlog.begin()
    assert told_again(backlog) == ["a", "b"]


def test_a_session_that_was_no_drop_copy_begins_where_it_is_one(memory):
    store, backlog = memory()
    tell(store, "a")
    backlog.skip()
    tell(store, "b")
    store.reset(1)
    backlog.begin()
    assert told_again(backlog) == ["b"]


def test_a_torn_mark_means_everything(tmp_path):
    store = FileStore(tmp_path)
    backlog = DropCopyBacklog(store, tmp_path)
    tell(store, "a", "b")
    backlog.begin()
    backlog.on_timer(0, 1, True)
    backlog.on_timer(9 * S, 1, True)
    assert backlog.mark == Mark(1, 2)
    backlog.close()
    data = (tmp_path / NAME).read_bytes()
    for broken in (data[:-1], bytes([data[0] ^ 1]) + data[1:], b"x"):
        (tmp_path / NAME).write_bytes(broken)
        again = DropCopyBacklog(store, tmp_path)
        assert again.mark == Mark(0, 0)
        again.close()
    store.reset(1)
    again = DropCopyBacklog(store, tmp_path)
    again.begin()
    assert told_again(again) == ["a", "b"]
    again.close()
    store.close()
