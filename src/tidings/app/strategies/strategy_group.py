"""Strategies that run together: one is plugged in as it is; several become one that hands on to each what is its own.

Order events go to the strategy whose order it is, market data to all, in the order in which they were given. What one
of them raises is told of as its own, and kept from the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from inspect import isasyncgenfunction, iscoroutinefunction, isgeneratorfunction
from typing import Any

from tidings.engine.strategy import ORDER_CALLBACKS, Strategy, overridden
from tidings.errors import ENDS_PROGRAM, UsageError

Callback = Callable[..., Any]
OnError = Callable[[BaseException, Any], None]
# (member, callback's name, callback) → what is called in its place: a recording, a replay look on.
Around = Callable[["Member", str, Callback], Callback]

OWN_CALLBACKS = ("on_start", "on_stop", "on_timer", "on_position")  # called by whoever runs them, one by one
MARKET_CALLBACKS = tuple(
    name for name in vars(Strategy) if name.startswith("on_") and name not in (*OWN_CALLBACKS, *ORDER_CALLBACKS)
)


@dataclass(frozen=True, slots=True)
class Member:
    """One strategy of a run."""

    strategy: Strategy
    session: Any  # what its on_start gets
    name: str = ""
    owner: int = 0  # of its orders; 0: it is alone, hears of all orders, and holds what the account holds
    index: int = 0  # its place in the run


def names_of(strategies: Iterable[Strategy]) -> list[str]:
    """The name of each, as it keeps its orders apart. Raises UsageError when two have the same."""
    listed = list(strategies)
    if not listed:
        raise UsageError("run() takes one strategy or several: none was given")
    for one in listed:
        if not isinstance(one, Strategy):
            raise UsageError(f"a strategy derives from tidings.Strategy: was {one!r}")
        for name in vars(Strategy):
            callback = getattr(one, name, None) if name.startswith("on_") else None
            if iscoroutinefunction(callback) or isasyncgenfunction(callback):
                raise UsageError(f"{type(one).__name__}.{name} is async, and nobody would await it")
            if isgeneratorfunction(callback):
                raise UsageError(f"{type(one).__name__}.{name} has a `yield`: called, it would do nothing")
        if not isinstance(one.name, str):
            raise UsageError(f"the `name` of a strategy is a text: {type(one).__name__} has {one.name!r}")
    names = [one.name if one.name or len(listed) == 1 else type(one).__name__ for one in listed]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"two strategies are called {name!r}: give each a `name` of its own")
    return names


def callback_of(member: Member, name: str, around: Around | None) -> Callback | None:
    """A member's own callback, as it is to be called; None: it does not override it."""
    callback = overridden(member.strategy, name)
    return around(member, name, callback) if around is not None and callback is not None else callback


def plugged(members: list[Member], on_error: OnError, around: Around | None = None) -> Strategy:
    """What the order path and the market streams are to call."""
    if len(members) == 1 and not members[0].owner and around is None:
        return members[0].strategy
    calls: dict[str, Callback] = {}
    for name in (*MARKET_CALLBACKS, *ORDER_CALLBACKS):
        found = [(member.owner, callback_of(member, name, around)) for member in members]
        heard = {owner: callback for owner, callback in found if callback is not None}
        if heard:
            calls[name] = (_to_owner if name in ORDER_CALLBACKS else _to_all)(heard, on_error)
    group: Strategy = type("StrategyGroup", (Strategy,), calls)()
    return group


def _to_all(callbacks: dict[int, Callback], on_error: OnError) -> Callback:
    listed = tuple(callbacks.values())

    def tell(self: Strategy, *arguments: Any) -> None:
        for callback in listed:
            try:
                callback(*arguments)
            except ENDS_PROGRAM:
                raise
            except BaseException as error:  # of one strategy; the others hear the same
                on_error(error, callback)

    return tell


def _to_owner(callbacks: dict[int, Callback], on_error: OnError) -> Callback:
    """A strategy that is alone, and unnamed, hears of every order."""
    of_all = callbacks.get(0)

    def tell(self: Strategy, order: Any, report: Any, now_ns: int) -> None:
        callback = of_all or callbacks.get(order.terms.owner)
        if callback is not None:
            try:
                callback(order, report, now_ns)
            except ENDS_PROGRAM:
                raise
            except BaseException as error:
                on_error(error, callback)

    return tell
