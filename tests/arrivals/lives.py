"""What can happen to one order at the venue, and every message that tells of it.

A life is a list of steps at the venue, in the order they happen there. Living it gives the moments (the order as it
stood after each step) and the words: what we ask, what each request is answered, what the stream tells. Who says what
and with which fields is taken from the venue's documents (phemex docs 2026, "Order lifecycle", "Subscribe
account-order-position", "Spot"), not from our decoders.
"""

from dataclasses import dataclass, replace

T0 = 1_700_000_000_000_000_000  # the venue's clock when a life begins
STEP_NS = 1_000_000
QTY, PRICE = 10, 612_500  # what every create asks for, in lots and ticks

WORKING = ("NEW", "PARTIALLY_FILLED", "UNTRIGGERED")


@dataclass(frozen=True)
class Moment:
    """The order at the venue."""

    status: str = "PENDING_NEW"
    qty: int = QTY
    price: int = PRICE
    cum: int = 0
    at_ns: int = T0
    asked: int = 0  # how many of our requests had to reach the venue for this to be


@dataclass(frozen=True)
class Word:
    """One message to us, or (channel "us") one request of ours."""

    channel: str
    event: str  # an ExecType by name; for channel "us" AMEND or CANCEL
    told: Moment  # the order as the message has it
    source: str = "STREAM"  # a ReportSource by name
    request: str = ""  # the kind of request it answers
    about: int = 0  # the request's number among those to amend and cancel, from 1
    tells_status: bool = True
    tells_terms: bool = True
    execution: int = 0  # its number in this life, from 1; 0: none
    last_qty: int = 0
    last_px: int = 0
    code: int = 0

    @property
    def ends(self) -> str:
        """The final state it tells of, "" for one in which the order works."""
        return self.told.status if self.tells_status and self.told.status not in (*WORKING, "PENDING_NEW") else ""

    def __str__(self) -> str:
        number = f" #{self.execution or self.about}" if self.execution or self.about else ""
        return f"{self.channel}:{self.event}{number}({self.told.status} {self.told.cum}/{self.told.qty})"


@dataclass
class Life:
    """A history with everything that was said about it."""

    name: str
    line: str
    is_conditional: bool
    moments: list[Moment]
    words: list[Word]

    @property
    def stream(self) -> list[Word]:
        return [word for word in self.words if word.channel == "stream"]

    @property
    def asks(self) -> list[Word]:
        return [word for word in self.words if word.channel == "us"]

    @property
    def replies(self) -> list[Word]:
        return [word for word in self.words if word.source == "REPLY"]


