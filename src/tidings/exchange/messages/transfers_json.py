"""Transfers as JSON, in the words of the two services that make them (phemex docs 2026, "Transfer")."""

from tidings.exchange.accounts.transfers import DONE, Transfer
from tidings.exchange.scaled import to_text

MS_NS = 1_000_000
_SIDES = {10: 2, 11: 1}  # `moveOp` of a direction: 1 futures to spot, 2 spot to futures


def asset_transfer(transfer: Transfer) -> str:
    """`data` of `POST /assets/transfer`."""
    return f"{{{_asset_members(transfer)}}}"


def asset_row(transfer: Transfer) -> str:
    """A row of `GET /assets/transfer`."""
    return f'{{{_asset_members(transfer)},"createTime":{transfer.time_ns // MS_NS},"bizType":{transfer.biz_code}}}'


def _asset_members(t: Transfer) -> str:
    return (
        f'"linkKey":"{t.key}","userId":{t.user_id},"currency":"{t.currency}","amountEv":{t.amount},'
        f'"side":{_SIDES[t.biz_code]},"status":{DONE}'
    )


def wallet_transfer(transfer: Transfer) -> str:
    """`data` of `POST /wallets/account/transfer`."""
    t = transfer
    return (
        f'{{"amountEv":{t.amount},"currency":"{t.currency}","status":{DONE},"bizCode":{t.biz_code},'
        f'"createTime":{t.time_ns // MS_NS}}}'
    )


def wallet_row(transfer: Transfer, scale: int) -> str:
    """A row of `GET /wallets/account/transfer` (`formUserId` is the venue's spelling)."""
    t = transfer
    return (
        f'{{"formUserId":{t.user_id},"toUserId":{t.user_id},"fromAccType":"{t.from_type}","toAccType":"{t.to_type}",'
        f'"currency":"{t.currency}","amountEv":{t.amount},"amount":{to_text(t.amount, scale)},"status":{DONE},'
        f'"bizCode":{t.biz_code},"requestKey":"{t.key}","requestTime":{t.time_ns // MS_NS}}}'
    )
