"""The settings' limits as the engine counts them: in lots, in 10**-4 of the quote currency, in nanoseconds."""

from __future__ import annotations

from decimal import Decimal

from tidings.config import EngineSettings, StrategySettings
from tidings.engine.risk import Risk
from tidings.engine.risk_limits import E4, NS_PER_S, RiskLimits, StrategyLimits
from tidings.errors import ConfigError, UsageError
from tidings.model.scale import qty_lots
from tidings.venue.phemex.products import Products


def make_risk(settings: EngineSettings, products: Products) -> Risk:
    """The limits of one engine. Raises ConfigError for a symbol's limit that does not fit it."""
    risk = Risk(products, risk_limits_of(settings))
    for name, limits, limit in (
        ("max_qty", settings.max_qty, risk.symbols.limit_qty),
        ("max_position", settings.max_position, risk.symbols.limit_position),
        ("max_window_qty", settings.max_window_qty, risk.symbols.limit_window_qty),
    ):
        for symbol, most in limits.items():
            try:
                instrument = products.tradable(symbol)
                limit(instrument, qty_lots(instrument, most))
            except UsageError as error:
                source = settings.sources.get(name, "argument")
                raise ConfigError(f"setting {name} ({source}), symbol {symbol}: {error}") from None
    for name, own in settings.strategies.items():
        risk.owner(name, strategy_limits_of(settings, own))
    return risk


def risk_limits_of(settings: EngineSettings) -> RiskLimits:
    """The account's limits."""
    return RiskLimits(
        max_notional_e4=money_e4(settings.max_notional),
        collar_bp=settings.collar_bp,
        max_open=settings.max_open_orders,
        max_position_e4=money_e4(settings.max_position_notional),
        max_gross_e4=money_e4(settings.max_gross_notional),
        max_net_e4=money_e4(settings.max_net_notional),
        window_ns=ns_of(settings.window_s),
        max_window_e4=money_e4(settings.max_window_notional),
        max_orders_per_s=settings.max_orders_per_s,
        duplicate_window_ns=ns_of(settings.duplicate_window_s),
        strategy=strategy_limits_of(settings, StrategySettings()),
    )


def strategy_limits_of(settings: EngineSettings, own: StrategySettings) -> StrategyLimits:
    """One strategy's limits: its own, else the account's."""
    return StrategyLimits(
        max_notional_e4=money_e4(own.max_notional or settings.max_notional),
        max_gross_e4=money_e4(own.max_gross_notional or settings.max_gross_notional),
        max_window_e4=money_e4(own.max_window_notional or settings.max_window_notional),
        max_orders_per_s=own.max_orders_per_s or settings.max_orders_per_s,
        max_executions=own.max_executions or settings.max_executions,
        executions_window_ns=ns_of(own.executions_window_s or settings.executions_window_s),
    )


def money_e4(money: Decimal) -> int:
    """Rounded down, but never to nothing: a limit that is lower than asked for errs to the safe side."""
    return max(1, int(money * E4))


def ns_of(seconds: float) -> int:
    return round(seconds * NS_PER_S)
