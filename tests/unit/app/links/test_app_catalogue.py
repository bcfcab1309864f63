"""The catalogue comes from disk while it is young, and a running session trades only what is as it was at its start."""

import json

import pytest

from tidings.app.links.catalogue import Catalogue, carried_over
from tidings.clock import ManualClock
from tidings.errors import UnknownSymbol
from tidings.venue.phemex.endpoints import endpoints_of
from tidings.venue.phemex.product_cache import ProductCache
from tidings.venue.phemex.products import parse_products

S_NS = 1_000_000_000
WALL_NS = 1_790_000_000 * S_NS


def catalogue_body(**changes: dict) -> bytes:
    rows = {
        symbol: {
            "symbol": symbol, "type": "PerpetualV2", "settleCurrency": "USDT", "quoteCurrency": "USDT",
            "baseCurrency": symbol[:3], "tickSize": "0.1", "qtyStepSize": "0.001", "status": "Listed",
        }
        for symbol in ("BTCUSDT", "ETHUSDT", "XRPUSDT")
    }
    for symbol, fields in changes.items():
        rows[symbol] = {**rows.get(symbol, rows["BTCUSDT"]), "symbol": symbol, **fields}
    currencies = [{"currency": "USDT", "valueScale": 8}]
    return json.dumps({"code": 0, "data": {"currencies": currencies, "perpProductsV2": list(rows.values())}}).encode()


class Venue:
    """Counts how often it is asked."""

    def __init__(self, body: bytes) -> None:
        self.body, self.count = body, 0

    async def products(self) -> bytes:
        self.count += 1
        return self.body


@pytest.fixture
def clock():
    return ManualClock(S_NS, WALL_NS)


def catalogue(venue, clock, tmp_path, max_age_s=3600, environment="testnet", **urls):
    return Catalogue(venue, endpoints_of(environment, **urls), clock, max_age_s, ProductCache(tmp_path))


async def test_a_young_catalogue_is_taken_from_disk_and_an_old_one_is_not(tmp_path, clock):
    venue = Venue(catalogue_body())
    assert len(await catalogue(venue, clock, tmp_path).read()) == 3
    clock.advance(3599 * S_NS)
    assert len(await catalogue(venue, clock, tmp_path).read()) == 3
    assert venue.count == 1
    clock.advance(S_NS)
    await catalogue(venue, clock, tmp_path).read()
    assert venue.count == 2


async def test_age_zero_always_asks_and_reading_anew_too(tmp_path, clock):
    venue = Venue(catalogue_body())
    for _ in range(2):
        await catalogue(venue, clock, tmp_path, max_age_s=0).read()
    await catalogue(venue, clock, tmp_path).read_anew()
    assert venue.count == 3


async def test_what_is_on_disk_and_no_catalogue_is_asked_for_again(tmp_path, clock):
    endpoints = endpoints_of("testnet")
    ProductCache(tmp_path).store(endpoints.rest.authority, b'{"code":0,"data":{}}', WALL_NS)
    venue = Venue(catalogue_body())
    assert len(await catalogue(venue, clock, tmp_path).read()) == 3
    assert venue.count == 1


async def test_a_local_exchanges_catalogue_is_not_kept(tmp_path, clock):
    urls = {"rest_url": "https://127.0.0.1:8443", "ws_url": "wss://127.0.0.1:8443/ws"}
    await catalogue(Venue(catalogue_body()), clock, tmp_path, environment="local", **urls).read()
    assert list(tmp_path.iterdir()) == []


def test_only_what_is_as_it_was_is_carried_over():
    running = parse_products(catalogue_body())
    told = parse_products(catalogue_body(
        ETHUSDT={"tickSize": "0.5"}, XRPUSDT={"status": "Delisted"}, NEWUSDT={"baseCurrency": "NEW"},
    ))
    products = carried_over(running, told)
    assert products.tradable("BTCUSDT") is running.find("BTCUSDT")
    for symbol, reason in (("ETHUSDT", "grid has changed"), ("XRPUSDT", "Delisted"), ("NEWUSDT", "connect again")):
        with pytest.raises(UnknownSymbol, match=reason):
            products.tradable(symbol)
        assert products.find(symbol) is None, "its index is not one of the running session's"
