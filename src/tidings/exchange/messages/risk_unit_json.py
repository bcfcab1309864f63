"""Rows of `/g-accounts/risk-unit`: what is margined together, and how safe it is.

The cross positions of a currency are one unit, each isolated position is one. The numbers hang together as the
documents' sample does: equity = balance + unrealised profit, available = equity − cost of positions − what orders and
the fee to close use, ratio = what equity is left after that fee ÷ maintenance margin, 999 when nothing can happen.
They are JSON numbers, not strings, there.
"""

from collections.abc import Sequence
from typing import Final

from tidings.exchange.catalogue import ONE_ER
from tidings.exchange.reports import AccountState, PositionState
from tidings.exchange.scaled import to_text

SAFE_RATIO_ER: Final = 999 * ONE_ER


def risk_units(account: AccountState, currency_code: int, positions: Sequence[PositionState]) -> list[str]:
    """The cross unit of `account`, then its isolated positions."""
    isolated = [p for p in positions if p.leverage_er > 0 and p.size]
    cross = [p for p in positions if p.leverage_er <= 0]
    orders = sum(p.order_cost for p in positions)
    balance = account.balance - sum(p.assigned_pos_balance for p in isolated)
    rows = [_unit(account, currency_code, cross, balance, orders, 0, ("CrossAsset", "", ""))]
    for p in isolated:
        names = ("Isolated", p.instrument.symbol, p.pos_side)
        rows.append(_unit(account, currency_code, [p], p.assigned_pos_balance, 0, p.bankrupt_comm, names))
    return rows


def _unit(
    account: AccountState, currency_code: int, positions: Sequence[PositionState], balance: int, orders: int,
    fixed: int, names: tuple[str, str, str],
) -> str:  # fmt: skip
    mode, symbol, pos_side = names
    profit = sum(p.unrealised_pnl for p in positions)
    cost = sum(p.pos_cost for p in positions)
    maintenance = sum(p.value * p.maint_margin_req_er // ONE_ER for p in positions)
    equity = balance + profit
    ratio_er = min(SAFE_RATIO_ER, (equity - fixed) * ONE_ER // maintenance) if maintenance else SAFE_RATIO_ER

    def amount(value: int) -> str:
        return to_text(value, account.value_scale)

    return (
        f'{{"userId":{account.user_id},"riskMode":"{mode}","valuationCcy":{currency_code},"symbol":"{symbol}",'
        f'"posSide":"{pos_side}","marginRatioRr":{to_text(ratio_er, 8)},"totalBalanceRv":{amount(balance)},'
        f'"totalEquityRv":{amount(equity)},"estAvailableBalanceRv":{amount(equity - cost - orders - fixed)},'
        f'"totalFreeRv":0,"totalPosUnpnlRv":{amount(profit)},"totalPosCostRv":{amount(cost)},'
        f'"totalPosMMRv":{amount(maintenance)},"totalOrdUsedBalanceRv":{amount(orders)},"totalOrdOpenLossRv":0,'
        f'"fixedUsedRv":{amount(fixed)}}}'
    )
