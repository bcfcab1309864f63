"""Rows of the venue's queries as reports, executions and positions. Shapes: phemex docs 2026, captures of 2025."""

import json
from decimal import Decimal

import pytest
from market_instruments import INVERSE, LINEAR, SPOT

from tidings.clock import ManualClock
from tidings.errors import PeerError
from tidings.model.enums import ExecType, OrdStatus, PosSide, ProductLine, ReportSource, Side, TradeType
from tidings.venue.phemex.evidence import CLOCKS_APART_NS, LIST_AGE_NS, Evidence
from tidings.venue.phemex.order_rows import execution_from_row, position_from_row, report_from_row
from tidings.venue.phemex.queries import PAGE_ROWS, Queries

S = 1_000_000_000
NOW_NS, WALL_NS = 100 * S, 1_790_000_000 * S
ORDER_ID, EXEC_ID = "5d1e7c02-93b4-4f6a-8c55-1e0b7a9d2f31", "0f3a9c1e-77b2-5d41-9c08-6a5e4d3c2b1a"
INVERSE_ROW = {
    "orderID": ORDER_ID, "clOrdID": "T1", "symbol": "BTCUSD", "side": "Sell", "priceEp": 610_000_000, "orderQty": 12,
    "cumQty": 5, "leavesQty": 7, "stopPxEp": 0, "ordStatus": "PartiallyFilled", "transactTimeNs": 17,
}  # fmt: skip
LINEAR_ROW = {
    "orderId": ORDER_ID, "clOrdId": "T1", "symbol": "BTCUSDT", "side": "Buy", "priceRp": "61000.5",
    "orderQtyRq": "0.012", "cumQtyRq": "0.005", "leavesQtyRq": "0.007", "stopPxRp": "0", "ordStatus": "New",
    "transactTimeNs": 7, "bizError": 0,
}  # fmt: skip
SPOT_ROW = {
    "orderID": ORDER_ID, "clOrdID": "T1", "symbol": "sBTCUSDT", "side": "Buy", "priceEp": 6_100_000_000_000,
    "baseQtyEv": "100000", "cumBaseValueEv": 40_000, "leavesBaseQtyEv": 60_000, "qtyType": "ByBase",
    "ordStatus": "Canceled",
}  # fmt: skip


class Venue:
    """Answers each path from a table, and keeps what it was asked."""

    def __init__(self, **answers):
        self.answers = {f"/{name.replace('__', '-').replace('_', '/')}": data for name, data in answers.items()}
        self.asked = []

    async def ask(self, method, path, query, body, signed):
        self.asked.append(f"{path}?{query}")
        data = self.answers[path]
        return 200, json.dumps({"code": 0, "msg": "OK", "data": data(query) if callable(data) else data}).encode()


def evidence(venue):
    return Evidence(Queries(venue.ask), ManualClock(NOW_NS, WALL_NS), lambda now_ns: WALL_NS + now_ns - NOW_NS)


@pytest.mark.parametrize(
    ("instrument", "row", "status", "side", "qty", "cum", "price"),
    [
        (INVERSE, INVERSE_ROW, OrdStatus.PARTIALLY_FILLED, Side.SELL, "12", "5", "61000"),
        (LINEAR, LINEAR_ROW, OrdStatus.NEW, Side.BUY, "0.012", "0.005", "61000.5"),
        (SPOT, SPOT_ROW, OrdStatus.CANCELED, Side.BUY, "0.001", "0.0004", "61000"),
    ],
    ids=["COIN-M", "USD-M", "spot"],
)
def test_order_row_of_each_line(instrument, row, status, side, qty, cum, price):
    report = report_from_row(instrument, row, NOW_NS)
    assert (report.exec_type, report.source, report.reconciled) == (ExecType.STATUS, ReportSource.QUERY, True)
    assert (report.cl_ord_id, report.order_id, report.ord_status, report.side) == ("T1", ORDER_ID, status, side)
    assert report.order_qty_lots * instrument.lot_size == Decimal(qty)
    assert report.cum_qty_lots * instrument.lot_size == Decimal(cum)
    assert report.price_ticks * instrument.tick_size == Decimal(price)


def test_a_row_of_a_state_that_is_new_to_us_tells_none():
    report = report_from_row(LINEAR, LINEAR_ROW | {"ordStatus": "Suspended"}, NOW_NS)
    assert (report.ord_status, report.text, report.cl_ord_id) == (-1, "Suspended", "T1")


