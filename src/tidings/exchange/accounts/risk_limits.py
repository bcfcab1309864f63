"""Risk limits of contracts: how large a position may be at which leverage.

A contract has a ladder of steps (`Instrument.risk_steps`). A position stands on the highest one that its leverage
allows, so that the limit follows the leverage; `PUT /positions/riskLimit` may put it on a lower one, whose maintenance
margin is lower too, until the leverage is changed again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidings.exchange.accounts.margin import initial_margin_er
from tidings.exchange.markets.matching import BUY, SELL

if TYPE_CHECKING:
    from tidings.exchange.accounts.positions import Position
    from tidings.exchange.catalogue import Instrument, RiskStep


def step_for(instrument: Instrument, leverage_er: int) -> RiskStep:
    """The highest step that is open at this leverage."""
    allowed = steps_open(instrument, leverage_er)
    return allowed[-1] if allowed else instrument.risk_steps[0]


def steps_open(instrument: Instrument, leverage_er: int) -> list[RiskStep]:
    """The steps whose initial margin the leverage covers."""
    margin_er = initial_margin_er(instrument, leverage_er)
    return [step for step in instrument.risk_steps if step.initial_margin_er <= margin_er]


def step_of_size(instrument: Instrument, value: int) -> RiskStep:
    """The lowest step that holds a position of this value."""
    for step in instrument.risk_steps:
        if value <= step.limit:
            return step
    return instrument.risk_steps[-1]


def exceeds_risk_limit(position: Position) -> bool:
    """Whether what the position holds and what its orders could add is too much for its step."""
    return max(position.exposure(BUY), position.exposure(SELL)) > position.risk.limit
