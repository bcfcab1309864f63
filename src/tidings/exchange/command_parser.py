"""How wrong usage is answered: the command in one line, what is wrong, and the option that was probably meant.

A usage with thirty options hides the one sentence that helps; `--help` has them all.
"""

import argparse
import difflib
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

LIKENESS = 0.7  # of two options, from which on one may be a slip for the other


class WrongUsage(SystemExit):
    """Wrong usage, as argparse ends it, with what it said."""

    def __init__(self, message: str) -> None:
        super().__init__(2)
        self.message = message


class CommandParser(argparse.ArgumentParser):
    """A parser of a command line; those of its commands are made of this class too."""

    def parse_known_args(  # type: ignore[override]  # argparse's own is overloaded, and nobody here needs that
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> tuple[Any, list[str]]:
        """Parse; an argument that is not known ends here, where the command it was given to has its say."""
        known, rest = super().parse_known_args(args, namespace)
        if rest:
            self.error(f"unrecognized arguments: {' '.join(rest)}{self._meant(rest)}")
        return known, rest

    def error(self, message: str) -> NoReturn:
        """Say in two lines what is wrong, and end with 2. Raises WrongUsage."""
        words = [f"usage: {self.prog} [options]"]
        words += [_shown(action) for action in self._get_positional_actions()]
        self._print_message(f"{' '.join(words)}; --help lists them\n{self.prog}: error: {message}\n", sys.stderr)
        raise WrongUsage(message)

    def _meant(self, rest: Sequence[str]) -> str:
        """` (did you mean …?)` for the first option that is like one there is."""
        for word in rest:
            if word.startswith("--") and (
                near := difflib.get_close_matches(word.partition("=")[0], self._option_string_actions, 1, LIKENESS)
            ):
                return f" (did you mean {near[0]}?)"
        return ""


def _shown(action: argparse.Action) -> str:
    """A positional argument as a usage shows it."""
    names = action.metavar
    name = names if isinstance(names, str) else "|".join(map(str, action.choices or ())) or action.dest.upper()
    if action.nargs == argparse.OPTIONAL:
        return f"[{name}]"
    if action.nargs == argparse.ZERO_OR_MORE:
        return f"[{name} ...]"
    return f"{name} ..." if action.nargs in (argparse.ONE_OR_MORE, argparse.PARSER) else name
