"""Plays of the order services: create, replace, cancel, lists and histories, each with the orders its sample shows."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

from tests.fidelity.comparison import NOTHING, Difference
from tests.fidelity.order_setup import Terms, create, line_of, scaled_price, terms_of
from tests.fidelity.raw_json import spelled
from tests.fidelity.stage import Stage

Play = Callable[[Stage], Iterator[Difference]]
_UNUSED = ("start", "end", "orderID", "clOrdID", "limit", "offset")  # of a history's query: not of this run


def fields_of(query: str) -> dict[str, str]:
    """The parameters of a query, in order."""
    return dict(part.split("=", 1) for part in query.split("&") if "=" in part)


def query_of(fields: dict[str, str]) -> str:
    """A query of these parameters."""
    return "&".join(f"{name}={value}" for name, value in fields.items())


def created(stage: Stage) -> Iterator[Difference]:
    """A create: the sample's own request where it fits the sample's answer, else one made from the answer."""
    request, row = dict(stage.sample.request), stage.sample.response["data"]
    sent = request.get("body") or fields_of(request.get("query", ""))
    pos_side = str(sent.get("posSide", "Merged"))
    terms = invented(stage, row, pos_side) if stage.sample.is_invented else terms_of(row, pos_side=pos_side)
    loose = market_loose(row)
    stage.prepare(terms)
    if terms.closes is not None:
        stage.bring_about(terms.closes)
    if terms.ord_type != "Market":
        stage.away_from(terms)
    if _is_of_one_order(sent, row) and not stage.sample.is_invented:
        got = stage.ask(request)
    else:
        quantity = {"qty": "100000"} if terms.qty == "0" and terms.quote_qty == "0" else {}
        if line_of(terms.symbol) == "spot" and terms.price == "0":
            terms = replace(terms, price="700000000000", **quantity)
            stage.away_from(terms)
        got = stage.ask(_as_request(request, terms))
    yield from stage.compare(stage.sample.response, got, loose=loose)


def market_loose(row: dict[str, Any]) -> frozenset[str]:
    """The protective price of a market order is the market's, and what it would cost at that price."""
    is_market = row.get("ordType", row.get("orderType")) in ("Market", "1", "3")
    names = ("priceEp", "price", "priceRp", "leavesValueEv", "leavesValue", "leavesValueRv")
    return frozenset(names) if is_market else frozenset()


def invented(stage: Stage, row: dict[str, Any], pos_side: str) -> Terms:
    """A plain order in the place of one whose terms a document made up."""
    name = row.get("clOrdID", "")
    return Terms(symbol=row["symbol"], side="Buy", price="20000", qty="0.01", pos_side=pos_side, cl_ord_id=name)


def order_types(stage: Stage) -> Iterator[Difference]:
    """Bodies of the documents without an answer: each must be taken, and answered with its own terms."""
    for entry in stage.sample.request["bodies"]:
        body = dict(entry["body"])
        label, clean = entry["label"], {"code": "0", "ordStatus": "Untriggered", "orderType": body["ordType"]}
        _prepare_body(stage, body)
        got = stage.ask({**stage.sample.request, "body": {**body, "clOrdID": re.sub(r"\W", "-", label)[:40]}})
        data = got.get("data") or {}
        expected = {**clean, "ordStatus": "Untriggered" if "stopPxEp" in body else "Created", "side": body["side"]}
        found = {"code": str(got["code"]), **{name: data.get(name) for name in ("ordStatus", "orderType", "side")}}
        yield from stage.compare(expected, found, label, is_ordered=False)


def bodies_created(stage: Stage) -> Iterator[Difference]:
    """Spot's POST: the last of the documents' bodies, which is a whole order."""
    body = dict(stage.sample.request["bodies"][-1])
    terms = replace(terms_of(body), price=str(body["priceEp"]), qty=str(body["baseQtyEv"]))
    stage.prepare(terms)
    price = "70000000000000"  # the sample's own, 7 USDT, is below the smallest order value
    stage.away_from(replace(terms, price=price))
    got = stage.ask({**stage.sample.request, "body": {**body, "priceEp": price}})
    yield from stage.compare(stage.sample.response, got, is_exact=False)


