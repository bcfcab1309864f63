"""What is asked, in which order, and that only a well-formed answer counts as one. Answers: phemex docs 2026."""

import json

import pytest
from market_instruments import INVERSE, LINEAR, SPOT

from tidings.errors import ConnectionLost, PeerError, UsageError, VenueError
from tidings.venue.phemex.queries import Queries
from tidings.venue.phemex.replies import open_envelope

OPEN, EMPTY = {"code": 0, "msg": "", "data": []}, {"code": 10002, "msg": "OM_ORDER_NOT_FOUND", "data": None}
DONE = {"code": 0, "msg": "", "data": 1}


class Venue:
    """Answers in turn; an exception is raised instead."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = []

    async def ask(self, method, path, query, body, signed):
        self.asked.append(f"{method} {path}?{query}")
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return 200, json.dumps(answer).encode()


def rows_of(venue):
    return Queries(venue.ask)


async def test_cancel_all_asks_for_both_halves():
    venue = Venue(DONE, DONE)
    await rows_of(venue).cancel_all(LINEAR)
    assert venue.asked == [
        "DELETE /g-orders/all?symbol=BTCUSDT&untriggered=false",
        "DELETE /g-orders/all?symbol=BTCUSDT&untriggered=true",
    ]


async def test_id_of_an_order_is_one_value_whatever_is_in_it():
    """Somebody's ClOrdID, or a slip, must not become a parameter of its own, as another symbol."""
    venue = Venue(DONE)
    await rows_of(venue).cancel(INVERSE, "a&symbol=ETHUSD é")
    assert venue.asked == ["DELETE /orders/cancel?clOrdID=a%26symbol%3DETHUSD%20%C3%A9&symbol=BTCUSD"]
    with pytest.raises(UsageError, match="which order"):
        await rows_of(venue).cancel(INVERSE, "")


@pytest.mark.parametrize("number", [None, [], "x", 1.5, True, "nan", "1e-99999999", "1e99999999", "1e-50"])
async def test_number_that_cannot_be_written_out_is_refused(number):
    """A hundred million zeros are no leverage, and would fill the memory first."""
    venue = Venue()
    with pytest.raises(UsageError, match="leverage"):
        await rows_of(venue).set_leverage(LINEAR, number, None, is_hedged=False)
    assert venue.asked == []


@pytest.mark.parametrize("problem", [ConnectionLost("gone"), {"code": 11083, "msg": "", "data": None}])
async def test_second_half_is_cancelled_whatever_became_of_the_first(problem):
    venue = Venue(problem, DONE)
    with pytest.raises((ConnectionLost, VenueError)):
        await rows_of(venue).cancel_all(INVERSE)
    assert venue.asked[1] == "DELETE /orders/all?symbol=BTCUSD&untriggered=true"


async def test_hedged_order_is_cancelled_on_the_side_it_works_on():
    """The venue's order rows carry no posSide, so both are tried."""
    venue = Venue({"code": 20004, "msg": "TE_ERR_INCONSISTENT_POS_MODE", "data": None}, {"code": 0, "data": {}})
    await rows_of(venue).cancel(LINEAR, "T1", is_hedged=True)
    assert [call.rpartition("=")[2] for call in venue.asked] == ["Long", "Short"]


async def test_order_is_looked_for_among_the_open_ones_and_then_in_the_database():
    venue = Venue(EMPTY, {"code": 0, "data": [{"clOrdId": "T1", "ordStatus": "Filled"}]})
    assert (await rows_of(venue).find_order(LINEAR, "T1"))["ordStatus"] == "Filled"
    assert venue.asked == [
        "GET /g-orders/activeList?symbol=BTCUSDT",
        "GET /api-data/g-futures/orders/by-order-id?symbol=BTCUSDT&clOrdID=T1",
    ]


