"""A day at the exchange in which every rule makes a difference: what its clients were told, word by word.

Clock and seed are the test's own, so the story is the same each time unless a rule changes it.
"""

import hashlib
import hmac
import json
from typing import Any

from stream_pipes import SECRET, Client, S

from tidings.exchange.local_exchange import _stream_limits
from tidings.exchange.rest.authentication import ApiKey, Authenticator
from tidings.exchange.rest.face import RestApi
from tidings.exchange.rest.rate_limits import RateLimits
from tidings.exchange.server.http_request import Request
from tidings.exchange.streams.hub import StreamHub
from tidings.exchange.venue import Venue
from tidings.exchange.venue_config import VenueConfig
from tidings.exchange.venue_rules import Rules

T0 = 1_790_000_000 * S
PRICES = {"BTCUSD": "60000", "BTCUSDT": "60000", "sBTCUSDT": "60000"}
LINEAR = "symbol=BTCUSDT&posSide=Merged"
ORDER = f"{LINEAR}&orderQtyRq=0.01"
SPOT = "symbol=sBTCUSDT&side=Buy"
FEEDS = (
    ("orderbook_p", ["BTCUSDT"]), ("trade_p", ["BTCUSDT"]), ("kline_p", ["BTCUSDT", 60]), ("kline", ["BTCUSD", 60]),
    ("market24h", ["BTCUSD"]), ("market24h_p", ["BTCUSDT"]), ("spot_market24h", []), ("tick", [".BTC"]),
)  # fmt: skip
QUERIES = (
    ("/md/v1/ticker/24hr", "symbol=BTCUSD"), ("/md/spot/ticker/24hr", "symbol=sBTCUSDT"),
    ("/md/trade", "symbol=BTCUSD"), ("/v1/md/trade", "symbol=BTCUSD"),
    ("/exchange/public/md/v2/kline", "symbol=BTCUSDT&resolution=60&limit=5"),
    ("/exchange/public/md/v2/kline", "symbol=BTCUSDT&resolution=60&limit=7"),
    ("/exchange/public/md/v2/kline/list", f"symbol=BTCUSDT&resolution=60&from={T0 // S - 600}&to={T0 // S + 600}"),
    ("/orders/activeList", "symbol=cETHUSD"), ("/g-orders/activeList", "symbol=BTCUSDT"),
    ("/g-orders/active", "symbol=BTCUSDT&clOrdID=waits"),
    ("/exchange/order/list", "symbol=BTCUSD"), ("/exchange/order/list", "symbol=BTCUSD&limit=500"),
    ("/api-data/futures/orders", "symbol=BTCUSD"),
    ("/api-data/g-futures/orders", "symbol=BTCUSDT"), ("/api-data/g-futures/trades", "symbol=BTCUSDT"),
    ("/exchange/order/v2/orderList", "currency=USDT"), ("/exchange/order/v2/orderList", "currency=USDT&withCount=true"),
    ("/exchange/order/v2/tradingList", "currency=USDT&execType=7"),
    ("/exchange/order/v2/tradingList", "currency=USDT&execType=1"),
)  # fmt: skip