class OrderAtVenue:
    """Lives one life. Each step is a method, named as in `LIVES`."""

    def __init__(self, line: str) -> None:
        self.line, self.now, self.moments, self.words = line, Moment(), [Moment()], []
        self.executions = self.asks = self.amend = 0
        self.wanted = (0, 0)

    def say(self, event: str, **fields) -> None:
        self.words.append(Word("stream", event, self.now, **fields))

    def move(self, **changes) -> None:
        asked = max(self.now.asked, changes.pop("asked", 0))
        self.now = replace(self.now, at_ns=self.now.at_ns + STEP_NS, asked=asked, **changes)
        self.moments.append(self.now)

    def answer(self, event: str, request: str, about: int = 0, **fields) -> None:
        """A reply: what the trading engine knows, which is not yet in force."""
        told = replace(self.now, asked=max(self.now.asked, about))
        self.words.append(
            Word(f"reply {about}", event, told, source="REPLY", request=request, about=about, **fields)
        )

    def tell_row(self, event: str, **fields) -> None:
        """An order row; spot's have a state and no event."""
        self.say("STATUS" if self.line == "SPOT" else event, **fields)

    # ---- Steps ---------------------------------------------------------------------------------------------------

    def accept(self) -> None:
        """It rests in the book."""
        if self.now.status == "PENDING_NEW":
            self.answer("PENDING_NEW", "NEW", tells_status=False)
        self.move(status="NEW")
        self.tell_row("NEW")

    def await_trigger(self) -> None:
        self.now = replace(self.now, status="UNTRIGGERED")
        self.answer("UNTRIGGERED", "NEW")
        self.move()
        self.tell_row("UNTRIGGERED")

    def trigger(self) -> None:
        self.move(status="NEW")
        self.tell_row("TRIGGERED")
        self.tell_row("NEW")

    def fill(self, qty: int, px: int = PRICE) -> None:
        cum = self.now.cum + qty
        self.move(cum=cum, status="FILLED" if cum == self.now.qty else "PARTIALLY_FILLED")
        self.executions += 1
        execution = {"execution": self.executions, "last_qty": qty, "last_px": px}
        if self.line == "SPOT":  # the execution lies in `fills`, which tell no state; the order's row comes behind it
            self.say("TRADE", tells_status=False, **execution)
            self.say("STATUS")
        else:
            self.say("TRADE", **execution)

    def ask_amend(self, price: int, qty: int, event: str = "PENDING_REPLACE", code: int = 0) -> None:
        """Both new values, 0: as is. The reply has the new terms already."""
        self.asks += 1
        self.amend, self.wanted = self.asks, (price or self.now.price, qty or self.now.qty)
        self.words.append(Word("us", "AMEND", replace(self.now, price=price, qty=qty, asked=self.asks - 1),
                               about=self.asks))
        before = self.now
        if not code:
            self.now = replace(self.now, price=self.wanted[0], qty=self.wanted[1])
        self.answer(event, "AMEND", self.asks, code=code, tells_status=False, tells_terms=not code)
        self.now = before

    def replace(self) -> None:
        self.move(price=self.wanted[0], qty=self.wanted[1], asked=self.amend)
        self.tell_row("REPLACED", about=self.amend)

    def refuse_amend(self, price: int, qty: int) -> None:
        """The trading engine's no."""
        self.ask_amend(price, qty, "REPLACE_REJECTED", 11061)

    def lose_amend(self) -> None:
        """The matching engine's no, after the trading engine's yes."""
        self.move(asked=self.amend)
        if self.line != "SPOT":
            self.say("REPLACE_REJECTED", about=self.amend, code=11061, tells_status=self.now.status in WORKING)

    def ask_cancel(self, event: str = "PENDING_CANCEL", code: int = 0) -> None:
        self.asks += 1
        self.words.append(Word("us", "CANCEL", replace(self.now, asked=self.asks - 1), about=self.asks))
        self.answer(event, "CANCEL", self.asks, code=code, tells_status=False, tells_terms=not code)

    def refuse_cancel(self) -> None:
        self.ask_cancel("CANCEL_REJECTED", 10002)

    def lose_cancel(self) -> None:
        """The matching engine's no to a cancel that came too late."""
        self.move(asked=self.asks)
        if self.line != "SPOT":
            self.say("CANCEL_REJECTED", about=self.asks, code=11068, tells_status=False)

    def cancel(self) -> None:
        self.move(status="CANCELED", asked=self.asks)
        self.tell_row("CANCELED")

    def cancel_unasked(self) -> None:
        """Liquidation, self-trade prevention, a person at the web page, the end of an IOC order."""
        self.move(status="CANCELED")
        self.tell_row("CANCELED")

    def expire(self) -> None:
        self.move(status="CANCELED" if self.line == "SPOT" else "EXPIRED")
        self.tell_row("EXPIRED")

    def refuse(self) -> None:
        """The trading engine's no to the create: by reply, and on the stream."""
        self.move(status="REJECTED")
        self.answer("REJECTED", "NEW", code=11001, tells_terms=False)
        self.tell_row("REJECTED", code=11001)

    def reject(self) -> None:
        """The matching engine's no, after the trading engine's yes."""
        if self.now.status == "PENDING_NEW":
            self.answer("PENDING_NEW", "NEW", tells_status=False)
        self.move(status="REJECTED")
        self.tell_row("REJECTED", code=11150)


