"""REST of the USD-M line: `/g-orders`, and the settings of its positions. Source: phemex docs 2026, "Hedged API"."""

from tidings.exchange.catalogue import Instrument, Line
from tidings.exchange.error_codes import INVALID_PARAMETER, name_of
from tidings.exchange.messages.json_text import RATIO_SCALE, UNSPECIFIED, array, success
from tidings.exchange.orders.order_requests import AmendOrder, CancelOrder, NewOrder
from tidings.exchange.reports import Reply
from tidings.exchange.rest.endpoint import Call, Table, open_order, refusal
from tidings.exchange.rest.parameters import Parameters, RequestError
from tidings.exchange.rest.wording import (
    canceled_many,
    changed,
    created,
    linear_row,
    not_found,
    one_open,
    open_rows,
    renamed,
)

POSITION_MODES = ("OneWay", "Hedged")


def create(call: Call) -> bytes:
    """`PUT /g-orders/create` and `POST /g-orders`. `posSide` must fit the symbol's position mode."""
    instrument = call.instrument(Line.USD_M)
    p = call.parameters
    request = NewOrder(
        symbol=instrument.symbol,
        side=p.required("side"),
        cl_ord_id=p.text("clOrdID"),
        pos_side=p.required_word("posSide"),
        ord_type=p.word("ordType", "Limit"),
        time_in_force=p.word("timeInForce", "GoodTillCancel"),
        price=p.decimal("priceRp", instrument.price_scale),
        qty=p.decimal("orderQtyRq", instrument.qty_scale),
        reduce_only=p.flag("reduceOnly"),
        close_on_trigger=p.flag("closeOnTrigger"),
        stop_px=p.decimal("stopPxRp", instrument.price_scale),
        trigger=p.word("triggerType", UNSPECIFIED),
        take_profit=p.decimal("takeProfitRp", instrument.price_scale),
        tp_px=p.decimal("tpPxRp", instrument.price_scale),
        tp_trigger=p.word("tpTrigger", UNSPECIFIED),
        stop_loss=p.decimal("stopLossRp", instrument.price_scale),
        sl_px=p.decimal("slPxRp", instrument.price_scale),
        sl_trigger=p.word("slTrigger", UNSPECIFIED),
        peg_offset=p.decimal("pegOffsetValueRp", instrument.price_scale),
        peg_price_type=p.word("pegPriceType", UNSPECIFIED),
        display_qty=p.decimal("displayQtyRq", instrument.qty_scale),
        stp_instruction=p.word("stpInstruction", "None"),
        text=p.text("text"),
    )
    return created(call, call.venue.create(call.user_id, request, call.now_ns), linear_row(call))


def replace(call: Call) -> bytes:
    """`PUT /g-orders/replace`."""
    instrument = call.instrument(Line.USD_M)
    p = call.parameters

    def price(name: str) -> int | None:
        return p.decimal(name, instrument.price_scale) if p.has(name) else None

    orig_cl_ord_id, new_cl_ord_id = renamed(call)
    request = AmendOrder(
        symbol=instrument.symbol,
        order_id=p.text("orderID"),
        orig_cl_ord_id=orig_cl_ord_id,
        new_cl_ord_id=new_cl_ord_id,
        pos_side=p.required_word("posSide"),
        price=price("priceRp"),
        qty=p.decimal("orderQtyRq", instrument.qty_scale) if p.has("orderQtyRq") else None,
        stop_px=price("stopPxRp"),
        take_profit=price("takeProfitRp"),
        stop_loss=price("stopLossRp"),
        peg_offset=price("pegOffsetValueRp"),
        peg_price_type=p.word("pegPriceType") or None,
        trigger=p.word("triggerType") or None,
    )
    return changed(call.venue.amend(call.user_id, request, call.now_ns), linear_row(call))


def cancel(call: Call) -> bytes:
    """`DELETE /g-orders/cancel`."""
    instrument = call.instrument(Line.USD_M)
    p = call.parameters
    request = CancelOrder(
        symbol=instrument.symbol, order_id=p.text("orderID"), cl_ord_id=p.text("clOrdID"),
        pos_side=p.required_word("posSide"),
    )
    return changed(call.venue.cancel(call.user_id, request, call.now_ns), linear_row(call))


