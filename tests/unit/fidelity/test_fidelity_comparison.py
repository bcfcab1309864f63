"""The comparison behind `python -m tests.fidelity`: whatever is changed in an answer, it is found."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fidelity.comparison import Comparison, Difference, Rules, closest
from tests.fidelity.kinds import kind, same_kind
from tests.fidelity.raw_json import Number, loads, spelled

# Answers in the venue's shapes, values invented: an order of each line, a book, a tape, an account message.
COIN_M_ORDER = """{"code":0,"msg":"","data":{"bizError":0,"orderID":"5c1f0a52-9d1b-4b5e-8a4f-0c2b7f6d9e10",
"clOrdID":"a-1","symbol":"BTCUSD","side":"Buy","actionTimeNs":1790000000123456789,"orderType":"Limit",
"priceEp":600000000,"price":60000.00000000,"orderQty":3,"timeInForce":"GoodTillCancel","reduceOnly":false,
"closedPnl":0E-8,"leavesValue":0.00005000,"stopDirection":"UNSPECIFIED","execStatus":"PendingNew",
"ordStatus":"Created","execInst":"None"}}"""
USD_M_ORDER = """{"code":0,"msg":"","data":{"rows":[{"orderID":"5c1f0a52-9d1b-4b5e-8a4f-0c2b7f6d9e10",
"symbol":"ETHUSDT","side":"Sell","transactTimeNs":1790000000123456789,"priceRp":"3000.5","orderQtyRq":"0.02",
"cumValueRv":"0","ordStatus":"New","execInst":"None"}],"nextPageArg":""}}"""
BOOK = """{"depth":30,"orderbook_p":{"asks":[["3000.5","0.2"],["3001","1"]],"bids":[["2999.5","4"]]},
"sequence":77,"symbol":"ETHUSDT","timestamp":1790000000123456789,"type":"snapshot"}"""
TRADES = """{"sequence":77,"symbol":"BTCUSD","trades":[[1790000000123456789,"Buy",600000000,5],
[1790000000000000001,"Sell",599990000,1]],"type":"snapshot"}"""
ACCOUNT = """{"sequence":5,"timestamp":1790000000123456789,"type":"snapshot","version":0,"accounts":[{
"accountBalanceEv":50649,"accountID":70000010001,"currency":"BTC","userID":7000001}],"orders":[],"positions":[]}"""
ANSWERS = (COIN_M_ORDER, USD_M_ORDER, BOOK, TRADES, ACCOUNT)


def differences(expected: Any, got: Any, **rules: Any) -> list[Difference]:
    return list(Comparison(Rules(**rules)).differences(expected, got))


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value in a document, itself excepted."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in items:
        yield (*path, key)
        yield from places(member, (*path, key))


def changed(document: Any, path: tuple[Any, ...], change: Any) -> Any:
    """A copy of `document` in which `change` was done to the container of `path`."""
    answer = copy.deepcopy(document)
    container = answer
    for key in path[:-1]:
        container = container[key]
    change(container, path[-1])
    return answer


def set_to(value: Any) -> Any:
    def change(container: Any, key: Any) -> None:
        container[key] = value

    return change


EVERYWHERE = [(text, path) for text in ANSWERS for path in places(loads(text))]
KEYS = [(text, path) for text, path in EVERYWHERE if isinstance(path[-1], str)]


def value_at(text: str, path: tuple[Any, ...]) -> Any:
    value = loads(text)
    for key in path:
        value = value[key]
    return value


@pytest.mark.parametrize("text", ANSWERS)
def test_an_answer_equals_itself_and_values_were_compared(text):
    comparison = Comparison(Rules())
    assert list(comparison.differences(loads(text), loads(text))) == []
    assert comparison.count >= 5


@pytest.mark.parametrize(("text", "path"), KEYS)
def test_a_missing_key_is_found(text, path):
    got = changed(loads(text), path, lambda container, key: container.pop(key))
    assert any(one.got == "nothing" and one.key.endswith(path[-1]) for one in differences(loads(text), got))


@pytest.mark.parametrize(("text", "path"), KEYS)
def test_a_key_too_many_is_found(text, path):
    got = changed(loads(text), path, lambda container, key: container.update(another=None))
    assert any(one.expected == "nothing" and one.key.endswith("another") for one in differences(loads(text), got))


@pytest.mark.parametrize(("text", "path"), EVERYWHERE)
def test_another_type_is_found(text, path):
    value = value_at(text, path)
    others = [None, {}, {"a": None}, [[None]], True, Number("1"), "1"]
    for other in others:
        if type(other) is not type(value) or isinstance(value, dict | list):
            assert differences(loads(text), changed(loads(text), path, set_to(other))), other


NUMBERS = [(text, path) for text, path in EVERYWHERE if isinstance(value_at(text, path), Number)]
SCALARS = [(text, path) for text, path in EVERYWHERE if not isinstance(value_at(text, path), dict | list)]
DECIMAL_TEXTS = [(text, path) for text, path in SCALARS if kind("", value_at(text, path), True) == "decimal text"]


@pytest.mark.parametrize(("text", "path"), NUMBERS)
def test_another_number_style_is_found(text, path):
    value = value_at(text, path)
    styles = {str(value): str, f"{value}.0": Number, f"{value}E+1": Number}
    if "." in value or "E" in value:
        styles = {str(value): str, "0.0": Number, "1.5": Number, "0": Number, "0E-7": Number}
    for style, make in styles.items():
        assert differences(loads(text), changed(loads(text), path, set_to(make(style)))), style


@pytest.mark.parametrize(("text", "path"), DECIMAL_TEXTS)
@pytest.mark.parametrize("style", ["3.10", "1E-3", "0E-8", "+1", ".5", "", "-0", "1,000"])
def test_a_decimal_text_that_is_not_trimmed_is_found(text, path, style):
    assert differences(loads(text), changed(loads(text), path, set_to(style)))


@pytest.mark.parametrize("text", ANSWERS)
def test_keys_in_another_order_are_found_where_the_sample_is_a_capture(text):
    expected = loads(text)
    got = dict(reversed(list(expected.items())))
    assert differences(expected, got) != []
    assert differences(expected, got, is_ordered=False) == []


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("side", "Sell"), ("ordStatus", "New"), ("priceEp", Number("600000001")), ("symbol", "cETHUSD"),
        ("execStatus", "Registered"), ("bizError", Number("11001")), ("reduceOnly", True), ("orderQty", Number("4")),
        ("orderID", "00000000-0000-0000-0000-000000000000"), ("orderID", "5c1f0a52-9d1b-5b5e-8a4f-0c2b7f6d9e10"),
        ("actionTimeNs", Number("1790000000123")), ("stopDirection", "Up"),
    ],
)  # fmt: skip
def test_what_the_set_up_determines_must_be_equal(key, value):
    got = changed(loads(COIN_M_ORDER), ("data", key), set_to(value))
    assert [one.key for one in differences(loads(COIN_M_ORDER), got)] == [f"data.{key}"]


def test_ids_times_and_sequences_may_differ_within_their_format():
    got = loads(COIN_M_ORDER.replace("5c1f0a52-9d1b-4b5e", "00000000-1111-4222").replace("123456789", "987654321"))
    assert differences(loads(COIN_M_ORDER), got) == []


def test_an_account_id_ends_in_the_number_of_its_currency():
    got = loads(ACCOUNT.replace("70000010001", "91230001"))
    assert differences(loads(ACCOUNT), got) == []
    assert differences(loads(ACCOUNT), loads(ACCOUNT.replace("70000010001", "70000010003"))) != []


def test_a_list_without_rows_and_a_row_too_few_are_found():
    expected = loads('{"orders":[{"side":"Buy"},{"side":"Sell"}]}')
    assert differences(expected, loads('{"orders":[]}')) != []
    assert differences(expected, loads('{"orders":[{"side":"Buy"}]}')) != []
    assert differences(loads('{"orders":[]}'), expected) != []


def test_rows_are_paired_by_symbol_and_position_side():
    one, other = '{"symbol":"A","posSide":"Long","size":"1"}', '{"symbol":"A","posSide":"Short","size":"0"}'
    assert differences(loads(f"[{one}]"), loads(f"[{other},{one}]")) == []
    assert differences(loads(f"[{one}]"), loads(f"[{other}]")) != []


def test_columns_of_rows_are_compared_in_each_row():
    assert differences(loads('{"t":[[1,"Buy"]]}'), loads('{"t":[[1,"Buy"],[2]]}')) != []
    assert differences(loads('{"t":[[1,"Buy"]]}'), loads('{"t":[[1,"Buy"],["2","Buy"]]}')) != []
    assert differences(loads('{"t":[[1,"Buy"]]}'), loads('{"t":[[1,"Buy"],[2,"Sell"]]}')) == []


def test_identical_means_every_value():
    assert differences(loads(BOOK), loads(BOOK.replace('"0.2"', '"0.3"'))) == []
    assert len(differences(loads(BOOK), loads(BOOK.replace('"0.2"', '"0.3"')), is_identical=True)) == 1


def test_only_a_books_changes_may_leave_a_side_empty():
    empty = loads(BOOK.replace('[["2999.5","4"]]', "[]"))
    assert differences(loads(BOOK), empty) != []
    assert differences(loads(BOOK), empty, is_partial=True) == []


def test_invented_and_loose_values_are_compared_by_kind_only():
    got = loads(COIN_M_ORDER.replace("600000000", "7"))
    assert differences(loads(COIN_M_ORDER), got, is_exact=False) == []
    assert differences(loads(COIN_M_ORDER), got, loose=frozenset({"priceEp"})) == []
    assert differences(loads(COIN_M_ORDER), loads(COIN_M_ORDER.replace("600000000", '"7"')), is_exact=False) != []


def test_decimals_have_a_style_only_where_the_text_is_the_venues_own():
    printed = loads(COIN_M_ORDER.replace("0E-8", "0.0").replace("60000.00000000", "60000.0"))
    assert differences(printed, loads(COIN_M_ORDER), is_wire=False) == []
    assert len(differences(printed, loads(COIN_M_ORDER))) == 2


@pytest.mark.parametrize(
    ("key", "one", "other", "is_same"),
    [
        ("price", Number("0E-8"), Number("32000.00000000"), True), ("price", Number("0E-8"), Number("0.0"), False),
        ("price", Number("1.0E-7"), Number("0E-8"), True), ("price", Number("0E-8"), Number("0.00000000"), False),
        ("createdAt", Number("1790000000123"), Number("0"), True),
        ("createdAt", Number("1790000000123"), Number("1790000000"), False),
        ("lastUpdateTimeNs", "2026-01-02T03:04:05.123456789Z", "2026-01-02T03:04:05Z", True),
        ("lastUpdateTimeNs", "2026-01-02T03:04:05Z", Number("1790000000123456789"), False),
        ("execId", "d789fa5", "7364634", True), ("feeCurrency", "BTC", "4", False), ("orderID", "string", "x", True),
        ("total", Number("-1"), Number("7"), True), ("code", Number("0"), "0", False),
    ],
)  # fmt: skip
def test_kinds(key, one, other, is_same):
    assert same_kind(key, one, other, is_wire=True) is is_same
    assert same_kind(key, other, one, is_wire=True) is is_same or "string" in (one, other)


def test_the_nearest_candidate_is_the_one_compared():
    rows = [loads('{"side":"Sell","ordStatus":"New"}'), loads('{"side":"Buy","ordStatus":"Filled"}')]
    found, count = closest(loads('{"side":"Buy","ordStatus":"Filled"}'), rows, Rules(), "here")
    assert (found, count) == ([], 2)
    found, _ = closest(loads('{"side":"Buy"}'), [], Rules(), "here")
    assert [(one.key, one.got) for one in found] == [("here", "nothing")]


def test_raw_json_keeps_spelling_and_refuses_a_key_twice():
    assert spelled(loads('{"a":0E-8,"b":[1790000000123456789,"x"],"c":null}')) == (
        '{"a":0E-8,"b":[1790000000123456789,"x"],"c":null}'
    )
    with pytest.raises(ValueError, match="twice"):
        loads('{"a":1,"a":1}')
    assert json.loads(spelled(loads("[1.50]"))) == [1.5]
