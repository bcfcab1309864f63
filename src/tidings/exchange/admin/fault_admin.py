"""The faults in force, over the admin endpoint:

    GET    /faults           the seed, and every fault with how often it could have happened and did
    POST   /faults           {"kind": "delay", "delay_ms": 200, "request": "create"}, or {"fault": [...]} for several
    DELETE /faults           all of them; ?id=3 only that one, ?kind=delay only those of a kind
"""

import json

from tidings.exchange.faults.fault_file import FaultError, fault_set
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
        asked = fault_set(document if "fault" in document else {"fault": [document]})
        if asked.seed is not None:
            raise FaultError("seed: the exchange's stands since its start; a fault may have one of its own")
        plan.check(asked.faults)
    except RecursionError:
        return 400, {"error": "the body is nested too deeply"}
    except ValueError as error:  # FaultError and JSON's are ValueErrors
        return 400, {"error": str(error)}
    return 200, {"ids": [plan.add(fault) for fault in asked.faults]}


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
