"""Differences that are meant to be: which sample, which key, why.

Where documents and captures disagree the exchange follows the newest capture; the older sample's difference stands
here. Patterns are fnmatch's ([ and ] stand for themselves); an entry that no difference needs is reported as stale.
"""

from dataclasses import dataclass
from fnmatch import fnmatchcase

from tests.fidelity.comparison import NOTHING


@dataclass(frozen=True, slots=True)
class Declared:
    """One deliberate difference, or a family of them. A key that starts with + is one more than the sample has."""

    sample: str
    key: str
    reason: str

    def covers(self, sample: str, key: str, expected: str) -> bool:
        """Whether it speaks of this difference."""
        is_more, pattern = self.key.startswith("+"), self.key.removeprefix("+").replace("[", "[[]")
        is_meant = fnmatchcase(sample, self.sample) and fnmatchcase(key, pattern)
        return is_meant and (expected == NOTHING or not is_more)


def _family(reason: str, *samples: str, keys: tuple[str, ...]) -> list[Declared]:
    return [Declared(sample, key, reason) for sample in samples for key in keys]


_OLD_COIN_M = "an order of the documents of 2020: no order type, few keys, short twins; captured 2025 is followed"
_SYNTHETIC_USD_M = "an invented order of the documents with few keys; captured 2024/2025 is followed"
_OLD_AOP = "a stream message of 2019-2022, before keys that were captured in 2025"
_OLD_AOP_P = "a stream message of 2022/2023: apRp and bpRp are gone, other keys are new in the capture of 2025"
_OLD_AOP_KEYS = ("+*.slPxEp", "+*.slippageEr", "+*.tpPxEp")
_OLD_AOP_ACCOUNT_KEYS = ("+*.liqStatus", "+*.marginRatioEr", "+*.status", "+*.userMode", "+*.ver")
_OLD_AOP_P_KEYS = (
    "*.apRp", "*.bpRp", "+*umPtFeeRv", "+*.posTpSlPattern", "+*.ptFeeRv", "+*.ptPriceRp", "+*.slPxRp",
    "+*.slTimeInForce", "+*.tpPxRp", "+*.tpTimeInForce",
)  # fmt: skip
_OLD_AOP_P_MORE_KEYS = (
    *_OLD_AOP_P_KEYS, "+*.status", "+*.tradeLevel", "+*.userMode", "+*.cl_req_code", "+*.pegOffsetProportionRr",
    "*.orders_p[0].execPriceRp",
)  # fmt: skip

_ORDERS = (
    *_family(
        _OLD_COIN_M, "rest_orders_active_list_contract", "rest_orders_cancel_contract_docs",
        "rest_orders_create_contract_put",
        keys=(
            "*.orderType", "*.timeInForce", "*.price", "*.closedPnl", "*.cumValue", "*.stopPx", "+*.trigger",
            "+*.pegOffsetValueEp", "+*.pegOffsetProportionEr", "+*.execStatus", "+*.pegPriceType", "+*.execInst",
        ),
    ),
    Declared("rest_orders_active_list_contract", "data.rows[0].leavesValue", _OLD_COIN_M),
    Declared("rest_orders_create_contract_post", "+data.pegOffsetProportionEr", "captured 2020; captured 2025 has it"),
    Declared("rest_orders_active_list_contract", "data.rows[0].stopPxEp", "a waiting order without a trigger price"),
    *_family(
        _SYNTHETIC_USD_M, "rest_g_orders_*_docs", "rest_g_orders_bulk_cancel",
        keys=(
            "+data.pegOffsetProportionRr", "+data.takeProfitRp", "+data.stopLossRp", "+data.slPxRp", "+data.tpPxRp",
            "data.actionTimeNs", "data.transactTimeNs",
        ),
    ),
    *_family(
        "documents of 2023; captured 2024/2025 has the prices of attached orders",
        "rest_g_orders_active_list", keys=("+*.slPxRp", "+*.tpPxRp"),
    ),
    Declared("rest_g_orders_active_list", "*.reduceOnly", "false of an order to close: reduceOnly is implied here"),
    *_family(
        "documents of 2022 of a service captured in 2024 with more keys, and fees as text", "rest_order_v2_*_docs",
        keys=("+*.posSide", "+*.updatedAt", "*.ptFeeRv", "*.ptPriceRp"),
    ),
    Declared("rest_order_v2_order_list_captured", "rows[2].execFeeRv", "an account with a fee rate of its own"),
    Declared("rest_order_v2_order_list_captured", "rows[1].execPriceRp", "a price without an execution of its own"),
    Declared("rest_exchange_spot_order_closed", "rows[1]", "NewRejected of 2020: a refused order leaves none"),
    *_family(
        "quantities zeroed by the documents", "rest_spot_orders_create_put",
        keys=("data.priceEp", "data.baseQtyEv", "data.leavesBaseQtyEv"),
    ),
)  # fmt: skip

