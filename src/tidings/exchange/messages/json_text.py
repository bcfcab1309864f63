"""The venue's number styles as JSON text.

JSON here is written by hand, one f-string per message, because its style is part of the wire: key order, integers of
19 digits, decimals with a fixed number of places and zeros as `0E-8` are what a client must survive, and no JSON
library writes them.
"""

from collections.abc import Iterable
from json.encoder import encode_basestring_ascii

from tidings.exchange.scaled import eight_places, quoted

RATIO_SCALE = 8  # of every Er and Rr (phemex docs 2026, "ratioScale")
UNSPECIFIED = "UNSPECIFIED"

quote = encode_basestring_ascii  # a JSON string of text that a client chose: `json.dumps` without its detours
twin = eight_places  # the real number beside a scaled integer
real = quoted  # a USD-M number: a JSON string holding a plain decimal without trailing zeros


def ratio(value_er: int) -> str:
    """A USD-M ratio from its scaled integer."""
    return quoted(value_er, RATIO_SCALE)


def boolean(value: bool) -> str:
    """JSON's word for it."""
    return "true" if value else "false"


def array(items: Iterable[str]) -> str:
    """JSON values as a JSON array."""
    return f"[{','.join(items)}]"


def success(data: str, msg: str = "") -> bytes:
    """The envelope of a request that went well; `data` is JSON. Query services say "OK", order services nothing."""
    return f'{{"code":0,"msg":"{msg}","data":{data}}}'.encode()


def failure(code: int, msg: str) -> bytes:
    """The envelope of a refused request."""
    return f'{{"code":{code},"msg":{quote(msg)},"data":null}}'.encode()
