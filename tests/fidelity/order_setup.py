"""Orders as samples show them, brought about at the exchange: placed, filled by the other side, cancelled, waiting.

A row of a sample names its order's terms in one of the venue's dialects; `terms_of` reads any of them. What state the
row is in decides what is done: New rests, Filled is traded with account 0, Canceled is cancelled, Untriggered waits.
"""

import json
import time
import urllib.request
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from tests.fidelity.raw_json import Number
from tests.reference.phemex_client import RestClient

COIN_M, USD_M, SPOT = "COIN-M", "USD-M", "spot"
_CREATE = {COIN_M: "/orders/create", USD_M: "/g-orders/create", SPOT: "/spot/orders/create"}
_CANCEL = {COIN_M: "/orders/cancel", USD_M: "/g-orders/cancel", SPOT: "/spot/orders"}
SETTLE_TIMEOUT_S = 5
_SHORT_ID = 7  # characters of what one query service calls a client id: the beginning of the order's own
_NUMBERED = {  # words behind the integers of the v2 query services
    "side": {"1": "Buy", "2": "Sell"},
    "posSide": {"1": "Long", "2": "Short", "3": "Merged"},
    "ordType": {"1": "Market", "2": "Limit", "3": "Stop"},
    "ordStatus": {"5": "New", "7": "Filled", "8": "Canceled"},
    "execStatus": {"5": "New", "6": "MakerFill", "7": "TakerFill", "18": "Replaced"},
    "action": {"1": "New", "3": "Replace"},
    "trigger": {"1": "ByMarkPrice", "3": "ByLastPrice"},
}


def line_of(symbol: str) -> str:
    """The product line that trades `symbol`."""
    if symbol.startswith("s"):
        return SPOT
    return USD_M if symbol.endswith(("USDT", "USDC")) else COIN_M


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What an order asks for, and what became of it. Numbers are texts in the line's own style, "0" for none."""

    symbol: str
    side: str
    pos_side: str = "Merged"
    ord_type: str = "Limit"
    time_in_force: str = "GoodTillCancel"
    price: str = "0"
    qty: str = "0"
    quote_qty: str = "0"
    qty_type: str = "ByBase"
    stop_px: str = "0"
    trigger: str = ""
    cl_ord_id: str = ""
    exec_inst: str = "None"
    take_profit: str = "0"
    tp_px: str = "0"
    stop_loss: str = "0"
    sl_px: str = "0"
    exec_price: str = "0"
    exec_qty: str = "0"
    action: str = "New"
    status: str = "New"
    exec_status: str = "New"

    @property
    def is_buy(self) -> bool:
        """Whether it buys."""
        return self.side == "Buy"

    def query(self) -> str:
        """The create call's parameters."""
        line = line_of(self.symbol)
        suffix = "Rp" if line == USD_M else "Ep"
        wanted = {
            "symbol": self.symbol, "clOrdID": self.cl_ord_id, "side": self.side,
            "posSide": self.pos_side if line == USD_M else "", "ordType": self.ord_type,
            "timeInForce": self.time_in_force, f"price{suffix}": _given(self.price),
            **self._quantity(line),
            f"stopPx{suffix}": _given(self.stop_px),
            "trigger" if line == SPOT else "triggerType": self.trigger if self.stop_px != "0" else "",
            f"takeProfit{suffix}": _given(self.take_profit), f"stopLoss{suffix}": _given(self.stop_loss),
            "tpPxRp": _given(self.tp_px), "tpTrigger": "" if self.take_profit == "0" else "ByLastPrice",
            "slPxRp": _given(self.sl_px), "slTrigger": "" if self.stop_loss == "0" else "ByMarkPrice",
            "closeOnTrigger": "true" if self.exec_inst == "CloseOnTrigger" else "",
            "reduceOnly": "true" if self.exec_inst == "ReduceOnly" else "",
        }
        return "&".join(f"{name}={value}" for name, value in wanted.items() if value)

    def opposite(self) -> "Terms":
        """An order of the other side that trades with this one, for as much and at the price of the execution."""
        price = self.exec_price if self.exec_price != "0" else self.price
        by_quote = "100000000"  # more than enough
        qty = next((one for one in (self.exec_qty, self.qty) if one != "0"), by_quote)
        return Terms(symbol=self.symbol, side="Sell" if self.is_buy else "Buy", price=price, qty=qty)

    @property
    def closes(self) -> "Terms | None":
        """What must be held for this order to be taken, if anything: an order that opens it."""
        is_hedged_close = self.pos_side != "Merged" and self.is_buy == (self.pos_side == "Short")
        if self.exec_inst == "None" and not is_hedged_close:
            return None
        price = next((one for one in (self.exec_price, self.price, self.stop_px) if one != "0"), "0")
        return Terms(
            symbol=self.symbol, side="Sell" if self.is_buy else "Buy", pos_side=self.pos_side, price=price,
            qty=self.qty, status="Filled", exec_status="MakerFill",
        )  # fmt: skip

    def _quantity(self, line: str) -> dict[str, str]:
        if line == SPOT:
            return {"qtyType": self.qty_type, "baseQtyEv": _given(self.qty), "quoteQtyEv": _given(self.quote_qty)}
        return {"orderQtyRq" if line == USD_M else "orderQty": self.qty}


