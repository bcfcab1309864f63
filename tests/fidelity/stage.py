"""What a play has to work with: the exchange, an account of its own, the other side, and the market's prices."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

from tests.fidelity.comparison import Comparison, Difference, closest
from tests.fidelity.order_setup import (
    COIN_M,
    SPOT,
    USD_M,
    SetUpError,
    Terms,
    amend,
    cancel,
    create,
    line_of,
    scaled_price,
)
from tests.fidelity.raw_json import loads
from tests.fidelity.samples import Sample
from tests.fidelity.venue_process import RawStream, VenueProcess, raw_answer
from tests.reference.phemex_client import RestClient

FUNDING_TIMEOUT_S = 8
QUIET_S = 0.3  # a stream that says nothing so long has said all


class Stage:
    """One sample's play."""

    def __init__(self, venue: VenueProcess, sample: Sample, other: RestClient) -> None:
        self.venue = venue
        self.sample = sample
        self.other = other  # account 0: the other side of every trade
        self.count = 0  # values compared
        self.loose: set[str] = set()  # keys that this play could not set up as the sample shows them
        self._me: RestClient | None = None
        self._streams: list[RawStream] = []
        self._touched: set[str] = set()

    @property
    def me(self) -> RestClient:
        """The account of this play, used by nobody before."""
        if self._me is None:
            self._me = RestClient(self.venue.ready, self.venue.next_account())
        return self._me

    @property
    def my_number(self) -> int:
        """The place of this play's account in the ready object."""
        return list(self.venue.ready["accounts"]).index(self.me.account)

    def compare(self, expected: Any, got: Any, path: str = "", **changes: Any) -> Iterator[Difference]:
        """The differences of one answer."""
        changes["loose"] = self.loose | changes.get("loose", set())
        comparison = Comparison(self.sample.rules(**changes))
        yield from comparison.differences(expected, got, path)
        self.count += comparison.count

    def closest(
        self, expected: Any, candidates: Iterable[Any], path: str, message: Any = None, **changes: Any
    ) -> Iterator[Difference]:
        """The differences from the candidate nearest to what is expected."""
        changes["loose"] = self.loose | changes.get("loose", set())
        found, count = closest(expected, candidates, self.sample.rules(message, **changes), path)
        self.count += count
        yield from found

    def ask(self, request: dict[str, Any]) -> Any:
        """Send a request of the sample's, as this play's account."""
        client = self.me if request.get("auth", True) else self.other
        return raw_answer(client, request)

    def get(self, path: str, query: str = "") -> Any:
        """A signed GET of this play's account."""
        return loads(self.me.call("GET", path, query).text)

    def price(self, symbol: str, price: Decimal) -> None:
        """Set last, mark and index price."""
        text = f"{round(price, 4 if line_of(symbol) == COIN_M else 8):f}"
        answer = self.venue.admin("POST", "/price", {"symbol": symbol, "last": text, "mark": text, "index": text})
        if "error" in answer:
            raise SetUpError(f"no price {text} for {symbol}: {answer['error']}")

    def away_from(self, terms: Terms) -> None:
        """Move the market to where an order rests, or waits for its trigger."""
        if terms.stop_px != "0":
            is_touched = terms.ord_type.endswith("IfTouched")
            is_below = terms.is_buy == is_touched  # the trigger lies below the market
            watched = scaled_price(terms.symbol, terms.stop_px)
            self.price(terms.symbol, watched * (Decimal("1.1") if is_below else Decimal("0.9")))
        elif terms.price != "0":
            limit = scaled_price(terms.symbol, terms.price)
            self.price(terms.symbol, limit * (Decimal("1.2") if terms.is_buy else Decimal("0.8")))

    def bring_about(self, terms: Terms) -> str:
        """Have an order of this play's account reach the state its sample shows; gives its id."""
        self.prepare(terms)
        if terms.closes is not None:
            self.bring_about(terms.closes)
        if terms.status in ("Filled", "PartiallyFilled"):
            return self._fill(terms)
        self.away_from(terms)
        order_id = self._place(terms)
        if terms.status == "Canceled":
            cancel(self.me, terms, order_id)
        return order_id

    def _place(self, terms: Terms) -> str:
        """Create an order; one that was amended in the sample has another price first."""
        if terms.action != "Replace" and terms.exec_status != "Replaced":
            return str(create(self.me, terms)["orderID"])
        factor = Decimal("0.9") if terms.is_buy else Decimal("1.1")
        first = Decimal(terms.price) * factor
        is_integer = line_of(terms.symbol) != USD_M
        text = f"{int(first) // 1000 * 1000}" if is_integer else f"{round(first, 1).normalize():f}"
        order_id = str(create(self.me, replace(terms, price=text))["orderID"])
        amend(self.me, terms, order_id)
        return order_id

    def prepare(self, terms: Terms) -> None:
        """Make the other side able to trade, and this account hedged where the order is."""
        self._touched.add(terms.symbol)
        line = line_of(terms.symbol)
        if line == USD_M:
            mode = "OneWay" if terms.pos_side == "Merged" else "Hedged"
            self.me.call("PUT", "/g-positions/switch-pos-mode-sync", symbol=terms.symbol, targetPosMode=mode)
            self.other.call("PUT", "/g-positions/leverage", symbol=terms.symbol, leverageRr="-50")
        elif line == COIN_M:
            self.other.call("PUT", "/positions/leverage", symbol=terms.symbol, leverage="-100")

    def _fill(self, terms: Terms) -> str:
        price = terms.exec_price if terms.exec_price != "0" else terms.price
        opposite = terms.opposite()
        if terms.stop_px != "0":
            return self._trigger(terms, opposite)
        self.price(terms.symbol, scaled_price(terms.symbol, price))
        if terms.exec_status == "TakerFill" or terms.ord_type == "Market":
            create(self.other, opposite)
            return str(create(self.me, terms)["orderID"])
        order_id = self._place(terms)
        create(self.other, opposite)
        return order_id

    def _trigger(self, terms: Terms, opposite: Terms) -> str:
        """Have a conditional order wait, and the market come to its trigger."""
        self.away_from(terms)
        order_id = str(create(self.me, replace(terms, price="0"))["orderID"])
        create(self.other, opposite)
        self.price(terms.symbol, scaled_price(terms.symbol, terms.stop_px))
        return order_id

    def trade(self, symbol: str, price: Decimal, qty: str) -> None:
        """A trade between this account and the other side, and a book around it."""
        ticks = {COIN_M: lambda p: f"{p.scaleb(4):.0f}", USD_M: lambda p: f"{p.normalize():f}",
                 SPOT: lambda p: f"{p.scaleb(8):.0f}"}[line_of(symbol)]  # fmt: skip
        offer = Terms(symbol=symbol, side="Sell", price=ticks(price), qty=qty)
        self.prepare(offer)
        self.price(symbol, price)
        create(self.other, offer)
        create(self.me, Terms(symbol=symbol, side="Buy", price=ticks(price), qty=qty))

    def step(self, symbol: str) -> Decimal:
        """The price step of a contract."""
        data = loads(self.other.public("/public/products").text)["data"]
        entries = (*data["products"], *data["perpProductsV2"])
        return next(Decimal(entry["tickSize"]) for entry in entries if entry["symbol"] == symbol)

    def funded(self, symbol: str) -> None:
        """Wait until the position that this account holds was paid for, or has paid."""
        line = "g-futures" if line_of(symbol) == USD_M else "futures"
        deadline_s = time.monotonic() + FUNDING_TIMEOUT_S
        while time.monotonic() < deadline_s:
            answer = self.get(f"/api-data/{line}/funding-fees", f"symbol={symbol}")
            if answer[:1] if isinstance(answer, list) else (answer.get("data") or {}).get("rows"):
                return
            time.sleep(0.1)
        raise SetUpError(f"no funding of {symbol} within {FUNDING_TIMEOUT_S} s")

    def rules(self, changes: dict[str, str] | None) -> None:
        """Have the exchange follow other rules than by default; None: the default again."""
        if changes:
            answer = self.venue.admin("POST", "/rules", changes)
            if "error" in answer:
                raise SetUpError(f"no rule {changes}: {answer['error']}")
        elif changes is None:
            self.venue.admin("DELETE", "/rules")

    def stream(self, *, login: bool = True) -> RawStream:
        """A stream of this play's account."""
        stream = RawStream(self.venue.ready, self.my_number)
        self._streams.append(stream)
        if login:
            stream.login()
        return stream

    def heard(self, stream: RawStream, quiet_s: float = QUIET_S, longest_s: float = 3.0) -> list[Any]:
        """Every message until the stream falls silent after the answer to a ping, numbers as written."""
        stream.request("server.ping")  # the exchange has said before it what it had to say, however busy the machine
        messages = [message.raw for message in stream.messages]
        stream.messages.clear()
        deadline_s = time.monotonic() + longest_s
        stream._socket.settimeout(quiet_s)
        try:
            while time.monotonic() < deadline_s:
                messages.append(stream._receive().raw)
        except TimeoutError:
            pass
        finally:
            stream._socket.settimeout(10)
        return messages

    def clear(self) -> None:
        """Cancel what is left, so that the next play finds empty books."""
        for client in filter(None, (self._me, self.other)):
            for untriggered in ("false", "true"):
                client.call("DELETE", "/g-orders/all", untriggered=untriggered)
                for symbol in self._touched:
                    path = {COIN_M: "/orders/all", SPOT: "/spot/orders/all"}.get(line_of(symbol))
                    if path:
                        client.call("DELETE", path, symbol=symbol, untriggered=untriggered)
        for stream in self._streams:
            stream.close()
        if self._me is not None:
            self._me.close()
