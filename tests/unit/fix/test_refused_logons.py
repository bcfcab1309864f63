"""After wrong credentials: no number moves, and the right client gets in, however its engine counts our Logout."""

import pytest
from fix_text import framed

from tidings.fix.message_store import MemoryStore
from tidings.fix.session import FixSession
from tidings.fix.session_settings import SessionSettings

TIME, NOW_NS, WALL_NS = "20260801-12:00:00.000", 10**12, 1_785_585_600 * 10**9


class Silent:
    def on_logon(self, session, logon):
        return None

    def on_ready(self, session):
        pass

    def on_message(self, session, message):
        pass

    def on_logout(self, session, reason):
        pass


class Acceptor:
    """One that wants a password, has sent reports up to `next_out` and is tried by one connection after another."""

    def __init__(self, next_out: int = 1, **settings: object) -> None:
        self.store = MemoryStore()
        told = {"auth": "password", "username": "u", "password": "right", **settings}
        self.session = FixSession(
            SessionSettings(our_comp_id="VENUE", client_comp_id="C1", **told), self.store, Silent()
        )
        for _ in range(next_out - 1):
            self.session.send(b"8", [(37, b"x")], NOW_NS, WALL_NS)

    def tried(self, word: str, more: str = "", seq: int = 1) -> dict[int, str]:
        """The answer to a Logon on a new connection."""
        self.session.disconnected(NOW_NS, WALL_NS)
        self.session.connected(NOW_NS, WALL_NS)
        logon = f"35=A|34={seq}|49=C1|52={TIME}|56=VENUE|98=0|108=30|{more}553=u|554={word}|"
        self.session.receive(framed(logon), NOW_NS, WALL_NS)
        first = self.session.take_output().split(b"\x0110=")[0]
        return {int(tag): value for tag, value in (field.split("=", 1) for field in first.decode().split("\x01"))}


@pytest.mark.parametrize("next_out", [1, 8])
def test_one_number_is_passed_over_however_often_it_was_refused(next_out):
    acceptor = Acceptor(next_out)
    for _ in range(3):
        answer = acceptor.tried("wrong")
        assert (answer[35], answer[34]) == ("5", str(next_out))
        assert acceptor.store.next_out == next_out
    answer = acceptor.tried("right")
    assert (answer[35], answer[34]) == ("A", str(next_out + 1))
    answer = acceptor.tried("right", seq=2)
    assert answer[34] == str(next_out + 2)  # and only once


def test_the_number_that_is_passed_over_is_filled_for_those_who_miss_it():
    acceptor = Acceptor(3)
    acceptor.tried("wrong")
    acceptor.tried("right")
    request = f"35=2|34=2|49=C1|52={TIME}|56=VENUE|7=1|16=0|"
    acceptor.session.receive(framed(request), NOW_NS, WALL_NS)
    sent = [part.split(b"\x01") for part in acceptor.session.take_output().split(b"8=FIX.4.4\x01")[1:]]
    kinds = [(message[1], message[2], [field for field in message if field.startswith(b"36=")]) for message in sent]
    assert kinds == [(b"35=8", b"34=1", []), (b"35=8", b"34=2", []), (b"35=4", b"34=3", [b"36=5"])]


def test_a_client_that_counted_it_and_says_so_is_let_in():
    """789: what it expects next is one more than we have sent."""
    acceptor = Acceptor(5)
    acceptor.tried("wrong")
    answer = acceptor.tried("right", "789=6|")
    assert (answer[35], answer[34]) == ("A", "6")


@pytest.mark.parametrize(("more", "settings"), [("141=Y|", {}), ("", {"reset_on_logon": True})])
def test_a_reset_begins_at_1_all_the_same(more, settings):
    acceptor = Acceptor(5, **settings)
    acceptor.tried("wrong", more)
    assert acceptor.store.next_out == 5
    answer = acceptor.tried("right", more)
    assert (answer[35], answer[34]) == ("A", "1")
    assert acceptor.tried("right", more)[34] == "1"


def test_a_report_that_comes_meanwhile_does_not_take_the_number():
    """A client that counted the Logout would never ask for it."""
    acceptor = Acceptor(2)
    acceptor.tried("wrong")
    acceptor.session.disconnected(NOW_NS, WALL_NS)
    assert acceptor.session.send(b"8", [(37, b"y")], NOW_NS, WALL_NS) == 3
    assert acceptor.session.send(b"8", [(37, b"z")], NOW_NS, WALL_NS) == 4
    assert acceptor.tried("right")[34] == "5"
