"""Settings of positions: leverage, risk limit, position mode, and the balance assigned to an isolated position."""

from tidings.exchange import error_codes as code
from tidings.exchange.accounts.contract_account import HEDGED, ONE_WAY, ContractAccount
from tidings.exchange.accounts.positions import LONG, MERGED, Position
from tidings.exchange.accounts.risk_limits import exceeds_risk_limit, steps_open
from tidings.exchange.catalogue import ONE_ER, Instrument, Line
from tidings.exchange.orders.order_checks import Refused


def set_leverage(
    account: ContractAccount, instrument: Instrument, leverage_er: int | None, long_er: int | None, short_er: int | None
) -> None:
    """Give the symbol's position or positions a new leverage; all or nothing."""
    positions = account.symbol_positions(instrument)
    if account.pos_mode(instrument.symbol) == HEDGED:
        wanted = [long_er if position.pos_side == LONG else short_er for position in positions]
    else:
        wanted = [leverage_er]
    new_leverages = [_checked_leverage(instrument, value) for value in wanted]
    before = [(position.leverage_er, position.risk, position.added_margin) for position in positions]
    used = account.used_balance()
    _put_leverages(positions, new_leverages)
    wrong = 0
    if any(exceeds_risk_limit(position) for position in positions):
        wrong = code.TE_RISK_LIMIT_EXCEEDS
    elif account.used_balance() > max(used, account.balance) or any(map(account.is_endangered, positions)):
        wrong = code.TE_NO_ENOUGH_BALANCE_FOR_NEW_LEVERAGE
    if wrong:
        for position, (leverage_er, risk, added_margin) in zip(positions, before, strict=True):
            position.leverage_er, position.risk, position.added_margin = leverage_er, risk, added_margin
        raise Refused(wrong, "the new leverage needs more balance, or allows less than is held and ordered")


def set_risk_limit(account: ContractAccount, instrument: Instrument, limit: int) -> None:
    """Put a one-way symbol's position on the risk step with this limit, one that its leverage allows."""
    (position,) = account.symbol_positions(instrument)
    steps = {step.limit: step for step in steps_open(instrument, position.leverage_er)}
    if limit not in steps:
        raise Refused(code.TE_INVALID_RISK_LIMIT, "no risk limit of the contract at this leverage")
    before = position.risk
    position.risk = steps[limit]
    wrong = 0
    if exceeds_risk_limit(position):
        wrong = code.TE_RISK_LIMIT_EXCEEDS
    elif account.is_endangered(position):
        wrong = code.TE_NO_ENOUGH_BALANCE_FOR_NEW_RISK_LIMIT
    if wrong:
        position.risk = before
        raise Refused(wrong, "what is held and ordered does not fit the new risk limit")


def switch_position_mode(
    account: ContractAccount, instrument: Instrument, pos_mode: str, *, has_orders: bool, refusal_code: int
) -> None:
    """Make the symbol one-way or hedged; it must have neither position nor orders. USD-M only."""
    if pos_mode not in (ONE_WAY, HEDGED) or instrument.line is not Line.USD_M:
        raise Refused(code.INVALID_PARAMETER, f"targetPosMode {pos_mode!r} for {instrument.symbol}")
    if pos_mode == account.pos_mode(instrument.symbol):
        return
    if has_orders or any(position.net_qty for position in account.symbol_positions(instrument)):
        raise Refused(refusal_code, "close the position and cancel the orders first")
    account.switch_mode(instrument, pos_mode)


def assign_margin(account: ContractAccount, instrument: Instrument, pos_side: str, amount: int) -> None:
    """Set the balance assigned to an isolated position to `amount`, at least what the position costs."""
    position = account.position(instrument, pos_side or MERGED)
    if position is None:
        raise Refused(code.TE_ERR_INCONSISTENT_POS_MODE, f"posSide {pos_side!r}")
    if position.net_qty == 0:
        raise Refused(code.TE_CANNOT_CHANGE_POSITION_MARGIN_WITHOUT_POSITION, "no position")
    if position.is_cross:
        raise Refused(code.TE_CANNOT_CHANGE_POSITION_MARGIN_FOR_CROSS_MARGIN, "the position is cross")
    added = amount - position.cost()
    if added < 0:
        raise Refused(code.TE_CANNOT_REMOVE_POSITION_MARGIN_MORE_THAN_ADDED, "less than the position needs")
    if added - position.added_margin > max(0, account.available_balance()):
        raise Refused(code.TE_CANNOT_ADD_POSITION_MARGIN, "not enough available balance")
    before, position.added_margin = position.added_margin, added
    if added < before and account.is_endangered(position):
        position.added_margin = before
        raise Refused(code.TE_CANNOT_REMOVE_POSITION_MARGIN_DUE_TO_UNREALIZED_PNL, "the loss needs this margin")


def _checked_leverage(instrument: Instrument, leverage_er: int | None) -> int:
    if leverage_er is None:
        raise Refused(code.TE_INVALID_LEVERAGE, "leverage missing, or given in the form of the other position mode")
    if abs(leverage_er) > instrument.max_leverage * ONE_ER or 0 < abs(leverage_er) < ONE_ER:
        raise Refused(code.TE_INVALID_LEVERAGE, f"leverage must lie between 1 and {instrument.max_leverage}, or be 0")
    return leverage_er


def _put_leverages(positions: list[Position], leverages: list[int]) -> None:
    for position, leverage_er in zip(positions, leverages, strict=True):
        position.set_leverage(leverage_er)
        if position.is_cross:
            position.added_margin = 0