def cancel_many(call: Call) -> bytes:
    """`DELETE /g-orders`: several by id or by client id; answered with an array, or as a rule says with one object."""
    instrument = call.instrument(Line.USD_M)
    p = call.parameters
    pos_side = p.required_word("posSide")
    order_ids, cl_ord_ids = p.listed("orderID"), p.listed("clOrdID")
    if not order_ids and not cl_ord_ids:
        p.required("orderID")
    reply = call.venue.cancel_many(
        call.user_id, instrument.symbol, call.now_ns, order_ids=order_ids, cl_ord_ids=cl_ord_ids, pos_side=pos_side
    )
    return canceled_many(call, reply, linear_row(call))


def cancel_all(call: Call) -> bytes:
    """`DELETE /g-orders/all`: of the symbols listed, or of all."""
    reply = call.venue.cancel_all(
        call.user_id, Line.USD_M, call.now_ns,
        symbols=call.parameters.listed("symbol"), untriggered=call.parameters.flag("untriggered"),
    )
    return refusal(reply) if reply.code else success(str(reply.count))


def active_list(call: Call) -> bytes:
    """`GET /g-orders/activeList`; no order at all is code 10002."""
    rows = open_rows(call, Line.USD_M, linear_row(call))
    return not_found() if rows is None else success(f'{{"rows":{array(rows)},"nextPageArg":""}}')


def active(call: Call) -> bytes:
    """`GET /g-orders/active`: one open order."""
    order = open_order(call, Line.USD_M, call.parameters.text("clOrdID"))
    return one_open(call, order, linear_row(call))


def set_leverage(call: Call) -> bytes:
    """`PUT /g-positions/leverage`: `leverageRr` in one-way mode, `longLeverageRr` and `shortLeverageRr` in hedged."""
    instrument = call.instrument(Line.USD_M)
    p = call.parameters

    def leverage(name: str) -> int | None:
        return p.decimal(name, RATIO_SCALE) if p.has(name) else None

    if not p.has("longLeverageRr"):
        p.required("leverageRr")
    reply = call.venue.set_leverage(
        call.user_id, instrument.symbol, call.now_ns, leverage_er=leverage("leverageRr"),
        long_leverage_er=leverage("longLeverageRr"), short_leverage_er=leverage("shortLeverageRr"),
    )
    return _done(reply)


def set_position_mode(call: Call) -> bytes:
    """`PUT /g-positions/switch-pos-mode-sync`."""
    instrument = call.instrument(Line.USD_M)
    mode = call.parameters.required("targetPosMode")
    if mode not in POSITION_MODES:
        about = f"targetPosMode is one of {', '.join(POSITION_MODES)}"
        raise RequestError(INVALID_PARAMETER, name_of(INVALID_PARAMETER), about=about)
    return _done(call.venue.set_position_mode(call.user_id, instrument.symbol, mode, call.now_ns))


def assign(call: Call) -> bytes:
    """`POST /g-positions/assign`: the balance of an isolated position."""
    instrument = call.instrument(Line.USD_M)
    amount = _required_amount(call.parameters, instrument)
    pos_side = call.parameters.required_word("posSide")
    return _done(call.venue.assign_margin(call.user_id, instrument.symbol, pos_side, amount, call.now_ns))


def set_risk_limit(call: Call) -> bytes:
    """`PUT /g-positions/riskLimit`: deprecated by the venue, taken and without effect: the limit follows leverage."""
    call.instrument(Line.USD_M)
    return success('"OK"')


def _required_amount(p: Parameters, instrument: Instrument) -> int:
    p.required("posBalanceRv")
    return p.decimal("posBalanceRv", instrument.value_scale)


def _done(reply: Reply) -> bytes:
    return refusal(reply) if reply.code else success('"OK"')


TABLE: Table = {
    ("PUT", "/g-orders/create"): create,
    ("POST", "/g-orders"): create,
    ("PUT", "/g-orders/replace"): replace,
    ("DELETE", "/g-orders/cancel"): cancel,
    ("DELETE", "/g-orders"): cancel_many,
    ("DELETE", "/g-orders/all"): cancel_all,
    ("GET", "/g-orders/activeList"): active_list,
    ("GET", "/g-orders/active"): active,
    ("PUT", "/g-positions/leverage"): set_leverage,
    ("PUT", "/g-positions/switch-pos-mode-sync"): set_position_mode,
    ("POST", "/g-positions/assign"): assign,
    ("PUT", "/g-positions/riskLimit"): set_risk_limit,
}
