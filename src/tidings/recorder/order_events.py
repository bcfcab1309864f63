"""What passed through the order path, as the RUN, CALL and REPORT entries of a recording tell it: JSON, by name.

A field that is not there has its default. Prices are in ticks and quantities in lots of the instrument's grid, stamps
in monotonic ns; enumerations are numbers (tidings.model.enums). A CALL's own time is the decision's.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from tidings.errors import RecordingError
from tidings.model.execution_report import ExecutionReport, report_of
from tidings.model.instrument import Instrument
from tidings.model.order import Order
from tidings.model.terms import OrderTerms

UNSET: Final = -(2**63)  # a number the message did not hold
RAISED: Final = -1  # in place of a DenyReason: nobody knows how far the request came
TERMS: Final = (
    *("side", "ord_type", "time_in_force", "exec_inst", "pos_side", "trigger", "peg_type", "stp"),
    *("take_profit_trigger", "stop_loss_trigger", "qty_in_quote", "text", "owner"),
)
NUMBERS: Final = (
    *("price_ticks", "order_qty_lots", "stop_px_ticks", "display_qty_lots", "take_profit_ticks", "stop_loss_ticks"),
    *("take_profit_px_ticks", "stop_loss_px_ticks", "peg_offset_ticks"),
)
POSITION_NUMBERS: Final = (
    *("net_qty_lots", "venue_qty_lots", "bought_qty_lots", "sold_qty_lots", "external_qty_lots", "is_known"),
    "base_time_ns",
)
REPORT_FIELDS: Final = (
    *("handle", "cl_ord_id", "order_id", "symbol", "ord_status", "request_kind", "side", "code", "cancel_reason"),
    *("reconciled", "price_ticks", "stop_px_ticks", "order_qty_lots", "cum_qty_lots", "leaves_qty_lots"),
    *("last_px_ticks", "last_qty_lots", "exec_id", "fee_mantissa", "fee_scale", "is_maker", "exec_seq"),
    *("transact_time_ns", "trade_type", "asked_ns", "text", "take_profit_ticks", "stop_loss_ticks"),
    *("peg_offset_ticks", "qty_in_quote"),
)


class _Event(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One payload."""


# ---- RUN -----------------------------------------------------------------------------------------------------------

class RunStrategy(msgspec.Struct, frozen=True, kw_only=True):
    """One strategy of a run."""

    name: str
    owner: int  # of its orders
    kind: str  # the name of its class
    symbols: list[str] = []
    has_timer: bool = False


class PathLaid(_Event, tag_field="event", tag="path"):
    """The order path begins: handles count anew, and are told in ClOrdIDs of this prefix."""

    cl_ord_id_prefix: str
    session_wall_ms: int  # the prefix says the same
    order_memory: int
    owners: list[str]  # names of strategies by owner; the first is the unnamed one


class RunBegins(_Event, tag_field="event", tag="run"):
    """Strategies are plugged in together."""

    strategies: list[RunStrategy]
    timer_ms: int


class StrategyStarts(_Event, tag_field="event", tag="start"):
    """The on_start of one of them is called."""

    strategy: str
    index: int


class AdoptedTold(_Event, tag_field="event", tag="adopted_told"):
    """They are told what was heard of orders of earlier sessions while nobody listened."""


class StrategyStops(_Event, tag_field="event", tag="stop"):
    """The on_stop of one of them is called; market data has ended before."""

    strategy: str
    index: int


class ModeSet(_Event, tag_field="event", tag="mode"):
    """A symbol's longs and shorts are two positions, or one."""

    symbol: str
    hedged: bool


class Followed(_Event, tag_field="event", tag="follow"):
    """Channels of market data are followed once more (`count` 1), or once less (-1)."""

    channels: list[tuple[str, str]]  # symbol and channel word
    count: int


RunEvent = PathLaid | RunBegins | StrategyStarts | AdoptedTold | StrategyStops | ModeSet | Followed

# ---- CALL ----------------------------------------------------------------------------------------------------------

