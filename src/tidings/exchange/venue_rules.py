"""The switches: what the venue does where nobody knows it, or where its documents and its captures disagree.

    rules = Rules(pending_rule="refuse")
    rules.set("bulk-cancel-reply", "object")    # as on the command line: `--rule bulk-cancel-reply=object`

Each has a default that a client should meet first, and values a client should survive as well. They may change while
the exchange runs: whoever asks a rule asks anew each time. A personality is a named set of them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import Field, dataclass, field, fields
from types import MappingProxyType
from typing import Any, Final

from tidings.exchange import error_codes as code

_COUNT_MAX: Final = 1_000_000
_WORDS_OF_FLAG: Final = {"on": True, "off": False}


class RuleError(ValueError):
    """No such rule, or no such value of it; the text names both and says what there is."""


def _word(*values: str, says: str) -> Any:
    """A field that is one of `values`, the first by default."""
    return field(default=values[0], metadata={"values": values, "says": says})


def _flag(default: bool, says: str) -> Any:
    """A field that is on or off."""
    return field(default=default, metadata={"values": tuple(_WORDS_OF_FLAG), "says": says})


def _code(*values: int, says: str) -> Any:
    """A field that is one of these numbers, the first by default."""
    return field(default=values[0], metadata={"values": tuple(map(str, values)), "says": says})


def _number(default: int, low: int, high: int, says: str) -> Any:
    """A field that is a whole number from `low` to `high`."""
    return field(default=default, metadata={"range": (low, high), "says": says})


@dataclass(slots=True, kw_only=True)
class Rules:
    """Every switch, in the groups in which `--help` shows them."""

    # Ids of clients.
    duplicate_id_code: int = _code(
        code.TE_CL_ORD_ID_DUPLICATE, 10001, 11033, 19999, says="code of a create whose clOrdID was used before")
    client_id_scope: str = _word(
        "account", "symbol", "open", says="where a clOrdID must be new")
    client_id_required: bool = _flag(False, says="whether an order without clOrdID is refused (the documents say so)")
    client_id_alphabet: str = _word("any", "word", says="what a clOrdID may be made of: anything, or [A-Za-z0-9_.:-]")
    replace_client_id: str = _word(
        "names", "renames", says="clOrdID of an amend: the order that is meant, or the id it takes")
    # Orders and their changes.
    recorded_cancels: str = _word(
        "proportional", "behind-first", "ahead-first",
        says="whose the quantity was that leaves a recorded price without a trade, as an order queueing there sees it")
    pending_rule: str = _word(
        "queue", "refuse", says="a cancel whose order has a request on its way waits its turn, or gets 10004 or 10005")
    done_order_code: int = _code(
        0, code.OM_ORDER_NOT_FOUND, 11062, 11063, 11066,
        says="code of a cancel or amend of a done order; 0: 11062, 11063 or 11066 by its state")
    off_grid_code: int = _number(
        code.INVALID_PARAMETER, 1, 99_999, says="code of a price or quantity that is no multiple of its step")
    mode_switch_code: int = _number(
        code.TE_ERR_INCONSISTENT_POS_MODE, 1, 99_999, says="code of a mode switch with a position or open orders")
    spot_balance_code: int = _code(
        0, 35104, says="code of a spot order without the money; 0: 11105 or 11106 by its side")
    reject_style: str = _word(
        "reply-and-stream", "stream-only", says="a refused create: a code and an event, or code 0 and the event")
    reply_order: str = _word(
        "reply-first", "stream-first", "either", says="what comes first; either: in turn")
    post_only_ord_status: str = _word("Canceled", "Rejected", says="ordStatus of a post-only order that would trade")
    post_only_exec_status: str = _word(
        "Aborted", "Canceled", "Expired", "CreateRejected", says="execStatus of a post-only order that would trade")
    ioc_exec_status: str = _word("Expired", "Canceled", "Aborted", says="execStatus of an IOC order's remainder")
    fok_exec_status: str = _word("Aborted", "Canceled", "Expired", says="execStatus of a FOK order that cannot fill")
    qty_type_required: bool = _flag(False, says="whether a spot order without qtyType is refused (as of 2026)")
    self_trade_group: bool = _flag(True, says="whether stpInstruction has an effect (the venue enables it on request)")
    max_active_orders: int = _number(500, 1, _COUNT_MAX, says="active orders per account and symbol, then code 11032")
    max_conditional_orders: int = _number(200, 1, _COUNT_MAX, says="waiting orders per account and symbol, then 11031")
    bulk_cancel_ids_max: int = _number(0, 0, _COUNT_MAX, says="ids of one bulk cancel, then code 39108; 0: no limit")
    contract_protection_er: int = _number(
        3_000_000, 0, 50_000_000, says="how far through the market a contract's market order may trade, 10^-8")
    spot_protection_er: int = _number(10_000_000, 0, 50_000_000, says="the same on spot")
    contract_balance_code: int = _code(11001, 11082, says="code of a contract order without the money")
    # Words of replies and events.
    accepted_status: str = _word("Created", "Init", says="ordStatus in the reply to a create; Init of execStatus too")
    accepted_time: str = _word("set", "zero", says="transactTimeNs in the reply to a create")
    amended_time_in_force: str = _word("GoodTillModify", "GoodTillCancel", says="timeInForce in the reply to an amend")
    reject_message: str = _word("sentence", "empty", says="message of a Rejected event")
    amend_trade_type: str = _word("Replace", "Amend", says="tradeType of the event of an amend")
    new_trade_type: str = _word("none", "Amend", says="tradeType of a New event; it does not mean a fill")
    price_key: str = _word("priceRp", "priceRq", says="how USD-M replies spell their price")
    reduce_only_key: bool = _flag(False, says="whether USD-M replies have reduceOnly")
    bulk_cancel_reply: str = _word("list", "object", says="data of a bulk cancel: its orders, or the first alone")
    no_open_orders: str = _word("code", "empty", says="a list of open orders without any: code 10002, or no rows")
    active_shape: str = _word("object", "rows", says="data of a contract line's query for one open order")
    display_qty: str = _word("whole", "as-sent", says="displayQty of an order in the book")
    api_data_shape: str = _word(
        "by-path", "bare", "list", "rows", says="what /api-data answers: [...], data [...], or data {rows}; or as seen")
    v2_list_shape: str = _word(
        "by-count", "list", "rows", says="data of /exchange/order/v2: [...] or {total, rows}; or by withCount")
    exec_type: str = _word(
        "exec-status", "ord-status", "trade-type", says="what the numbers in execType of tradingList mean")
    large_limit: str = _word("cut", "refuse", says="a limit above 200 rows: cut down to that, or code 30000")
    uncounted_total: str = _word("zero", "full", says="total of a list without withCount")
    trade_columns: str = _word("by-path", "4", "5", says="columns of /md/trade and /v1/md/trade; or 4 and 5 as seen")
    # Market data.
    v1_ticker_keys: str = _word(
        "suffixed", "plain", says="keys of the COIN-M ticker at /md/v1: askEp, lastEp, or close, open without suffix")
    spot_ticker_index: bool = _flag(True, says="whether spot tickers have indexEp (captured, not documented)")
    stream_ticker_time: bool = _flag(False, says="whether 24 h messages of COIN-M and spot repeat the time inside")
    gateway_times: bool = _flag(True, says="whether USD-M books and trades carry dts and mts (captured)")
    kline_scales: bool = _flag(True, says="whether kline messages carry their scales (captured)")
    kline_order: str = _word("oldest-first", "newest-first", says="the order of rows in answers to kline queries")
    kline_limit: str = _word(
        "listed", "any", says="limit of kline queries: 5, 10, 50, 100, 500 or 1000, or as clients also send it, any")
    kline_list_rows_max: int = _number(
        2_000, 1, 2_000, says="rows of kline/list, then code 30018 (1000 in the documents of 2024)")
    # Keys and limits.
    signature_text: str = _word("sent", "decoded", "either", says="which form of the query is signed")
    key_privilege: str = _word(
        "all", "read", "none", "other-address", says="what keys may do, or from where they may not")
    unknown_key_body: str = _word("401", "find", "not-found", says="which of the answers seen an unknown key gets")
    rest_expiry_max_s: int = _number(0, 0, 86_400, says="how far ahead a request's expiry may lie; 0: any time")
    stream_expiry_max_s: int = _number(120, 1, 86_400, says="how far ahead a login's expiry may lie")
    refused_costs: str = _word("free", "permits", says="whether a request answered 429 uses permits up")
    too_many_status: int = _code(429, 403, 418, says="HTTP status of a request above the limits")
    idle_timeout_s: int = _number(0, 0, 86_400, says="how long a connection may send nothing; 0: for ever")
    # Streams.
    history_orders: int = _number(100, 0, 10_000, says="closed orders, and fills, in a stream's snapshot")
    stray_messages: bool = _flag(True, says="whether account streams begin with messages nobody asked for")
    first_message: str = _word("ack", "snapshot", says="what a subscriber is sent first")
    ras_ack: str = _word("stauts", "status", says="how the acknowledgement of ras_p spells its word")
    cross_risk_mode: str = _word("CrossAsset", "Classic", says="riskMode of a cross unit on ras_p")
    stream_attempts: int = _number(
        200, 0, _COUNT_MAX, says="stream connections an address may open in five minutes, then HTTP 429; 0: any number")
    stream_connections: int = _number(5, 1, _COUNT_MAX, says="logged-in stream connections of a user")
    stream_subscriptions: int = _number(20, 1, _COUNT_MAX, says="subscriptions of a connection")
    over_connected: str = _word("close", "refuse", says="what a login on one connection too many gets")
    over_subscribed: str = _word("refuse", "close", says="what one subscription too many gets")
    stream_requests_per_s: int = _number(20, 1, _COUNT_MAX, says="requests of a connection in a second; then it closes")
    stream_silence_s: int = _number(30, 1, 86_400, says="how long a stream client may send nothing")
    stream_close_code: int = _code(1008, 1000, 1001, 1011, 1013, says="close code at a breach of the limits")

    def set(self, name: str, text: str) -> None:
        """Give the rule `name` the value written as `text`. Raises `RuleError`."""
        rule = _RULES.get(name)
        if rule is None:
            raise RuleError(f"no rule {name!r}; there are: {', '.join(_RULES)}")
        if text not in rule.metadata.get("values", (text,)):
            raise RuleError(f"{name} is one of {', '.join(rule.metadata['values'])}, not {text!r}")
        if isinstance(rule.default, bool):
            setattr(self, rule.name, _WORDS_OF_FLAG[text])
        elif isinstance(rule.default, int):
            setattr(self, rule.name, _whole(name, text, rule.metadata.get("range", (0, 99_999))))
        else:
            setattr(self, rule.name, text)

    def view(self) -> dict[str, str]:
        """Every rule with its value, as `set` reads it."""
        return {name: as_text(getattr(self, rule.name)) for name, rule in _RULES.items()}

    def adopt(self, other: "Rules") -> None:
        """Take every value of `other`: whoever holds this object sees them."""
        for rule in fields(self):
            setattr(self, rule.name, getattr(other, rule.name))


_RULES: Final[Mapping[str, Field[Any]]] = MappingProxyType({f.name.replace("_", "-"): f for f in fields(Rules)})

PERSONALITIES: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = MappingProxyType({
    "captures": ("as the live venue was seen; where nothing was seen, as is likely (the default)", {}),
    "docs": ("as the documents of 2026 say and their samples show", {
        "client-id-required": "on", "qty-type-required": "on", "accepted-status": "Init", "accepted-time": "zero",
        "reduce-only-key": "on", "bulk-cancel-reply": "object", "api-data-shape": "bare", "stray-messages": "off",
        "v1-ticker-keys": "plain", "spot-ticker-index": "off", "stream-ticker-time": "on", "gateway-times": "off",
        "kline-scales": "off",
    }),
    "strict": ("a venue that allows as little as the sources permit", {
        "client-id-required": "on", "client-id-alphabet": "word", "pending-rule": "refuse", "done-order-code": "10002",
        "reject-style": "stream-only", "reply-order": "stream-first", "self-trade-group": "off",
        "max-active-orders": "50", "max-conditional-orders": "20", "bulk-cancel-ids-max": "20",
        "rest-expiry-max-s": "120", "refused-costs": "permits", "idle-timeout-s": "60", "over-subscribed": "close",
    }),
})  # fmt: skip


def rules_of(personality: str = "captures", settings: Iterable[tuple[str, str]] = ()) -> Rules:
    """The rules of a personality, changed by `settings`. Raises `RuleError`."""
    if personality not in PERSONALITIES:
        raise RuleError(f"no personality {personality!r}; there are: {', '.join(PERSONALITIES)}")
    rules = Rules()
    for name, text in [*PERSONALITIES[personality][1].items(), *settings]:
        rules.set(name, text)
    return rules


def personality_of(rules: Rules) -> str:
    """The personality that `rules` are, or that they are nearest to; the earlier one where two are as near."""
    values = rules.view().items()
    return min(PERSONALITIES, key=lambda name: len(values - rules_of(name).view().items()))


def rule_rows() -> list[tuple[str, str, str, str]]:
    """Name, default, values and meaning of every rule, for people."""
    return [
        (name, as_text(rule.default), _values_text(rule), rule.metadata["says"]) for name, rule in _RULES.items()
    ]


def rule_choices(name: str) -> dict[str, object]:
    """What the rule `name` may be: `values`, or whole numbers `from` one `to` another."""
    rule = _RULES[name]
    if "range" in rule.metadata:
        low, high = rule.metadata["range"]
        return {"from": low, "to": high}
    return {"values": list(rule.metadata["values"])}


def as_text(value: object) -> str:
    """A rule's value as it is written."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value)


def _values_text(rule: Field[Any]) -> str:
    if "range" in rule.metadata:
        low, high = rule.metadata["range"]
        return f"{low} to {high}"
    return ", ".join(rule.metadata["values"])


def _whole(name: str, text: str, bounds: tuple[int, int]) -> int:
    low, high = bounds
    if not (text.isascii() and text.isdigit()) or not low <= int(text[:12]) <= high:
        raise RuleError(f"{name} is a whole number from {low} to {high}, not {text!r}")
    return int(text)
