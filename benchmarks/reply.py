"""The way up: an order's reply from its bytes to the strategy's callback."""

import importlib.util
from collections.abc import Callable, Iterator
from decimal import Decimal

import orjson

from benchmarks.compiled import loops
from benchmarks.instrument import INSTRUMENT, WIDE_LIMITS, make_terms
from benchmarks.messages import CL_ORD_ID, PRICE, PRICE_TICKS, order_reply
from benchmarks.report import Row, Skipped, Table, Target
from benchmarks.timing import BATCH_CALLS, alternate
from tidings.engine.order_entry import OrderEntry
from tidings.engine.order_table import ExecIDSet, OrderTable
from tidings.engine.risk import Risk
from tidings.engine.strategy import Strategy
from tidings.metrics.stages import Stages
from tidings.model.execution_report import ExecutionReport
from tidings.model.order import Order
from tidings.model.order_ids import ClOrdIDMaker

TITLE = "order reply → callback"
OURS, PLAIN = "tidings", "httptools and orjson"
SESSION_WALL_NS = 1_800_000_000_000_000_000
REPLY = order_reply()


class CountingStrategy(Strategy):
    """Reads of each acknowledgement what a strategy would."""

    def __init__(self) -> None:
        self.ack_count = 0
        self.order_id = ""

    def on_ack(self, order: Order, report: ExecutionReport, now_ns: int) -> None:
        self.ack_count += 1
        self.price_ticks = order.price_ticks


class PlainOrder:
    """The state a careful Python client keeps of an order."""

    def __init__(self) -> None:
        self.status, self.order_id, self.price = "PendingNew", "", Decimal(0)


def make_plain_path() -> tuple[Callable[[], None], PlainOrder]:
    """httptools → orjson → the order found by its id and updated → a callback."""
    import httptools

    order = PlainOrder()
    orders = {CL_ORD_ID: order}

    class Events:
        def on_header(self, name: bytes, value: bytes) -> None:
            if name.startswith(b"x-ratelimit-remaining"):
                self.remaining = int(value)

        def on_body(self, body: bytes) -> None:
            self.body = body

        def on_message_complete(self) -> None:
            reply = orjson.loads(self.body)
            if reply["code"] == 0:
                data = reply["data"]
                order = orders[data["clOrdID"]]
                order.status, order.order_id, order.price = data["ordStatus"], data["orderID"], Decimal(data["priceRp"])
                on_ack(order, data)

    def on_ack(order: PlainOrder, data: dict[str, object]) -> None:
        order.acked = True

    parser = httptools.HttpResponseParser(Events())
    return lambda: parser.feed_data(REPLY), order


def make_entry(strategy: Strategy) -> OrderEntry:
    """A real engine whose gateway sends nothing."""
    risk = Risk([INSTRUMENT], WIDE_LIMITS)
    risk.set_reference_price(INSTRUMENT, PRICE_TICKS)
    entry = OrderEntry(OrderTable(ClOrdIDMaker(wall_ns=SESSION_WALL_NS)), risk, Stages(), ExecIDSet())
    entry.plug(loops().MuteGateway())
    entry.listen(strategy)
    return entry


def run(quick: bool) -> Iterator[Table | Skipped]:
    batches, strategy = 200 if quick else 4000, CountingStrategy()
    try:
        entry = make_entry(strategy)
    except RuntimeError as error:
        yield Skipped(TITLE, str(error))
        return
    rows = []
    if importlib.util.find_spec("httptools"):
        plain_path, plain_order = make_plain_path()
        rows.append(Row.of(PLAIN, alternate({PLAIN: plain_path}, batches)[PLAIN]))
        assert (plain_order.status, plain_order.price) == ("Created", Decimal(PRICE))
    rows.append(Row.of(OURS, loops().reply(entry, make_terms(), REPLY, PRICE_TICKS, batches, BATCH_CALLS)))
    assert (strategy.ack_count, strategy.price_ticks) == (batches * BATCH_CALLS, PRICE_TICKS)
    yield Table(TITLE, f"{len(REPLY)} bytes: parse, decode, apply, call", PLAIN, rows, [Target(OURS, limit_ns=1500)])
