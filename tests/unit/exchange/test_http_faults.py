"""Faults of requests and answers on one connection, driven without sockets and on a clock that only tests move."""

from collections import Counter

import pytest
from faulty_link import UPGRADE, Link, answers, echo, order

from tidings.exchange.faults.fault_file import make_fault


def test_without_a_fault_nothing_is_different():
    plain, armed = Link(), Link({"kind": "fail", "request": "cancel"})
    for link in (plain, armed):
        link.send("a", "b")
    assert plain.pipe.written == armed.pipe.written
    assert armed.answered == [echo("a"), echo("b")]


# Before and after it takes effect.


@pytest.mark.parametrize(("is_processed", "effects"), [(True, ["a"]), (False, [])])
def test_an_error_comes_before_or_after_the_effect(is_processed, effects):
    link = Link({"kind": "fail", "status": 502, "processed": is_processed})
    link.send("a")
    ((status, headers, body),) = answers(link.pipe.written)
    assert (status, headers["content-type"], link.echo.effects) == (502, "text/html", effects)
    assert "502" in body


@pytest.mark.parametrize(("is_processed", "effects"), [(True, ["a"]), (False, [])])
@pytest.mark.parametrize("end", ["close", "reset", "hang"])
def test_a_dropped_answer_never_comes_and_nothing_behind_it_is_heard(is_processed, effects, end):
    link = Link({"kind": "drop", "nth": 1, "processed": is_processed, "then": end})
    link.send("a", "b")
    link.send("c")
    link.wait(100)
    assert (link.pipe.written, link.echo.effects) == (b"", effects)
    assert link.pipe.end == {"close": "close", "reset": "reset", "hang": ""}[end]


def test_answers_before_a_dropped_one_still_come():
    link = Link({"kind": "drop", "nth": 2})
    link.send("a", "b")
    assert (link.answered, link.pipe.end) == ([echo("a")], "close")


def test_a_storm_refuses_without_effect_and_says_what_it_is_told():
    for row, expected in (
        ({"retry_after": "soon"}, {"x-ratelimit-remaining-contract": "0", "x-ratelimit-capacity-contract": "500",
                                   "x-ratelimit-retry-after-contract": "soon"}),
        ({}, {"x-ratelimit-remaining-contract": "0", "x-ratelimit-capacity-contract": "500"}),
        ({"headers": False, "retry_after": "9"}, {}),
    ):  # fmt: skip
        link = Link({"kind": "rate-limit", **row})
        link.send("a")
        ((status, headers, body),) = answers(link.pipe.written)
        assert (status, body, link.echo.effects) == (429, '{"code":"39995","msg":"Too many requests."}', [])
        assert {name: value for name, value in headers.items() if name.startswith("x-rate")} == expected


def test_rate_headers_can_lie():
    link = Link({"kind": "misstate-limits", "remaining": "-3"})
    link.send("a")
    ((_, headers, body),) = answers(link.pipe.written)
    assert (headers["x-ratelimit-remaining-contract"], body) == ("-3", echo("a"))


@pytest.mark.parametrize("answer", ["first", "second"])
def test_a_repeated_request_takes_effect_twice_and_is_answered_once(answer):
    link = Link({"kind": "repeat-request", "answer": answer})
    link.send("a")
    assert (link.echo.effects, link.answered) == (["a", "a"], [echo("a")])


def test_a_request_can_be_repeated_later():
    link = Link({"kind": "repeat-request", "delay_ms": 20})
    link.send("a")
    link.wait(19)
    assert link.echo.effects == ["a"]
    link.wait(1)
    assert (link.echo.effects, link.answered) == (["a", "a"], [echo("a")])


# Late.


def test_a_late_answer_holds_up_those_behind_it_though_all_took_effect():
    link = Link({"kind": "delay", "delay_ms": 30, "nth": 1})
    link.send("a", "b")
    assert (link.echo.effects, link.pipe.written) == (["a", "b"], b"")
    link.wait(29)
    assert link.pipe.written == b""
    link.wait(1)
    assert link.answered == [echo("a"), echo("b")]


