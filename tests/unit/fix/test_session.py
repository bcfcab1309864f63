"""What transcripts cannot show of a session: slices of a replay, flags for the application, hashes, faults."""

import base64
import hashlib
import hmac

import pytest
from fix_text import framed

from tidings.fix.message_store import MemoryStore
from tidings.fix.session import FixSession
from tidings.fix.session_settings import SessionEnd, SessionSettings
from tidings.fix.session_state import TRANSITIONS, Event, State

NOW_NS = 10**12
WALL_NS = 1_785_585_600 * 10**9
TIME = "20260801-12:00:00.000"


class Client:
    """The application, and the peer's pen."""

    def __init__(self, **options) -> None:
        self.events: list[tuple[str, object]] = []
        self.fault: Exception | None = None
        self.store = MemoryStore()
        settings = SessionSettings(our_comp_id="VENUE", client_comp_id="C1", **options)
        self.session = FixSession(settings, self.store, self)
        self.seq = 1

    def on_logon(self, session, logon):
        self.events.append(("logon", logon.msg_type))
        session.logon_reply = [(8013, b"S"), (35002, b"3")]

    def on_ready(self, session):
        self.events.append(("ready", session.is_logged_on))

    def on_message(self, session, message):
        self.events.append((message.msg_type.decode(), session.is_throttled))
        if self.fault is not None:
            raise self.fault

    def on_logout(self, session, reason):
        self.events.append(("logout", session.end))

    def says(self, text: str, seq: int | None = None, now_ns: int = NOW_NS) -> list[str]:
        """Send a message as the peer; what comes back, as text."""
        msg_type, _, body = text.partition("|")
        number = self.seq if seq is None else seq
        if seq is None:
            self.seq += 1
        data = framed(f"{msg_type}|34={number}|49=C1|52={TIME}|56=VENUE|{body}")
        self.session.receive(data, now_ns, WALL_NS)
        return self.output()

    def output(self) -> list[str]:
        """One call of take_output: the messages in it."""
        data = self.session.take_output().replace(b"\x01", b"|").decode()
        return [f"8={part}" for part in data.split("8=FIX.4.4|9=")[1:]]

    def logs_on(self) -> list[str]:
        self.session.connected(NOW_NS, WALL_NS)
        return self.says("35=A|98=0|108=30|")

    def reports(self, count: int, **options) -> None:
        for number in range(count):
            self.session.send(b"8", [(37, b"%d" % number)], NOW_NS, WALL_NS, **options)


ORDER = f"35=D|11=a|38=1|40=1|54=1|55=X|60={TIME}|"


def numbers(messages: list[str]) -> list[int]:
    return [int(message.split("|34=")[1].split("|")[0]) for message in messages]


def test_the_logon_reply_carries_what_the_application_asks_for() -> None:
    client = Client()
    (reply,) = client.logs_on()
    assert "|98=0|108=30|8013=S|35002=3|10=" in reply
    assert client.events == [("logon", b"A"), ("ready", True)]
    assert client.session.logon_reply == []


def test_a_long_replay_comes_in_slices_and_live_messages_behind_it() -> None:
    client = Client()
    client.logs_on()
    client.reports(240)
    assert len(client.output()) == 240
    first = client.says("35=2|7=2|16=0|")
    assert numbers(first) == list(range(2, 202))  # the slice made at once, and that of the first call
    assert client.session.is_replaying
    client.reports(2)
    assert client.store.next_out == 244
    rest = client.output()
    assert numbers(rest) == list(range(202, 244))
    assert ["43=Y" in message for message in rest] == [True] * 40 + [False] * 2
    assert not client.session.is_replaying
    assert client.output() == []


def test_a_second_request_during_a_replay_leaves_what_is_live_alone() -> None:
    """Messages waiting behind a replay must not be sent as repetitions first: their numbers would come twice."""
    client = Client()
    client.logs_on()
    client.reports(1200)
    client.output()
    client.session.receive(_resend(client, 2), NOW_NS, WALL_NS)
    client.reports(1)
    client.session.receive(_resend(client, 1190), NOW_NS, WALL_NS)
    sent: list[int] = []
    fresh: list[int] = []
    while messages := client.output():
        sent += numbers(messages)
        fresh += numbers([message for message in messages if "43=Y" not in message])
    assert fresh == [1202]
    assert sent == [*range(2, 1202), *range(1190, 1202), 1202]