@pytest.mark.parametrize(
    "wrong",
    [{"orderId": "not-a-uuid"}, {"bizError": "x"}, {"transactTimeNs": [1]}, {"priceRp": "1e999999"},
     {"cumQtyRq": "1E+999990"}, {"priceRp": "1" + "0" * 64}, {"transactTimeNs": 2**70}, {"symbol": "ETHUSDT"}],
)  # fmt: skip
def test_a_row_that_cannot_be_read_is_a_broken_answer(wrong):
    with pytest.raises(PeerError, match="BTCUSDT"):
        report_from_row(LINEAR, LINEAR_ROW | wrong, NOW_NS)


def test_a_foreign_clordid_in_any_letters_is_no_broken_answer():
    """Other programs choose their ids as they like: theirs must not keep ours from being compared."""
    assert report_from_row(LINEAR, LINEAR_ROW | {"clOrdId": "geschäft-7"}, NOW_NS).cl_ord_id == "gesch?ft-7"


def test_a_number_a_hair_off_the_grid_is_not_rounded_onto_it():
    row = LINEAR_ROW | {"priceRp": "61000.50000000000000000000000000000001", "cumQtyRq": "0.005"}
    report = report_from_row(LINEAR, row, NOW_NS)
    assert (report.price_ticks, report.cum_qty_lots * LINEAR.lot_size) == (-(2**63), Decimal("0.005"))


def test_an_order_by_quote_tells_its_money():
    row = SPOT_ROW | {"qtyType": "ByQuote", "quoteQtyEv": 250_000_000, "baseQtyEv": "0"}
    report = report_from_row(SPOT, row, NOW_NS)
    assert (report.order_qty_lots, report.qty_in_quote) == (250_000_000, True)
    assert not report_from_row(SPOT, SPOT_ROW, NOW_NS).qty_in_quote


def test_execution_of_each_line():
    linear = {
        "transactTimeNs": 9, "symbol": "BTCUSDT", "side": "Sell", "posSide": "Short", "tradeType": "Trade",
        "execQtyRq": "0.003", "execPriceRp": "61000.1", "execFeeRv": "0.109800", "execID": EXEC_ID,
        "orderID": ORDER_ID, "clOrdID": "T1", "execStatus": "MakerFill",
    }  # fmt: skip
    told = execution_from_row(LINEAR, linear, NOW_NS)
    assert told is not None and told.pos_side == PosSide.SHORT
    assert (told.report.exec_type, told.report.exec_id, told.report.is_maker) == (ExecType.TRADE, EXEC_ID, True)
    assert told.report.last_qty_lots * LINEAR.lot_size == Decimal("0.003")
    assert told.report.last_px_ticks * LINEAR.tick_size == Decimal("61000.1")
    assert told.report.fee == Decimal("0.1098")
    inverse = {
        "side": "Buy", "tradeType": "LiqTrade", "execQty": 700, "execPriceEp": 71_500_000, "execFeeEv": -2447,
        "execID": EXEC_ID, "orderID": ORDER_ID, "clOrdID": "", "transactTimeNs": 9,
    }  # fmt: skip
    told = execution_from_row(INVERSE, inverse, NOW_NS)
    assert told is not None and (told.pos_side, told.report.last_qty_lots) == (None, 700)
    assert told.report.trade_type == TradeType.LIQUIDATION
    assert told.report.fee == Decimal(-2447).scaleb(-INVERSE.value_scale)
    spot = {
        "side": "Buy", "tradeType": "Trade", "execBaseQtyEv": 103_000, "execPriceEp": 6_100_000_000_000,
        "execFeeEv": 103, "feeCurrency": "BTC", "execId": EXEC_ID, "orderID": ORDER_ID, "clOrdID": "T1",
    }  # fmt: skip
    told = execution_from_row(SPOT, spot, NOW_NS)
    assert told is not None and told.report.fee == Decimal(103).scaleb(-SPOT.base_value_scale)


def test_funding_is_no_execution():
    assert execution_from_row(INVERSE, {"tradeType": "Funding", "execID": EXEC_ID}, NOW_NS) is None


