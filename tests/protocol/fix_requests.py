"""Plays transcripts of requests that the gateway asks the venue about: what the client sends, what the venue is asked,
what it answers, and what the client must be told, field by field.

Sections are those of `fix_transcript`. Lines:

    > 35=AD|568=t1|569=1       the client asks
    ? PATH QUERY               the venue must be asked exactly this
    ! JSON                     and answers so (`data` of its envelope)
    !trade ID ORDER CLORDID SIDE TYPE PX QTY FEE TIME    one row of a list of executions, as that path writes it
    !rows N PX TIME            so many rows, a millisecond apart, the newest at TIME
    !error CODE NAME           it refuses
    < 35=AQ|568=t1|749=0       the client must be told this, and exactly these fields in this order; 721=*: any id
    |750=0                     goes on with the line before it
    heard ID CLORDID PX QTY FEE TIME [CLIENT]    an execution of its order, or another client's, was heard of
    count SYMBOL LOTS          the engine counts this position now
    flood 20 35=AD|569=9       the client asks so often, and is not listened to
    spend 40                   the engine uses so much of the venue's minute
    wait 1.5                   so many seconds pass
    book, print, ticker, …     the market tells something: see `fix_feeds`

`with:` has client=NAME, kind=dropcopy, dialect=extended, symbols=A,B and account=2. Times are UTC, now is NOW.
"""

import asyncio
import json
from dataclasses import dataclass, field
from types import SimpleNamespace

from tests.protocol.fix_feeds import Feeds
from tests.protocol.fix_transcript import Section
from tidings.engine.throttle import Bucket
from tidings.errors import VenueError
from tidings.fix.reader import FixReader
from tidings.fix.timestamps import unix_ns
from tidings.fix_gateway.message_routes import MessageRoutes
from tidings.fix_gateway.order_chains import OrderChains
from tidings.fix_gateway.order_desk import FixOrderDesk
from tidings.fix_gateway.translate_in import Rules
from tidings.fix_gateway.translate_out import Profile
from tidings.model.enums import ExecType, OrdType, PosSide, ProductLine, ReportSource, Side
from tidings.model.execution_report import report_of
from tidings.model.instrument import Instrument
from tidings.model.order import make_order
from tidings.model.terms import OrderTerms
from tidings.venue.phemex.products import Products
from tidings.venue.phemex.queries import Queries

NOW = "20260801-12:00:00.000"
NS_PER_S, NS_PER_MS = 1_000_000_000, 1_000_000
SETTINGS = {"client", "kind", "dialect", "symbols", "account"}
TURNS = 200  # of the loop, until everything that was set going has come to rest


def instrument(symbol: str, line: ProductLine, settle: str, price_scale: int, qty_scale: int) -> Instrument:
    base, quote = ("BTC", "USD") if line == ProductLine.INVERSE else (symbol.removeprefix("s")[:3], "USDT")
    return Instrument(
        symbol=symbol, line=line, index=0, base_currency=base, quote_currency=quote, settle_currency=settle,
        price_scale=price_scale, tick_mantissa=1, qty_scale=qty_scale, lot_mantissa=1, value_scale=8,
        base_value_scale=8,
    )  # fmt: skip


PRODUCTS = Products({
    one.symbol: one
    for one in (
        instrument("BTCUSDT", ProductLine.LINEAR, "USDT", 1, 3),
        instrument("ETHUSDT", ProductLine.LINEAR, "USDT", 2, 2),
        instrument("BTCUSD", ProductLine.INVERSE, "BTC", 4, 0),
        instrument("sBTCUSDT", ProductLine.SPOT, "USDT", 8, 8),
    )
})  # fmt: skip


@dataclass
class Venue:
    """What it was asked, in order, against what the transcript says."""

    budget: Bucket
    expected: list[tuple[str, object]] = field(default_factory=list)  # "PATH QUERY", its answer

    async def ask(self, method: str, path: str, query: str, body: bytes, signed: bool) -> tuple[int, bytes]:
        assert self.expected, f"the venue was asked and should not have been: {path} {query}"
        wanted, answer = self.expected.pop(0)
        assert f"{path} {query}" == wanted, f"the venue was asked {path} {query}\n                 not {wanted}"
        self.budget.spend(1, 1000 * NS_PER_S)
        await asyncio.sleep(0)
        if isinstance(answer, Exception):
            raise answer
        return 200, json.dumps({"code": 0, "msg": "OK", "data": answer}).encode()


