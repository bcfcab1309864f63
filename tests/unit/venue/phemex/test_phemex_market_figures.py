"""Candles, 24 h figures and ticks in the venue's shapes (phemex docs 2026, "WebSocket API"; captures of 2025).

Key order and spacing are the venue's; values are invented, and what they mean is worked out by hand.
"""

import json
import random
from decimal import Decimal as D

import pytest
from market_instruments import LINEAR

from tidings.market.kline import Kline
from tidings.market.price_tick import PriceTick, TickKind
from tidings.market.ticker import Ticker
from tidings.model.enums import ProductLine
from tidings.model.instrument import Instrument
from tidings.venue.phemex.market_figures import FigureReader
from tidings.venue.phemex.products import Products

INVERSE = Instrument(
    symbol="BTCUSD", line=ProductLine.INVERSE, index=0, base_currency="BTC", quote_currency="USD",
    settle_currency="BTC", price_scale=4, tick_mantissa=1000, qty_scale=0, lot_mantissa=1, value_scale=8,
)  # fmt: skip
SPOT = Instrument(
    symbol="sBTCUSDT", line=ProductLine.SPOT, index=2, base_currency="BTC", quote_currency="USDT",
    settle_currency="USDT", price_scale=8, tick_mantissa=1_000_000, qty_scale=8, lot_mantissa=100, value_scale=8,
)  # fmt: skip
PRODUCTS = Products(
    {found.symbol: found for found in (INVERSE, LINEAR, SPOT)},
    tick_symbols={
        "BTCUSD": {TickKind.INDEX: ".BTC", TickKind.MARK: ".MBTC", TickKind.PREDICTED_FUNDING: ".BTCFR"},
        "BTCUSDT": {TickKind.INDEX: ".BTCUSDT", TickKind.MARK: ".MBTCUSDT"},
    },
)

INVERSE_KLINES = (
    b'{"kline":[[1800000060,60,612500000,612501000,612600000,612400000,612555000,1200,195900],'
    b'[1800000000,60,612300000,612300000,612500000,612200000,612500000,77,12571]],"priceScale":4,'
    b'"sequence":20,"symbol":"BTCUSD","type":"snapshot","valueScale":8}'
)
LINEAR_KLINE = (
    b'{"kline_p":[[1800000060,60,"61250.1","61250.2","61260","61240.5","61255.3","3.547","217275.9"]],'
    b'"priceScale":0,"sequence":21,"symbol":"BTCUSDT","type":"incremental"}'
)
SPOT_KLINE = (
    b'{"kline":[[1800000060,60,6125013000000,6125013000000,6125100000000,6124900000000,6125027000000,4231329700,'
    b'259168123456789]],"priceScale":8,"qtyScale":8,"sequence":22,"symbol":"sBTCUSDT","type":"incremental",'
    b'"valueScale":8}'
)
INVERSE_DAY = (
    b'{"market24h":{"close":612500000,"fundingRate":2481,"high":619000000,"indexPrice":612522905,"low":601000000,'
    b'"markPrice":612520000,"open":605000000,"openInterest":2521160395,"predFundingRate":-10000,"symbol":"BTCUSD",'
    b'"turnover":118157120811,"volume":129318979},"timestamp":1800000000812080202}'
)
LINEAR_DAY = (
    b'{"market24h_p":{"closeRp":"61250.1","fundingRateRr":"-0.00000599","highRp":"61922.3",'
    b'"indexPriceRp":"61251.92042366","lowRp":"60860.3","markPriceRp":"61250.8","openInterestRv":"96.3639",'
    b'"openRp":"61098.6","predFundingRateRr":"0.0001","symbol":"BTCUSDT","turnoverRv":"72081258.89864",'
    b'"volumeRq":"1183.2525"},"timestamp":1800000000025768914}'
)
SPOT_DAY = (
    b'{"spot_market24h":{"askEp":6125027000000,"bidEp":6125013000000,"highEp":6199000000000,"lastEp":6125020000000,'
    b'"lowEp":6028049000000,"openEp":6035597000000,"symbol":"sBTCUSDT","turnoverEv":94883700000000,'
    b'"volumeEv":15492228900},"timestamp":1800000000888272100}'
)
PACK = (
    b'{"data":[["ETHUSDT","2741.72","2751.79","2665.64","2672.37","17602.76","47636475.2596","10136.8942265",'
    b'"2673.9822165","2672.68","0.0001","0.0001","2672.91","2672.92"],["BTCUSDT","64057.2","64181.9","62565",'
    b'"62799.9","3331.699","210947547.9712","1268.8391029","62831.82728394","62806.9","0.0001","-0.0002","62799.9",'
    b'"62800"]],"fields":["symbol","openRp","highRp","lowRp","lastRp","volumeRq","turnoverRv","openInterestRv",'
    b'"indexRp","markRp","fundingRateRr","predFundingRateRr","bidRp","askRp"],'
    b'"method":"perp_market24h_pack_p.update","timestamp":1800000001850547000,"type":"snapshot"}'
)
INVERSE_TICK = b'{"tick":{"last":612522905,"scale":4,"symbol":".BTC","timestamp":1800000000408000000}}'
LINEAR_TICK = b'{"tick_p":{"last":"61250.83692364","symbol":".MBTCUSDT","timestamp":1800000000552000000}}'
PUSHES = (
    INVERSE_KLINES, LINEAR_KLINE, SPOT_KLINE, INVERSE_DAY, LINEAR_DAY, SPOT_DAY, PACK, INVERSE_TICK, LINEAR_TICK,
)  # fmt: skip


