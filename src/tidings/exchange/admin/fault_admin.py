"""The faults in force, over the admin endpoint:

    GET    /faults           the seed, and every fault with how often it could have happened and did
    POST   /faults           {"kind": "delay", "delay_ms": 200, "request": "create"}, or {"fault": [...]} for several,
                             or what GET answered
    DELETE /faults           all of them; ?id=3 only that one, ?kind=delay only those of a kind
"""

import json
from dataclasses import fields
from typing import Any

from tidings.exchange.faults.fault_file import FaultError, fault_set
from tidings.exchange.faults.fault_kinds import KINDS, Fault
from tidings.exchange.faults.plan import FaultPlan
from tidings.exchange.rest.parameters import Parameters, RequestError
from tidings.exchange.server.http_request import Request

FAULTS_PATH = "/faults"


def answer_faults(plan: FaultPlan, request: Request) -> tuple[int, dict[str, object]]:
    """Status and document of the answer to a request for `FAULTS_PATH`. Raises RequestError."""
    match request.method:
        case "GET":
            return 200, {"seed": plan.seed, "faults": plan.view()}
        case "POST":
            return _add(plan, request.body)
        case "DELETE":
            return _remove(plan, Parameters.of_request(request))
    return 405, {"error": "GET, POST or DELETE /faults"}


def _add(plan: FaultPlan, body: bytes) -> tuple[int, dict[str, object]]:
    """Put one fault, or several, in force; all of them or none."""
    try:
        document = json.loads(body)
        if not isinstance(document, dict):
            raise FaultError("a fault is a JSON object")
        asked = fault_set(_as_written(document))
        if asked.seed not in (None, plan.seed):
            raise FaultError("seed: the exchange's stands since its start; a fault may have one of its own")
        plan.check(asked.faults)
    except RecursionError:
        return 400, {"error": "the body is nested too deeply"}
    except ValueError as error:  # FaultError and JSON's are ValueErrors
        return 400, {"error": str(error)}
    return 200, {"ids": [plan.add(fault) for fault in asked.faults]}


def _as_written(document: dict[str, Any]) -> dict[str, Any]:
    """The document of a fault file that the body means: one fault, several, or those that `FaultPlan.view` shows."""
    if "fault" in document:
        return document
    if "faults" not in document:
        return {"fault": [document]}
    rows = document["faults"]
    if isinstance(rows, list):
        rows = [_without_counts(row) if isinstance(row, dict) else row for row in rows]
    return {"fault": rows} | {key: value for key, value in document.items() if key != "faults"}


def _without_counts(row: dict[str, Any]) -> dict[str, Any]:
    """A row of the view without what it says beyond the fault: number, counts, and keys that were left out."""
    kind = KINDS.get(str(row.get("kind")))
    left_out = {item.name: item.default for item in fields(Fault) if item.name != "kind"}
    left_out |= kind.defaults if kind else {}
    return {
        key: value for key, value in row.items()
        if key not in ("id", "could", "did") and (key not in left_out or value != left_out[key])
    }


def _remove(plan: FaultPlan, parameters: Parameters) -> tuple[int, dict[str, object]]:
    ids = list(plan.armed)
    if parameters.has("id"):
        ids = [parameters.integer("id")]
    elif parameters.has("kind"):
        ids = [armed.fault_id for armed in plan.armed.values() if armed.fault.kind == parameters.text("kind")]
    removed_count = plan.remove(ids)
    if parameters.has("id") and not removed_count:
        raise RequestError(404, f"no fault {ids[0]} is in force")
    return 200, {"removed": removed_count}
