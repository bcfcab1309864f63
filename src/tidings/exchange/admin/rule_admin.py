"""The rules in force, over the admin endpoint:

    GET    /rules   every rule with its value, and the personality that they are or are nearest to
    POST   /rules   {"pending-rule": "refuse", "max-active-orders": 20}; all of them or none
                    {"personality": "strict"} takes a personality's rules, then the others named
    DELETE /rules   as they were at the start
"""

import json
from collections.abc import Callable
from dataclasses import replace

from tidings.exchange.server.http_request import Request
from tidings.exchange.venue import Venue
from tidings.exchange.venue_rules import RuleError, Rules, as_text, personality_of, rules_of

RULES_PATH = "/rules"


def answer_rules(venue: Venue, request: Request, on_changed: Callable[[], None]) -> tuple[int, dict[str, object]]:
    """Status and document of the answer to a request for `RULES_PATH`."""
    rules = venue.config.rules
    match request.method:
        case "GET":
            return 200, _shown(rules)
        case "POST":
            try:
                changed = _changed(rules, request.body)
            except RecursionError:
                return 400, {"error": "the body is nested too deeply"}
            except ValueError as error:  # RuleError and JSON's are ValueErrors
                return 400, {"error": str(error)}
        case "DELETE":
            changed = venue.start_rules
        case _:
            return 405, {"error": "GET, POST or DELETE /rules"}
    rules.adopt(changed)
    on_changed()
    return 200, _shown(rules)


def _shown(rules: Rules) -> dict[str, object]:
    """As `POST /rules` takes it."""
    return {"personality": personality_of(rules), **rules.view()}


def _changed(rules: Rules, body: bytes) -> Rules:
    """The rules that the body asks for. Raises ValueError."""
    document = json.loads(body)
    if not isinstance(document, dict):
        raise RuleError("rules are a JSON object of names and values")
    personality = document.pop("personality", None)
    asked = replace(rules) if personality is None else rules_of(str(personality))
    for name, value in document.items():
        if not isinstance(value, str | int):
            raise RuleError(f"{name} is a word or a whole number")
        asked.set(name, as_text(value))
    return asked
