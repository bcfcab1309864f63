"""The ras_p stream: how safe the USD-M accounts of a user are. Keys: phemex docs 2024; what is zero is left out.

A unit is what is margined together: all cross positions of a currency, or one isolated position. Its numbers hang
together as those of the documents' samples do: equity = balance + unrealised profit, available = equity - cost -
what orders use - what is fixed, ratio = (equity - what is fixed) ÷ maintenance margin, 999 at most. What is fixed of
an isolated unit is not documented; here it is the fee of closing it at its bankruptcy price.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from tidings.exchange.catalogue import ONE_ER
from tidings.exchange.messages.json_text import RATIO_SCALE, array, quote
from tidings.exchange.reports import AccountState, PositionState
from tidings.exchange.scaled import to_text

_SAFE_ER = 999 * ONE_ER
_POS_SIDES = {"Long": 1, "Short": 2, "Merged": 3}  # of an isolated position; 0 of a cross unit


def units(
    account: AccountState, positions: Sequence[PositionState], cross_mode: str, now_ns: int, version: int
) -> list[str]:
    """The cross unit of an account, then one for each isolated position it holds."""
    isolated = [p for p in positions if p.leverage_er > 0 and p.size]
    cross = [p for p in positions if p.leverage_er <= 0]
    balance = account.balance - sum(p.assigned_pos_balance for p in isolated)
    used_by_orders = sum(p.order_cost for p in positions)
    rows = [_unit(account, cross, balance, used_by_orders, (cross_mode, "", 0), now_ns, version)]
    for p in isolated:
        name = ("Isolated", p.instrument.symbol, _POS_SIDES.get(p.pos_side, 0))
        rows.append(_unit(account, [p], p.assigned_pos_balance, 0, name, now_ns, version))
    return rows


def wallet(account: AccountState, now_ns: int, version: int) -> str:
    """The balance behind the units of a currency."""
    return (
        f'{{"balanceRv":"{to_text(account.balance, account.value_scale)}","clReqVid":1,'
        f'"currency":"{account.currency}","lastUpdateTimeNs":"{iso_time(now_ns)}","userID":{account.user_id},'
        f'"version":{version}}}'
    )


def message(rows: Iterable[str], wallets: Iterable[str], sequence: int, now_ns: int, *, is_snapshot: bool) -> str:
    """One message of the stream."""
    return (
        f'{{"risk_units":{array(rows)},"risk_wallets":{array(wallets)},"sequence":{sequence},"timestamp":{now_ns},'
        f'"type":"{"snapshot" if is_snapshot else "incremental"}"}}'
    )


def iso_time(time_ns: int) -> str:
    """A moment as `2024-06-07T02:01:51.246394043Z`."""
    moment = datetime.fromtimestamp(time_ns // 1_000_000_000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{time_ns % 1_000_000_000:09d}Z"


def _unit(
    account: AccountState, positions: Sequence[PositionState], balance: int, used_by_orders: int,
    name: tuple[str, str, int], now_ns: int, version: int,
) -> str:  # fmt: skip
    mode, symbol, pos_side = name
    profit = sum(p.unrealised_pnl for p in positions)
    cost = sum(p.pos_cost for p in positions)
    fixed = sum(p.bankrupt_comm for p in positions) if symbol else 0
    maintenance = sum(p.value * p.maint_margin_req_er // ONE_ER for p in positions)
    equity = balance + profit
    ratio_er = min(_SAFE_ER, (equity - fixed) * ONE_ER // maintenance) if maintenance else _SAFE_ER

    def amount(key: str, value: int) -> str:
        return f'"{key}":"{to_text(value, account.value_scale)}",' if value else ""

    return (
        f'{{"estAvailableBalanceRv":"{to_text(equity - cost - used_by_orders - fixed, account.value_scale)}",'
        f'{amount("fixedUsedRv", fixed)}'
        f'"lastUpdateTimeNs":"{iso_time(now_ns)}","marginRatioRr":"{to_text(ratio_er, RATIO_SCALE)}",'
        f'"posSide":{pos_side},"riskMode":"{mode}","symbol":{quote(symbol)},'
        f'"totalBalanceRv":"{to_text(balance, account.value_scale)}",'
        f'"totalEquityRv":"{to_text(equity, account.value_scale)}",{amount("totalOrdUsedBalanceRv", used_by_orders)}'
        f'{amount("totalPosCostRv", cost)}{amount("totalPosMMRv", maintenance)}{amount("totalPosUnpnlRv", profit)}'
        f'"userID":{account.user_id},"userStatus":"Normal","userType":"Normal",'
        f'"valuationCurrency":"{account.currency}","version":{version}}}'
    )
