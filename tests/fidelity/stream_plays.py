"""Plays of the streams: subscribe, let things happen, and look among all that was said for what each sample shows.

An account message is compared in two parts: its frame, and each row of its lists against the nearest row heard under
the same key, because which events share a message is the matching engine's affair.
"""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

from tests.fidelity.comparison import Difference
from tests.fidelity.market_plays import stir
from tests.fidelity.order_plays import market_loose
from tests.fidelity.order_setup import Terms, create, line_of, scaled_price, terms_of
from tests.fidelity.raw_json import Number
from tests.fidelity.stage import Stage
from tests.fidelity.venue_process import RawStream, json_ready

_PUSHES = (
    "book", "orderbook_p", "trades", "trades_p", "kline", "kline_p", "market24h", "market24h_p", "spot_market24h",
    "tick", "tick_p", "index_market24h", "position_info", "data",
)  # fmt: skip
_BEYOND_BALANCE = 750_000  # in USDT: an account has 500,000
_BEYOND_LIMIT = "19000000"  # contracts
_LOWEST_PRICE_EP = 100_000  # of the instruments that stand in for cheaper ones
_EVERY_S = 1.2  # day figures come each second
_LOOKS = 2  # and more before a push counts as missing
_ISOLATED = {  # a position with a risk unit of its own
    "side": "Buy", "size": "0.1", "leverageRr": "20", "markPriceRp": Number("60000"), "posSide": "Merged",
}  # fmt: skip
_CAPTURED_INTERVAL_S = 60  # of candles
_LOOSE = frozenset({  # what an account lived through before the sample is not played
    "relatedPosTerm", "cumBaseQtyEv", "size", "crossMargin", "avgPriceEp", "version", "marginRatioRr", "valueScale",
})  # fmt: skip


def market_stream(stage: Stage) -> Iterator[Difference]:
    """A public channel, or ping: the answer to the subscription, then every push of the sample."""
    stream = stage.stream(login=False)
    expected = stage.sample.document["messages"]
    pushes = [message for message in expected if "result" not in message]
    for symbol in _symbols(stage, pushes) if pushes else ():
        stir(stage, symbol)
    yield from _acknowledged(stage, stream, expected)
    if not pushes:
        return
    for symbol in _symbols(stage, pushes):
        stir(stage, symbol)
    heard = stage.heard(stream)
    for _ in range(_LOOKS):
        if all(_alike(message, heard) for message in pushes):
            break
        heard += stage.heard(stream, quiet_s=_EVERY_S)
    for place, message in enumerate(expected):
        if "result" not in message:
            yield from stage.closest(message, _alike(message, heard), f"messages[{place}]", message, loose=_LOOSE)


def account_stream(stage: Stage) -> Iterator[Difference]:
    """A private channel: the sample's orders and positions are brought about while one stream listens; a second
    stream hears them as history.
    """
    document = stage.sample.document
    expected = [*document["messages"]]
    stage.me  # noqa: B018 an account before its stream
    stream = stage.stream()
    yield from _acknowledged(stage, stream, expected)
    for message in expected:
        _live_through(stage, message)
    events = {name: row for name, row in document.items() if name.startswith("single_order_event")}
    for row in events.values():
        _bring_about(stage, row)
    heard = stage.heard(stream)
    later = stage.stream()
    later.request(_first_subscription(stage)["method"], json_ready(_first_subscription(stage)["params"]))
    heard += stage.heard(later)
    rows: dict[str, list[Any]] = {}
    for message in heard:
        for path, found in _split(message)[1].items():
            rows.setdefault(path, []).extend(found)
    for place, message in enumerate(expected):
        if "result" not in message:
            yield from _told(stage, message, heard, rows, f"messages[{place}]")
    orders = [row for path, found in rows.items() if path in ("orders", "orders_p") for row in found]
    for name, row in events.items():
        yield from stage.closest(row, _same_state(row, orders), name, row, loose=_LOOSE | market_loose(row))


def login(stage: Stage) -> Iterator[Difference]:
    """A login that proves who it is, and one that does not."""
    stream = stage.stream(login=False)
    yield from stage.compare(stage.sample.document["messages"][0], stream.login().raw, "messages[0]")
    refused = stream.login(signature="0" * 64).raw
    yield from stage.compare(stage.sample.document["error_example"], refused, "error_example")


def _acknowledged(stage: Stage, stream: RawStream, expected: list[Any]) -> Iterator[Difference]:
    """Subscribe to all that the sample does, and to the other symbols it shows; compare each first answer."""
    acks = [message for message in expected if "result" in message]
    for place, wanted in enumerate(_subscriptions(stage, expected)):
        ack = stream.request(wanted["method"], json_ready(wanted["params"])).raw
        if acks:
            yield from stage.compare(acks[0], ack, f"ack[{place}]")


