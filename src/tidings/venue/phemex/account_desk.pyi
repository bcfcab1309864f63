from typing import Protocol

from tidings.engine.ports import OrderListener
from tidings.venue.phemex.account_state import PositionUpdate, WalletUpdate
from tidings.venue.phemex.account_stream import AccountListener

class AccountKeeper(Protocol):
    """Who keeps what the stream tells besides orders."""

    def position_told(self, position: PositionUpdate) -> None: ...
    def wallet_told(self, wallet: WalletUpdate) -> None: ...
    def snapshot_ended(self, line: int) -> None:
        """One snapshot message of a ProductLine is complete."""

class AccountDesk(AccountListener):
    """Sends the account stream's reports straight to `orders`, everything else to `keeper`."""

    def __init__(self, orders: OrderListener, keeper: AccountKeeper) -> None: ...
