"""REST of the spot line: `/spot/orders` and `/spot/wallets`. Parameters and replies: phemex docs 2026, "Spot API"."""

from tidings.exchange.catalogue import Line
from tidings.exchange.messages.json_text import UNSPECIFIED, array, success
from tidings.exchange.messages.spot_json import order_reply, wallet
from tidings.exchange.orders.order_requests import AmendOrder, CancelOrder, NewOrder
from tidings.exchange.rest.endpoint import Call, Table, open_order, refusal
from tidings.exchange.rest.parameters import Parameters
from tidings.exchange.rest.wording import changed, created, not_found, open_rows, renamed


def create(call: Call) -> bytes:
    """`PUT /spot/orders/create` and `POST /spot/orders`. Docs say `trigger`, some clients say `triggerType`."""
    instrument = call.instrument(Line.SPOT)
    p = call.parameters
    is_strict = call.venue.config.rules.qty_type_required
    request = NewOrder(
        symbol=instrument.symbol,
        side=p.required("side"),
        cl_ord_id=p.text("clOrdID"),
        ord_type=p.word("ordType", "Limit"),
        time_in_force=p.word("timeInForce", "GoodTillCancel"),
        price=p.integer("priceEp"),
        qty=_base_qty(p) or 0,
        qty_type=p.required_word("qtyType") if is_strict else p.word("qtyType", "ByBase"),
        quote_qty=p.integer("quoteQtyEv"),
        stop_px=p.integer("stopPxEp"),
        trigger=p.word("trigger") or p.word("triggerType", UNSPECIFIED),
        text=p.text("text"),
    )
    return created(call, call.venue.create(call.user_id, request, call.now_ns), order_reply)


def replace(call: Call) -> bytes:
    """`PUT /spot/orders`."""
    instrument = call.instrument(Line.SPOT)
    p = call.parameters

    def number(name: str) -> int | None:
        return p.integer(name) if p.has(name) else None

    orig_cl_ord_id, new_cl_ord_id = renamed(call)
    request = AmendOrder(
        symbol=instrument.symbol,
        order_id=p.text("orderID"),
        orig_cl_ord_id=orig_cl_ord_id,
        new_cl_ord_id=new_cl_ord_id,
        price=number("priceEp"),
        qty=_base_qty(p),
        quote_qty=number("quoteQtyEv"),
        stop_px=number("stopPxEp"),
    )
    return changed(call.venue.amend(call.user_id, request, call.now_ns), order_reply)


def cancel(call: Call) -> bytes:
    """`DELETE /spot/orders`: one order; the line has no bulk form."""
    instrument = call.instrument(Line.SPOT)
    order_id = call.parameters.text("orderID")
    request = CancelOrder(symbol=instrument.symbol, order_id=order_id, cl_ord_id=_cl_ord_id(call))
    return changed(call.venue.cancel(call.user_id, request, call.now_ns), order_reply)


def cancel_all(call: Call) -> bytes:
    """`DELETE /spot/orders/all`: the count under `total`. `symbol` may be a list."""
    call.parameters.required("symbol")
    reply = call.venue.cancel_all(
        call.user_id, Line.SPOT, call.now_ns,
        symbols=call.parameters.listed("symbol"), untriggered=call.parameters.flag("untriggered"),
    )
    return refusal(reply) if reply.code else success(f'{{"total":{reply.count}}}')


def open_list(call: Call) -> bytes:
    """`GET /spot/orders`: the open ones, an array; no order at all is code 10002 as on the other lines."""
    rows = open_rows(call, Line.SPOT, order_reply)
    return not_found() if rows is None else success(array(rows))


def active(call: Call) -> bytes:
    """`GET /spot/orders/active`: one open order."""
    order = open_order(call, Line.SPOT, _cl_ord_id(call))
    return success(order_reply(order)) if order else not_found()


def wallets(call: Call) -> bytes:
    """`GET /spot/wallets`, of one `currency` or all."""
    return success(array(map(wallet, call.venue.wallets(call.user_id, call.parameters.text("currency")))))


def _base_qty(p: Parameters) -> int | None:
    """The base quantity; the 2024 docs and ccxt spell it `baseQtyEV`."""
    for name in ("baseQtyEv", "baseQtyEV"):
        if p.has(name):
            return p.integer(name)
    return None


def _cl_ord_id(call: Call) -> str:
    """The client id; the docs of the by-id query spell it `clOrDID`."""
    return call.parameters.text("clOrdID") or call.parameters.text("clOrDID")


TABLE: Table = {
    ("PUT", "/spot/orders/create"): create,
    ("POST", "/spot/orders"): create,
    ("PUT", "/spot/orders"): replace,
    ("DELETE", "/spot/orders"): cancel,
    ("DELETE", "/spot/orders/all"): cancel_all,
    ("GET", "/spot/orders"): open_list,
    ("GET", "/spot/orders/active"): active,
    ("GET", "/spot/wallets"): wallets,
}