_ACCOUNTS = (
    *_family(
        "COIN-M positions of the documents: values printed short, no totals; keys of other sources are added",
        "rest_accounts_account_positions_contract",
        keys=(
            "+data.account.bonusBalanceEv", "*.leverage", "*.riskLimit", "*.value", "*.avgEntryPrice", "*.posCost",
            "*.assignedPosBalance", "*.bankruptComm", "*.bankruptPrice", "*.positionMargin", "*.liquidationPrice",
            "*.deleveragePercentile", "*.estimatedOrdLoss", "*.usedBalance", "+*.cum*Ev", "+*.transactTimeNs",
            "+*.takerFeeRateEr", "+*.makerFeeRateEr", "+*.term", "+*.last*TimeNs", "+*.curTermRealisedPnlEv",
            "+*.execSeq",
        ),
    ),
    *_family(
        "documents contradict the sign of the leverage; captured 2024 is followed",
        "rest_accounts_*_contract", "rest_g_accounts_positions", "rest_g_accounts_account_positions_docs",
        keys=("*.crossMargin",),
    ),
    *_family(
        "invented values, and keys captured in 2024", "rest_g_accounts_account_positions_docs",
        keys=("*.accountI?", "+data.account.status", "+*LeavesValueRv"),
    ),
    *_family(
        "documents that write one price with eight places, then trimmed, and one as a number, then as text",
        "rest_g_futures_closed_position", keys=("data.rows[0].openPrice", "data.rows[1].closePrice"),
    ),
    Declared("rest_spot_wallets", "+data[0].walletVid", "documents; captured 2024 has it"),
)  # fmt: skip

_MARKETS = (
    Declared("products_spot_table_2024", "*.quoteTickSizeEv", "the catalogue captured in 2025 has another tick"),
    Declared("rest_public_products", "data.md5Checksum", "of the catalogue as it is served, which is cut down"),
    Declared("ws_orderbook", "+messages[?].timestamp", "documents of 2019; captured 2025 has a timestamp"),
    *_family(
        "documents of 2020; captured 2025 has the scales", "ws_kline", "ws_kline_spot",
        keys=("+messages[?].priceScale", "+messages[?].valueScale"),
    ),
    Declared("ws_kline_spot", "+messages[?].qtyScale", "documents of 2020; captured 2025 has the scales"),
    Declared("ws_kline_p", "+messages[1].priceScale", "documents of 2022; the incremental beside it has it"),
    *_family(
        "documents of 2020; captured 2025 has one timestamp, outside", "ws_market24h", "ws_spot_market24h",
        keys=("messages[1].*.timestamp",),
    ),
    *_family(
        "documents of 2022; captured 2025 has the times of the gateway", "ws_orderbook_p", "ws_trade_p",
        keys=("+messages[?].dts", "+messages[?].mts"),
    ),
)  # fmt: skip

_STREAMS = (
    *_family(
        _OLD_AOP, "ws_aop",
        keys=("+messages[?].version", *_OLD_AOP_ACCOUNT_KEYS, *_OLD_AOP_KEYS, "+*.slTrigger", "+*.tpTrigger",
              "+*.curTermRealisedPnlEv"),
    ),
    *_family(_OLD_AOP, "ws_aop_captured", keys=("+messages[4].version", *_OLD_AOP_ACCOUNT_KEYS, *_OLD_AOP_KEYS)),
    *_family(
        "an order of a delisted USD-settled contract, played on BTCUSD", "ws_aop_captured",
        keys=("single_order_event_cancel.accountID", "single_order_event_cancel.currency"),
    ),
    *_family(_OLD_AOP_P, "ws_aop_p_captured", keys=tuple(key.replace("*.", "single_*.") for key in _OLD_AOP_P_KEYS)),
    *_family(_OLD_AOP_P, "ws_aop_p", "ws_aop_p_taker_fill_incremental", keys=_OLD_AOP_P_MORE_KEYS),
    Declared("ws_aop_p", "messages[2].orders_p[0].tradeType", "of one New event; the sample's next one has none"),
    Declared("ws_aop_v1", "*.closed[0].cumValueEv", "of executions that the sample does not show"),
    Declared("ws_aop_p", "messages[2].positions_p[0].posMode", "a Long position in one-way mode: invented"),
    Declared("ws_wo", "*.feeCurrency", "documents of 2020; the fee is taken in what is received (documents of 2026)"),
    Declared("ws_wo", "+*.tradeType", "documents of 2020; captured 2022 has it"),
    *_family(
        "an excerpt of one message", "ws_wo_captured",
        keys=("+messages[0].sequence", "+messages[0].timestamp", "+messages[0].type", "+messages[0].wallets"),
    ),
    Declared("ws_wo_captured", "+*.cur*WalletQtyEv", "not in the capture of 2022; documents of 2026 have it"),
)  # fmt: skip

_RANKS = (
    Declared(
        "rest_g_accounts_account_positions_captured", "*.deleveragePercentileRr",
        "there a small position among thousands, here the only one of its side that gains",
    ),
)  # fmt: skip

TABLE: tuple[Declared, ...] = (*_ORDERS, *_ACCOUNTS, *_MARKETS, *_STREAMS, *_RANKS)


def reason_of(sample: str, key: str, expected: str, table: tuple[Declared, ...] = TABLE) -> Declared | None:
    """The declaration that covers a difference, or None."""
    return next((entry for entry in table if entry.covers(sample, key, expected)), None)