def _first_subscription(stage: Stage) -> dict[str, Any]:
    wanted = stage.sample.document["subscribe"]
    return dict(wanted[0] if isinstance(wanted, list) else wanted)


def _subscriptions(stage: Stage, expected: list[Any]) -> list[dict[str, Any]]:
    wanted = stage.sample.document["subscribe"]
    subscriptions = list(wanted) if isinstance(wanted, list) else [wanted]
    first = subscriptions[0]
    if first["method"] == "kline.subscribe":  # captured candles are of minutes
        subscriptions.append({**first, "params": [first["params"][0], _CAPTURED_INTERVAL_S]})
    if isinstance(first["params"], list) and first["params"]:
        named = {one["params"][0] for one in subscriptions}
        for message in expected:
            symbol = message.get("symbol")
            if symbol and symbol not in named:
                named.add(symbol)
                rest = [_CAPTURED_INTERVAL_S] if "kline" in first["method"] else []
                subscriptions.append({**first, "params": [symbol, *rest]})
    return subscriptions


def _symbols(stage: Stage, pushes: list[Any]) -> list[str]:
    named = [message.get("symbol") or _inner(message).get("symbol") for message in pushes]
    symbols = [name for name in dict.fromkeys(named) if name] or ["BTCUSDT"]
    return [{".BTC": "BTCUSD", ".BTCUSDT": "BTCUSDT"}.get(symbol, symbol) for symbol in symbols]


def _inner(message: Any) -> dict[str, Any]:
    return next((message[name] for name in _PUSHES if isinstance(message.get(name), dict)), {})


def _alike(message: Any, heard: list[Any]) -> list[Any]:
    """The messages of the same channel, type and symbol."""
    name = next(name for name in _PUSHES if name in message)
    symbol = message.get("symbol") or _inner(message).get("symbol")
    return [
        one
        for one in heard
        if name in one and one.get("type") == message.get("type")
        and symbol in (None, one.get("symbol"), _inner(one).get("symbol"))
    ]  # fmt: skip


def _split(message: Any, path: str = "") -> tuple[dict[str, Any], dict[str, list[Any]]]:
    """A message without its rows, and the rows by where they stand."""
    frame: dict[str, Any] = {}
    rows: dict[str, list[Any]] = {}
    for name, value in message.items():
        where = f"{path}.{name}" if path else name
        if isinstance(value, list):
            frame[name] = None
            rows[where] = value
        elif isinstance(value, dict) and name == "orders":
            frame[name], inner = _split(value, where)
            rows |= inner
        else:
            frame[name] = value
    return frame, rows


def _told(stage: Stage, message: Any, heard: list[Any], rows: dict[str, list[Any]], path: str) -> Iterator[Difference]:
    name = next((name for name in _PUSHES if name in message), None)
    if name:
        yield from stage.closest(message, _alike(message, heard), path, message, loose=_LOOSE)
        return
    frame, expected = _split(message)
    frames = [_split(one)[0] for one in heard if set(expected) & set(_split(one)[1])]
    frames = [one for one in frames if one.get("type") == frame.get("type", one.get("type"))]
    yield from stage.closest(frame, frames, path, message, loose=_LOOSE)
    for where, wanted in expected.items():
        for place, row in enumerate(wanted):
            candidates = _same_state(row, rows.get(where, []))
            loose = _LOOSE | market_loose(row)
            yield from stage.closest(row, candidates, f"{path}.{where}[{place}]", message, loose=loose)


def _same_state(row: Any, found: list[Any]) -> list[Any]:
    """The rows heard of the same account, position or order state."""
    names = ("currency", "symbol", "posSide", "ordStatus", "execStatus")
    exact = [one for one in found if all(one.get(name) == row[name] for name in names if name in row)]
    return exact or found


def _live_through(stage: Stage, message: Any) -> None:
    """Bring about the orders and positions of one message of the sample."""
    for row in message.get("positions_p", message.get("positions", [])):
        _hold(stage, row)
    if "position_info" in message:
        held = Terms(symbol=message["position_info"]["symbol"], side="Buy", price="320000000", qty="1", status="Filled")
        stage.bring_about(held)
    orders = message.get("orders_p", message.get("orders", []))
    events = [*orders.get("closed", []), *orders.get("open", [])] if isinstance(orders, dict) else orders
    fills = list(orders.get("fills", ())) if isinstance(orders, dict) else []
    for row in {row["orderID"]: row for row in events}.values():
        executions = [fill for fill in fills if fill["orderID"] == row["orderID"]]
        if executions and "execQty" in executions[0]:
            _take_piecewise(stage, row, executions)
        else:
            _bring_about(stage, {**row, **_execution(executions[-1] if executions else {})})
    for row in message.get("risk_units", ()):
        if row["riskMode"] == "Isolated":
            _hold(stage, {**_ISOLATED, "symbol": row["symbol"]})
            stage.price(row["symbol"], Decimal(60_010))  # so that there is a profit


