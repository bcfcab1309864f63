"""What judges the kill and reconnect runs finds what is planted."""

import random
from decimal import Decimal

import pytest
from fix_ledger import FixLedger

UNIT = Decimal("0.001")
NEW = {35: "8", 11: "A-1", 14: "0", 17: "X-1", 37: "X", 39: "0", 150: "0"}
FILL = {35: "8", 11: "A-1", 14: "0.002", 17: "e-1", 32: "0.002", 37: "X", 39: "2", 150: "F"}


def ledger():
    found = FixLedger("A", Decimal(60_000), random.Random(3))
    kind, fields = found.next_request()
    assert (kind, fields[11]) == ("D", "A-1")
    return found


def history(status="Filled", executions=(("e-1", 2),), orders=("X",)):
    return {
        "orders": [{"order_id": name, "ord_status": status} for name in orders],
        "executions": [{"exec_id": name, "order_id": "X", "qty": qty} for name, qty in executions],
    }


def test_agreement_is_silent():
    one = ledger()
    for message in (NEW, FILL, NEW | {17: "X-9", 39: "2", 150: "I"}):
        one.hear(message)
    assert one.differences(history(), UNIT) == []
    assert one.pending == []


@pytest.mark.parametrize(
    ("messages", "exchange", "word"),
    [
        ([NEW, FILL, FILL], history(), "DOUBLED: ExecID e-1"),
        ([NEW, NEW, FILL], history(), "DOUBLED: ExecID X-1"),
        ([NEW], history(status="New", executions=[("e-1", 2)]), "LOST: execution e-1"),
        ([NEW, FILL], history(executions=()), "INVENTED: execution e-1"),
        ([NEW, FILL], history(executions=[("e-1", 1)]), "QUANTITY: execution e-1"),
        ([NEW], history(status="Canceled", executions=()), "STATUS: A-1 was told 0"),
        ([NEW], history(status="Created", executions=()), "STATUS: A-1 was told 0, the exchange says Created"),
        ([NEW, FILL], history(orders=("X", "Y")), "LOST: the exchange has order Y"),
        ([], history(orders=(), executions=()), "UNANSWERED: A-1"),
    ],
)
def test_what_is_planted_is_found(messages, exchange, word):
    one = ledger()
    for message in messages:
        one.hear(message)
    assert [what for what in one.differences(exchange, UNIT) if what.startswith(word)]


def test_an_order_told_under_two_ids_is_doubled():
    one = ledger()
    one.hear(NEW)
    one.hear(NEW | {11: "strange", 17: "X-2"})
    assert "DOUBLED: order X has two ClOrdIDs" in one.differences(history("New", ()), UNIT)


def test_a_request_without_an_answer_is_found_until_it_has_one():
    one = ledger()
    one._terms["A-1"][40] = "2"
    one.hear(NEW)
    asked = [one.next_request() for _ in range(20)]
    change = next(fields for kind, fields in asked if kind in "FG")
    assert change[41] == "A-1"
    assert f"UNANSWERED: {change[11]}" in one.differences(history("New", ()), UNIT)
    one.hear({35: "8", 11: "A-1", 17: "X-2", 37: "X", 39: "E", 150: "E"})
    one.hear({35: "9", 11: change[11], 41: "A-1", 39: "0"})
    assert change[11] not in one.pending
    assert "A-1" not in one.pending
