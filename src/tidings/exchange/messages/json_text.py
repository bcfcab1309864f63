"""The venue's number styles as JSON text.

JSON here is written by hand, one f-string per message, because its style is part of the wire: key order, integers of
19 digits, decimals with a fixed number of places and zeros as `0E-8` are what a client must survive, and no JSON
library writes them.
"""

import json
from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache

from tidings.exchange.scaled import quoted, quoter

RATIO_SCALE = 8  # of every Er and Rr (phemex docs 2026, "ratioScale")
UNSPECIFIED = "UNSPECIFIED"
PLAIN_FROM = 100  # 0.00000100: what is smaller has an exponent

quote = json.dumps  # a JSON string of text that a client chose
real = quoted  # a USD-M number: a JSON string holding a plain decimal without trailing zeros
writer = lru_cache(quoter)  # `real` with its scale: kept, because messages ask for each some twenty times


def twin(value: int, scale: int) -> str:
    """The real number beside a scaled integer, as the COIN-M services print it: eight places, `32000.00000000`.

    They are Java's BigDecimal.toString (zero is `0E-8`, tiny ones are `1.0E-7`), whose rule Python's Decimal shares.
    """
    if not value:
        return "0E-8"
    places = value * 10 ** (8 - scale)
    if places >= PLAIN_FROM:
        digits = str(places).rjust(9, "0")
        return f"{digits[:-8]}.{digits[-8:]}"
    return str(Decimal(places).scaleb(-8))


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
