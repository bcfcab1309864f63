"""Products: the catalogue's three lines become exact instruments; a bad entry is left out and named."""

import copy
import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidings.errors import PeerError, UnknownSymbol, UsageError
from tidings.model.enums import ProductLine
from tidings.venue.phemex.products import parse_products

# Shapes of `GET /public/products`, phemex docs 2026; figures of BTCUSD, sBTCUSDT, BTCUSDT and TRXUSDT as in 2025.
INVERSE = {
    "symbol": "BTCUSD", "type": "Perpetual", "settleCurrency": "BTC", "quoteCurrency": "USD", "contractSize": 1.0,
    "lotSize": 1, "tickSize": 0.1, "priceScale": 4, "maxPriceEp": 10_000_000_000, "maxOrderQty": 20_000_000,
    "status": "Listed",
}
OLD_LINEAR = INVERSE | {"symbol": "uBTCUSD", "settleCurrency": "USD", "contractSize": 0.001, "status": "Delisted"}
SPOT = {
    "symbol": "sBTCUSDT", "type": "Spot", "baseCurrency": "BTC", "quoteCurrency": "USDT", "priceScale": 8,
    "baseTickSizeEv": 100, "quoteTickSizeEv": 1_000_000, "maxBaseOrderSizeEv": 1_000_000_000, "status": "Listed",
    "minOrderValue": "1 USDT", "maxOrderValue": "500,000 USDT",
}
LINEAR = {
    "symbol": "BTCUSDT", "type": "PerpetualV2", "baseCurrency": "BTC", "quoteCurrency": "USDT",
    "settleCurrency": "USDT", "tickSize": "0.1",
    "qtyStepSize": "0.001", "priceScale": 0, "maxPriceRp": "500000", "maxOrderQtyRq": "1000",
    "minPriceRp": "1000.0", "status": "Listed",
}
SETTLING = LINEAR | {"symbol": "OLDUSDT", "status": "BeingSettled"}
DATA = {
    "currencies": [
        {"currency": "BTC", "valueScale": 8}, {"currency": "USD", "valueScale": 4},
        {"currency": "USDT", "valueScale": 8}, {"currency": "BAD"}, None,
    ],
    "products": [INVERSE, OLD_LINEAR, SPOT],
    "perpProductsV2": [LINEAR, SETTLING],
    "perpProductsPilot": None,
    "md5Checksum": "0123456789abcdef0123456789abcdef",
}


def parse(data):
    return parse_products(json.dumps({"code": 0, "msg": "", "data": data}).encode())


def parse_with(node, changes):
    """The catalogue with one more entry: `node`'s first, changed."""
    data = copy.deepcopy(DATA)
    template = {"inverse": INVERSE, "spot": SPOT, "linear": LINEAR}[node]
    entry = {key: value for key, value in (template | {"symbol": "NEW"} | changes).items() if value is not ...}
    data["perpProductsV2" if node == "linear" else "products"].append(entry)
    return parse(data)


def test_an_inverse_contract():
    found = parse(DATA).tradable("BTCUSD")

    assert (found.line, found.base_currency, found.settle_currency) == (ProductLine.INVERSE, "BTC", "BTC")
    assert (found.price_scale, found.tick_mantissa, found.tick_size) == (4, 1000, Decimal("0.1"))
    assert (found.qty_scale, found.lot_mantissa, found.contract_size, found.value_scale) == (0, 1, 1, 8)
    assert (found.max_price_ticks, found.max_qty_lots) == (10_000_000, 20_000_000)


def test_a_spot_pair():
    found = parse(DATA).tradable("sBTCUSDT")

    assert (found.line, found.base_currency, found.settle_currency) == (ProductLine.SPOT, "BTC", "USDT")
    assert (found.tick_size, found.lot_size) == (Decimal("0.01"), Decimal("0.000001"))
    assert (found.price_scale, found.qty_scale, found.value_scale, found.base_value_scale) == (8, 8, 8, 8)
    assert (found.max_price_ticks, found.max_qty_lots) == (0, 10_000_000)


def test_a_linear_contract():
    found = parse(DATA).tradable("BTCUSDT")

    assert (found.line, found.base_currency, found.settle_currency) == (ProductLine.LINEAR, "BTC", "USDT")
    assert (found.price_scale, found.tick_mantissa, found.qty_scale, found.lot_mantissa) == (1, 1, 3, 1)
    assert (found.max_price_ticks, found.max_qty_lots) == (5_000_000, 1_000_000)


@pytest.mark.parametrize(
    ("step", "scale", "mantissa"),
    [("1.0", 0, 1), ("10", 0, 10), ("0.5", 1, 5), ("0.00001000", 5, 1), ("1E-7", 7, 1), ("0.25", 2, 25), (0.1, 1, 1)],
)
def test_steps_are_normalised_exactly(step, scale, mantissa):
    found = parse_with("linear", {"tickSize": step}).tradable("NEW")

    assert (found.price_scale, found.tick_mantissa) == (scale, mantissa)


def test_indexes_are_dense_and_in_order():
    assert [instrument.index for instrument in parse(DATA)] == [0, 1, 2, 3]


def test_what_is_not_listed_is_known_but_not_tradable():
    products = parse(DATA)

    assert products.find("OLDUSDT").status == "BeingSettled"
    assert [found.symbol for found in products.listed()] == ["BTCUSD", "sBTCUSDT", "BTCUSDT"]
    with pytest.raises(UnknownSymbol, match="OLDUSDT cannot be traded: the venue says BeingSettled"):
        products.tradable("OLDUSDT")


def test_the_old_line_settled_in_usd_is_left_out_with_its_reason():
    with pytest.raises(UnknownSymbol, match=r"uBTCUSD cannot be traded: .*settleCurrency USD.*Delisted"):
        parse(DATA).tradable("uBTCUSD")