class Story:
    """The exchange of one telling, and what was told."""

    def __init__(self, rules: Rules) -> None:
        self.now_ns = T0
        self.told: list[Any] = []
        self.venue = Venue(VenueConfig(has_flow=False, prices=PRICES, rules=rules), T0)
        rules = self.venue.config.rules
        keys = [ApiKey(f"key-{user_id}", user_id, SECRET) for user_id in self.venue.user_ids]
        authenticator = Authenticator(keys, rules)
        self.hub = StreamHub(self.venue, authenticator, _stream_limits(rules), lambda: self.now_ns, self.pump)
        self.api = RestApi(self.venue, authenticator, RateLimits(rules=rules), self.after_request)
        self.clients: list[Client] = []

    def after_request(self) -> None:
        if self.venue.state.is_stream_first:
            self.pump()

    def pump(self) -> None:
        self.hub.publish_all(self.venue.advance(self.now_ns))

    def run(self, ms: int = 10) -> None:
        """Let time pass, and write down what each stream was sent."""
        self.now_ns += ms * 1_000_000
        self.pump()
        self.hub.poll(self.now_ns)
        self.listen()

    def listen(self) -> None:
        for client in self.clients:
            heard = client.heard()
            closed = client.protocol.close_rcvd
            self.told += [heard, client.transport.wishes[:1], closed.code if closed else None]

    def stream(self, user: int = 0, expiry_s: int = 60) -> Client:
        client = Client(self)
        self.clients.append(client)
        key, until_s = f"key-{self.venue.user_ids[user]}", self.now_ns // S + expiry_s
        signature = hmac.new(SECRET, f"{key}{until_s}".encode(), hashlib.sha256).hexdigest()
        client.send({"id": 1, "method": "user.auth", "params": ["API", key, signature, until_s]})
        return client

    def ask(
        self, method: str, path: str, query: str = "", *, user: int = 0, signed: str | None = None, expiry_s: int = 60,
        key: str = "",
    ) -> Any:  # fmt: skip
        expiry = str(self.now_ns // S + expiry_s)
        text = f"{path}{query if signed is None else signed}{expiry}"
        headers = {
            "x-phemex-access-token": key or f"key-{self.venue.user_ids[user]}", "x-phemex-request-expiry": expiry,
            "x-phemex-request-signature": hmac.new(SECRET, text.encode(), hashlib.sha256).hexdigest(),
        }  # fmt: skip
        request = Request(method, path, query, headers, b"", True, b"")
        answer = self.api.respond(request, "192.0.2.1", self.now_ns)
        self.listen()  # what was sent before the reply stands before it
        self.told.append((method, path, query, answer.status, json.loads(answer.body)))
        return self.told[-1][-1]

    def create(self, query: str, user: int = 0, path: str = "/g-orders/create") -> Any:
        return self.ask("PUT", path, query, user=user)


def tell(rules: Rules) -> list[Any]:
    """Everything that anybody was told on that day."""
    story = Story(rules)
    _streams(story)
    _orders(story)
    _ends(story)
    _refusals(story)
    for path, query in QUERIES:
        story.ask("GET", path, query)
    story.stream().send({"id": 2, "method": "aop_p.subscribe", "params": []})  # with a past to show
    story.run()
    _keys(story)
    _limits(story)
    return story.told


def _streams(story: Story) -> None:
    private, public = story.stream(), story.stream(1)
    for number, channel in enumerate(("aop_p", "aop", "wo", "ras_p")):
        private.send({"id": number, "method": f"{channel}.subscribe", "params": []})
    for number, (channel, params) in enumerate(FEEDS):
        public.send({"id": number, "method": f"{channel}.subscribe", "params": params})
    story.stream(2).send({"id": 0, "method": "aop_p.subscribe", "params": []})
    story.stream(2, expiry_s=200)  # further ahead than the documents allow
    story.listen()


def _orders(story: Story) -> None:
    """Orders that rest, are amended, canceled one by one and together, and whose ids come again."""
    rest = f"{ORDER}&side=Buy&priceRp=50000&displayQtyRq=0.001&clOrdID="
    for name in ("waits", "waits", "two", "three", "", "a b"):
        story.create(rest + name)
        story.run()
    story.create("symbol=BTCUSD&side=Buy&orderQty=1&priceEp=500000000&clOrdID=waits", path="/orders/create")
    story.ask("PUT", "/g-orders/replace", f"{LINEAR}&origClOrdID=two&priceRp=50001&clOrdID=renamed")
    story.run()
    order = story.create(rest + "quick").get("data")
    story.ask("DELETE", "/g-orders/cancel", f"{LINEAR}&clOrdID=quick")  # while its create is on its way
    story.run()
    story.ask("DELETE", "/g-orders/cancel", f"{LINEAR}&orderID={order['orderID'] if order else 'none'}")
    story.create(rest + "quick")
    story.run()
    story.ask("DELETE", "/g-orders", f"{LINEAR}&clOrdID=three,quick")
    story.run()
    for name in ("first", "second"):  # waiting conditionals
        story.create(f"{ORDER}&side=Buy&ordType=Stop&stopPxRp=70000&triggerType=ByMarkPrice&clOrdID={name}-stop")
    story.run()


def _ends(story: Story) -> None:
    """Orders that trade, do not find a counterpart, or must not."""
    for seller in (1, 1):
        story.create(f"{ORDER}&side=Sell&priceRp=60000&clOrdID=", seller)
    story.create("symbol=BTCUSD&side=Sell&orderQty=5&priceEp=600000000", 1, "/orders/create")
    story.run()
    story.create("symbol=BTCUSD&side=Buy&orderQty=5&ordType=Market&clOrdID=filled", 0, "/orders/create")
    story.run()
    story.ask("DELETE", "/orders/cancel", "symbol=BTCUSD&clOrdID=filled")
    for time_in_force, price in (("PostOnly", 60000), ("ImmediateOrCancel", 59000), ("FillOrKill", 59000)):
        story.create(f"{ORDER}&side=Buy&priceRp={price}&timeInForce={time_in_force}")
        story.run()
    story.create(f"{ORDER}&side=Buy&priceRp=60000&stpInstruction=CancelTaker", 1)
    story.run()
    story.create(f"{ORDER}&side=Buy&ordType=Market")
    dear = "symbol=sBTCUSDT&side=Sell&qtyType=ByBase&baseQtyEv=1000000&priceEp=6200000000000"
    story.create(dear, 1, "/spot/orders/create")
    story.run()
    story.create(f"{SPOT}&qtyType=ByBase&baseQtyEv=1000000&ordType=Market", path="/spot/orders/create")
    story.run(61_000)
    story.create(f"{ORDER}&side=Sell&priceRp=60000&clOrdID=", 1)
    story.create(f"{ORDER}&side=Buy&priceRp=60000&clOrdID=")  # a trade of another minute
    story.run()
    story.create(f"{ORDER}&side=Sell&priceRp=50000&clOrdID=", 1)  # against one that rests
    story.run(61_000)


def _refusals(story: Story) -> None:
    story.create(f"{ORDER}&side=Buy&priceRp=50000.01")
    story.ask("PUT", "/g-positions/leverage", "symbol=BTCUSDT&leverageRr=-1", user=2)
    story.create(f"{LINEAR}&side=Buy&priceRp=60000&orderQtyRq=15", 2)  # more than there is
    story.run()
    story.ask("PUT", "/g-positions/switch-pos-mode-sync", "symbol=BTCUSDT&targetPosMode=Hedged")
    big = f"{SPOT}&qtyType=ByBase&baseQtyEv=600000000&priceEp=5000000000000"
    for query in (big, big, f"{SPOT}&baseQtyEv=1000&priceEp=5000000000000"):
        story.create(query, path="/spot/orders/create")
    story.run()


def _keys(story: Story) -> None:
    query, plain = "symbol=BTCUSD&ordStatus=New%2CFilled", "symbol=BTCUSD&ordStatus=New,Filled"
    story.ask("GET", "/orders/activeList", query)
    story.ask("GET", "/orders/activeList", query, signed=plain)
    story.ask("GET", "/spot/wallets", key="nobody")
    story.ask("GET", "/spot/wallets", expiry_s=100_000)


def _limits(story: Story) -> None:
    for _ in range(20):  # 25 permits of 500 each, and one more before the last
        story.ask("GET", "/g-accounts/accountPositions", "currency=USDT", user=3)
        story.ask("GET", "/g-accounts/positions", "currency=USDT", user=3)
    story.ask("GET", "/g-accounts/accountPositions", "currency=USDT", user=3)
    for _ in range(6):
        story.stream(3)
    greedy = story.stream(1)
    story.now_ns += 5 * S
    books = [(symbol, is_slow, depth) for symbol in ("BTCUSD", "cETHUSD", "sBTCUSDT") for is_slow in (False, True)
             for depth in (0, 1, 5, 10)]  # fmt: skip
    for number, book in enumerate(books[:21]):
        greedy.send({"id": number, "method": "orderbook.subscribe", "params": book})
        story.now_ns += S // 10
    busy = story.stream(2)
    for number in range(22):
        busy.send({"id": number, "method": "server.ping", "params": []})
    story.hub.drop_silent(story.now_ns)
    story.listen()