@pytest.fixture
def reader() -> FigureReader:
    return FigureReader(PRODUCTS)


# ---- Candles ---------------------------------------------------------------------------------------------------------


def test_coin_m_candles_come_oldest_first(reader):
    assert reader.read(INVERSE_KLINES) == [
        Kline(INVERSE, 60, 1800000000, D("61230"), D("61230"), D("61250"), D("61220"), D("61250"), D(77),
              D("0.00012571")),
        Kline(INVERSE, 60, 1800000060, D("61250"), D("61250.1"), D("61260"), D("61240"), D("61255.5"), D(1200),
              D("0.00195900")),
    ]  # fmt: skip


def test_usd_m_candles_are_decimals_whatever_scale_the_message_names(reader):
    [kline] = reader.read(LINEAR_KLINE)
    assert kline[1:8] == (60, 1800000060, D("61250.1"), D("61250.2"), D(61260), D("61240.5"), D("61255.3"))
    assert (kline.symbol, kline.volume, kline.turnover, kline.end_s) == (
        "BTCUSDT", D("3.547"), D("217275.9"), 1800000120,
    )  # fmt: skip


def test_spot_candles_have_scaled_volumes(reader):
    [kline] = reader.read(SPOT_KLINE)
    assert (kline.close, kline.volume, kline.turnover) == (D("61250.27"), D("42.313297"), D("2591681.23456789"))


def test_a_candle_without_scales_has_its_instruments(reader):
    push = json.loads(INVERSE_KLINES)
    del push["priceScale"], push["valueScale"]
    assert reader.read(json.dumps(push).encode()) == FigureReader(PRODUCTS).read(INVERSE_KLINES)


def test_a_snapshot_told_again_is_no_news_but_for_what_can_have_changed(reader):
    reader.read(INVERSE_KLINES)
    assert [kline.start_s for kline in reader.read(INVERSE_KLINES)] == [1800000060]
    reader.forget("BTCUSD", 60)
    assert [kline.start_s for kline in reader.read(INVERSE_KLINES)] == [1800000000, 1800000060]


def test_a_change_before_the_first_snapshot_takes_nothing_from_it(reader):
    """What was under way, or what nobody had followed, when a subscription was asked for."""
    change = INVERSE_KLINES.replace(b"snapshot", b"incremental").replace(b"[1800000000,60,", b"[1800000060,60,")
    assert {kline.start_s for kline in reader.read(change)} == {1800000060}
    assert [kline.start_s for kline in reader.read(INVERSE_KLINES)] == [1800000000, 1800000060]
    assert {kline.start_s for kline in reader.read(change)} == {1800000060}
    assert [kline.start_s for kline in reader.read(INVERSE_KLINES)] == [1800000060]