async def test_spot_row_without_a_client_id_is_the_one_asked_for():
    venue = Venue(OPEN, [{"orderID": "x", "ordStatus": "Filled"}])
    assert (await rows_of(venue).find_order(SPOT, "T1"))["ordStatus"] == "Filled"


async def test_other_open_orders_are_not_ours():
    venue = Venue({"code": 0, "data": {"rows": [{"clOrdID": "T2"}]}}, {"code": 0, "data": []})
    assert await rows_of(venue).find_order(INVERSE, "T1") is None


async def test_answer_about_another_order_is_no_absence():
    venue = Venue(EMPTY, {"code": 0, "data": [{"clOrdID": "T3"}]})
    with pytest.raises(PeerError, match="answered about 'T3'"):
        await rows_of(venue).find_order(INVERSE, "T1")


@pytest.mark.parametrize(
    "answer",
    [
        {"code": 10002, "msg": "Too many requests.", "data": None},
        {"code": 10500, "msg": "expired", "data": None},
        {"code": 39996, "msg": "", "data": None},
        {"code": "39995", "msg": "Too many requests."},
        ConnectionLost("no such host"),
    ],
)
async def test_error_is_no_absence(answer):
    with pytest.raises((VenueError, ConnectionLost)):
        await rows_of(Venue(answer)).open_orders(LINEAR)
    with pytest.raises((VenueError, ConnectionLost)):
        await rows_of(Venue(EMPTY, answer)).find_order(LINEAR, "T1")


@pytest.mark.parametrize("number", [b"1E999999", b"-1e-999999", b"NaN", b"Infinity", b"-Infinity"])
def test_a_number_that_is_none_is_a_broken_answer(number):
    """To make a whole number of 1E999999 takes minutes, in which nothing else goes on."""
    with pytest.raises(PeerError, match="no JSON"):
        open_envelope(200, b'{"code":0,"data":[{"balanceEv":' + number + b"}]}", "GET /spot/wallets")


async def test_list_with_a_next_page_is_not_all():
    page = {"code": 0, "msg": "", "data": {"rows": [{"clOrdID": "T1"}], "nextPageArg": "more"}}
    assert await rows_of(Venue(page)).open_order_page(LINEAR) == ([{"clOrdID": "T1"}], False)
    assert await rows_of(Venue(EMPTY)).open_order_page(LINEAR) == ([], True)


@pytest.mark.parametrize(
    "answer",
    [
        None, {}, {"data": []}, {"msg": "", "data": {}}, {"code": None, "data": []}, {"code": 0},
        {"code": 0, "data": None},
    ],
)
async def test_answer_without_a_code_or_without_a_list_is_no_absence(answer):
    """What a proxy says in the venue's place; the venue's own "none" is an empty list or code 10002."""
    with pytest.raises(PeerError):
        await rows_of(Venue(answer)).open_orders(LINEAR)
    with pytest.raises(PeerError):
        await rows_of(Venue(answer)).order_by_id(SPOT, "T1")
    with pytest.raises(PeerError):
        await rows_of(Venue(answer)).closed_order_page(LINEAR, 0, 0)


@pytest.mark.parametrize("data", ["gone", {"total": 0}, [1], {"rows": "none"}, 7])
async def test_answer_of_another_shape_is_no_absence(data):
    with pytest.raises(PeerError):
        await rows_of(Venue({"code": 0, "data": data})).open_orders(LINEAR)
    with pytest.raises(PeerError):
        await rows_of(Venue(EMPTY, {"code": 0, "data": data})).find_order(LINEAR, "T1")


@pytest.mark.parametrize("key", ["lastEp", "close"])
async def test_a_last_price_may_be_spelled_as_in_the_table_or_as_in_the_sample(key):
    venue = Venue({"error": None, "id": 0, "result": [{"symbol": "BTCUSD", key: 605_000_000}, {"symbol": "ETHUSD"}]})
    assert await rows_of(venue).last_prices(INVERSE.line) == {"BTCUSD": "605000000"}
