"""Expected numbers: phemex docs 2024 and 2026 (aop, aop_p, scale table), and the catalogue's own entries."""

import hashlib
import json

import pytest

from tidings.exchange.catalogue import Line, load_catalogue


@pytest.fixture(scope="module")
def catalogue():
    return load_catalogue()


def test_every_line_has_listed_instruments(catalogue) -> None:
    assert {line: len(catalogue.listed(line)) for line in Line} == {Line.COIN_M: 2, Line.USD_M: 9, Line.SPOT: 7}
    assert not catalogue.instruments["uBTCUSD"].is_listed


def test_document_has_the_venues_shape_and_its_own_checksum(catalogue) -> None:
    assert set(catalogue.data) == {
        "currencies", "products", "perpProductsV2", "perpProductsPilot", "riskLimits", "leverages", "riskLimitsV2",
        "leveragesV2", "leverageMargins", "ratioScale", "md5Checksum",
    }  # fmt: skip
    rest = {key: value for key, value in catalogue.data.items() if key != "md5Checksum"}
    text = json.dumps(rest, separators=(",", ":"), ensure_ascii=False)
    assert hashlib.md5(text.encode()).hexdigest() == catalogue.data["md5Checksum"]


def test_every_currency_of_a_product_is_listed(catalogue) -> None:
    for instrument in catalogue.instruments.values():
        assert {instrument.base_currency, instrument.quote_currency, instrument.settle_currency} <= {
            *catalogue.currencies, "SOL",  # only ever a base of a contract, which needs no wallet
        }  # fmt: skip


def test_terms_are_integers_on_the_scales_of_the_line(catalogue) -> None:
    btcusd, btcusdt, spot = (catalogue.instruments[s] for s in ("BTCUSD", "BTCUSDT", "sBTCUSDT"))
    assert (btcusd.tick_size, btcusd.lot_size, btcusd.max_qty, btcusd.is_inverse) == (1000, 1, 20_000_000, True)
    assert (btcusdt.tick_size, btcusdt.lot_size, btcusdt.min_value) == (10**8, 1000, 10**12)
    assert (spot.tick_size, spot.lot_size, spot.max_qty, spot.min_value) == (10**6, 100, 10**9, 10**8)


@pytest.mark.parametrize(
    ("qty", "price", "value"), [(4, 86_770_000, 46098), (2, 86_885_000, 23018), (700, 71_500_000, 9790209)]
)
def test_inverse_value_is_truncated(catalogue, qty: int, price: int, value: int) -> None:
    assert catalogue.instruments["BTCUSD"].value(qty, price) == value


def test_value_up_never_lies_below_the_value(catalogue) -> None:
    btcusd = catalogue.instruments["BTCUSD"]
    assert btcusd.value_up(4, 86_770_000) == 46099
    spot = catalogue.instruments["sBTCUSDT"]
    assert (spot.value(1, 6_000_000_000_001), spot.value_up(1, 6_000_000_000_001)) == (60_000, 60_001)


@pytest.mark.parametrize(
    ("value", "rate_er", "fee"),
    [(46098, 75_000, 35), (23018, -25_000, -5), (34530, -25_000, -8), (46048, -25_000, -11), (0, 75_000, 0)],
)
def test_fees_round_towards_plus_infinity(catalogue, value: int, rate_er: int, fee: int) -> None:
    assert catalogue.instruments["BTCUSD"].fee(value, rate_er) == fee


def test_spot_fee_of_a_captured_buy(catalogue) -> None:
    assert catalogue.instruments["sBTCUSDT"].fee(30_100, 100_000) == 31


def test_linear_fee_is_the_exact_product(catalogue) -> None:
    value = catalogue.instruments["BTCUSDT"].value(3_000, 207_251 * 10**8)  # 0.003 at 20725.1
    assert value == 62_175_300_000_000
    assert catalogue.instruments["BTCUSDT"].fee(value, 60_000) == 37_305_180_000  # 0.03730518


@pytest.mark.parametrize(("qty", "value", "price"), [(9, 103_596, 86_875_941), (13, 149_694, 86_843_828), (0, 0, 0)])
def test_inverse_average_price_is_truncated(catalogue, qty: int, value: int, price: int) -> None:
    assert catalogue.instruments["BTCUSD"].average_price(qty, value) == price


@pytest.mark.parametrize(
    ("qty", "value", "price"),
    [(46_000, 956_244_200_000_000, 20_787_917_391_304), (36_000, 748_312_400_000_000, 20_786_455_555_556)],
)
def test_linear_average_price_is_rounded_to_nine_decimals(catalogue, qty: int, value: int, price: int) -> None:
    assert catalogue.instruments["BTCUSDT"].average_price(qty, value) == price


def test_settle_currencies_and_wallets(catalogue) -> None:
    assert catalogue.settle_currencies(Line.USD_M) == ["USDT", "USDC"]
    assert set(catalogue.settle_currencies(Line.COIN_M)) == {"BTC", "ETH", "USD"}
    assert "TRY" not in catalogue.spot_currencies()  # its only pair is delisted
