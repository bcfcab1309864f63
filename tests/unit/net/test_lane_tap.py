"""A recording's tap hears every request and answer of a lane, before the listener acts on the answer."""

import asyncio
import sys

from tidings.wire.response_reader import ResponseCopy

NOW_NS = 1_000_000_000
REQUEST = b"GET /%d HTTP/1.1\r\nHost: venue\r\n\r\n"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nx-ratelimit-remaining-contract: 41\r\n\r\none"


class Tap:
    def __init__(self, desk) -> None:
        self.heard: list[tuple] = []
        self._desk = desk

    def request_left(self, index: int, request: bytes, now_ns: int) -> None:
        self.heard.append(("left", index, request, now_ns))

    def answer_came(self, index: int, answer: ResponseCopy, now_ns: int) -> None:
        budget = [(header.group, header.value) for header in answer.rate_headers]
        self.heard.append(("came", index, answer.status, answer.body, budget, len(self._desk.told("answer"))))


async def test_a_tap_hears_requests_and_answers_first(lane, peer, desk):
    lane.tap = tap = Tap(desk)
    lane.send_bytes(REQUEST % 1, 1, NOW_NS)
    await asyncio.to_thread(peer.send, ANSWER)
    await desk.until("answer", 1, b"one")
    assert tap.heard == [("left", 0, REQUEST % 1, NOW_NS), ("came", 0, 200, b"one", [("contract", 41)], 0)]


class BrokenTap:
    def request_left(self, *arguments: object) -> None:
        raise ValueError("a bug of the recording")

    answer_came = request_left


async def test_a_tap_that_raises_costs_no_request_and_no_answer(lane, peer, desk, monkeypatch):
    told: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda problem: told.append(str(problem.exc_value)))
    lane.tap = BrokenTap()
    assert lane.send_bytes(REQUEST % 1, 1, NOW_NS) == 1
    await asyncio.to_thread(peer.send, ANSWER)
    await desk.until("answer", 1, b"one")
    assert lane.is_up and told == ["a bug of the recording"] * 2