def terms_of(row: dict[str, Any], **changes: str) -> Terms:
    """The terms that a sample's row shows, in whatever dialect."""

    def text(*names: str, default: str) -> str:
        for name in names:
            value = row.get(name)
            if isinstance(value, Number):
                words = _NUMBERED.get(name)
                return words.get(value, str(value)) if words else str(value)
            if isinstance(value, str) and value:
                return value
        return default

    shown = Terms(
        symbol=text("symbol", default=""),
        side=text("side", default="Buy"),
        pos_side=text("posSide", default="Merged"),
        ord_type=text("ordType", "orderType", default="Limit"),
        time_in_force=text("timeInForce", default="GoodTillCancel"),
        price=text("priceEp", "priceRp", "priceRq", "priceEP", default="0"),
        qty=text("orderQty", "orderQtyRq", "baseQtyEv", default="0"),
        quote_qty=text("quoteQtyEv", default="0"),
        qty_type=text("qtyType", default="ByBase"),
        stop_px=text("stopPxEp", "stopPxRp", default="0"),
        trigger=text("trigger", default=""),
        cl_ord_id=row.get("clOrdID") or (row["clOrdId"] if len(row.get("clOrdId") or "") > _SHORT_ID else ""),
        exec_inst=text("execInst", default="None"),
        take_profit=text("takeProfitEp", "takeProfitRp", default="0"),
        tp_px=text("tpPxRp", default="0"),
        stop_loss=text("stopLossEp", "stopLossRp", default="0"),
        sl_px=text("slPxRp", default="0"),
        exec_price=text("execPriceEp", "execPriceRp", "avgPriceEp", default=_average(row)),
        exec_qty=text("execBaseQtyEv", "execQty", "execQtyRq", default="0"),
        action=text("action", default="New"),
        status=text("ordStatus", default="Filled" if "execQty" in row or "execQtyRq" in row else "New"),
        exec_status=text("execStatus", default="New"),
    )
    return replace(shown, **changes)


def _average(row: dict[str, Any]) -> str:
    """The price of a USD-M order's executions, where only their sums are shown."""
    qty, value = row.get("cumQtyRq"), row.get("cumValueRv")
    return "0" if qty in (None, "0") else f"{(Decimal(str(value)) / Decimal(str(qty))).normalize():f}"


def create(client: RestClient, terms: Terms) -> dict[str, Any]:
    """Place an order that must be taken; gives `data` of the reply."""
    answer = client.call("PUT", _CREATE[line_of(terms.symbol)], terms.query()).json
    if answer["code"]:
        raise SetUpError(f"{terms.query()} was refused: {answer['code']} {answer['msg']}")
    settle(client)
    return dict(answer["data"])


def settle(client: RestClient) -> None:
    """Wait until the book has taken all that this account asked for: a reply says only that it was heard."""
    url = f"{client.ready['admin']}/open-orders?user_id={client.account['user_id']}"
    deadline_s = time.monotonic() + SETTLE_TIMEOUT_S
    while time.monotonic() < deadline_s:
        with urllib.request.urlopen(url) as response:
            rows = json.load(response)
        if all(row["ord_status"] != "Created" and not row.get("pending") for row in rows):
            return
        time.sleep(0.005)
    raise SetUpError(f"orders are on their way after {SETTLE_TIMEOUT_S} s")


def cancel(client: RestClient, terms: Terms, order_id: str) -> None:
    """Cancel an open order."""
    line = line_of(terms.symbol)
    fields = {"symbol": terms.symbol, "orderID": order_id}
    fields |= {"posSide": terms.pos_side} if line == USD_M else {}
    client.call("DELETE", _CANCEL[line], **fields)
    settle(client)


def amend(client: RestClient, terms: Terms, order_id: str) -> None:
    """Give an open order the price that `terms` say."""
    name = {COIN_M: "priceEp", USD_M: "priceRp", SPOT: "priceEp"}[line_of(terms.symbol)]
    path = {COIN_M: "/orders/replace", USD_M: "/g-orders/replace", SPOT: "/spot/orders"}[line_of(terms.symbol)]
    fields = {"symbol": terms.symbol, "orderID": order_id, "posSide": terms.pos_side, name: terms.price}
    answer = client.call("PUT", path, **fields).json
    if answer["code"]:
        raise SetUpError(f"the amend to {terms.price} was refused: {answer['code']} {answer['msg']}")
    settle(client)


def scaled_price(symbol: str, price: str) -> Decimal:
    """A price in the line's style as a real number."""
    shift = {COIN_M: -4, USD_M: 0, SPOT: -8}[line_of(symbol)]
    return Decimal(price).scaleb(shift)


def _given(number: str) -> str:
    return "" if number == "0" else number


class SetUpError(Exception):
    """The exchange would not take what a sample needs."""
