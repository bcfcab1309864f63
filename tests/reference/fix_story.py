"""The life of one FIX order outside any engine: reports in, and what its client is told."""

from uuid import UUID

from tidings.clock import Clock
from tidings.fix.dictionary import FIX44
from tidings.fix.reader import FixReader
from tidings.fix.validation import check
from tidings.fix.writer import FixWriter
from tidings.fix_gateway.order_chains import OrderChains
from tidings.fix_gateway.order_news import OrderNews
from tidings.fix_gateway.translate_in import Rules
from tidings.fix_gateway.translate_out import Profile
from tidings.model.enums import ExecType, ProductLine, ReportSource, Side
from tidings.model.execution_report import report_of
from tidings.model.instrument import Instrument
from tidings.model.order import apply_report, make_order
from tidings.model.terms import OrderTerms

LOTS = 10
PRICE_TICKS = 600_000


def make_instrument() -> Instrument:
    return Instrument(
        symbol="BTCUSDT", line=ProductLine.LINEAR, index=0, base_currency="BTC", quote_currency="USDT",
        settle_currency="USDT", price_scale=1, tick_mantissa=1, qty_scale=3, lot_mantissa=1,
    )  # fmt: skip


class Story:
    """A limit order to buy 0.01 at 60000. `told` is 150/39 of each report, and 9/39 of each cancel reject."""

    name, has_pending_acks = "C1", False
    profile, rules = Profile(), Rules()

    def __init__(self, terms: OrderTerms | None = None, **numbers: int) -> None:
        self.chains = OrderChains()
        self.news = OrderNews(self.chains, Clock())
        self.news.clients[self.name] = self
        terms = terms or OrderTerms(make_instrument(), Side.BUY)
        numbers = {"price_ticks": PRICE_TICKS, "order_qty_lots": LOTS, **numbers}
        self.order = make_order(terms, handle=1, cl_ord_id="T1", **numbers)
        self.chain = self.chains.begin("o1", self.name, "T1", "BTCUSDT", "1", {40: "2", 59: "1"})
        self.chain.order = self.order
        self.news.follow(self.chain, 1)
        self.told: list[str] = []
        self.reports: list[dict[int, str]] = []
        self.rejects: list[dict[int, str]] = []
        self.problems: list[object] = []
        self._time_ns = 1_800_000_000_000_000_000
        self._exec_count = 0

    def hear(self, exec_type: ExecType, *, settles: int = 0, **fields: object) -> None:
        """One report of the venue's stream. `settles`: the effect it has on a request in flight, of which this order
        knows nothing: nobody sent one.
        """
        self._time_ns += 1_000_000
        order_id = str(UUID(int=0xAB90A08C << 96 | 1))
        told = {"order_id": order_id, "transact_time_ns": self._time_ns, "source": ReportSource.STREAM, **fields}
        report = report_of(exec_type, now_ns=1, handle=1, **told)
        self.news.hear(apply_report(self.order, report) | settles, self.order, report)

    def fill(self, lots: int, exec_id: str = "", source: ReportSource = ReportSource.STREAM) -> str:
        """An execution at the order's price: its ExecID."""
        self._exec_count += 1
        exec_id = exec_id or str(UUID(int=0x7B << 120 | self._exec_count))
        self.hear(
            ExecType.TRADE, source=source, exec_id=exec_id, last_qty_lots=lots, last_px_ticks=PRICE_TICKS,
            fee_mantissa=1,
        )  # fmt: skip
        return exec_id

    def ask(self, cl_ord_id: str, is_replace: bool, **asked: int) -> None:
        """The client asks for a cancel or a replace; `asked`: to which ticks and lots."""
        self.chains.ask(self.chain, cl_ord_id, is_replace, asked)

    def tell(self, msg_type: bytes, fields: list[tuple[int, bytes]]) -> None:
        found = {tag: value.decode() for tag, value in fields}
        self._validate(msg_type, fields)
        if msg_type == b"8":
            self.reports.append(found)
            self.told.append(f"{found[150]}/{found[39]}")
        else:
            self.rejects.append(found)
            self.told.append(f"9/{found[39]}")

    def _validate(self, msg_type: bytes, fields: list[tuple[int, bytes]]) -> None:
        """As a stock client would."""
        writer, reader = FixWriter(), FixReader()
        writer.begin(msg_type)
        header = [(34, b"2"), (49, b"PHEMEX"), (52, b"20260801-12:34:56.789"), (56, b"C1")]
        for tag, value in [*header, *fields]:
            writer.put(tag, value)
        assert not reader.read(writer.end())
        if (problem := check(reader, FIX44)) is not None:
            self.problems.append(problem)
