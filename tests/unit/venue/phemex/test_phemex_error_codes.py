"""Error codes: each known number has its meaning, each unknown one stays unknown."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidings.venue.phemex.error_codes import (
    BUSY_CODES,
    CODES,
    DUPLICATE_CODES,
    FINISHED_CODES,
    NOT_FOUND_CODES,
    NOT_MODIFIED_CODE,
    Actor,
    Outcome,
    meaning_of,
    outcome_of_status,
    shown_text,
)


def test_every_entry_has_a_name_and_a_meaning():
    assert len(CODES) == 163
    assert all(entry.name.isupper() and entry.meaning and entry.code == code for code, entry in CODES.items())


@pytest.mark.parametrize(
    ("code", "name", "outcome", "actor"),
    [
        (11001, "TE_NO_ENOUGH_AVAILABLE_BALANCE", Outcome.REFUSED, Actor.OWNER),
        (11085, "TE_CL_ORD_ID_DUPLICATE", Outcome.DUPLICATE, Actor.CALLER),
        (19999, "REQUEST_IS_DUPLICATED", Outcome.DUPLICATE, Actor.CALLER),
        (10002, "OM_ORDER_NOT_FOUND", Outcome.NOT_FOUND, Actor.NOBODY),
        (10003, "OM_ORDER_PENDING_CANCEL", Outcome.RETRY_LATER, Actor.NOBODY),
        (11062, "TE_ORD_ALREADY_CANCELED", Outcome.REFUSED, Actor.CALLER),
        (20004, "TE_ERR_INCONSISTENT_POS_MODE", Outcome.REFUSED, Actor.OWNER),
        (39995, "TOO_MANY_REQUESTS", Outcome.RETRY_LATER, Actor.NOBODY),
        (6012, "WS_INVALID_LOGIN_TOKEN", Outcome.AUTH, Actor.OWNER),
        (101, "CE_WILLCROSS", Outcome.REFUSED, Actor.CALLER),
    ],
)
def test_known_codes(code, name, outcome, actor):
    entry = meaning_of(code)

    assert (entry.code, entry.name, entry.outcome, entry.actor) == (code, name, outcome, actor)


def test_zero_is_accepted():
    assert meaning_of(0, "OK").outcome is Outcome.ACCEPTED


def test_an_unlisted_code_keeps_number_and_words():
    entry = meaning_of(77123, "phemex.something.new")

    assert (entry.code, entry.name, entry.outcome) == (77123, "UNKNOWN_77123", Outcome.UNKNOWN)
    assert "phemex.something.new" in entry.meaning


def test_an_unlisted_name_is_kept():
    entry = meaning_of(11999, "TE_SOMETHING_NEW")

    assert (entry.code, entry.name, entry.outcome) == (11999, "TE_SOMETHING_NEW", Outcome.UNKNOWN)


def test_the_venues_name_wins_over_our_number():
    entry = meaning_of(10003, "TE_REDUCE_ONLY_ABORT")

    assert (entry.code, entry.name, entry.outcome) == (10003, "TE_REDUCE_ONLY_ABORT", Outcome.REFUSED)


@pytest.mark.parametrize(
    ("code", "text", "name", "outcome"),
    [
        (10500, "API Signature verification failed.", "SIGNATURE_REFUSED", Outcome.AUTH),
        (10500, "Api key not found 00000000-0000-0000-0000-000000000000", "API_KEY_REFUSED", Outcome.AUTH),
        (10500, "Failed to find api-key 00000000-0000-0000-0000-000000000000", "API_KEY_REFUSED", Outcome.AUTH),
        (10500, "Missing required parameter", "MISSING_PARAMETER", Outcome.REFUSED),
        (412, "Missing parameter - resolution", "MISSING_PARAMETER", Outcome.REFUSED),
        (401, "401 Request IP mismatch.", "ADDRESS_REFUSED", Outcome.AUTH),
        (401, "401 Insufficient privilege.", "PERMISSION_MISSING", Outcome.AUTH),
        (401, "401 Failed to load API KEY.", "API_KEY_REFUSED", Outcome.AUTH),
        (10002, "too many requests", "TOO_MANY_REQUESTS", Outcome.RETRY_LATER),
        (39996, "Access denied.", "ACCESS_DENIED", Outcome.AUTH),
        (39996, "Order not found", "OM_ORDER_NOT_FOUND", Outcome.NOT_FOUND),
    ],
)
def test_words_decide_where_services_share_a_number(code, text, name, outcome):
    entry = meaning_of(code, text)

    assert (entry.code, entry.name, entry.outcome) == (code, name, outcome)
    assert "0000-0000" not in entry.meaning


def test_the_trading_engines_sentence_changes_nothing():
    assert meaning_of(11001, "TE: no enough available balance") is CODES[11001]


def test_a_service_that_names_the_parameter_is_quoted():
    assert meaning_of(39997, "Symbol not listed sMOVRUSDT").meaning.endswith("'Symbol not listed sMOVRUSDT'")


def test_groups_of_codes():
    assert sorted(FINISHED_CODES) == [11062, 11063, 11066]
    assert sorted(BUSY_CODES) == [10003, 10004, 10005, 11061, 11064]
    assert sorted(NOT_FOUND_CODES) == [10002, 22001]
    assert sorted(DUPLICATE_CODES) == [10001, 11033, 11085, 19999]
    assert CODES[NOT_MODIFIED_CODE].name == "TE_ORD_REPLACE_NOT_MODIFIED"


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(200, Outcome.ACCEPTED), (401, Outcome.AUTH), (403, Outcome.RETRY_LATER), (418, Outcome.RETRY_LATER),
     (429, Outcome.RETRY_LATER), (400, Outcome.UNKNOWN), (404, Outcome.UNKNOWN), (408, Outcome.UNKNOWN),
     (425, Outcome.UNKNOWN), (500, Outcome.UNKNOWN), (502, Outcome.UNKNOWN), (504, Outcome.UNKNOWN),
     (302, Outcome.UNKNOWN), (0, Outcome.UNKNOWN)],
)
def test_what_a_status_says(status, outcome):
    assert outcome_of_status(status) is outcome


def test_foreign_words_cannot_write_into_a_log():
    assert shown_text("a\nERROR \x1b[31m fake") == "a?ERROR ?[31m fake"
    assert len(shown_text("x" * 10_000)) < 130


@given(code=st.integers(-(2**63), 2**63), text=st.text())
def test_any_code_and_text_give_one_printable_entry(code, text):
    entry = meaning_of(code, text)

    assert entry.code == code
    assert entry.name.isprintable()
    assert len(entry.meaning) < 400


def test_long_words_are_read_in_no_time():
    """They are read where an order's answer is: 64 kB took seconds."""
    begun = time.thread_time()
    assert meaning_of(19_999, "order " * 100_000).name == "REQUEST_IS_DUPLICATED"
    assert time.thread_time() - begun < 1