def replaced(stage: Stage) -> Iterator[Difference]:
    """An amend of an order that had another price."""
    row, request = stage.sample.response["data"], dict(stage.sample.request)
    terms = _resting(stage, row)
    terms = replace(terms, price=str(int(terms.price) - 1000) if "priceEp" in row else _near(terms.price))
    stage.prepare(terms)
    stage.away_from(terms)
    order_id = str(create(stage.me, terms)["orderID"])
    yield from _answered(stage, request, order_id)


def cancelled(stage: Stage) -> Iterator[Difference]:
    """A cancel of one order, or of several by id."""
    terms = _resting(stage, stage.sample.response["data"])
    order_id = stage.bring_about(replace(terms, status="New"))
    yield from _answered(stage, dict(stage.sample.request), order_id)


def all_cancelled(stage: Stage) -> Iterator[Difference]:
    """A cancel-all that finds one order."""
    symbol = fields_of(stage.sample.request["query"])["symbol"]
    terms = {"COIN-M": ("320000000", "1"), "USD-M": ("20000", "0.01"), "spot": ("2000000000000", "100000")}
    price, qty = terms[line_of(symbol)]
    stage.bring_about(Terms(symbol=symbol, side="Buy", price=price, qty=qty))
    yield from stage.compare(stage.sample.response, stage.ask(stage.sample.request))


def listed(stage: Stage) -> Iterator[Difference]:
    """A list of open orders: each row's order is placed first."""
    response = stage.sample.response
    rows = (response["data"] or {}).get("rows", [])
    for row in sorted(rows, key=lambda row: bool(row["ordStatus"] == "Untriggered")):
        terms = terms_of(row, status="New", trigger="ByMarkPrice" if row["ordStatus"] == "Untriggered" else "")
        if row["ordStatus"] == "Untriggered":
            is_touched = terms.is_buy == (row["stopDirection"] == "Falling")
            stop_px = str(int(terms.price) + 10_000)
            terms = replace(terms, ord_type="LimitIfTouched" if is_touched else "StopLimit", stop_px=stop_px)
        stage.bring_about(terms)
    got = stage.ask(stage.sample.request)
    if rows and got.get("data"):
        got["data"]["rows"] = _by_client_id(rows, got["data"]["rows"])
    yield from stage.compare(response, got)


def history(*loose: str) -> Play:
    """A play of a query service: each row's order or execution happens first, oldest row last in the sample."""

    def play(stage: Stage) -> Iterator[Difference]:
        response = stage.sample.response
        rows = rows_of(response)
        ids = []
        for row in reversed(rows):
            if row.get("tradeType") == "Funding":
                be_funded(stage, row)
            else:
                ids.append(stage.bring_about(_past(stage, row)))
        fields = fields_of(stage.sample.request["query"])
        asked = {name: value for name, value in fields.items() if name not in _UNUSED}
        asked |= {"orderID": ",".join(reversed(ids))} if "orderID" in fields else {}
        if len({row.get("ordStatus") for row in rows}) > 1:
            asked.pop("ordStatus", None)
        if len({row.get("symbol") for row in rows}) > 1:  # captures of several symbols in one sample
            asked.pop("symbol", None)
        got = stage.ask({**stage.sample.request, "query": query_of(asked)})
        if isinstance(response, list) and isinstance(got, dict) and got.get("data"):
            yield Difference("(envelope)", "a bare array", f"an object of {', '.join(got)}")
            got = rows_of(got)
        elif isinstance(got, dict) and got.get("data") and isinstance(response, dict):
            yield from stage.compare(_without_rows(response), _without_rows(got), loose=frozenset({"total"}))
        elif not isinstance(got, list) or not isinstance(response, list):
            yield from stage.compare(response, got)
            return
        found = rows_of(got)
        for place, row in enumerate(rows):
            names = market_loose(row) | {*loose}
            if place < len(found):
                yield from stage.compare(row, found[place], f"rows[{place}]", loose=names)
            else:
                yield Difference(f"rows[{place}]", spelled(row), NOTHING)

    return play


def _without_rows(answer: dict[str, Any]) -> dict[str, Any]:
    data = answer["data"]
    return {**answer, "data": [] if isinstance(data, list) else {**data, "rows": []}}


def rows_of(answer: Any) -> list[Any]:
    """The rows of a query service's answer: a bare array, `data`, or `data.rows`."""
    if isinstance(answer, list):
        return answer
    data = answer["data"]
    return data if isinstance(data, list) else data["rows"]


