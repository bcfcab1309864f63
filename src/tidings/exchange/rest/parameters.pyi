"""The parameters of one request, wherever they travelled, as text; and the exact numbers in them.

PUT, GET and DELETE send them in the query, POST in a JSON object (phemex docs 2026, "Request format"); a POST without
a body has them in the query as well. JSON numbers are kept as the text they were written as, so that no float ever
takes part.
"""

from tidings.exchange.server.http_request import Request

MAX_PARAMETERS: int

class RequestError(Exception):
    """A request that is refused before the core sees it: the code and text of the answer."""

    code: int
    msg: str
    status: int  # of HTTP: what the exchange itself says comes with 200

    about: str  # which parameter, and why, where the answer does not say it: for the log

    def __init__(self, code: int, msg: str, status: int = 200, about: str = "") -> None: ...

    @property
    def body(self) -> bytes:
        """The answer: a missing parameter is told by the gateway, in its own order and without data (observed)."""

class Parameters:
    """Named texts; an empty one counts as absent, as on the wire."""

    def __init__(self, values: dict[str, list[str]]) -> None: ...

    @classmethod
    def of_request(cls, request: Request) -> Parameters:
        """Everything the request carries. Raises `RequestError`."""

    def text(self, name: str, default: str = "") -> str:
        """The value of `name`, or `default`."""

    def word(self, name: str, default: str = "") -> str:
        """The value of `name`, one of the venue's words: letters and digits, whether it knows them or not."""

    def required(self, name: str) -> str:
        """The value of `name`. Raises `RequestError` 10500 if it is absent."""

    def required_word(self, name: str) -> str:
        """`required`, and one of the venue's words. Raises `RequestError`."""

    def listed(self, name: str) -> list[str]:
        """Every value of `name`, repeated or separated by commas."""

    def has(self, name: str) -> bool:
        """Whether `name` came with a value."""

    def integer(self, name: str, default: int = 0) -> int:
        """The value of `name` as an integer of at most 19 digits."""

    def decimal(self, name: str, scale: int, default: int = 0) -> int:
        """The value of `name`, a plain decimal, as an integer in units of 10^-`scale`."""

    def flag(self, name: str) -> bool:
        """The value of `name`, false if absent."""
