"""A session's message log: lines, secrets, files that are moved away, and disks that are too slow."""

import pytest
import simplefix
from fix_text import ORDER, framed, soh

from tidings.fix import message_log
from tidings.fix.message_log import EVENT, IN, OUT, MessageLog, masked
from tidings.fix.pretty import find_noted, printed
from tidings.fix.reader import FixReader

NOON_NS = 1_785_585_600_123_456_789  # 2026-08-01 12:00:00.123456789 UTC


def logon(*fields: tuple[int, bytes]) -> bytes:
    """As a client's own FIX library writes it."""
    message = simplefix.FixMessage()
    for tag, value in [(8, b"FIX.4.4"), (35, b"A"), (34, b"1"), (49, b"C1"), (98, b"0"), *fields]:
        message.append_pair(tag, value)
    return message.encode()


def values(data: bytes) -> dict[int, bytes]:
    parser = simplefix.FixParser()
    parser.append_buffer(data)
    return {int(tag): value for tag, value in parser.get_message().pairs}


def test_a_line_has_time_way_and_message(tmp_path):
    log = MessageLog(tmp_path / "P-C1.log")
    log.note(NOON_NS, IN, ORDER)
    log.note(NOON_NS + 1_000, EVENT, b"connected from ::1")
    log.note(NOON_NS + 2_000, OUT, ORDER)
    log.write(log.take_lines(10))
    log.close()
    assert log.path.stat().st_mode & 0o777 == 0o600
    assert log.path.read_bytes() == (
        b"20260801-12:00:00.123456 in  " + ORDER + b"\n"
        b"20260801-12:00:00.123457 --- connected from ::1\n"
        b"20260801-12:00:00.123458 out " + ORDER + b"\n"
    )  # fmt: skip


@pytest.mark.parametrize("tag", [553, 554, 925])
def test_a_password_is_hidden_and_the_message_still_sound(tag):
    hidden = masked(logon((tag, b"open sesame"), (108, b"30")))
    assert b"sesame" not in hidden
    assert values(hidden) | {9: b"", 10: b""} == values(logon((tag, b"***"), (108, b"30"))) | {9: b"", 10: b""}
    assert hidden == logon((tag, b"***"), (108, b"30"))
    assert not FixReader().read(hidden)


@pytest.mark.parametrize("secret", [b"c2VzYW1l", b"se\x01same", b"sesame\x0110=000\x01"])
def test_raw_data_is_hidden_whole_with_its_length(secret):
    hidden = masked(logon((95, b"%d" % len(secret)), (96, secret), (108, b"30")))
    assert hidden == logon((95, b"3"), (96, b"***"), (108, b"30"))


@pytest.mark.parametrize("length", [b"1", b"4", b"900", b"999999999"])
def test_raw_data_of_a_wrong_length_is_hidden_to_the_end(length):
    hidden = masked(logon((95, length), (96, b"se\x01same"), (108, b"30")))
    assert b"same" not in hidden
    assert hidden.endswith(b"\x01")


def test_raw_data_without_a_length_is_hidden():
    assert b"sesame" not in masked(logon((96, b"sesame"), (108, b"30")))
    assert b"sesame" not in masked(logon((95, b"6"), (96, b"open s"), (108, b"30"), (95, b"6"), (96, b"sesame")))


def test_what_was_garbled_stays_garbled():
    data = logon((554, b"sesame"))[:-4] + b"000\x01"
    hidden = masked(data)
    assert b"sesame" not in hidden
    assert hidden.endswith(b"10=000\x01")
    assert FixReader().read(hidden)


def test_messages_without_secrets_are_not_touched():
    garbled = soh("8=FIX.4.4|9=5|35=0|10=000|")
    for data in (ORDER, garbled, b"", b"554=", b"8=FIX.4.4\x01"):
        assert masked(data) is data


def test_a_file_that_was_moved_away_is_begun_anew(tmp_path):
    log = MessageLog(tmp_path / "log")
    log.write(b"one\n")
    log.path.rename(tmp_path / "log.1")
    log.write(b"two\n")
    log.path.unlink()
    log.write(b"three\n")
    assert ((tmp_path / "log.1").read_bytes(), log.path.read_bytes()) == (b"one\n", b"three\n")
    log.close()


def test_a_directory_that_is_gone_for_a_while_costs_lines_and_no_other_file(tmp_path):
    directory = tmp_path / "logs"
    directory.mkdir()
    log = MessageLog(directory / "log")
    log.path.unlink()
    directory.rmdir()
    others = []
    for _ in range(3):
        with pytest.raises(FileNotFoundError):
            log.write(b"lost\n")
        others.append((tmp_path / f"other{len(others)}").open("w"))  # takes the number of whatever has been closed
    directory.mkdir()
    log.write(b"back\n")
    assert log.path.read_bytes() == b"back\n"
    for other in others:
        other.write("still open")
        other.close()
    log.close()


def test_what_waits_is_bounded_and_what_was_lost_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(message_log, "WAITING_BYTES_MAX", 3 * len(ORDER))
    log = MessageLog(tmp_path / "log")
    for _ in range(10):
        log.note(NOON_NS, IN, ORDER)
    lines = log.take_lines(100).splitlines()
    assert len(lines) == 5  # four until the limit was passed
    assert lines[-1] == b"20260801-12:00:00.123456 --- 6 messages were not logged: the disk is too slow"
    log.note(NOON_NS, IN, ORDER)
    assert len(log.take_lines(100).splitlines()) == 1
    log.close()


def test_lines_are_taken_in_portions_and_in_order(tmp_path):
    log = MessageLog(tmp_path / "log")
    for number in range(5):
        log.note(NOON_NS, OUT, framed(f"35=0|34={number}|"))
    first, rest = log.take_lines(2), log.take_lines(100)
    assert (first.count(b"\n"), rest.count(b"\n"), log.has_waiting) == (2, 3, False)
    assert [message.fields[3].value for message in noted_messages(first + rest)] == ["0", "1", "2", "3", "4"]
    log.close()


def noted_messages(data: bytes):
    return [printed(FixReader(), message) for _, message in find_noted(data)]


def test_the_printer_reads_a_log_whatever_is_in_its_messages():
    """A garbled message whose BodyLength would swallow the next line, events, a torn last line, and SOH as |."""
    greedy = soh("8=FIX.4.4|9=900|35=0|34=2|10=000|")
    lines = b"".join(
        b"20260801-12:00:00.123456 %b %b\n" % line
        for line in ((IN, greedy), (EVENT, b"disconnected: 8=FIX"), (OUT, ORDER), (IN, ORDER.replace(b"\x01", b"|")))
    )
    found = find_noted(lines + b"20260801-12:00:00.123457 in  8=FIX.4.4\x019=10")
    assert [note for note, _ in found] == [
        "20260801-12:00:00.123456 in", "20260801-12:00:00.123456 out", "20260801-12:00:00.123456 in",
        "20260801-12:00:00.123457 in",
    ]  # fmt: skip
    assert [data for _, data in found[:3]] == [greedy, ORDER, ORDER]
    assert find_noted(ORDER + ORDER) == [("", ORDER), ("", ORDER)]
