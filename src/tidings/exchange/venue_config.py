"""How the local exchange behaves where the venue leaves a choice or keeps silent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Final

from tidings.exchange import error_codes

MS_NS: Final = 1_000_000
FLOW_TICK_NS: Final = 100 * MS_NS
FIRST_USER_ID: Final = 7_000_001


class PendingRule(Enum):
    """What becomes of a cancel whose order still has a request on its way to the book."""

    QUEUE = "queue"  # it waits its turn behind that request
    REFUSE = "refuse"  # codes 10004 and 10005


class RejectStyle(Enum):
    """How a request refused by the trading engine is told to the client."""

    REPLY_AND_STREAM = "reply-and-stream"  # code in the reply, and a Rejected event
    STREAM_ONLY = "stream-only"  # reply code 0, then the Rejected event


@dataclass(frozen=True, kw_only=True)
class VenueConfig:
    """Settings of the exchange's core; every default is what a client of the venue should be prepared for."""

    seed: int = 1  # of identifiers, sequence gaps and the background flow
    prices: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))  # symbol → decimal starting price
    matching_delay_ns: int = 5 * MS_NS  # from the reply to the book (captures show 4 to 5 ms); 0: still after the reply
    user_ids: tuple[int, ...] = tuple(range(FIRST_USER_ID, FIRST_USER_ID + 4))
    # What each user starts with, in whole units: contract accounts by settle currency, wallets by currency.
    contract_funds: Mapping[str, int] = field(
        default_factory=lambda: MappingProxyType({
            "BTC": 10, "ETH": 200, "USD": 500_000, "USDT": 500_000, "USDC": 500_000,
        })
    )
    wallet_funds: Mapping[str, int] = field(
        default_factory=lambda: MappingProxyType({
            "BTC": 10, "ETH": 200, "XRP": 200_000, "LTC": 2_000, "ADA": 500_000, "TRX": 1_000_000, "DOGE": 1_000_000,
            "USDT": 500_000, "USDC": 500_000,
        })
    )
    has_flow: bool = True
    flow: str = "normal"  # what kind of day: a key of `flow_regimes.REGIMES`
    flow_tick_ns: int = FLOW_TICK_NS
    always_awake: tuple[str, ...] = ("BTCUSD", "BTCUSDT", "sBTCUSDT")  # flow of the others starts when first used
    insurance_funds: Mapping[str, int] = field(  # what each settle currency's fund starts with, in whole units
        default_factory=lambda: MappingProxyType({
            "BTC": 100, "ETH": 2_000, "USD": 5_000_000, "USDT": 5_000_000, "USDC": 5_000_000,
        })
    )
    liquidation_delay_ns: int = 50 * MS_NS  # from cancelling a position's orders to taking it over; not known
    funding_interval_s: int = 0  # how often funding is paid; 0: as the catalogue says, every eight hours
    duplicate_id_code: int = error_codes.TE_CL_ORD_ID_DUPLICATE  # which of 10001, 11033, 11085, 19999 is not known
    done_order_code: int | None = None  # for a cancel or amend of a done order; None: 11062, 11063 or 11066 by state
    off_grid_code: int = error_codes.INVALID_PARAMETER  # for a price or quantity off the grid; not known
    mode_switch_code: int = error_codes.TE_ERR_INCONSISTENT_POS_MODE  # mode switch with orders or a position; not known
    pending_rule: PendingRule = PendingRule.QUEUE
    reject_style: RejectStyle = RejectStyle.REPLY_AND_STREAM
    max_active_orders: int = 500  # per account and symbol; the venue's numbers are not published
    max_conditional_orders: int = 200
    history_orders: int = 100  # closed orders and fills in a stream snapshot (phemex docs 2026, aop)
    contract_protection_er: int = 3_000_000  # market orders get a limit 3 % through the market (2–25 % observed)
    spot_protection_er: int = 10_000_000  # 10 % on spot (observed 2022)