@pytest.mark.parametrize(("symbol", "hint"), [("BTCUSTD", "did you mean BTCUSD"), ("nonsense", "tidings products")])
def test_a_misspelt_symbol_gets_a_hint(symbol, hint):
    with pytest.raises(UnknownSymbol, match=hint):
        parse(DATA).tradable(symbol)


@pytest.mark.parametrize("symbol", [["BTCUSDT"], 7, None])
def test_what_is_no_text_is_no_symbol(symbol):
    with pytest.raises(UsageError, match="a symbol is a text"):
        parse(DATA).tradable(symbol)


@pytest.mark.parametrize(
    ("node", "changes", "named"),
    [
        ("inverse", {"tickSize": ...}, "tickSize"), ("inverse", {"tickSize": 0}, "tickSize"),
        ("inverse", {"tickSize": 0.00001}, "tickSize"), ("inverse", {"tickSize": -0.1}, "tickSize"),
        ("inverse", {"priceScale": "4"}, "priceScale"), ("inverse", {"priceScale": 40}, "scale of 40"),
        ("inverse", {"priceScale": True}, "priceScale"), ("inverse", {"contractSize": "1 USD"}, "contractSize"),
        ("inverse", {"lotSize": 0.5}, "lotSize"), ("inverse", {"settleCurrency": "XYZ"}, "XYZ"),
        ("inverse", {"status": None}, "status"), ("inverse", {"status": "a\nb"}, "status"),
        ("inverse", {"type": "Option"}, "type"), ("inverse", {"maxPriceEp": "many"}, "maxPriceEp"),
        ("spot", {"baseTickSizeEv": 0}, "baseTickSizeEv"), ("spot", {"quoteTickSizeEv": 0}, "tick_mantissa"),
        ("spot", {"baseCurrency": "NEO"}, "NEO"), ("spot", {"quoteTickSizeEv": 1.5}, "quoteTickSizeEv"),
        ("linear", {"qtyStepSize": "zero"}, "qtyStepSize"), ("linear", {"tickSize": "NaN"}, "tickSize"),
        ("linear", {"tickSize": "1e-900"}, "tickSize"), ("linear", {"tickSize": "1e900"}, "tickSize"),
        ("linear", {"maxPriceRp": "-1"}, "maxPriceRp"), ("linear", {"type": "Perpetual"}, "type"),
        ("linear", {"tickSize": ["0.1"]}, "tickSize"), ("linear", {"tickSize": "0." + "1" * 10**5}, "tickSize"),
        ("linear", {"maxOrderQtyRq": "1e18", "qtyStepSize": "1e-9"}, "64 bits"),
        ("spot", {"quoteTickSizeEv": 2**70}, ""), ("inverse", {"maxOrderQty": -1}, "max_qty_lots"),
    ],
)
def test_a_bad_entry_is_left_out_and_its_key_named(node, changes, named):
    products = parse_with(node, changes)

    assert products.find("NEW") is None
    assert named in products.skipped["NEW"]
    assert len(products.listed()) == 3


@pytest.mark.parametrize("symbol", ["bad symbol", "", "X" * 40, "a&b"])
def test_a_symbol_that_needs_escaping_is_left_out(symbol):
    assert "symbol" in parse_with("linear", {"symbol": symbol}).skipped[symbol]


def test_an_entry_without_a_symbol_is_named_by_its_place():
    assert parse_with("linear", {"symbol": 5}).skipped["perpProductsV2[2]"] == "symbol is missing"


def test_a_symbol_that_appears_twice_keeps_its_first_grid():
    products = parse_with("linear", {"symbol": "BTCUSDT", "tickSize": "5"})

    assert products.find("BTCUSDT").tick_size == Decimal("0.1")
    assert products.skipped["BTCUSDT"] == "appears twice"


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'{"code":0}', b'{"data":[]}', b'{"data":{}}',
     b'{"data":{"currencies":[],"products":{}}}',
     b'{"data":{"currencies":[]}}', b"\xff\xfe", b"[" * 100_000, b'{"data":{"currencies":[],"products":[1,null]}}'],
)
def test_what_is_no_catalogue_is_a_peer_error(body):
    with pytest.raises(PeerError, match="product catalogue"):
        parse_products(body)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2), max_leaves=4,
)


@given(node=st.sampled_from(["inverse", "spot", "linear"]), key=st.data(), value=anything)
def test_any_value_at_any_key_leaves_the_others_tradable(node, key, value):
    template = {"inverse": INVERSE, "spot": SPOT, "linear": LINEAR}[node]
    products = parse_with(node, {key.draw(st.sampled_from(sorted(template))): value})

    assert {"BTCUSD", "sBTCUSDT", "BTCUSDT"} <= {found.symbol for found in products.listed()}


def test_contracts_have_symbols_for_their_figures_and_spot_has_none():
    named = INVERSE | {"indexSymbol": ".BTC", "markSymbol": ".MBTC", "fundingRateSymbol": ".BTCFR",
                       "fundingRate8hSymbol": ".BTCFR8H"}  # fmt: skip
    half = LINEAR | {"indexSymbol": ".BTCUSDT", "markSymbol": ""}
    products = parse_products(json.dumps({"code": 0, "data": DATA | {"products": [named, SPOT],
                                                                     "perpProductsV2": [half]}}).encode())
    assert products.tick_symbols == {
        "BTCUSD": {"index": ".BTC", "mark": ".MBTC", "funding": ".BTCFR8H", "predicted_funding": ".BTCFR"},
        "sBTCUSDT": {}, "BTCUSDT": {"index": ".BTCUSDT"},
    }  # fmt: skip