def _execution(fill: dict[str, Any]) -> dict[str, Any]:
    names = ("execPriceEp", "lastLiquidityInd")
    return {name: fill[name] for name in names if name in fill}


def _take_piecewise(stage: Stage, row: dict[str, Any], executions: list[Any]) -> None:
    """An order that takes several resting ones, each as the sample shows; the last of them is what it does not show."""
    terms = terms_of(row)
    stage.prepare(terms)
    stage.price(terms.symbol, scaled_price(terms.symbol, str(executions[0]["execPriceEp"])))
    rest = int(terms.qty) - sum(int(one["execQty"]) for one in executions)
    for one in [*executions, {**executions[-1], "execQty": rest}]:
        qty = str(one["execQty"])
        create(stage.other, replace(terms.opposite(), qty=qty, price=str(one["execPriceEp"])))
    create(stage.me, terms)


def _bring_about(stage: Stage, row: dict[str, Any]) -> None:
    """One order of the sample. What was refused for want of balance is made a thousand times as large."""
    terms = terms_of(row, trigger="", stop_px="0")
    if line_of(terms.symbol) == "COIN-M" and 0 < int(terms.price) < _LOWEST_PRICE_EP:
        stage.loose.add("priceEp")
        terms = replace(terms, price=str(int(terms.price) * 10_000))
    if terms.status == "Rejected":
        stage.prepare(terms)
        _be_refused(stage, terms, "priceRp" in row)
        return
    taker = row.get("lastLiquidityInd") == "RemovedLiquidity"
    terms = replace(terms, exec_status="TakerFill" if taker else terms.exec_status)
    if line_of(terms.symbol) == "spot" and terms.qty != "0":
        terms = _worth_placing(stage, terms)
    if terms.status == "New" and terms.ord_type == "Market":
        terms = replace(terms, status="Filled", exec_price=terms.exec_price if terms.exec_price != "0" else terms.price)
    stage.bring_about(terms)


def _be_refused(stage: Stage, terms: Terms, is_usd_m: bool) -> None:
    """A create that goes beyond the balance (USD-M, at a leverage of 1) or beyond the largest position (COIN-M)."""
    if terms.qty != "0":
        stage.loose |= {"orderQty", "leavesQty", "leavesValueRv", "leavesValueEv"}
        terms = replace(terms, qty=str(int(_BEYOND_BALANCE / Decimal(terms.price))) if is_usd_m else _BEYOND_LIMIT)
        if is_usd_m:
            names = ("leverageRr",) if terms.pos_side == "Merged" else ("longLeverageRr", "shortLeverageRr")
            stage.me.call("PUT", "/g-positions/leverage", symbol=terms.symbol, **dict.fromkeys(names, "-1"))
        else:
            stage.me.call("PUT", "/positions/leverage", symbol=terms.symbol, leverage="-100")
    stage.me.call("PUT", "/g-orders/create" if is_usd_m else "/orders/create", terms.query())


def _worth_placing(stage: Stage, terms: Terms) -> Terms:
    """A spot order of an old document, larger where its value is below what the venue takes today."""
    price = scaled_price(terms.symbol, terms.exec_price if terms.exec_price != "0" else terms.price)
    if price * Decimal(terms.qty).scaleb(-8) >= 10:
        return terms
    stage.loose |= {"baseQtyEv", "quoteQtyEv", "cumBaseQtyEv", "cumQuoteQtyEv", "priceEp"}
    exec_price = terms.exec_price if terms.exec_price != "0" else terms.price
    return replace(terms, qty=str(int(terms.qty) * 1000), exec_qty="0", price=exec_price, quote_qty="0")


def _hold(stage: Stage, row: dict[str, Any]) -> None:
    """One position of the sample: bought or sold; a flat one is bought and closed."""
    is_usd_m = "leverageRr" in row
    price = Decimal(row["markPriceRp" if is_usd_m else "markPriceEp"])
    size = str(row["size"])
    flat = size == "0"
    terms = Terms(
        symbol=row["symbol"], side="Buy" if flat else row["side"], pos_side=row.get("posSide", "Merged"),
        qty=("0.1" if is_usd_m else "1") if flat else size, status="Filled",
        price=f"{round(price, 1).normalize():f}" if is_usd_m else str(int(price) // 1000 * 1000),
    )  # fmt: skip
    stage.prepare(terms)
    if is_usd_m:
        names = ("leverageRr",) if terms.pos_side == "Merged" else ("longLeverageRr", "shortLeverageRr")
        fields = dict.fromkeys(names, str(row["leverageRr"]))
        stage.me.call("PUT", "/g-positions/leverage", symbol=terms.symbol, **fields)
    else:
        stage.me.call("PUT", "/positions/leverage", symbol=terms.symbol, leverageEr=row["leverageEr"])
    stage.bring_about(terms)
    if flat:
        stage.bring_about(replace(terms, side="Sell"))
