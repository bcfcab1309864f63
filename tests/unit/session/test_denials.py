"""Every reason has words, and where a limit was hit, its numbers."""

import pytest
from order_samples import LINEAR

from tidings.model.enums import DenyReason
from tidings.session.denials import denial_numbers, denial_text


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
        (DenyReason.PRICE_COLLAR, 900_000, 612_500, " (asked 90000, last price 61250)"),
        (DenyReason.SELF_MATCH, 612_500, 612_400, " (asked 61250, ours stands at 61240)"),
        (DenyReason.SELF_MATCH, 2**63 - 1, 612_400, " (asked any price, ours stands at 61240)"),
        (DenyReason.KILLED, 7, 8, ""),
    ],
)
def test_numbers_are_in_the_units_of_who_reads_them(reason, asked, allowed, expected):
    assert denial_numbers(reason, LINEAR, asked, allowed) == expected


def test_without_an_instrument_lots_have_no_meaning():
    assert denial_numbers(DenyReason.MAX_QTY, None, 2, 1) == ""
    assert denial_numbers(DenyReason.MAX_NET, None, 20_000, 10_000) == " (asked 2, allowed 1)"
