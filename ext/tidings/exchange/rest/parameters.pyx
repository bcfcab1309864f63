"""The parameters of one request, wherever they travelled, as text; and the exact numbers in them.

PUT, GET and DELETE send them in the query, POST in a JSON object (phemex docs 2026, "Request format"); a POST without
a body has them in the query as well. JSON numbers are kept as the text they were written as, so that no float ever
takes part.
"""

import json
import re
from urllib.parse import unquote

from tidings.exchange.error_codes import AUTH_OR_PARAMETER_ERROR, INVALID_PARAMETER
from tidings.exchange.messages.json_text import failure, quote
from tidings.exchange.scaled import from_text

MAX_PARAMETERS = 64

cdef object _INTEGER = re.compile(r"-?[0-9]{1,19}", re.ASCII)
cdef dict _FLAGS = {"true": True, "false": False}


class RequestError(Exception):
    """A request that is refused before the core sees it: the code and text of the answer."""

    def __init__(self, code, msg, status=200, about=""):
        super().__init__(msg)
        self.about = about
        self.code = code
        self.msg = msg
        self.status = status  # of HTTP: what the exchange itself says comes with 200

    @property
    def body(self):
        """The answer: a missing parameter is told by the gateway, in its own order and without data (observed)."""
        if self.code == AUTH_OR_PARAMETER_ERROR:
            return f'{{"msg":{quote(self.msg)},"code":{self.code}}}'.encode()
        return failure(self.code, self.msg)


cdef class Parameters:
    """Named texts; an empty one counts as absent, as on the wire."""

    def __init__(self, dict values not None):
        self._values = values

    @classmethod
    def of_request(cls, request):
        """Everything the request carries. Raises `RequestError`."""
        cdef dict values = {}
        cdef str query = request.query, pair, name, value
        cdef bint is_plain = "%" not in query
        for pair in query.split("&"):
            name, _, value = pair.partition("=")
            if not is_plain:
                name, value = _decoded(name), _decoded(value)
            if name in values:
                values[name].append(value)
            elif pair:
                values[name] = [value]
        for name, value in _members(request.body) if request.body else ():
            values.setdefault(name, []).append(value)
        if len(values) > MAX_PARAMETERS:
            raise RequestError(INVALID_PARAMETER, f"more than {MAX_PARAMETERS} parameters")
        return cls(values)

    cpdef str text(self, str name, str default=""):
        """The value of `name`, or `default`."""
        values = self._values.get(name)
        return (values[0] or default) if values else default

    cpdef str word(self, str name, str default=""):
        """The value of `name`, one of the venue's words: letters and digits, whether it knows them or not."""
        cdef str value
        values = self._values.get(name)
        if not values:
            return default
        value = values[0] or default
        if value and not (value.isascii() and value.isalnum()):
            raise RequestError(INVALID_PARAMETER, f"{name} is not a word")
        return value

    cpdef str required(self, str name):
        """The value of `name`. Raises `RequestError` 10500 if it is absent."""
        value = self.text(name)
        if not value:
            raise RequestError(AUTH_OR_PARAMETER_ERROR, "Missing required parameter", about=f"{name} is missing")
        return value

    cpdef str required_word(self, str name):
        """`required`, and one of the venue's words. Raises `RequestError`."""
        self.required(name)
        return self.word(name)

    def listed(self, str name not None):
        """Every value of `name`, repeated or separated by commas."""
        return [part for value in self._values.get(name, ()) for part in value.split(",") if part]

    def has(self, str name not None):
        """Whether `name` came with a value."""
        return bool(self.text(name))

    def integer(self, str name not None, default=0):
        """The value of `name` as an integer of at most 19 digits."""
        value = self.text(name)
        if not value:
            return default
        if _INTEGER.fullmatch(value) is None:
            raise RequestError(INVALID_PARAMETER, f"{name} is not an integer")
        return int(value)

    def decimal(self, str name not None, int scale, default=0):
        """The value of `name`, a plain decimal, as an integer in units of 10^-`scale`."""
        values = self._values.get(name)
        if not values or not (value := values[0]):
            return default
        try:
            return from_text(value, scale)
        except ValueError:
            raise RequestError(INVALID_PARAMETER, f"{name} is not a number this product allows") from None

    def flag(self, str name not None):
        """The value of `name`, false if absent."""
        values = self._values.get(name)
        if not values or not values[0]:
            return False
        value = values[0].lower()
        if value not in _FLAGS:
            raise RequestError(INVALID_PARAMETER, f"{name} is neither true nor false")
        return _FLAGS[value]


cdef str _decoded(str text):
    return unquote(text) if "%" in text else text


cdef list _members(bytes body):
    """The members of a JSON object as text; null counts as absent."""
    if not body.strip():
        return []
    try:
        document = json.loads(body, parse_float=str, parse_int=str)
    except (ValueError, RecursionError):
        raise RequestError(INVALID_PARAMETER, "the body is not JSON") from None
    if not isinstance(document, dict):
        raise RequestError(INVALID_PARAMETER, "the body is not a JSON object")
    return [(name, _member_text(name, value)) for name, value in document.items() if value is not None]


cdef str _member_text(str name, value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    raise RequestError(INVALID_PARAMETER, f"{name[:40]} is neither text nor a number")
