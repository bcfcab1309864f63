"""A short run of the exchange's fuzzer, and that it would notice."""

import pytest

from tests.fuzz.exchange import ExchangeFuzz, fuzz
from tidings.exchange.accounts.contract_account import ContractAccount
from tidings.exchange.markets.matching import BookSide
from tidings.exchange.rest.endpoint import Call


def test_nothing_is_wrong_after_spoilt_requests_and_frames():
    result = fuzz(3_000, seed=7)
    assert result["violation"] == ""
    assert result["accepted"] > 500 and result["streams"] > 300 and result["trades"] > 200


def test_a_500_is_noticed(monkeypatch):
    def unchecked(self, line):
        return self.venue.catalogue.instruments[self.parameters.text("symbol")]

    monkeypatch.setattr(Call, "instrument", unchecked)
    assert "500" in first(ExchangeFuzz(1))


def test_money_that_is_lost_is_noticed(monkeypatch):
    settle = ContractAccount.settle

    def settle_and_lose(self, order, fill):
        self.balance -= 1
        return settle(self, order, fill)

    monkeypatch.setattr(ContractAccount, "settle", settle_and_lose)
    assert "money was made or lost" in first(ExchangeFuzz(2))


def test_a_book_that_keeps_what_is_done_is_noticed(monkeypatch):
    remove = BookSide.remove

    def forget_every_fifth(self, order):
        level = order.level
        remove(self, order)
        if order.owner and order.price % 5 == 0 and level.orders:
            level.orders[order] = None

    monkeypatch.setattr(BookSide, "remove", forget_every_fifth)
    assert first(ExchangeFuzz(3))


def first(run: ExchangeFuzz) -> str:
    """The first thing that is wrong, soon."""
    for _ in range(2_000):
        if found := run.step():
            run.close()
            return found
    pytest.fail("nothing was noticed")
