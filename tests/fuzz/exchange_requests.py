"""Requests to begin with, and ways to spoil them: for every endpoint of the exchange's tables, seeded."""

import hashlib
import hmac
import json
import random
import re
from pathlib import Path

import tidings.exchange.rest
from tidings.exchange.rest import face

NAME = re.compile(r'\.(?:text|required|word|decimal|flag|integer|listed|has)\(\s*"(\w+)"')
# Every parameter that any endpoint asks for, read from their text: a new one is fuzzed from its first day.
NAMES = sorted({
    name
    for path in Path(next(iter(tidings.exchange.rest.__path__))).glob("*.py")
    for name in NAME.findall(path.read_text(encoding="utf-8"))
})  # fmt: skip
ENDPOINTS = sorted(face._ENDPOINTS)
SYMBOLS = ["BTCUSD", "BTCUSDT", "sBTCUSDT", "ETHUSD", "cETHUSD", "ETHUSDT", ".BTC", "NOSUCH", "btcusd", ""]
WORDS = [
    *("Buy", "Sell", "Limit", "Market", "Stop", "StopLimit", "MarketIfTouched", "LimitIfTouched", "Bracket"),
    *("GoodTillCancel", "ImmediateOrCancel", "FillOrKill", "PostOnly", "RPIPostOnly", "ByLastPrice", "ByMarkPrice"),
    *("ByIndexPrice", "TrailingStopPeg", "TrailingTakeProfitPeg", "Merged", "Long", "Short", "OneWay", "Hedged"),
    *("CancelMaker", "CancelTaker", "CancelBoth", "ByBase", "ByQuote", "BTC", "USDT", "USD", "true", "false", "TRUE"),
]
NUMBERS = [
    *("0", "1", "-1", "10", "0.01", "0.001", "61000", "60999.5", "610000000", "6100000000000", "100000000", "-0", "00"),
    *("9" * 18, "9" * 19, "9" * 30, "9" * 400, "1e5", "1E400", "NaN", "Infinity", "0.000000001", "1.", ".5", "+1"),
    *("5000000", "2", "20", "-20", "100", "1.5", "0x10", "1_000", "1760000000000"),
]
ODD = ["", " ", "null", "%00", "%", "%zz", "é", "٣", "'", '"', "\\", "a" * 41, "b" * 3000, "{}", "[]", "<>", "=", ","]
ORDERS = [
    ("PUT", "/g-orders/create", "symbol=BTCUSDT&side=Buy&posSide=Merged&ordType=Limit&priceRp=60990&orderQtyRq=0.01"),
    ("PUT", "/g-orders/create", "symbol=BTCUSDT&side=Sell&posSide=Merged&ordType=Limit&priceRp=61010&orderQtyRq=0.02"),
    ("POST", "/g-orders", "symbol=BTCUSDT&side=Sell&posSide=Merged&ordType=Market&orderQtyRq=0.01"),
    ("PUT", "/orders/create", "symbol=BTCUSD&side=Buy&ordType=Limit&priceEp=609900000&orderQty=10"),
    ("PUT", "/orders/create", "symbol=BTCUSD&side=Sell&ordType=Limit&priceEp=610100000&orderQty=20"),
    ("POST", "/orders", "symbol=BTCUSD&side=Sell&ordType=Stop&stopPxEp=600000000&orderQty=10&triggerType=ByMarkPrice"),
    ("PUT", "/spot/orders/create", "symbol=sBTCUSDT&side=Buy&ordType=Limit&priceEp=6099000000000&qtyType=ByBase"
     "&baseQtyEv=100000"),
    ("POST", "/spot/orders", "symbol=sBTCUSDT&side=Sell&ordType=Market&qtyType=ByQuote&quoteQtyEv=10000000000"),
    ("POST", "/assets/transfer", "currency=USDT&amountEv=100000000&moveOp=2"),
    ("POST", "/wallets/account/transfer", "fromAccType=CONTRACT&toAccType=SPOT&currency=BTC&amountEv=1"
     "&amount=0.00000001"),
    ("PUT", "/g-positions/leverage", "symbol=BTCUSDT&leverageRr=100"),
    ("POST", "/g-positions/assign", "symbol=BTCUSDT&posSide=Merged&posBalanceRv=100"),
    ("DELETE", "/g-orders/all", "symbol=BTCUSDT"),
    ("DELETE", "/orders/all", "symbol=BTCUSD&untriggered=true"),
]
CHANGES = [  # of an order whose id was told
    ("PUT", "/g-orders/replace", "symbol=BTCUSDT&posSide=Merged&priceRp=60985&orderQtyRq=0.03&orderID=%s"),
    ("DELETE", "/g-orders/cancel", "symbol=BTCUSDT&posSide=Merged&orderID=%s"),
    ("DELETE", "/g-orders", "symbol=BTCUSDT&posSide=Merged&clOrdID=%s"),
    ("PUT", "/orders/replace", "symbol=BTCUSD&priceEp=609800000&orderID=%s"),
    ("DELETE", "/orders/cancel", "symbol=BTCUSD&orderID=%s"),
    ("PUT", "/spot/orders", "symbol=sBTCUSDT&baseQtyEV=200000&orderID=%s"),
    ("DELETE", "/spot/orders", "symbol=sBTCUSDT&clOrdID=%s"),
]
TOKENS = [b"\r\n", b"\r", b"\n", b"\x00", b"\xff", b": ", b" ", b"?", b"&", b"=", b"%", b"Content-Length: 5\r\n"]
TOKENS += [b"Transfer-Encoding: chunked\r\n", b"Host: x\r\n", b"HTTP/1.0", b"GET ", b"/" * 40, b"{", b"}", b"\r\n\r\n"]