class Play:
    """One section being played."""

    def __init__(self, section: Section) -> None:
        unknown = set(section.settings) - SETTINGS
        assert not unknown, f"unknown settings: {unknown}"
        self.section, words = section, section.settings
        self.elapsed_ns = 0
        self.told: list[str] = []
        self.rest_bucket = Bucket("others", 100, 60 * NS_PER_S, reserve=30)
        self.venue = Venue(self.rest_bucket)
        self.positions: dict[str, int] = {}
        self.name = words.get("client", "C1")
        self.profile = Profile(words.get("dialect") == "extended", 3, words.get("kind") == "dropcopy")
        symbols = frozenset(words["symbols"].split(",")) if "symbols" in words else frozenset()
        self.rules = Rules(account=words.get("account", ""), symbols=symbols)
        self.has_pending_acks, self.message_use = False, None
        self.feeds = Feeds(PRODUCTS)
        account = SimpleNamespace(engine=self.engine())
        account.subscribe, account.unsubscribe = self.feeds.subscribe, self.feeds.unsubscribe
        self.desk = FixOrderDesk(account, OrderChains())
        self.desk.join(self)
        self.routes = MessageRoutes(self.desk, self, None, None, None)
        self.count = 0

    def engine(self) -> SimpleNamespace:
        clock = SimpleNamespace(
            read_wall_ns=lambda: unix_ns(NOW.encode()) + self.elapsed_ns,
            read_now_ns=lambda: 1000 * NS_PER_S + self.elapsed_ns,
        )
        budget = SimpleNamespace(bucket_of=lambda group: self.rest_bucket)
        return SimpleNamespace(
            clock=clock, products=PRODUCTS, queries=Queries(self.venue.ask), link=SimpleNamespace(budget=budget),
            positions=self, market=self.feeds, is_open=True,
        )  # fmt: skip

    def __iter__(self):
        """As the engine's positions."""
        return (
            SimpleNamespace(symbol=symbol, pos_side=PosSide.MERGED, net_qty_lots=lots)
            for symbol, lots in self.positions.items()
        )

    def tell(self, msg_type: bytes, fields: list[tuple[int, bytes]]) -> None:
        self.told.append("|".join([f"35={msg_type.decode()}", *(f"{tag}={value.decode()}" for tag, value in fields)]))

    async def run(self) -> None:
        blocks: list[tuple[str, list[str]]] = []
        for line in joined(self.section.lines):
            if line[0] in "?!<":
                blocks[-1][1].append(line)
            else:
                blocks.append((line, []))
        for line, after in blocks:
            try:
                await self.play(line, after)
            except AssertionError as error:
                raise AssertionError(f"[{self.section.name}] {line}\n{error}\nwhy: {self.section.why}") from error

    async def play(self, line: str, after: list[str]) -> None:
        self.expect_questions([text for text in after if text[0] in "?!"])
        word, _, rest = line.partition(" ")
        if word == ">":
            self.send(rest)
        elif word in self.feeds.words:
            self.feeds.play(word, rest.split(), self.routes.market_data)
        else:
            await getattr(self, f"do_{word}")(*rest.split())
        for _ in range(TURNS):
            await asyncio.sleep(0)
        assert not self.venue.expected, f"the venue was not asked: {self.venue.expected[0][0]}"
        wanted, told = [text[2:] for text in after if text[0] == "<"], self.told
        self.told = []
        for number, text in enumerate(wanted):
            got = told[number] if number < len(told) else "nothing"
            assert masked(got, text) == text, f"wanted {text}\n   got {got}"
        assert len(told) == len(wanted), f"told and not expected: {told[len(wanted)]}"

    def send(self, text: str) -> None:
        reader = FixReader()
        assert not reader.read_fields(text.replace("|", "\x01").encode())
        self.routes.handlers[reader.find(35) or b""](reader)

    def expect_questions(self, lines: list[str]) -> None:
        for line in lines:
            if line[0] == "?":
                self.venue.expected.append((line[2:], {"rows": []}))
                continue
            question, answer = self.venue.expected[-1]
            word, _, rest = line[1:].partition(" ")
            if not word:
                answer = json.loads(rest)
            elif word == "error":
                code, name = rest.split()
                answer = VenueError(f"{question.split()[0]}: {name}", int(code), name, "", 200)
            else:
                make = {"trade": trade_row, "rows": many_rows}[word]
                answer["rows"] += make(question.split()[0], *rest.split())
            self.venue.expected[-1] = (question, answer)

    async def do_wait(self, seconds: str) -> None:
        self.elapsed_ns += round(float(seconds) * NS_PER_S)

    async def do_flood(self, count: str, text: str) -> None:
        """The same request so many times, whatever becomes of it."""
        for _ in range(int(count)):
            self.send(text)
        self.told.clear()

    async def do_spend(self, weight: str) -> None:
        self.rest_bucket.spend(int(weight), 1000 * NS_PER_S + self.elapsed_ns)

    async def do_count(self, symbol: str, lots: str) -> None:
        self.positions[symbol] = int(lots)
        await asyncio.sleep(0.15)  # how often the gateway looks is by the loop's own clock

    async def do_heard(
        self, exec_id: str, cl_ord_id: str, px: str, qty: str, fee: str, time: str, owner: str = ""
    ) -> None:
        """BTCUSDT, bought."""
        terms = OrderTerms(PRODUCTS.instruments["BTCUSDT"], Side.BUY, ord_type=OrdType.LIMIT)
        self.count += 1
        chain = self.desk.chains.begin(cl_ord_id, owner or self.name, f"engine-{self.count}", "BTCUSDT", "1", {})
        chain.order = make_order(terms)
        report = report_of(
            ExecType.TRADE, ReportSource.STREAM, 0, exec_id=exec_id, last_px_ticks=round(float(px) * 10),
            last_qty_lots=round(float(qty) * 1000), fee_mantissa=int(fee), fee_scale=8,
            transact_time_ns=unix_ns(time.encode()),
        )  # fmt: skip
        self.desk.news.executions.note(chain, chain.order, report, report.transact_time_ns)


