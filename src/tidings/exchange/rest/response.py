"""An answer before it becomes bytes."""

from dataclasses import dataclass


@dataclass(slots=True)
class Response:
    """What to answer: a body and the headers beyond the usual ones, each as `name: value` ending in CRLF."""

    body: bytes
    status: int = 200
    headers: str = ""
    content_type: str = "application/json;charset=UTF-8"