class Requests:
    """Makes one input after another, signed by one of `keys`: (api key, secret)."""

    def __init__(self, seed: int, keys: list[tuple[str, str]]) -> None:
        self.random = random.Random(seed)
        self.keys = keys
        self.known_ids: list[str] = []  # order ids and client ids that were told
        self.number = 0

    def below(self, count: int) -> int:
        return int(self.random.random() * count)

    def pick(self, values: list):
        return values[self.below(len(values))]

    def value(self) -> str:
        """Of a parameter: most are plausible somewhere."""
        values = (SYMBOLS, WORDS, WORDS, NUMBERS, NUMBERS, NUMBERS, ODD, self.known_ids or ODD)[self.below(8)]
        return str(self.pick(values))

    def order(self) -> tuple[str, str, list[tuple[str, str]]]:
        """A sound order, or a change of one, and then spoilt in up to three parameters."""
        is_change = self.below(3) == 0 and self.known_ids
        method, path, query = self.pick(CHANGES if is_change else ORDERS)
        query = query % self.pick(self.known_ids) if is_change else query
        pairs = [tuple(pair.split("=")) for pair in query.split("&")]
        self.number += 1
        if not is_change:
            pairs.append(("clOrdID", f"f{self.number}" if self.below(8) else self.value()))
        for _ in range((0, 0, 0, 1, 1, 2, 3)[self.below(7)]):
            place = self.below(len(pairs))
            how = self.below(4) if pairs else 2
            if how == 0:
                pairs[place] = (pairs[place][0], self.value())
            elif how == 1:
                del pairs[place]
            else:
                pairs.insert(place, (self.pick(NAMES), self.value()))
        return method, path, pairs

    def anything(self) -> tuple[str, str, list[tuple[str, str]]]:
        """Some endpoint with some parameters."""
        method, path = self.pick(ENDPOINTS)
        pairs = [(self.pick(NAMES), self.value()) for _ in range(self.below(8))]
        return method, path, [("symbol", str(self.pick(SYMBOLS))), *pairs] if self.below(3) else pairs

    def request(self) -> bytes:
        """One signed request; sometimes with a wrong method, in a body that should be a query, or badly signed."""
        method, path, pairs = self.order() if self.below(2) else self.anything()
        if not self.below(40):
            method = ("GET", "PUT", "POST", "DELETE", "PATCH", "HEAD")[self.below(6)]
        query, body = "&".join(f"{name}={value}" for name, value in pairs), b""
        if method == "POST" and self.below(4):
            query, body = "", self.document(pairs)
        query = "".join(letter if "!" <= letter <= "~" else "%20" for letter in query)
        return self.signed(method, path, query[:6000], body)

    def document(self, pairs: list[tuple[str, str]]) -> bytes:
        """The parameters as JSON, some of them of an odd type."""
        members: dict[str, object] = {}
        for name, value in pairs:
            kind = self.below(12)
            odd = (None, True, [value], {name: value}, 1.5, 10**40, -1)
            is_number = kind < 6 and value.isascii() and value.isdigit() and len(value) < 300
            members[name] = int(value) if is_number else odd[self.below(7)] if kind == 11 else value
        text = json.dumps(members)
        if not self.below(20):
            odd_texts = ["", "[]", "null", "{", '{"a":NaN}', "[" * 3000, '{"a":' * 3000, text + "}", '{"a":1e999}']
            text = self.pick(odd_texts)
        return text.encode()

    def signed(self, method: str, path: str, query: str, body: bytes) -> bytes:
        key, secret = self.keys[self.below(len(self.keys))]
        expiry = "1760009999"
        signature = hmac.new(secret.encode(), f"{path}{query}{expiry}".encode() + body, hashlib.sha256).hexdigest()
        if not self.below(50):
            signature = self.pick(["", "0" * 64, signature.upper(), signature[:-1], "é"])
        target = f"{path}?{query}" if query else path
        head = (
            f"{method} {target} HTTP/1.1\r\nHost: h\r\nx-phemex-access-token: {key}\r\n"
            f"x-phemex-request-expiry: {expiry}\r\nx-phemex-request-signature: {signature}\r\n"
        )
        if body and not self.below(5):
            return f"{head}Transfer-Encoding: chunked\r\n\r\n".encode("latin-1") + self.chunks(body)
        length = f"Content-Length: {len(body)}\r\n" if body else ""
        return f"{head}{length}\r\n".encode("latin-1") + body

    def chunks(self, body: bytes) -> bytes:
        """The body in two chunks."""
        cut = 1 + self.below(len(body))
        parts = [b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:cut], body[cut:]) if part]
        return b"".join([*parts, b"0\r\n\r\n"])

    def spoilt(self, data: bytes) -> bytes:
        """Some bytes of `data` changed, lost, doubled or added."""
        changed = bytearray(data)
        for _ in range((1, 1, 2, 4)[self.below(4)]):
            place, how = self.below(len(changed) + 1), self.below(4)
            if how == 0 and place < len(changed):
                changed[place] = self.below(256)
            elif how == 1:
                changed[place:place] = self.pick(TOKENS)
            elif how == 2:
                del changed[place : place + 1 + self.below(20)]
            else:
                changed[place:place] = changed[place : place + 1 + self.below(40)]
        return bytes(changed)

    def cuts(self, data: bytes) -> list[bytes]:
        """The same bytes in one to six reads."""
        places = sorted(self.below(len(data) + 1) for _ in range((0, 0, 1, 2, 5)[self.below(5)]))
        return [data[start:end] for start, end in zip([0, *places], [*places, len(data)], strict=True)]