def _past(stage: Stage, row: dict[str, Any]) -> Terms:
    symbol = fields_of(stage.sample.request["query"]).get("symbol", "")
    terms = terms_of(row) if row.get("symbol") not in (None, "string") else Terms(symbol=symbol, side="Buy")
    if terms.status not in ("New", "Canceled", "Rejected"):
        terms = replace(terms, status="Filled")
    if stage.sample.is_invented:
        terms = Terms(symbol=symbol, side="Buy", price="2000000000000", qty="100000", status="Filled")
        return replace(terms, exec_status="TakerFill")
    if line_of(terms.symbol) == "COIN-M" and terms.exec_price == "0" and terms.price == "0":
        terms = replace(terms, price="320000000")
    if terms.ord_type == "Stop":
        return replace(terms, time_in_force="ImmediateOrCancel")
    if terms.ord_type not in ("Limit", "Market"):  # an execution does not show its order's trigger
        stage.loose.add("ordType")
        terms = replace(terms, ord_type="Limit")
    return replace(terms, trigger="", stop_px="0", take_profit="0", stop_loss="0")


def _near(price: str) -> str:
    return f"{(Decimal(price) * Decimal('1.05')).quantize(Decimal('0.01')).normalize():f}"


def be_funded(stage: Stage, row: dict[str, Any]) -> None:
    """Hold what a funding row shows, at its price, until funding is paid."""
    names = ("execQty", "execPriceEp") if "execPriceEp" in row else ("execQtyRq", "execPriceRp")
    qty, price = (str(row[name]) for name in names)
    symbol = row["symbol"]
    on_grid = str(int(price) // 1000 * 1000) if names[0] == "execQty" else f"{round(Decimal(price), 1).normalize():f}"
    stage.bring_about(Terms(symbol=symbol, side=row["side"], qty=qty, price=on_grid, status="Filled"))
    stage.price(symbol, scaled_price(symbol, price))
    stage.funded(symbol)


def _by_client_id(rows: list[Any], got: list[Any]) -> list[Any]:
    order = {row["clOrdID"]: place for place, row in enumerate(rows)}
    return sorted(got, key=lambda row: order.get(row["clOrdID"], len(rows)))


def _resting(stage: Stage, row: dict[str, Any]) -> Terms:
    pos_side = fields_of(stage.sample.request["query"]).get("posSide", "Merged")
    if stage.sample.is_invented or "priceRq" in row:
        return invented(stage, row, pos_side)
    return replace(terms_of(row, pos_side=pos_side), status="New", time_in_force="GoodTillCancel")


def _answered(stage: Stage, request: dict[str, Any], order_id: str) -> Iterator[Difference]:
    fields = fields_of(request["query"]) | {"orderID": order_id}
    if stage.sample.is_invented and "priceRp" in fields:
        fields["priceRp"] = "20000"
    got = stage.ask({**request, "query": query_of(fields)})
    expected = stage.sample.response
    if isinstance(expected["data"], dict) and isinstance(got.get("data"), list):
        yield Difference("data", "one object", "an array of objects")
        got["data"] = got["data"][0]
    is_exact = not ("priceRq" in expected["data"] or stage.sample.is_invented)
    yield from stage.compare(expected, got, is_exact=is_exact)


def _is_of_one_order(sent: dict[str, Any], row: dict[str, Any]) -> bool:
    names = ("symbol", "side", "clOrdID", "priceEp", "priceRp")
    return bool(sent) and all(str(sent[name]) == str(row[name]) for name in names if name in sent and name in row)


def _as_request(request: dict[str, Any], terms: Terms) -> dict[str, Any]:
    fields = fields_of(terms.query())
    if request["method"] == "PUT":
        return {**request, "query": query_of(fields)}
    flags = {name: value == "true" for name, value in fields.items() if name in ("reduceOnly", "closeOnTrigger")}
    return {**request, "body": {**fields, **flags}}


def _prepare_body(stage: Stage, body: dict[str, Any]) -> None:
    """Hold what a trailing stop protects; move the market to the right side of the trigger."""
    if "pegPriceType" in body:
        held = Terms(symbol=body["symbol"], side="Buy", qty="10", price="320000000", status="Filled", exec_status="")
        stage.bring_about(held)
        stage.price(body["symbol"], Decimal(33000))
        return
    terms = replace(terms_of(body), stop_px=str(body.get("stopPxEp", "0")), ord_type=body["ordType"])
    if terms.stop_px == "0":
        stage.prepare(terms)
    stage.away_from(terms)
