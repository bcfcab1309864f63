"""How the local exchange behaves where the venue leaves a choice or keeps silent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import Final

from tidings.exchange.venue_rules import Rules

MS_NS: Final = 1_000_000
FLOW_TICK_NS: Final = 100 * MS_NS
FIRST_USER_ID: Final = 7_000_001


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
    recording: Path | None = None  # played back as the market, instead of a flow
    recording_speed: Fraction = Fraction(1)
    always_awake: tuple[str, ...] = ("BTCUSD", "BTCUSDT", "sBTCUSDT")  # flow of the others starts when first used
    insurance_funds: Mapping[str, int] = field(  # what each settle currency's fund starts with, in whole units
        default_factory=lambda: MappingProxyType({
            "BTC": 100, "ETH": 2_000, "USD": 5_000_000, "USDT": 5_000_000, "USDC": 5_000_000,
        })
    )
    liquidation_delay_ns: int = 50 * MS_NS  # from cancelling a position's orders to taking it over; not known
    funding_interval_s: int = 0  # how often funding is paid; 0: as the catalogue says, every eight hours
    maker_fee_er: int | None = None  # of contracts, negative is a rebate; None: as the catalogue says
    taker_fee_er: int | None = None
    rules: Rules = field(default_factory=Rules)  # switches; an exchange has a copy of its own, which may change