class Draft(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An order as it was to be sent: its terms and its numbers."""

    symbol: str
    side: int
    ord_type: int
    time_in_force: int
    exec_inst: int = 0
    pos_side: int = 0
    trigger: int = 0
    peg_type: int = 0
    stp: int = 0
    take_profit_trigger: int = 0
    stop_loss_trigger: int = 0
    qty_in_quote: bool = False
    text: str = ""
    owner: int = 0
    price_ticks: int = 0
    order_qty_lots: int = 0
    stop_px_ticks: int = 0
    display_qty_lots: int = 0
    take_profit_ticks: int = 0
    stop_loss_ticks: int = 0
    take_profit_px_ticks: int = 0
    stop_loss_px_ticks: int = 0
    peg_offset_ticks: int = 0

    def terms(self, instrument: Instrument) -> OrderTerms:
        return OrderTerms(instrument, **{name: getattr(self, name) for name in TERMS})

    def numbers(self) -> dict[str, int]:
        return {name: getattr(self, name) for name in NUMBERS}


class NewCall(_Event, tag_field="do", tag="new"):
    """An order was to be sent."""

    draft: Draft
    reason: int = 0  # DenyReason; 0: it went out
    handle: int = 0  # 0: denied
    last_handle: int = 0  # of the table afterwards: a denied order may have used one up
    cl_ord_id: str = ""
    by_strategy: bool = False  # inside a callback
    encoded_ns: int = 0
    written_ns: int = 0


class AmendCall(_Event, tag_field="do", tag="amend"):
    """A new price and quantity were asked for; 0: as is."""

    handle: int
    price_ticks: int = 0
    qty_lots: int = 0
    trigger_ticks: tuple[int, int, int, int] | None = None  # stop price, take profit, stop loss, trailing distance
    reason: int = 0
    by_strategy: bool = False


class CancelCall(_Event, tag_field="do", tag="cancel"):
    """An order was to be cancelled."""

    handle: int
    reason: int = 0
    by_strategy: bool = False


class CancelManyCall(_Event, tag_field="do", tag="cancel_many"):
    """Orders were to be cancelled by one request."""

    handles: list[int]
    reason: int = 0
    by_strategy: bool = False


class AdoptCall(_Event, tag_field="do", tag="adopt"):
    """An order of an earlier session goes on under a handle of this one."""

    draft: Draft
    cl_ord_id: str
    handle: int
    decided_ns: int
    history: list[list[Any]]  # ["report", …fields] or the request's own words


Call = NewCall | AmendCall | CancelCall | CancelManyCall | AdoptCall

# ---- REPORT --------------------------------------------------------------------------------------------------------

class Heard(_Event, tag_field="is", tag="report"):
    """One thing that was said about an order of this session; see ExecutionReport."""

    exec_type: int
    source: int
    received_ns: int
    handle: int = 0
    cl_ord_id: str = ""
    order_id: str = ""
    symbol: str = ""
    ord_status: int = -1
    request_kind: int = 0
    side: int = 0
    code: int = 0
    cancel_reason: int = 0
    reconciled: bool = False
    price_ticks: int | None = None
    stop_px_ticks: int | None = None
    order_qty_lots: int | None = None
    cum_qty_lots: int | None = None
    leaves_qty_lots: int | None = None
    last_px_ticks: int | None = None
    last_qty_lots: int | None = None
    exec_id: str = ""
    fee_mantissa: int = 0
    fee_scale: int = 0
    is_maker: bool = False
    exec_seq: int = 0
    transact_time_ns: int = 0
    trade_type: int = 0
    asked_ns: int = 0
    text: str = ""
    take_profit_ticks: int | None = None
    stop_loss_ticks: int | None = None
    peg_offset_ticks: int | None = None
    qty_in_quote: bool = False
    encoded_ns: int = 0  # of the order: when its bytes were made, and when the kernel had them
    written_ns: int = 0

    def report(self) -> ExecutionReport:
        """The report as it came."""
        fields = {name: value for name in REPORT_FIELDS if (value := getattr(self, name)) is not None}
        return report_of(self.exec_type, self.source, self.received_ns, **fields)


class PositionTold(_Event, tag_field="is", tag="position"):
    """What is held, after the venue or a comparison has changed what we know; executions of ours tell themselves."""

    symbol: str
    pos_side: int = 0
    net_qty_lots: int = 0
    venue_qty_lots: int = 0
    bought_qty_lots: int = 0
    sold_qty_lots: int = 0
    external_qty_lots: int = 0
    is_known: bool = False
    base_time_ns: int = 0


Told = Heard | PositionTold

_RUN: Final = msgspec.json.Decoder(RunEvent)
_CALL: Final = msgspec.json.Decoder(Call)
_TOLD: Final = msgspec.json.Decoder(Told)
encode: Final = msgspec.json.Encoder().encode


def decode_run(payload: bytes) -> RunEvent:
    """What a RUN entry says. Raises RecordingError."""
    return _decoded(_RUN, payload)  # type: ignore[no-any-return]


def decode_call(payload: bytes) -> Call:
    """What a CALL entry says. Raises RecordingError."""
    return _decoded(_CALL, payload)  # type: ignore[no-any-return]


def decode_told(payload: bytes) -> Told:
    """What a REPORT entry says. Raises RecordingError."""
    return _decoded(_TOLD, payload)  # type: ignore[no-any-return]


def _decoded(decoder: Any, payload: bytes) -> Any:
    try:
        return decoder.decode(payload)
    except msgspec.MsgspecError as error:
        raise RecordingError(f"an entry cannot be read ({error}): another version of tidings wrote it") from None


def draft_of(order: Order) -> Draft:
    terms = order.terms
    fields = {name: getattr(terms, name) for name in TERMS} | {name: getattr(order, name) for name in NUMBERS}
    return Draft(symbol=order.symbol, **fields)


def heard_of(report: ExecutionReport, order: Order | None = None) -> Heard:
    fields = {name: value for name in REPORT_FIELDS if (value := getattr(report, name)) != UNSET}
    if order is not None:
        fields |= {"encoded_ns": order.encoded_ns, "written_ns": order.written_ns}
    return Heard(exec_type=report.exec_type, source=report.source, received_ns=report.received_ns, **fields)
