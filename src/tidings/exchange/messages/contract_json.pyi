"""COIN-M as JSON: scaled integers, on REST with real-valued twins. Keys, order and style as captured in 2025."""

from tidings.exchange.reports import AccountState, AccountUpdate, OrderReport, PositionState

SAFE_MARGIN_RATIO_ER = 99_900_000_000  # "999": no risk (observed 2025)
def order_reply(report: OrderReport) -> str:
    """`data` of create, replace and cancel, and a row of the open-order list.

    `reduceOnly` is false even of an order that only reduces: `execInst` says so (observed 2020).
    """

def closed_order(report: OrderReport) -> str:
    """A row of `/exchange/order/list` and `/exchange/order` (docs 2026: twins are null there)."""

def trade_row(report: OrderReport) -> str:
    """A row of `/exchange/order/trade`."""

def stream_order(report: OrderReport, account_id: int) -> str:
    """One entry of `orders` on the aop stream; optional fields are left out, as the venue does."""

def trigger_or(trigger: str, default: str) -> str:
    """The watched price, or what the stream shows where none was given."""

def stream_account(account: AccountState) -> str:
    """One entry of `accounts` on the aop stream."""

def stream_position(position: PositionState) -> str:
    """One entry of `positions` on the aop stream."""

def stream_message(update: AccountUpdate, account_id: int) -> str:
    """One message of the aop stream."""

def rest_account(account: AccountState) -> str:
    """`account` of both account queries."""

def rest_position(position: PositionState) -> str:
    """A row of `/accounts/accountPositions`, with twins."""

def rest_position_with_pnl(position: PositionState) -> str:
    """A row of `/accounts/positions`: without twins, with unrealised profit."""