def test_candles_of_another_interval_are_others(reader):
    reader.read(INVERSE_KLINES)
    assert len(reader.read(INVERSE_KLINES.replace(b",60,", b",300,"))) == 2


# ---- Twenty-four hours -----------------------------------------------------------------------------------------------


def test_the_day_of_a_coin_m_contract(reader):
    assert reader.read(INVERSE_DAY) == [
        Ticker(
            INVERSE, 1800000000812080202, D(60500), D(61900), D(60100), D(61250), D(129318979), D("1181.57120811"),
            D(2521160395), D("61252.2905"), D("61252"), D("0.00002481"), D("-0.0001"), None, None,
        )
    ]  # fmt: skip


def test_the_day_of_a_usd_m_contract(reader):
    assert reader.read(LINEAR_DAY) == [
        Ticker(
            LINEAR, 1800000000025768914, D("61098.6"), D("61922.3"), D("60860.3"), D("61250.1"), D("1183.2525"),
            D("72081258.89864"), D("96.3639"), D("61251.92042366"), D("61250.8"), D("-0.00000599"), D("0.0001"),
            None, None,
        )
    ]  # fmt: skip


def test_the_day_of_a_spot_market(reader):
    assert reader.read(SPOT_DAY) == [
        Ticker(
            SPOT, 1800000000888272100, D("60355.97"), D(61990), D("60280.49"), D("61250.20"), D("154.922289"),
            D(948837), None, None, None, None, None, D("61250.13"), D("61250.27"),
        )
    ]  # fmt: skip


def test_the_table_of_all_usd_m_contracts_is_read_by_its_columns(reader):
    [ticker] = reader.read(PACK)  # ETHUSDT is not in this catalogue
    assert (ticker.symbol, ticker.last, ticker.bid, ticker.offer) == ("BTCUSDT", D("62799.9"), D("62799.9"), D(62800))
    assert (ticker.index_price, ticker.predicted_funding_rate) == (D("62831.82728394"), D("-0.0002"))


def test_a_table_with_fewer_columns_tells_less(reader):
    push = json.loads(PACK)
    push["fields"], push["data"] = push["fields"][:-2], [row[:-2] for row in push["data"]]
    [ticker] = reader.read(json.dumps(push).encode())
    assert (ticker.last, ticker.bid, ticker.offer) == (D("62799.9"), None, None)


def test_one_bad_row_of_a_table_costs_only_itself(reader):
    push = json.loads(PACK)
    push["data"].insert(0, ["BTCUSDT"])
    [ticker] = reader.read(json.dumps(push).encode())
    assert (ticker.last, reader.malformed_count) == (D("62799.9"), 1)


def test_days_nobody_follows_are_not_read():
    reader = FigureReader(PRODUCTS, lambda instrument: instrument is SPOT)
    assert [len(reader.read(push) or ()) for push in (INVERSE_DAY, LINEAR_DAY, PACK, SPOT_DAY)] == [0, 0, 0, 1]


# ---- Ticks -----------------------------------------------------------------------------------------------------------


def test_ticks_name_the_contract_and_the_figure(reader):
    assert reader.read(INVERSE_TICK) == [PriceTick(INVERSE, TickKind.INDEX, D("61252.2905"), 1800000000408000000)]
    assert reader.read(LINEAR_TICK) == [PriceTick(LINEAR, TickKind.MARK, D("61250.83692364"), 1800000000552000000)]


def test_a_tick_of_two_contracts_is_told_of_both():
    symbols = {symbol: {TickKind.INDEX: ".BTC"} for symbol in ("BTCUSD", "BTCUSDT")}
    shared = Products(PRODUCTS.instruments, tick_symbols=symbols)
    assert [tick.symbol for tick in FigureReader(shared).read(INVERSE_TICK)] == ["BTCUSD", "BTCUSDT"]


# ---- What is no figure -----------------------------------------------------------------------------------------------


