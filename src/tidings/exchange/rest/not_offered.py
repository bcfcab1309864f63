"""What the venue has and this exchange has not: margin spot, sub-accounts, conversion, money from outside, and all of
the unified account but its mode.

Whatever a client asks there, signed, it gets one answer: HTTP 403, which the documents give to a missing privilege,
with the code and text observed for it. So a program that trades elsewhere finds that its account may not.
"""

from typing import Final

from tidings.exchange.error_codes import ACCESS_FORBIDDEN
from tidings.exchange.messages.json_text import success
from tidings.exchange.rest.endpoint import Call, Table
from tidings.exchange.rest.parameters import RequestError

PREFIXES: Final = (
    "/margin-trade/", "/margin/",  # margin spot: orders, wallets, borrowing
    "/uta-account/", "/uta-api/", "/uta-biz/", "/uta-funds/", "/uta-exchanger/",  # the unified account
    "/assets/spots/", "/assets/futures/", "/assets/universal-transfer", "/wallets/account/main-sub-",  # sub-accounts
    "/phemex-user/",
    "/assets/quote", "/assets/convert",
    "/exchange/wallets/", "/phemex-deposit/", "/phemex-withdraw/",  # deposits and withdrawals
)  # fmt: skip


def not_offered(call: Call) -> bytes:
    """Every endpoint below `PREFIXES` that is in no table."""
    raise RequestError(ACCESS_FORBIDDEN, "Access forbidden", 403)  # observed


def risk_mode(call: Call) -> bytes:
    """`GET /uta-api/risk/risk-mode`: always Classic, each settle currency by itself, since the account was opened."""
    return success(f'{{"riskMode":"Classic","lastUpdateTimeNs":{call.venue.start_ns}}}', "OK")


TABLE: Table = {("GET", "/uta-api/risk/risk-mode"): risk_mode}