def _resend(client: Client, begin: int) -> bytes:
    client.seq += 1
    return framed(f"35=2|34={client.seq - 1}|49=C1|52={TIME}|56=VENUE|7={begin}|16=0|")


def test_a_long_run_of_gaps_over_several_slices_is_one_gap_fill() -> None:
    client = Client()
    client.logs_on()
    client.reports(1300, is_replayed=False)
    client.reports(1)
    client.output()
    messages = client.says("35=2|7=1|16=0|")
    while client.session.is_replaying:
        messages += client.output()  # mostly none: a gap is told of when its end is known
    assert len(messages) == 2
    assert "|34=1|" in messages[0]
    assert "|36=1302|123=Y|" in messages[0]
    assert "35=8|34=1302|43=Y" in messages[1]


def test_a_goodbye_breaks_a_replay_off_and_is_still_said() -> None:
    client = Client()
    client.logs_on()
    client.reports(1600)
    client.output()
    client.session.receive(_resend(client, 2), NOW_NS, WALL_NS)
    messages = client.says("35=5|")
    assert "35=5|34=1602" in messages[-1]
    assert client.output() == []
    assert client.session.wants_close


def test_credentials_hashed_with_the_secret() -> None:
    client = Client(auth="hmac", password="s3cret")
    client.session.connected(NOW_NS, WALL_NS)
    prehash = "\x01".join([TIME, "A", "1", "C1", "VENUE", "desk"]).encode()
    digest = base64.b64encode(hmac.new(b"s3cret", prehash, hashlib.sha256).digest()).decode()
    (reply,) = client.says(f"35=A|95={len(digest)}|96={digest}|98=0|108=30|554=desk|")
    assert "35=A" in reply


def test_an_initiators_hash_lets_it_in() -> None:
    acceptor = Client(auth="hmac", password="s3cret")
    acceptor.session.connected(NOW_NS, WALL_NS)
    settings = SessionSettings(our_comp_id="C1", client_comp_id="VENUE", auth="hmac", password="s3cret", username="u")
    initiator = FixSession(settings, MemoryStore(), acceptor, is_initiator=True)
    initiator.connected(NOW_NS, WALL_NS)
    acceptor.session.receive(initiator.take_output(), NOW_NS, WALL_NS)
    assert acceptor.session.is_logged_on


@pytest.mark.parametrize("next_seq", [1, 2])
def test_an_initiator_that_was_refused_may_try_again(next_seq) -> None:
    """Whether the acceptor gave its Logout a number or not."""
    acceptor = Client()
    settings = SessionSettings(our_comp_id="VENUE", client_comp_id="C1")
    initiator = FixSession(settings, MemoryStore(), acceptor, is_initiator=True)
    initiator.connected(NOW_NS, WALL_NS)
    initiator.take_output()
    refusal = framed(f"35=5|34=1|49=C1|52={TIME}|56=VENUE|58=Authentication failed|")
    initiator.receive(refusal, NOW_NS, WALL_NS)
    assert initiator.close_reason == "refused by the peer: Authentication failed"
    initiator.disconnected(NOW_NS, WALL_NS)
    initiator.connected(NOW_NS, WALL_NS)
    initiator.take_output()
    logon = framed(f"35=A|34={next_seq}|49=C1|52={TIME}|56=VENUE|98=0|108=30|")
    initiator.receive(logon, NOW_NS, WALL_NS)
    assert initiator.is_logged_on
    assert (b"\x0135=2\x01" in initiator.take_output()) == (next_seq == 2)


def test_an_unknown_way_of_authentication_lets_nobody_in() -> None:
    client = Client(auth="handshake")
    assert "58=Authentication failed" in client.logs_on()[0]


def test_no_password_set_lets_nobody_in() -> None:
    client = Client(auth="password")
    client.session.connected(NOW_NS, WALL_NS)
    assert "58=Authentication failed" in client.says("35=A|98=0|108=30|")[0]


