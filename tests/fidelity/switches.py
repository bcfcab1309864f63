"""Samples that show what the exchange does under a rule other than its default: documents against captures.

The rules are set by the admin endpoint for the sample's play, and taken back after it.
"""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from types import MappingProxyType

_RULES: Mapping[str, Mapping[str, str]] = MappingProxyType({
    "rest_g_orders_bulk_cancel": {"bulk-cancel-reply": "object", "price-key": "priceRq", "reduce-only-key": "on"},
    "rest_g_orders_cancel_docs": {"price-key": "priceRq", "reduce-only-key": "on"},
    "rest_g_orders_create_post_docs": {
        "price-key": "priceRq", "reduce-only-key": "on", "accepted-status": "Init", "accepted-time": "zero",
    },
    "rest_g_orders_create_put_docs": {"reduce-only-key": "on", "accepted-status": "Init", "accepted-time": "zero"},
    "rest_g_orders_replace_docs": {"reduce-only-key": "on"},
    "rest_g_orders_active_list": {"reduce-only-key": "on"},
    "rest_g_futures_orders*": {"api-data-shape": "bare"},
    "rest_g_futures_trades": {"api-data-shape": "bare"},
    "rest_spots_orders_by_order_id": {"api-data-shape": "bare"},
    "rest_md_ticker_24hr_contract_docs": {"v1-ticker-keys": "plain"},
    "rest_md_spot_ticker_24hr": {"spot-ticker-index": "off"},
    "ws_aop_p_taker_fill_incremental": {"new-trade-type": "Amend"},
})  # fmt: skip


def rules_for(sample: str) -> dict[str, str]:
    """The rules under which a sample is played."""
    return {name: value for pattern, rules in _RULES.items() if fnmatchcase(sample, pattern)
            for name, value in rules.items()}  # fmt: skip
