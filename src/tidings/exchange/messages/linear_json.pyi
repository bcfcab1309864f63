"""USD-M as JSON: decimal strings without trailing zeros. Keys, order and style as captured from the venue in 2025."""

from tidings.exchange.reports import AccountState, AccountUpdate, OrderReport, PositionState

def order_reply(report: OrderReport) -> str:
    """`data` of create, replace and cancel, and a row of the open-order list."""

def closed_order(report: OrderReport) -> str:
    """A row of `/api-data/g-futures/orders` and `/orders/by-order-id`: another service, with keys of its own."""

def trade_row(report: OrderReport) -> str:
    """A row of `/api-data/g-futures/trades`."""

def stream_order(report: OrderReport, account_id: int) -> str:
    """One entry of `orders_p` on the aop_p stream; optional fields are left out, as the venue does."""

def stream_account(account: AccountState) -> str:
    """One entry of `accounts_p` on the aop_p stream."""

def stream_position(position: PositionState) -> str:
    """One entry of `positions_p` on the aop_p stream."""

def stream_message(update: AccountUpdate, account_id: int) -> str:
    """One message of the aop_p stream."""

def rest_account(account: AccountState) -> str:
    """`account` of `/g-accounts/accountPositions`."""

def rest_account_with_pnl(account: AccountState) -> str:
    """`account` of `/g-accounts/positions`: without status (docs 2026)."""

def rest_position(position: PositionState) -> str:
    """A row of `/g-accounts/accountPositions`."""

def rest_position_with_pnl(position: PositionState) -> str:
    """A row of `/g-accounts/positions`: with unrealised profit, and the size under another key."""
