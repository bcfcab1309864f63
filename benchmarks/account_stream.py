"""One message of the account stream, a partial fill with its wallet, from bytes to an execution report in integers."""

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import orjson

from benchmarks.compiled import loops
from benchmarks.instrument import INSTRUMENT
from benchmarks.messages import ACCOUNT_MESSAGE, CL_ORD_ID, PRICE_TICKS, SYMBOL
from benchmarks.report import Row, Skipped, Table
from benchmarks.timing import BATCH_CALLS, alternate
from tidings.venue.phemex.account_stream import AccountStream

TITLE = "account stream message"
OURS, PLAIN = "tidings, called in C", "orjson and Decimal"


def take_fill(loads: Callable[[bytes], Any]) -> tuple[str, int, int, int, int]:
    """(client id, price ticks, lots of this fill, lots filled, lots left): what ours reads and more, exactly."""
    row = loads(ACCOUNT_MESSAGE)["orders_p"][0]
    if row["symbol"] != SYMBOL or row["execStatus"] != "MakerFill":
        raise AssertionError("another message than the canonical one")
    ticks = int(Decimal(row["execPriceRp"]) * 10)
    last, cum, leaves = (int(Decimal(row[name]) * 1000) for name in ("execQty", "cumQty", "leavesQty"))
    return row["clOrdID"], ticks, last, cum, leaves


def run(quick: bool) -> Iterator[Table | Skipped]:
    expected = (CL_ORD_ID, PRICE_TICKS, 15, 15, 10)
    calls = {
        "json and Decimal": lambda: take_fill(json.loads),
        PLAIN: lambda: take_fill(orjson.loads),
        "orjson alone": lambda: orjson.loads(ACCOUNT_MESSAGE),
    }
    assert take_fill(json.loads) == take_fill(orjson.loads) == expected
    batches = 200 if quick else 2000
    rows = [Row.of(name, taken) for name, taken in alternate(calls, batches).items()]
    try:
        listener = loops().CountingAccount()
    except RuntimeError as error:
        yield Skipped(TITLE, str(error))
        return
    stream = AccountStream({SYMBOL: INSTRUMENT}, listener)
    rows.append(Row.of(OURS, loops().account_stream(stream, ACCOUNT_MESSAGE, batches, BATCH_CALLS)))
    report = listener.last_report
    assert listener.report_count == listener.wallet_count == batches * BATCH_CALLS
    assert stream.second_try_count == 0
    told = (report.cl_ord_id, report.last_px_ticks, report.last_qty_lots, report.cum_qty_lots, report.leaves_qty_lots)
    assert told == expected
    yield Table(TITLE, f"{len(ACCOUNT_MESSAGE)} bytes", PLAIN, rows)
