"""A connection finds its session by its first message, or is refused without a word."""

import pytest
from fix_text import framed

from tidings.fix.message_store import MemoryStore
from tidings.fix.session import FixSession
from tidings.fix.session_finder import SessionFinder, Visitor
from tidings.fix.session_settings import SessionSettings

TIME = "52=20260801-12:00:00.000"
LOGON = f"35=A|34=1|49=C2|{TIME}|56=VENUE|98=0|108=30|"
S = 10**9


class Silent:
    def on_logon(self, session, logon):
        return None

    def on_ready(self, session):
        pass

    def on_message(self, session, message):
        pass

    def on_logout(self, session, reason):
        pass


def session(client: str) -> FixSession:
    return FixSession(SessionSettings(our_comp_id="VENUE", client_comp_id=client), MemoryStore(), Silent())


SESSIONS = [session("C1"), session("C2")]
FINDER = SessionFinder(SESSIONS)


def test_compids_pick_the_session_however_the_bytes_come() -> None:
    data = framed(LOGON)
    for split in range(1, len(data)):
        visitor = Visitor(FINDER, 0)
        assert visitor.receive(data[:split], 1) is None
        assert not visitor.is_refused
        assert visitor.receive(data[split:] + b"8=FIX", 2) is SESSIONS[1]
        assert visitor.received == data + b"8=FIX"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (framed(LOGON.replace("49=C2", "49=C3")), "there is no session VENUE → C3"),
        (framed(LOGON.replace("56=VENUE", "56=C1")), "there is no session C1 → C2"),
        (framed(LOGON, "FIX.4.2"), "there is no session VENUE → C2"),
        (framed(LOGON.replace("35=A", "35=0")), "no Logon"),
        (framed(LOGON)[:-4] + b"00\x01", "garbled"),
        (b"8=FIX.4.4\x019=abc\x0135=A\x0110=000\x01", "garbled"),
        (b"8=FIX.4.4\x019=60000\x01" + b"x" * 70_000, "garbled"),
    ],
)
def test_others_are_refused(data: bytes, reason: str) -> None:
    visitor = Visitor(FINDER, 0)
    assert visitor.receive(data, 1) is None
    assert visitor.is_refused
    assert reason in visitor.reason
    assert visitor.receive(framed(LOGON), 2) is None


def test_ten_seconds_are_enough() -> None:
    visitor = Visitor(FINDER, 5 * S)
    visitor.receive(framed(LOGON)[:20], 14 * S)
    visitor.on_timer(15 * S - 1)
    assert not visitor.is_refused
    visitor.on_timer(15 * S)
    assert visitor.is_refused
    assert visitor.reason == "no Logon in time"


def test_a_session_in_use_keeps_the_second_connection_out() -> None:
    busy = session("C9")
    busy.connected(0, 0)
    visitor = Visitor(SessionFinder([busy]), 0)
    assert visitor.receive(framed(LOGON.replace("C2", "C9")), 1) is None
    assert "in use" in visitor.reason


def test_a_session_may_be_taken_over_with_the_right_credentials_only() -> None:
    settings = SessionSettings(
        our_comp_id="VENUE", client_comp_id="C2", takeover=True, auth="password", username="u", password="right"
    )
    busy = FixSession(settings, MemoryStore(), Silent())
    busy.connected(0, 0)
    for word, found in (("wrong", None), ("right", busy)):
        visitor = Visitor(SessionFinder([busy]), 0)
        assert visitor.receive(framed(f"{LOGON}553=u|554={word}|"), 1) is found
        assert visitor.is_refused is (found is None)


@pytest.mark.parametrize(
    ("logon", "is_let_in"), [(LOGON, False), (LOGON.replace("34=1", "34=7"), True), (f"{LOGON}141=Y|", True)]
)
def test_a_logon_with_a_number_that_was_used_takes_nothing_over(logon: str, is_let_in: bool) -> None:
    """It would be refused behind the end of the session that it had ended, whose orders may go with it."""
    settings = SessionSettings(our_comp_id="VENUE", client_comp_id="C2", takeover=True)
    busy = FixSession(settings, MemoryStore(), Silent())
    busy.connected(0, 0)
    busy.store.set_in(7)
    visitor = Visitor(SessionFinder([busy]), 0)
    assert visitor.receive(framed(logon), 1) is (busy if is_let_in else None)
    assert visitor.is_refused is not is_let_in


def test_the_first_message_may_not_be_longer_than_messages_may_be() -> None:
    visitor = Visitor(FINDER, 0, max_message_bytes=1024)
    assert visitor.receive(framed(f"{LOGON}58={'x' * 1000}|"), 1) is None
    assert visitor.is_refused
    assert Visitor(FINDER, 0, max_message_bytes=2048).receive(framed(f"{LOGON}58={'x' * 1000}|"), 1) is SESSIONS[1]


def test_compids_are_given_once() -> None:
    with pytest.raises(ValueError, match="two FIX sessions VENUE → C1"):
        SessionFinder([*SESSIONS, session("C1")])