def test_a_late_request_takes_effect_late_and_so_does_what_follows():
    link = Link({"kind": "delay", "stage": "request", "delay_ms": 30, "nth": 1})
    link.send("a", "b")
    link.wait(29)
    assert link.echo.effects == []
    link.wait(1)
    assert (link.echo.effects, link.answered) == (["a", "b"], [echo("a"), echo("b")])


def test_a_late_request_takes_effect_though_its_client_has_left():
    link = Link({"kind": "delay", "stage": "request", "delay_ms": 30})
    link.send("a")
    link.pipe.close()
    link.connection.connection_lost(None)
    link.wait(30)
    assert (link.echo.effects, link.pipe.written) == (["a"], b"")


def test_a_slow_answer_trickles_and_those_behind_it_wait():
    link = Link({"kind": "slow-response", "bytes_per_s": 1_000, "nth": 1})
    link.send("a", "b")
    sizes = [len(link.pipe.written)]
    for _ in range(3):
        link.wait(10)
        sizes.append(len(link.pipe.written))
    assert sizes == [10, 20, 30, 40]
    for _ in range(50):
        link.wait(10)
    assert link.answered == [echo("a"), echo("b")]


# Cut.


def test_an_answer_is_cut_at_the_byte_named():
    whole = Link()
    whole.send("a")
    for position in (0, 1, 20, len(whole.pipe.written) - 1, len(whole.pipe.written)):
        link = Link({"kind": "cut-response", "at_byte": position})
        link.send("a", "b")
        link.wait(0)
        assert (link.pipe.written, link.echo.effects) == (whole.pipe.written[:position], ["a"])
        link.wait(5)
        assert link.pipe.end == "reset"


def test_a_request_is_cut_at_the_byte_named_and_takes_effect_only_if_whole():
    request = order("a")
    for position in range(len(request) + 2):
        link = Link({"kind": "cut-request", "at_byte": position})
        link.send("a", "b")
        assert link.echo.effects == (["a"] if position >= len(request) else []), position
        assert (link.pipe.written, link.pipe.end) == (b"", "reset")


def test_a_request_in_pieces_is_cut_as_soon_as_that_byte_has_come():
    request = order("a")
    line_bytes = request.index(b"\r\n") + 2
    for position in (0, line_bytes, line_bytes + 3, len(request) - 1):
        link = Link({"kind": "cut-request", "path": "/orders/create", "at_byte": position})
        sent = 0
        while not link.pipe.end:
            link.connection.data_received(request[sent : sent + 1])
            sent += 1
        assert sent == max(position, line_bytes), "it must have read whose request it is"
        assert link.echo.effects == []


def test_a_body_can_be_cut_too():
    head = b"POST /orders HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n"
    link = Link({"kind": "cut-request", "request": "create", "at_byte": len(head) + 4, "then": "close"})
    link.connection.data_received(head + b"123")
    assert link.pipe.end == ""
    link.connection.data_received(b"4")
    assert (link.pipe.end, link.echo.effects) == ("close", [])


def test_only_the_request_that_is_meant_is_cut():
    link = Link({"kind": "cut-request", "nth": 2, "at_byte": 10})
    link.send("a")
    link.send("b")
    assert (link.answered, link.echo.effects, link.pipe.end) == ([echo("a")], ["a"], "reset")


def test_a_cut_by_chance_is_the_same_with_the_same_seed():
    def lengths(seed: int) -> list[int]:
        found = []
        for _ in range(2):
            link = Link({"kind": "cut-response"}, seed=seed)
            link.send("a")
            found.append(len(link.pipe.written))
        return found

    assert lengths(3)[0] == lengths(3)[1]
    assert len({lengths(seed)[0] for seed in range(8)}) > 4


# Wrong answers.


def test_shifted_answers_are_each_that_to_the_request_before():
    link = Link({"kind": "shift-responses", "nth": 2})
    for name in "abcd":
        link.send(name)
    assert link.answered == [echo("a"), echo("b"), echo("c")]
    assert link.echo.effects == ["a", "b", "c", "d"]