_UP, _DOWN = PRICE + 100, PRICE - 100
LIVES: dict[str, list[tuple]] = {
    "rests": [("accept",)],
    "filled at once": [("accept",), ("fill", 10)],
    "filled in three": [("accept",), ("fill", 5), ("fill", 3, _DOWN), ("fill", 2, _UP)],
    "cancelled": [("accept",), ("ask_cancel",), ("cancel",)],
    "cancelled, then cancelled again": [("accept",), ("ask_cancel",), ("cancel",), ("refuse_cancel",)],
    "filled in part, cancelled": [("accept",), ("fill", 4), ("ask_cancel",), ("cancel",)],
    "fill during cancel": [("accept",), ("ask_cancel",), ("fill", 4), ("cancel",)],
    "fill beats cancel": [("accept",), ("ask_cancel",), ("fill", 10), ("lose_cancel",)],
    "cancel refused: filled": [("accept",), ("fill", 10), ("refuse_cancel",)],
    "cancelled by the venue": [("accept",), ("fill", 3), ("cancel_unasked",)],
    "cancelled by the venue during cancel": [("accept",), ("cancel_unasked",), ("refuse_cancel",)],
    "expired": [("accept",), ("fill", 2), ("expire",)],
    "post-only crossed": [("accept",), ("cancel_unasked",)],
    "refused": [("refuse",)],
    "rejected after accept": [("accept",), ("reject",)],
    "rejected before the book": [("reject",)],
    "rejected after a fill": [("accept",), ("fill", 4), ("reject",)],
    "amended": [("accept",), ("ask_amend", _UP, 12), ("replace",)],
    "amended in price, filled": [("accept",), ("ask_amend", _UP, 0), ("replace",), ("fill", 10, _UP)],
    "fill during amend up": [("accept",), ("ask_amend", 0, 15), ("fill", 4), ("replace",), ("fill", 6)],
    "amended up to more than was, filled": [("accept",), ("ask_amend", 0, 12), ("replace",), ("fill", 12)],
    "amended down to one more than filled": [
        ("accept",), ("fill", 4), ("ask_amend", 0, 5), ("replace",), ("fill", 1),
    ],
    "full fill beats amend": [("accept",), ("ask_amend", 0, 15), ("fill", 10), ("lose_amend",)],
    "amend refused": [("accept",), ("refuse_amend", _UP, 0), ("fill", 10)],
    "amend lost in the book": [("accept",), ("ask_amend", _UP, 0), ("lose_amend",), ("fill", 3)],
    "cancel during amend": [("accept",), ("ask_amend", _UP, 12), ("ask_cancel",), ("replace",), ("cancel",)],
    "cancel beats amend": [("accept",), ("ask_amend", _UP, 12), ("ask_cancel",), ("cancel",), ("lose_amend",)],
    "fill after amend, cancel on the way": [
        ("accept",), ("ask_amend", 0, 15), ("ask_cancel",), ("replace",), ("fill", 11), ("cancel",),
    ],
    "amended there and back": [
        ("accept",), ("ask_amend", _UP, 0), ("replace",), ("ask_amend", PRICE, 0), ("replace",),
    ],
    "second amend refused": [
        ("accept",), ("ask_amend", _UP, 0), ("replace",), ("refuse_amend", _DOWN, 0), ("fill", 10, _UP),
    ],
    "refused, then amended": [("accept",), ("refuse_amend", _UP, 0), ("ask_amend", _DOWN, 0), ("replace",)],
    "lost in the book, then amended": [
        ("accept",), ("ask_amend", _UP, 0), ("lose_amend",), ("ask_amend", _DOWN, 0), ("replace",),
    ],
    "triggered, filled": [("await_trigger",), ("trigger",), ("fill", 10)],
    "triggered, cancelled": [("await_trigger",), ("trigger",), ("ask_cancel",), ("cancel",)],
    "cancelled before its trigger": [("await_trigger",), ("ask_cancel",), ("cancel",)],
    "amended before its trigger": [("await_trigger",), ("ask_amend", _UP, 12), ("replace",), ("trigger",)],
}  # fmt: skip
# Spot's stream has no word for an amend that the book refused: until we ask, it stays open, and no other may be sent.
CONTRACTS_ONLY = ("lost in the book, then amended",)


def live(name: str, line: str) -> Life:
    """The life called `name`, of an order on one of the lines LINEAR, INVERSE, SPOT."""
    venue = OrderAtVenue(line)
    for step, *arguments in LIVES[name]:
        getattr(venue, step)(*arguments)
    return Life(name, line, LIVES[name][0] == ("await_trigger",), venue.moments, venue.words)
