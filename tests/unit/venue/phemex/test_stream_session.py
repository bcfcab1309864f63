"""A stream's session: the venue's pace, its answers, and what a refusal means. No socket: texts in, texts out."""

import json

import pytest

from tidings.errors import AuthenticationError, PeerError
from tidings.venue.phemex.stream_session import StreamSession, StreamState

S_NS = 1_000_000_000
BOOK = ("orderbook.subscribe", ["BTCUSD"])


def asked(texts: list[str]) -> list[tuple[str, list[object]]]:
    return [(request["method"], request["params"]) for request in map(json.loads, texts)]


def answer(text: str, error: object = None) -> bytes:
    result = None if error else {"status": "success"}
    return json.dumps({"error": error, "id": json.loads(text)["id"], "result": result}).encode()


def subscriptions(count: int) -> tuple[tuple[str, list[object]], ...]:
    return tuple(("trade.subscribe", [f"S{number}"]) for number in range(count))


# ---- The venue's pace ------------------------------------------------------------------------------------------------


def test_no_second_has_more_than_twenty_requests():
    session = StreamSession(subscriptions=subscriptions(20))
    sent = [(0, text) for text in session.open(0)]
    for number in range(25):
        sent += [(1, text) for text in session.ask("trade.unsubscribe", [f"S{number}"], 1)]
    for now_ns in range(0, 12 * S_NS, S_NS // 10):
        session.heard(now_ns)
        sent += [(now_ns, text) for text in session.on_timer(now_ns)]
    sent_ns = [now_ns for now_ns, _ in sent]
    assert len(sent) == 20 + 25 + 2, "with two pings"
    for later, earlier in zip(sent_ns[20:], sent_ns, strict=False):
        assert later - earlier >= S_NS


def test_the_same_request_that_still_waits_is_not_asked_twice():
    session = StreamSession(subscriptions=subscriptions(20))
    session.open(0)
    for _ in range(5):
        assert session.subscribe(*BOOK, 1) == []
    assert asked(session.on_timer(2 * S_NS)) == [BOOK]


def test_what_is_asked_for_again_behind_the_end_of_its_channel_comes_behind_it():
    session, end = StreamSession(subscriptions=subscriptions(20)), ("orderbook.unsubscribe", [])
    session.open(0)
    session.subscribe(*BOOK, 1)
    session.ask(*end, 1)
    session.subscribe(*BOOK, 1)
    assert asked(session.on_timer(2 * S_NS)) == [end, BOOK]


def test_an_answer_lets_what_waits_go_when_its_time_has_come():
    session = StreamSession(subscriptions=subscriptions(20))
    first, *_ = session.open(0)
    session.subscribe(*BOOK, 1)
    assert session.feed(answer(first), 2) == []
    assert asked(session.feed(b'{"id":0,"result":"pong"}', 2 * S_NS)) == []
    assert asked(session.on_timer(2 * S_NS)) == [BOOK]


def test_a_new_connection_asks_for_all_that_is_followed_and_for_nothing_that_waited():
    session = StreamSession(subscriptions=(BOOK,))
    session.open(0)
    session.ask("trade.unsubscribe", [], 1)
    session.subscribe("trade.subscribe", ["BTCUSD"], 1)
    session.forget(*BOOK)
    session.close()
    assert asked(session.open(2)) == [("trade.subscribe", ["BTCUSD"])]


def test_it_is_live_when_everything_is_answered_and_nothing_waits():
    session = StreamSession(subscriptions=subscriptions(21))
    texts = session.open(0)
    assert len(texts) == 20
    for text in texts:
        session.feed(answer(text), 1)
    assert session.state is StreamState.SUBSCRIBING
    [last] = session.on_timer(2 * S_NS)
    session.feed(answer(last), 2 * S_NS)
    assert session.state is StreamState.LIVE


# ---- Refusals --------------------------------------------------------------------------------------------------------


def test_a_refusal_ends_a_session_where_nobody_is_told():
    session = StreamSession(subscriptions=(BOOK,))
    [text] = session.open(0)
    with pytest.raises(PeerError, match=r"refused orderbook.subscribe: 6001 no"):
        session.feed(answer(text, {"code": 6001, "message": "no"}), 1)


def test_a_refusal_that_is_told_gives_up_its_subscription_only():
    told = []

    def on_answer(method, params, refusal):
        told.append((method, refusal))

    session = StreamSession(subscriptions=(BOOK, *subscriptions(1)), on_answer=on_answer)
    first, second = session.open(0)
    session.feed(answer(first, {"code": 6001, "message": "no"}), 1)
    session.feed(answer(second), 2)
    assert told == [(BOOK[0], "the venue refused orderbook.subscribe: 6001 no"), ("trade.subscribe", "")]
    assert session.state is StreamState.LIVE
    session.close()
    assert asked(session.open(3)) == list(subscriptions(1))


def test_a_refused_login_is_an_error_whoever_is_told():
    session = StreamSession(login=lambda now_ns: ["API"], on_answer=lambda *told: None)
    [text] = session.open(0)
    with pytest.raises(AuthenticationError):
        session.feed(answer(text, {"code": 6012, "message": "invalid login token"}), 1)


# ---- Signs of life ---------------------------------------------------------------------------------------------------


def test_answers_are_life_and_only_data_is_data():
    session = StreamSession()
    session.open(0)
    session.heard(3)
    session.feed(b'{"error":null,"id":0,"result":"pong"}', 14 * S_NS)
    session.heard(3)  # told late, as by a decoder that reads where messages lie
    session.on_timer(29 * S_NS)
    assert session.last_data_ns == 3
    with pytest.raises(PeerError, match=r"nothing for 15\.1 s"):
        session.on_timer(29 * S_NS + S_NS // 10)


def test_data_told_late_makes_no_answer_unheard():
    """A decoder that reads messages in place is asked now and then when it took the last one."""
    session = StreamSession(silence_limit_ns=15 * S_NS)
    session.open(0)
    session.feed(b'{"error":null,"id":0,"result":"pong"}', 20 * S_NS)
    session.heard(1 * S_NS)
    session.on_timer(34 * S_NS)
    assert session.last_data_ns == 1 * S_NS
    with pytest.raises(PeerError, match="said nothing"):
        session.on_timer(36 * S_NS)


@pytest.mark.parametrize("login", [None, lambda now_ns: ["API"]])
def test_a_connection_that_answers_pings_alone_never_comes_up_and_is_given_up(login):
    session = StreamSession(login=login, subscriptions=(BOOK,), silence_limit_ns=15 * S_NS)
    session.open(0)
    for second in range(1, 16):
        session.feed(b'{"error":null,"id":0,"result":"pong"}', second * S_NS)
        session.on_timer(second * S_NS)
    with pytest.raises(PeerError, match=r"did not answer (orderbook.subscribe|user.auth) within 15\.1 s"):
        session.on_timer(15 * S_NS + S_NS // 10)


def test_a_live_connection_is_not_given_up_for_one_answer_that_is_missing():
    session = StreamSession(subscriptions=(BOOK,), silence_limit_ns=15 * S_NS)
    [text] = session.open(0)
    session.feed(answer(text), 1)
    session.ask("trade.unsubscribe", [], 1)
    session.heard(30 * S_NS)
    session.on_timer(30 * S_NS)
