"""Executions of the past, page by page, from a stand-in for the venue."""

import json
from urllib.parse import parse_qs

import pytest

from tidings.errors import PeerError, VenueError
from tidings.venue.phemex import history
from tidings.venue.phemex.history import trades_between
from tidings.venue.phemex.queries import Queries


class Venue:
    """Answers from `rows`, newest first; `between` is called after each page."""

    def __init__(self, rows: list[dict[str, object]], shape=lambda rows: {"code": 0, "data": {"rows": rows}}) -> None:
        self.rows, self.shape = rows, shape
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.between = lambda: None

    async def ask(self, method: str, path: str, query: str, body: bytes, signed: bool) -> tuple[int, bytes]:
        assert (method, body, signed) == ("GET", b"", True)
        fields = {name: values[0] for name, values in parse_qs(query).items()}
        self.asked.append((path, fields))
        offset, limit = int(fields["offset"]), int(fields["limit"])
        page = self.rows[offset : offset + limit]
        self.between()
        return 200, json.dumps(self.shape(page)).encode()


def trade(number: int) -> dict[str, object]:
    return {"execID": f"e{number}", "transactTimeNs": number}


@pytest.mark.parametrize("count", [0, 1, 199, 200, 201, 400, 450])
async def test_all_pages_come_out_oldest_first(count: int) -> None:
    venue = Venue([trade(number) for number in range(count, 0, -1)])

    found = await trades_between(Queries(venue.ask), "BTCUSD", 10, 20)

    assert [row["transactTimeNs"] for row in found] == list(range(1, count + 1))


async def test_each_line_is_asked_at_its_own_service() -> None:
    paths = {}
    for symbol in ("BTCUSD", "BTCUSDT", "BTCUSDC", "sBTCUSDT"):
        venue = Venue([])
        await trades_between(Queries(venue.ask), symbol, 10, 20)
        paths[symbol] = venue.asked[0][0]
        assert venue.asked[0][1] == {"symbol": symbol, "start": "10", "end": "20", "offset": "0", "limit": "200"}

    assert paths == {
        "BTCUSD": "/exchange/order/trade",
        "BTCUSDT": "/api-data/g-futures/trades",
        "BTCUSDC": "/api-data/g-futures/trades",
        "sBTCUSDT": "/api-data/spots/trades",
    }


@pytest.mark.parametrize("shape", [lambda rows: rows, lambda rows: {"code": 0, "data": rows}])
async def test_bare_lists_are_taken_too(shape) -> None:
    venue = Venue([trade(2), trade(1)], shape)

    assert await trades_between(Queries(venue.ask), "sBTCUSDT", 10, 20) == [trade(1), trade(2)]


async def test_trade_between_two_pages_repeats_nothing() -> None:
    venue = Venue([trade(number) for number in range(300, 0, -1)])
    venue.between = lambda: venue.rows.insert(0, trade(len(venue.rows) + 1))

    found = await trades_between(Queries(venue.ask), "BTCUSD", 10, 20)

    assert [row["transactTimeNs"] for row in found] == list(range(1, 301))


async def test_history_too_long_is_an_error_not_a_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "PAGES_MAX", 2)
    venue = Venue([trade(number) for number in range(500, 0, -1)])

    with pytest.raises(VenueError, match="more than 400 executions"):
        await trades_between(Queries(venue.ask), "BTCUSD", 10, 20)


async def test_nothing_found_is_an_empty_list() -> None:
    venue = Venue([], lambda rows: {"code": 10002, "msg": "OM_ORDER_NOT_FOUND", "data": None})

    assert await trades_between(Queries(venue.ask), "BTCUSD", 10, 20) == []


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"code": 0, "data": None}, PeerError),
        ({"code": 0, "data": {"total": 0}}, PeerError),
        ({}, PeerError),
        ({"code": 10002, "msg": "Too many requests.", "data": None}, VenueError),
    ],
)
async def test_answer_without_a_list_is_not_no_executions(answer: object, error: type[Exception]) -> None:
    with pytest.raises(error):
        await trades_between(Queries(Venue([], lambda rows: answer).ask), "BTCUSDT", 10, 20)  # type: ignore[arg-type]


@pytest.mark.parametrize("time", ["soon", [1]])
async def test_executions_without_a_time_that_is_one_are_a_broken_answer(time: object) -> None:
    venue = Venue([trade(2), {"execID": "e1", "transactTimeNs": time}])
    with pytest.raises(PeerError, match="another shape"):
        await trades_between(Queries(venue.ask), "BTCUSD", 10, 20)
