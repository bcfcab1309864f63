"""Every reason has words, and where a limit was hit, its numbers."""

from types import SimpleNamespace

import pytest
from order_samples import LINEAR

from tidings.model.enums import DenyReason
from tidings.session.denials import denial_numbers, denial_text, waiting_words


@pytest.mark.parametrize("reason", [reason for reason in DenyReason if reason != DenyReason.NONE])
def test_every_reason_has_words_of_its_own(reason):
    assert denial_text(reason, "BTCUSDT").startswith(f"BTCUSDT: {reason.name}: ")
    assert "refused before the wire" not in denial_text(reason, "BTCUSDT")


@pytest.mark.parametrize(
    ("reason", "asked", "allowed", "expected"),
    [
        (DenyReason.MAX_QTY, 1500, 1000, " (asked 1.5, allowed 1)"),
        (DenyReason.MAX_GROSS, 20_000_001, 15_000_000, " (asked 2000.0001 USDT, allowed 1500)"),
        (DenyReason.ORDER_RATE, 501, 500, " (asked 501, allowed 500)"),
        (DenyReason.REPEATED_EXECUTIONS, 2, 2, " (max_executions: 2)"),
        (DenyReason.SELF_MATCH, 612_500, 612_400, " (asked 61250, ours stands at 61240)"),
        (DenyReason.SELF_MATCH, 2**63 - 1, 612_400, " (asked any price, ours stands at 61240)"),
        (DenyReason.KILLED, 7, 8, ""),
    ],
)
def test_numbers_are_in_the_units_of_who_reads_them(reason, asked, allowed, expected):
    assert denial_numbers(reason, LINEAR, asked, allowed) == expected


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (900_000, "(asked 90000, which is 46.94 % beyond 61250, the last price or its own trigger; 20 % allow 73500)"),
        (306_250, "(asked 30625, which is 50.00 % beyond 61250, the last price or its own trigger; 20 % allow 49000)"),
    ],
)
def test_collar_tells_the_price_that_would_do(asked, expected):
    assert denial_numbers(DenyReason.PRICE_COLLAR, LINEAR, asked, 612_500, 2000) == f" {expected}"


def test_strategy_and_its_setting_are_named():
    text = denial_text(DenyReason.STRATEGY_NOTIONAL, "BTCUSDT", "mm1")
    assert text == "BTCUSDT: STRATEGY_NOTIONAL: worth more than strategy mm1 may order at once (see its `max_notional`)"


def test_what_the_state_says_is_not_said_twice():
    cause = "the kill switch is latched: ran wild: re-arm it with `tidings rearm --reason …`"
    assert denial_text(DenyReason.KILLED, "BTCUSDT", cause=cause) == f"BTCUSDT: KILLED: {cause}"
    assert denial_text(DenyReason.HALTED, "BTCUSDT", cause="trading is halted: news").count("halted") == 1


def test_a_duplicate_tells_how_long_to_wait():
    first = SimpleNamespace(cl_ord_id="T1", decided_ns=10**9)
    words = waiting_words(first, 5.0, 10**9 + 250_000_000)
    assert words == " (T1 was sent 0.250 s ago; without an answer the same is taken in 4.750 s)"
    assert waiting_words(None, 5.0, 0) == ""


def test_without_an_instrument_lots_have_no_meaning():
    assert denial_numbers(DenyReason.MAX_QTY, None, 2, 1) == ""
    assert denial_numbers(DenyReason.MAX_NET, None, 20_000, 10_000) == " (asked 2, allowed 1)"
