"""The table against the dialect's own, written out here a second time and in its own shape."""

import pytest

from tidings.fix_gateway.execution_matrix import EXECUTION_MATRIX, TERMINAL, Event, steps_for

# Section "transitions" of the dialect: 39 now, then what is told for an ack, a reject, a part, a whole fill, a cancel
# request, its success and refusal, a replace's success and refusal, an expiry. Empty: nothing.
DIALECT = {
    "A": ["0", "8", "0 1", "0 2", "6", "4", "9", None, "9", "C"],
    "0": ["", "4", "1", "2", "6", "4", "9", "5", "9", "C"],
    "1": ["", "4", "1", "2", "6", "4", "9", "5", "9", "C"],
    "6": [None, None, "6", "2", "9", "4", "9", None, None, "C"],
    "E": [None, None, "E", "2", "9", "4", "9", "5", "9", "C"],
    "2": ["", "", "", "", "9", "", "9", "", "9", ""],
}
EVENTS = [
    Event.ACK, Event.REJECT, Event.FILL_PART, Event.FILL_ALL, Event.CANCEL_ASKED, Event.CANCELED, Event.CANCEL_REFUSED,
    Event.REPLACED, Event.REPLACE_REFUSED, Event.EXPIRED,
]


@pytest.mark.parametrize("status", DIALECT)
def test_rows_say_what_the_dialect_says(status):
    for event, wanted in zip(EVENTS, DIALECT[status], strict=True):
        if wanted is None:
            continue  # the dialect leaves it open, or calls it impossible
        told = [
            step.exec_type if step.exec_type in "95" else step.ord_status for step in steps_for(status, event)
        ]
        assert told == wanted.split(), event.name


def test_every_cell_is_filled():
    assert {status for status, _ in EXECUTION_MATRIX} == set("A016E248C")
    assert len(EXECUTION_MATRIX) == 9 * len(Event)


@pytest.mark.parametrize("status", sorted(TERMINAL))
def test_what_is_over_stays_over(status):
    """Only a whole late fill changes the status of an order that is over, and only the venue revives one."""
    for event in set(Event) - {Event.REVIVED, Event.FILL_ALL}:
        assert {step.ord_status for step in steps_for(status, event)} <= {status}, event.name


def test_a_fill_is_always_told_with_the_executions_type():
    for status in "A016E48C":
        for event in (Event.FILL_PART, Event.FILL_ALL):
            assert steps_for(status, event)[-1].exec_type == "F"


def test_an_unacknowledged_fill_is_new_first():
    assert [step.exec_type for step in steps_for("A", Event.FILL_PART)] == ["0", "F"]