def joined(lines: list[str]) -> list[str]:
    """A line that begins with | goes on where the one before it ended; with a blank behind it inside of a value."""
    found: list[str] = []
    for line in lines:
        if line.startswith("|"):
            found[-1] += line[1:] if line.startswith("| ") else line
        else:
            found.append(line)
    return found


def masked(got: str, wanted: str) -> str:
    """`721=*` stands for an id that the gateway makes up."""
    parts, pattern = got.split("|"), wanted.split("|")
    if len(parts) != len(pattern):
        return got
    return "|".join(
        text if text.endswith("=*") and part.startswith(text[:-1]) else part
        for part, text in zip(parts, pattern, strict=True)
    )


def trade_row(
    path: str, exec_id: str, order_id: str, cl_ord_id: str, side: str, kind: str, px: str, qty: str, fee: str, time: str
) -> list[dict[str, object]]:
    """`SYMBOL/ID` names the symbol where the list is of several."""
    symbol, _, exec_id = exec_id.rpartition("/")
    cl_ord_id = "" if cl_ord_id == "-" else cl_ord_id
    common = {"transactTimeNs": unix_ns(time.encode()), "side": side, "tradeType": kind, "orderID": order_id,
              "clOrdID": cl_ord_id}  # fmt: skip
    if path.startswith("/api-data/g-futures"):
        return [{**common, "symbol": symbol or "BTCUSDT", "execID": exec_id, "execPriceRp": px, "execQtyRq": qty,
                 "execFeeRv": fee}]  # fmt: skip
    if path.startswith("/api-data/spots"):
        return [{**common, "symbol": symbol or "sBTCUSDT", "execId": exec_id, "execPriceEp": int(px),
                 "execBaseQtyEv": int(qty), "execFeeEv": int(fee)}]  # fmt: skip
    return [{**common, "symbol": symbol or "BTCUSD", "execID": exec_id, "execPriceEp": int(px), "execQty": int(qty),
             "execFeeEv": int(fee)}]  # fmt: skip


def many_rows(path: str, count: str, px: str, time: str) -> list[dict[str, object]]:
    (first,) = trade_row(path, "e", "o", "x", "Buy", "Trade", px, "1", "0", time)
    key = "execId" if "execId" in first else "execID"
    newest_ns = int(str(first["transactTimeNs"]))
    return [
        {**first, key: f"{time[-6:]}-{number}", "transactTimeNs": newest_ns - number * NS_PER_MS}
        for number in range(int(count))
    ]