@pytest.mark.parametrize("wrong", [{"execID": ""}, {"execID": "short"}, {"execQtyRq": "0"}, {"execQtyRq": None}])
def test_an_execution_that_cannot_be_told_from_others_is_a_broken_answer(wrong):
    row = {"tradeType": "Trade", "execID": EXEC_ID, "execQtyRq": "0.003", "execPriceRp": "1"} | wrong
    with pytest.raises(PeerError, match="execution"):
        execution_from_row(LINEAR, row, NOW_NS)


@pytest.mark.parametrize(
    ("size", "side", "lots"), [("0.5", "Buy", 500), ("0.5", "Sell", -500), ("0", "None", 0), ("-0.5", "Sell", -500)]
)
def test_position_is_signed_by_its_side(size, side, lots):
    row = {"size": size, "side": side, "posSide": "Merged", "transactTimeNs": 11}
    told = position_from_row(LINEAR, row)
    assert told.net_qty_lots * LINEAR.lot_size == lots * Decimal("0.001")
    assert (told.pos_side, told.transact_time_ns) == (PosSide.MERGED, 11)


@pytest.mark.parametrize("row", [{}, {"size": "0.5", "side": "None"}, {"size": "0.00001", "side": "Buy"}])
def test_position_without_a_size_on_the_grid_is_a_broken_answer(row):
    with pytest.raises(PeerError, match="position"):
        position_from_row(LINEAR, row)


async def test_open_rows_without_a_time_are_dated_before_the_question():
    venue = Venue(spot_orders=[SPOT_ROW | {"ordStatus": "New"}])
    (report,) = (await evidence(venue).open_orders(SPOT)).reports
    assert report.transact_time_ns == WALL_NS - LIST_AGE_NS


async def test_closed_orders_are_read_page_by_page():
    rows = [LINEAR_ROW | {"clOrdId": f"T{count}", "ordStatus": "Filled"} for count in range(PAGE_ROWS + 3)]

    def page(query):
        offset = int(dict(pair.split("=") for pair in query.split("&"))["offset"])
        return {"rows": rows[offset : offset + PAGE_ROWS]}

    venue = Venue(api__data_g__futures_orders=page)
    listing = await evidence(venue).closed_orders(LINEAR, NOW_NS)
    assert (len(listing.reports), listing.is_complete) == (PAGE_ROWS + 3, True)
    start_ms = (WALL_NS - CLOCKS_APART_NS) // 1_000_000
    assert venue.asked[0] == f"/api-data/g-futures/orders?symbol=BTCUSDT&start={start_ms}&offset=0&limit={PAGE_ROWS}"


async def test_a_list_whose_rows_do_not_tell_whose_they_are_is_not_complete():
    venue = Venue(api__data_spots_orders=[SPOT_ROW | {"clOrdID": None}])
    assert not (await evidence(venue).closed_orders(SPOT, NOW_NS)).is_complete


async def test_a_list_that_writes_the_beginning_of_the_order_id_for_the_client_id_is_not_complete():
    venue = Venue(api__data_g__futures_orders=[LINEAR_ROW | {"clOrdId": ORDER_ID[:7], "ordStatus": "Filled"}])
    assert not (await evidence(venue).closed_orders(LINEAR, NOW_NS)).is_complete


async def test_positions_of_an_account_and_their_modes():
    rows = [
        {"symbol": "BTCUSDT", "size": "0.5", "side": "Buy", "posSide": "Long", "posMode": "Hedged"},
        {"symbol": "BTCUSDT", "size": "0.2", "side": "Sell", "posSide": "Short", "posMode": "Hedged"},
        {"symbol": "OFFLIST", "size": "1", "side": "Buy"},
    ]
    venue = Venue(g__accounts_accountPositions={"account": {}, "positions": rows})
    told, hedged = await evidence(venue).positions(ProductLine.LINEAR, "USDT", {"BTCUSDT": LINEAR}.get)
    assert [(position.pos_side, position.net_qty_lots > 0) for position in told] == [
        (PosSide.LONG, True), (PosSide.SHORT, False)
    ]  # fmt: skip
    assert hedged == {"BTCUSDT": True}


@pytest.mark.parametrize("positions", ["none", [1], {"BTCUSDT": {}}])
async def test_positions_of_another_shape_are_no_answer(positions):
    venue = Venue(g__accounts_accountPositions={"account": {}, "positions": positions})
    with pytest.raises(PeerError):
        await evidence(venue).positions(ProductLine.LINEAR, "USDT", {"BTCUSDT": LINEAR}.get)
