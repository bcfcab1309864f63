"""REST of the COIN-M line: `/orders`, and the settings of its positions. Source: phemex docs 2026, "Contract API"."""

from tidings.exchange.catalogue import Line
from tidings.exchange.messages.contract_json import order_reply
from tidings.exchange.messages.json_text import RATIO_SCALE, UNSPECIFIED, array, success
from tidings.exchange.orders.order_requests import AmendOrder, CancelOrder, NewOrder
from tidings.exchange.rest.endpoint import Call, Table, open_order, refusal
from tidings.exchange.rest.wording import canceled_many, changed, created, not_found, one_open, open_rows, renamed


def create(call: Call) -> bytes:
    """`PUT /orders/create` and `POST /orders`. `posSide` is taken and ignored: the line has no hedged mode."""
    call.instrument(Line.COIN_M)
    p = call.parameters
    request = NewOrder(
        symbol=p.text("symbol"),
        side=p.required("side"),
        cl_ord_id=p.text("clOrdID"),
        ord_type=p.word("ordType", "Limit"),
        time_in_force=p.word("timeInForce", "GoodTillCancel"),
        price=p.integer("priceEp"),
        qty=p.integer("orderQty"),
        reduce_only=p.flag("reduceOnly"),
        close_on_trigger=p.flag("closeOnTrigger"),
        stop_px=p.integer("stopPxEp"),
        trigger=p.word("triggerType", UNSPECIFIED),
        take_profit=p.integer("takeProfitEp"),
        tp_trigger=p.word("tpTrigger", UNSPECIFIED),
        stop_loss=p.integer("stopLossEp"),
        sl_trigger=p.word("slTrigger", UNSPECIFIED),
        peg_offset=p.integer("pegOffsetValueEp"),
        peg_price_type=p.word("pegPriceType", UNSPECIFIED),
        display_qty=p.integer("displayQty"),
        text=p.text("text"),
    )
    return created(call, call.venue.create(call.user_id, request, call.now_ns), order_reply)


def replace(call: Call) -> bytes:
    """`PUT /orders/replace`: a price scaled (`priceEp`) or real (`price`), likewise the others."""
    scale = call.instrument(Line.COIN_M).price_scale
    p = call.parameters

    def price(name: str) -> int | None:
        if p.has(f"{name}Ep"):
            return p.integer(f"{name}Ep")
        return p.decimal(name, scale) if p.has(name) else None

    orig_cl_ord_id, new_cl_ord_id = renamed(call)
    request = AmendOrder(
        symbol=p.text("symbol"),
        order_id=p.text("orderID"),
        orig_cl_ord_id=orig_cl_ord_id,
        new_cl_ord_id=new_cl_ord_id,
        price=price("price"),
        qty=p.integer("orderQty") if p.has("orderQty") else None,
        stop_px=price("stopPx"),
        take_profit=price("takeProfit"),
        stop_loss=price("stopLoss"),
        peg_offset=p.integer("pegOffsetValueEp") if p.has("pegOffsetValueEp") else None,
        peg_price_type=p.word("pegPriceType") or None,
        trigger=p.word("triggerType") or None,
    )
    return changed(call.venue.amend(call.user_id, request, call.now_ns), order_reply)


def cancel(call: Call) -> bytes:
    """`DELETE /orders/cancel`."""
    call.instrument(Line.COIN_M)
    p = call.parameters
    request = CancelOrder(symbol=p.text("symbol"), order_id=p.text("orderID"), cl_ord_id=p.text("clOrdID"))
    return changed(call.venue.cancel(call.user_id, request, call.now_ns), order_reply)


def cancel_many(call: Call) -> bytes:
    """`DELETE /orders`: several by id; the line has no bulk cancel by client id (phemex docs 2026)."""
    call.instrument(Line.COIN_M)
    p = call.parameters
    p.required("orderID")
    reply = call.venue.cancel_many(call.user_id, p.text("symbol"), call.now_ns, order_ids=p.listed("orderID"))
    return canceled_many(call, reply, order_reply)


def cancel_all(call: Call) -> bytes:
    """`DELETE /orders/all`: active orders, or with `untriggered` the waiting conditionals. `symbol` may be a list."""
    call.parameters.required("symbol")
    reply = call.venue.cancel_all(
        call.user_id, Line.COIN_M, call.now_ns,
        symbols=call.parameters.listed("symbol"), untriggered=call.parameters.flag("untriggered"),
    )
    return refusal(reply) if reply.code else success(str(reply.count))


def active_list(call: Call) -> bytes:
    """`GET /orders/activeList`; no order at all is code 10002."""
    rows = open_rows(call, Line.COIN_M, order_reply)
    return not_found() if rows is None else success(f'{{"rows":{array(rows)}}}')


def active(call: Call) -> bytes:
    """`GET /orders/active`: one open order."""
    order = open_order(call, Line.COIN_M, call.parameters.text("clOrdID"))
    return one_open(call, order, order_reply)


def set_leverage(call: Call) -> bytes:
    """`PUT /positions/leverage`: `leverage` wins over `leverageEr`; not positive means cross margin."""
    instrument = call.instrument(Line.COIN_M)
    p = call.parameters
    if not p.has("leverage"):
        p.required("leverageEr")
    leverage_er = p.decimal("leverage", RATIO_SCALE) if p.has("leverage") else p.integer("leverageEr")
    reply = call.venue.set_leverage(call.user_id, instrument.symbol, call.now_ns, leverage_er=leverage_er)
    return refusal(reply) if reply.code else b'{"code":0,"msg":"OK"}'


def set_risk_limit(call: Call) -> bytes:
    """`PUT /positions/riskLimit`: `riskLimitEv` wins over `riskLimit`."""
    instrument = call.instrument(Line.COIN_M)
    p = call.parameters
    if not p.has("riskLimitEv"):
        p.required("riskLimit")
    limit = p.integer("riskLimitEv") if p.has("riskLimitEv") else p.decimal("riskLimit", instrument.value_scale)
    reply = call.venue.set_risk_limit(call.user_id, instrument.symbol, limit, call.now_ns)
    return refusal(reply) if reply.code else b'{"code":0,"msg":"OK"}'


def assign(call: Call) -> bytes:
    """`POST /positions/assign`: the balance of an isolated position; `posBalanceEv` wins over `posBalance`."""
    instrument = call.instrument(Line.COIN_M)
    p = call.parameters
    if not p.has("posBalanceEv"):
        p.required("posBalance")
    amount = p.integer("posBalanceEv") if p.has("posBalanceEv") else p.decimal("posBalance", instrument.value_scale)
    reply = call.venue.assign_margin(call.user_id, instrument.symbol, "Merged", amount, call.now_ns)
    return refusal(reply) if reply.code else success('"OK"')


TABLE: Table = {
    ("PUT", "/orders/create"): create,
    ("POST", "/orders"): create,
    ("PUT", "/orders/replace"): replace,
    ("DELETE", "/orders/cancel"): cancel,
    ("DELETE", "/orders"): cancel_many,
    ("DELETE", "/orders/all"): cancel_all,
    ("GET", "/orders/activeList"): active_list,
    ("GET", "/orders/active"): active,
    ("PUT", "/positions/leverage"): set_leverage,
    ("PUT", "/positions/riskLimit"): set_risk_limit,
    ("POST", "/positions/assign"): assign,
}
