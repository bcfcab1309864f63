"""The rules and personalities: as text for `tidings exchange --help`, as JSON for programs that try them all."""

import json
import textwrap
from typing import Final

from tidings.exchange.venue_rules import PERSONALITIES, Rules, rule_choices, rule_rows

_WIDTH: Final = 100
_INDENT: Final = 30
_INTRODUCTION: Final = """\
rules:
  What the venue does where it is not known, or where its documents and captures disagree. The
  default is in parentheses. GET, POST and DELETE /rules at the admin endpoint read and change them
  while the exchange runs.

"""


def rule_help() -> str:
    """Every rule with its values and default, then every personality with what it sets."""
    lines = [_entry(name, f"{says}: {values} ({default})") for name, default, values, says in rule_rows()]
    lines += ["", "personalities:"]
    for name, (says, settings) in PERSONALITIES.items():
        chosen = ", ".join(f"{rule}={value}" for rule, value in settings.items())
        lines.append(_entry(name, f"{says}: {chosen}" if chosen else says))
    return _INTRODUCTION + "\n".join([*lines, ""])


def rule_list(rules: Rules) -> str:
    """Every rule with its default and choices and the value it has in `rules`, and every personality, as JSON."""
    values = rules.view()
    listed = {
        name: {"value": values[name], "default": default, **rule_choices(name), "says": says}
        for name, default, _, says in rule_rows()
    }
    named = {name: {"sets": dict(settings), "says": says} for name, (says, settings) in PERSONALITIES.items()}
    return json.dumps({"rules": listed, "personalities": named}, indent=1)


def _entry(name: str, text: str) -> str:
    first, *rest = textwrap.wrap(text, _WIDTH - _INDENT, break_on_hyphens=False)
    return "\n".join([f"    {name:{_INDENT - 5}} {first}", *(" " * _INDENT + line for line in rest)])