def test_a_message_above_the_rate_is_marked() -> None:
    client = Client(max_msgs_per_s=2)
    client.logs_on()
    for _ in range(3):
        client.says(ORDER)
    client.says(ORDER, now_ns=NOW_NS + 500_000_000)
    assert client.events[2:] == [("D", False), ("D", False), ("D", True), ("D", False)]


def test_a_fault_of_the_application_leaves_the_number_unread() -> None:
    """The peer will send the message again: better twice, with PossDup, than lost."""
    client = Client()
    client.logs_on()
    client.fault = RuntimeError("out of memory")
    with pytest.raises(RuntimeError):
        client.says(ORDER)
    assert client.store.next_in == 2


@pytest.mark.parametrize(
    ("last", "end", "spares"),
    [
        ("35=5|", SessionEnd.LOGOUT_RECEIVED, False),
        ("35=5|9003=Y|", SessionEnd.LOGOUT_RECEIVED, True),
    ],
)
def test_how_a_session_ended(last: str, end: SessionEnd, spares: bool) -> None:
    client = Client()
    client.logs_on()
    client.says(last)
    assert client.events[-1] == ("logout", end)
    assert client.session.dont_cancel is spares
    client.session.disconnected(NOW_NS, WALL_NS)
    assert [name for name, _ in client.events].count("logout") == 1


def test_a_lost_connection_is_told_once() -> None:
    client = Client()
    client.logs_on()
    client.session.disconnected(NOW_NS, WALL_NS)
    client.session.disconnected(NOW_NS, WALL_NS)
    assert client.events[-1] == ("logout", SessionEnd.DISCONNECTED)
    assert len(client.events) == 3
    client.session.connected(NOW_NS, WALL_NS)
    assert client.session.end is None


def test_what_is_not_logged_on_is_not_logged_out() -> None:
    client = Client()
    client.session.connected(NOW_NS, WALL_NS)
    client.session.logout("never mind", NOW_NS, WALL_NS)
    assert client.session.wants_close
    assert client.output() == []
    assert client.events == []


def test_a_message_without_end_closes() -> None:
    client = Client()
    client.logs_on()
    client.session.receive(b"8=FIX.4.4\x019=60000\x01" + b"x" * 80_000, NOW_NS, WALL_NS)
    assert client.session.wants_close


def test_a_daily_reset_logs_out_and_begins_anew() -> None:
    client = Client(reset_at="12:30", max_latency_s=10**6)
    client.logs_on()
    half_past_ns = WALL_NS + 30 * 60 * 10**9
    client.session.on_timer(NOW_NS, half_past_ns - 1)
    assert client.output() == []
    client.session.on_timer(NOW_NS, half_past_ns)
    (goodbye,) = client.output()
    assert "35=5|34=2|" in goodbye
    assert "58=session reset" in goodbye
    client.says("35=5|")
    client.session.disconnected(NOW_NS, half_past_ns)
    assert client.store.next_out == 3
    client.session.connected(NOW_NS, half_past_ns)
    assert (client.store.next_out, client.store.next_in) == (1, 1)
    assert "35=A|34=1|" in client.says("35=A|98=0|108=30|", seq=1)[0]
    client.session.on_timer(NOW_NS, half_past_ns + 86_399 * 10**9)
    assert client.session.is_logged_on
    assert client.store.created_ns == half_past_ns


def test_a_reject_of_the_application_and_its_own_text() -> None:
    client = Client()
    client.logs_on()
    client.fault = None
    client.on_message = lambda session, message: session.reject(5, 44, "no such price")
    (reject,) = client.says(ORDER)
    assert "|45=2|58=no such price|371=44|372=D|373=5|" in reject
    assert client.store.next_in == 3


def test_settings_show_no_password() -> None:
    settings = SessionSettings(our_comp_id="V", client_comp_id="C", username="desk", password="s3cret")
    assert repr(settings) == str(settings) == "SessionSettings(V → C)"


def test_every_state_can_be_left() -> None:
    """No state of the table is a trap, and a lost connection is always understood."""
    for state in State:
        ways = {event for origin, event in TRANSITIONS if origin is state}
        assert ways, state
        assert state is State.DISCONNECTED or Event.DISCONNECT in ways
    assert set(TRANSITIONS.values()) == set(State)