def test_swapped_answers_change_places():
    link = Link({"kind": "swap-responses", "nth": 1})
    link.send("a")
    assert link.pipe.written == b""
    link.send("b", "c")
    assert link.answered == [echo("b"), echo("a"), echo("c")]


def test_a_duplicated_answer_comes_again_at_once_an_unsolicited_one_later():
    link = Link({"kind": "duplicate-response", "times": 2, "nth": 1})
    link.send("a", "b")
    assert Counter(link.answered) == {echo("a"): 3, echo("b"): 1}
    link = Link({"kind": "unsolicited-response", "delay_ms": 40})
    link.send("a")
    assert link.answered == [echo("a")]
    link.wait(40)
    assert link.answered == [echo("a"), echo("a")]


def test_interim_answers_come_first():
    link = Link({"kind": "interim-responses", "times": 3})
    link.send("a")
    assert link.pipe.written.count(b"HTTP/1.1 103 Early Hints\r\n") == 3
    assert link.answered == [echo("a")]


def test_the_last_answer_says_so_and_ends_the_connection():
    link = Link({"kind": "close-after", "nth": 1})
    link.send("a", "b")
    ((_, headers, body),) = answers(link.pipe.written)
    assert (headers["connection"], body, link.pipe.end, link.echo.effects) == ("close", echo("a"), "close", ["a"])


def test_garbage_takes_the_answers_place_with_or_without_effect():
    for is_processed, effects in ((True, ["a"]), (False, [])):
        link = Link({"kind": "garbage", "shape": "html", "processed": is_processed})
        link.send("a")
        ((status, headers, body),) = answers(link.pipe.written)
        assert (status, headers["content-type"], body[:15]) == (200, "text/html", "<!DOCTYPE html>")
        assert link.echo.effects == effects


def test_several_faults_work_together():
    link = Link({"kind": "delay", "delay_ms": 10}, {"kind": "fail", "status": 504}, {"kind": "close-after"})
    link.send("a")
    assert link.pipe.written == b""
    link.wait(10)
    ((status, headers, _),) = answers(link.pipe.written)
    assert (status, headers["connection"], link.pipe.end) == (504, "close", "close")


# Connections and streams.


@pytest.mark.parametrize(("end", "seen"), [("close", "close"), ("reset", "reset"), ("hang", "")])
def test_a_refused_connection_hears_nothing(end, seen):
    link = Link({"kind": "refuse-connection", "then": end})
    link.send("a")
    assert (link.pipe.end, link.pipe.written, link.echo.effects) == (seen, b"", [])


def test_a_stream_is_refused_only_if_the_fault_names_its_path():
    link = Link({"kind": "fail"})
    link.connection.data_received(UPGRADE)
    assert link.upgraded == ["/ws"]
    link = Link({"kind": "fail", "path": "/ws", "status": 500})
    link.connection.data_received(UPGRADE)
    assert (link.upgraded, answers(link.pipe.written)[0][0]) == ([], 500)


def test_faults_set_and_removed_while_a_connection_lives():
    link = Link()
    link.send("a")
    fault_id = link.plan.add(make_fault({"kind": "fail"}))
    link.send("b")
    link.plan.remove([fault_id])
    link.send("c")
    assert [status for status, _, _ in answers(link.pipe.written)] == [200, 503, 200]


def test_nonsense_is_refused_behind_what_is_still_waiting():
    link = Link({"kind": "delay", "delay_ms": 10, "nth": 1})
    link.send("a")
    link.connection.data_received(b"what is this\r\n\r\n")
    link.send("b")
    link.wait(10)
    assert [status for status, _, _ in answers(link.pipe.written)] == [200, 400]
    assert (link.pipe.end, link.echo.effects) == ("close", ["a"])


def test_a_client_cannot_pile_up_requests_for_ever():
    link = Link({"kind": "delay", "delay_ms": 1_000})
    for _ in range(30):
        link.send(*"abcdefghijklmnopqrstuvwxyz0123456789")
    assert (link.pipe.end, len(link.echo.effects)) == ("reset", 1_000)