OTHERS = (b'{"index_market24h":{"symbol":".USDT"}}', b"[1]", b"no json", b'{"position_info":{}}')


@pytest.mark.parametrize("push", OTHERS)
def test_other_pushes_are_not_ours(reader, push):
    assert reader.read(push) is None
    assert reader.malformed_count == 0


@pytest.mark.parametrize("push", PUSHES)
def test_a_push_that_lacks_any_of_its_members_is_counted_and_tells_nothing_wrong(push):
    whole = FigureReader(PRODUCTS).read(push)
    for key in json.loads(push):
        reader = FigureReader(PRODUCTS)
        less = json.loads(push)
        del less[key]
        told = reader.read(json.dumps(less).encode())
        assert told in (None, whole) or (told == [] and reader.malformed_count == 1), key


@pytest.mark.parametrize(
    "row",
    [
        ["x", 60, 1, 1, 1, 1, 1, 1, 1], [0, 60, 1, 1, 1, 1, 1, 1], [0, 60, 1, 1, 1, 1, 1, 1, 1, 1],
        [0, 60, 1.5, 1, 1, 1, 1, 1, 1], [0, 60, "1", 1, 1, 1, 1, 1, 1], [0, 60, 1, 1, 1, 1, True, 1, 1], None, 5,
    ],
)  # fmt: skip
def test_a_message_with_a_bad_candle_is_refused_whole(reader, row):
    push = json.loads(INVERSE_KLINES)
    push["kline"].append(row)
    assert reader.read(json.dumps(push).encode()) == []
    assert reader.malformed_count == 1
    assert len(reader.read(INVERSE_KLINES)) == 2, "and no candle counts as told"


@pytest.mark.parametrize("value", ['"NaN"', '"Infinity"', '""', "1.5", "null", "true", "[]"])
def test_a_figure_that_is_no_exact_number_is_refused(reader, value):
    assert reader.read(LINEAR_TICK.replace(b'"61250.83692364"', value.encode())) == []
    assert reader.malformed_count == 1


def test_scaled_pushes_of_usd_m_symbols_and_the_other_way_round_are_not_taken(reader):
    assert reader.read(INVERSE_KLINES.replace(b"BTCUSD", b"BTCUSDT")) == []
    assert reader.read(LINEAR_KLINE.replace(b"BTCUSDT", b"BTCUSD")) == []
    assert reader.read(INVERSE_DAY.replace(b"BTCUSD", b"BTCUSDT")) == []


@pytest.mark.parametrize("value", ['"1e99"', '"-1E-41"', '"0x10"', '"1,5"'])
def test_a_number_beyond_any_market_is_refused(reader, value):
    assert reader.read(LINEAR_TICK.replace(b'"61250.83692364"', value.encode())) == []
    assert reader.malformed_count == 1


@pytest.mark.parametrize("time", ["1.5", '"1800000060"', "-1", "null", "true"])
def test_a_time_that_is_no_whole_number_is_refused(reader, time):
    assert reader.read(LINEAR_KLINE.replace(b"1800000060", time.encode())) == []
    assert reader.read(LINEAR_TICK.replace(b"1800000000552000000", time.encode())) == []
    assert reader.malformed_count == 2


def test_spoilt_bytes_are_refused_or_read_and_never_raise():
    chance, reader, read_count = random.Random(11), FigureReader(PRODUCTS), 0
    for _ in range(20_000):
        push = bytearray(chance.choice(PUSHES))
        for _ in range(chance.choice((1, 1, 2, 5))):
            place, other = chance.randrange(len(push)), chance.choice(PUSHES)
            start = chance.randrange(len(other))
            spoilt = (bytes([chance.randrange(256)]), b"", other[start : start + 20], b"[]", b"null", b'"x"', b"1e5")
            push[place : place + chance.choice((1, 1, 8))] = chance.choice(spoilt)
        for figure in reader.read(bytes(push)) or ():
            read_count += 1
            assert all(value.is_finite() for value in figure if isinstance(value, D)), push
    assert read_count > 1_000 and reader.malformed_count > 1_000
