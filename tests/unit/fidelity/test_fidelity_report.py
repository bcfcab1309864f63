"""Samples read from a directory, and what the report says of them."""

import json

import pytest

from tests.fidelity.comparison import Difference
from tests.fidelity.declared import Declared, reason_of
from tests.fidelity.plays import NotPlayed, play_of
from tests.fidelity.report import Report
from tests.fidelity.samples import read_samples

MEANT = Declared("old_*", "data.rows[0].price", "an old sample")
MORE = Declared("old_*", "+data.extra", "a newer key")


def sample(tmp_path, name="one", **members):
    document = {"source": "captured", "request": {"method": "GET", "path": "/x", "query": ""}, **members}
    (tmp_path / f"{name}.json").write_text(json.dumps(document))
    return next(one for one in read_samples(tmp_path) if one.name == name)


def test_the_wires_text_is_the_answer_where_there_is_one(tmp_path):
    one = sample(tmp_path, response={"price": 1.0}, raw_wire=['{"price":1.00000000}'])
    assert str(one.response["price"]) == "1.00000000"
    assert one.rules().is_wire and one.rules().is_ordered


@pytest.mark.parametrize(
    ("source", "is_ordered", "is_exact"),
    [
        ("captured message", True, True), ("official API docs (2026 edition)", False, True),
        ("official API docs: synthetic values", False, False), ("official API docs (schema only)", False, False),
    ],
)  # fmt: skip
def test_a_documents_key_order_and_invented_values_bind_nobody(tmp_path, source, is_ordered, is_exact):
    rules = sample(tmp_path, source=source, response={}).rules()
    assert (rules.is_ordered, rules.is_exact, rules.is_wire) == (is_ordered, is_exact, False)


def test_an_unlisted_instrument_is_played_on_another(tmp_path):
    request = {"method": "GET", "path": "/x", "query": "symbol=APTUSDT&a=APTUSDT2"}
    one = sample(tmp_path, request=request, response={"symbol": "APTUSDT"})
    assert (one.request["query"], one.response["symbol"]) == ("symbol=ADAUSDT&a=APTUSDT2", "ADAUSDT")


def test_what_is_no_sample_is_an_error(tmp_path):
    (tmp_path / "x.json").write_text("[1]")
    with pytest.raises(ValueError, match="no sample"):
        list(read_samples(tmp_path))


def test_what_the_exchange_does_not_offer_is_not_played(tmp_path):
    margin = sample(tmp_path, request={"method": "PUT", "path": "/margin-trade/orders/create"})
    with pytest.raises(NotPlayed, match="margin spot"):
        play_of(margin)
    with pytest.raises(NotPlayed, match="without a request"):
        play_of(sample(tmp_path, "table", request=None, response={"a": 1}))


def test_a_declaration_covers_its_sample_and_key_and_nothing_else():
    assert reason_of("old_1", "data.rows[0].price", "1", (MEANT,)) is MEANT
    assert reason_of("old_1", "data.rows[1].price", "1", (MEANT,)) is None
    assert reason_of("new_1", "data.rows[0].price", "1", (MEANT,)) is None
    assert reason_of("old_1", "data.extra", "nothing", (MORE,)) is MORE
    assert reason_of("old_1", "data.extra", "1", (MORE,)) is None  # a key declared as more is not missed silently


def test_the_report_counts_equal_declared_and_undeclared():
    report = Report(samples=4, table=(MEANT, MORE))
    report.not_played.append({"sample": "t", "reason": "a table"})
    assert report.add("new_1", [], 7) == 0
    assert report.add("old_1", [Difference("data.rows[0].price", "1", "2")], 3) == 0
    assert report.undeclared == []
    assert report.add("new_2", [Difference("code", "0", "1")], 1) == 1
    document = report.document()
    assert [document[name] for name in ("samples", "played", "equal", "compared")] == [4, 3, 1, 11]
    assert document["differences"] == [
        {"sample": "old_1", "key": "data.rows[0].price", "expected": "1", "got": "2", "declared": "an old sample"},
        {"sample": "new_2", "key": "code", "expected": "0", "got": "1", "declared": None},
    ]
    assert document["not_played"] == [{"sample": "t", "reason": "a table"}]
    assert document["stale_declarations"] == [{"sample": "old_*", "key": "+data.extra"}]
    assert "new_2: code: expected 0, got 1" in report.summary()
