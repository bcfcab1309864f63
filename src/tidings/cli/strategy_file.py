"""Strategies from a file: what `tidings run` and `tidings replay --strategy` are given."""

from __future__ import annotations

import importlib.util
import sys
import traceback
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from tidings.cli.screen import Screen
from tidings.engine.strategy import Strategy
from tidings.errors import StrategyFailed, TidingsError, UsageError

MODULE_NAME = "tidings_strategies"  # of the file while it is loaded: not "__main__", so a script's own start is skipped


def load_strategies(path: Path) -> list[Strategy]:
    """The strategies of a file: those it has made at its top level, else one of each class it defines.

    Raises UsageError when it cannot be loaded or has none.
    """
    module = _load(path)
    made = [value for value in vars(module).values() if isinstance(value, Strategy)]
    if made:
        return made
    classes = [
        value
        for name, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, Strategy) and value.__module__ == MODULE_NAME
        and not name.startswith("_")
    ]  # fmt: skip
    if not classes:
        raise UsageError(f"{path} defines no strategy: a class that derives from tidings.Strategy")
    return [_made(one, path) for one in dict.fromkeys(classes)]


def _made(strategy: type[Strategy], path: Path) -> Strategy:
    try:
        return strategy()
    except TypeError as error:
        raise UsageError(
            f"{path}: {strategy.__name__}() cannot be made without arguments ({error}): make it at the file's top level"
        ) from None
    except Exception as error:  # its own code
        raise UsageError(f"{path}: {strategy.__name__}() cannot be made: {error!r}") from None


def _load(path: Path) -> ModuleType:
    """The file as a module. Modules beside it can be imported, as when Python runs it."""
    if not path.is_file():
        what = "that is a directory: name the file in it" if path.is_dir() else "there is no such file"
        raise UsageError(f"{path}: {what}")
    spec = importlib.util.spec_from_file_location(MODULE_NAME, path)
    if spec is None or spec.loader is None:
        raise UsageError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[MODULE_NAME] = module  # dataclasses look themselves up there
    sys.path.insert(0, str(path.resolve().parent))
    problem = ""
    with warnings.catch_warnings():  # a main() that it starts in vain dies here, with the error that holds it
        warnings.filterwarnings("ignore", "coroutine .* was never awaited", RuntimeWarning)
        try:
            spec.loader.exec_module(module)
        except SyntaxError as error:
            problem = f"{error.filename}:{error.lineno}: {error.msg}"
        except SystemExit as end:  # of a script: nothing was run, and that must not look like success
            problem = f"{path} ends itself as it is loaded ({end}): what it does alone goes below `if __name__ == …`"
        except Exception as error:  # anything may stand in it
            problem = f"{path} cannot be loaded: {error!r}"
        finally:
            sys.path.pop(0)
    if problem:
        raise UsageError(problem)
    return module


@contextmanager
def told_as_its_own(path: Path, screen: Screen) -> Iterator[None]:
    """What the file's code raises is told by its own lines, and becomes StrategyFailed; what is ours stays as it is."""
    try:
        yield
    except TidingsError:
        raise
    except Exception as error:
        trace = error.__traceback__
        while trace is not None and Path(trace.tb_frame.f_code.co_filename) != path.absolute():
            trace = trace.tb_next
        if trace is None:
            raise
        screen.note("".join(traceback.format_exception(type(error), error, trace)).rstrip())
        raise StrategyFailed(f"{path}: {trace.tb_frame.f_code.co_name} raised {error!r}: the run ended there") from None


def choose_symbols(strategies: list[Strategy], given: list[str] | None) -> list[str]:
    """What to subscribe: the symbols given, which the strategies are told too, else the strategies' own.

    Raises UsageError when there are none.
    """
    for strategy in strategies:
        if isinstance(strategy.symbols, str):
            kind = type(strategy).__name__
            raise UsageError(f"`symbols` of {kind} is one text: write it as ({strategy.symbols!r},)")
        if not isinstance(strategy.symbols, Iterable):
            raise UsageError(f"`symbols` of {type(strategy).__name__} are texts in a list: was {strategy.symbols!r}")
    if given:
        for strategy in strategies:
            strategy.symbols = tuple(given)
    symbols = list(dict.fromkeys(symbol for strategy in strategies for symbol in strategy.symbols))
    if not symbols:
        raise UsageError("no symbols: give --symbols, or the strategy class a `symbols` of its own")
    return symbols
