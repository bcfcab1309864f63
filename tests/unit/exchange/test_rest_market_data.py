"""Public market data over REST, without sockets: texts in each line's style, versions, limits and refusals."""

import json

import pytest
from venue_driver import COIN_M_60K, MILLI_BTC, SPOT_60K, SPOT_BTC, START_NS, USD, USD_M_60K, USDT, Driver

from tidings.exchange.rest.authentication import Authenticator
from tidings.exchange.rest.face import RestApi
from tidings.exchange.rest.rate_limits import RateLimits, group_and_weight
from tidings.exchange.saved.venue_saving import restore_venue, venue_document
from tidings.exchange.server.http_request import Request

START_S = START_NS // 10**9
MINUTE_S = START_S // 60 * 60
INVALID = '{"error":{"code":6001,"message":"invalid argument"},"id":null,"result":null}'


class Public:
    """A driven venue and its REST face, asked without a key."""

    def __init__(self, **settings) -> None:
        self.d = Driver(**settings)
        self.api = RestApi(self.d.venue, Authenticator([]), RateLimits(), lambda: None)

    def text(self, path: str, query: str = "") -> str:
        response = self.api.respond(Request("GET", path, query, {}, b"", True, b""), "192.0.2.1", self.d.now_ns)
        assert response.status == 200
        return response.body.decode()

    def result(self, path: str, query: str = ""):
        return json.loads(self.text(path, query))["result"]

    def data(self, path: str, query: str = ""):
        answer = json.loads(self.text(path, query))
        assert (answer["code"], answer["msg"]) == (0, "OK")
        return answer["data"]


@pytest.fixture
def public() -> Public:
    """Three markets where 4 contracts, 0.002 BTC and 0.5 BTC were traded and something is left on the book."""
    public = Public()
    d = public.d
    d.place(d.b, "BTCUSD", "Sell", 10, COIN_M_60K + USD)
    d.place(d.a, "BTCUSD", "Buy", 4, COIN_M_60K + USD)
    d.place(d.a, "BTCUSD", "Buy", 1, COIN_M_60K - USD)
    d.place(d.b, "BTCUSDT", "Sell", 5 * MILLI_BTC, USD_M_60K + USDT // 2)
    d.place(d.a, "BTCUSDT", "Buy", 2 * MILLI_BTC, USD_M_60K + USDT // 2)
    d.place(d.b, "sBTCUSDT", "Sell", SPOT_BTC, SPOT_60K)
    d.place(d.a, "sBTCUSDT", "Buy", SPOT_BTC // 2, SPOT_60K)
    return public


def rates(public: Public, symbol: str) -> tuple[int, int]:
    rates = public.d.venue.funding.rates[symbol]
    return rates.rate_er(public.d.now_ns), rates.predicted_rate_er(public.d.now_ns)


@pytest.mark.parametrize("path", ["/md/v1/ticker/24hr", "/v1/md/ticker/24hr"])
def test_coin_m_tickers_have_suffixed_keys(public, path):
    rate, predicted = rates(public, "BTCUSD")
    assert public.text(path, "symbol=BTCUSD&id=42") == (
        f'{{"error":null,"id":42,"result":{{"askEp":600010000,"bidEp":599990000,"fundingRateEr":{rate},'
        f'"highEp":600010000,"indexEp":600000000,"lastEp":600010000,"lowEp":600010000,"markEp":600000000,'
        f'"openEp":600010000,"openInterest":4,"predFundingRateEr":{predicted},"symbol":"BTCUSD",'
        f'"timestamp":{public.d.now_ns},"turnoverEv":6666,"volume":4}}}}'
    )


def test_the_oldest_coin_m_ticker_has_plain_keys(public):
    rate, predicted = rates(public, "BTCUSD")
    assert public.text("/md/ticker/24hr", "symbol=BTCUSD") == (
        f'{{"error":null,"id":0,"result":{{"close":600010000,"fundingRate":{rate},"high":600010000,'
        f'"indexPrice":600000000,"low":600010000,"markPrice":600000000,"open":600010000,"openInterest":4,'
        f'"predFundingRate":{predicted},"symbol":"BTCUSD","timestamp":{public.d.now_ns},"turnover":6666,"volume":4}}}}'
    )


def ratio_text(rate_er: int) -> str:
    return f"{rate_er / 10**8:.8f}".rstrip("0").rstrip(".")


def test_usd_m_tickers_are_strings_in_two_wordings(public):
    rate, predicted = map(ratio_text, rates(public, "BTCUSDT"))
    assert public.text("/md/v3/ticker/24hr", "symbol=BTCUSDT") == (
        f'{{"error":null,"id":0,"result":{{"askRp":"60000.5","bidRp":"0","fundingRateRr":"{rate}","highRp":"60000.5",'
        f'"indexRp":"60000","lastRp":"60000.5","lowRp":"60000.5","markRp":"60000","openInterestRv":"0.002",'
        f'"openRp":"60000.5","predFundingRateRr":"{predicted}","symbol":"BTCUSDT","timestamp":{public.d.now_ns},'
        f'"turnoverRv":"120.001","volumeRq":"0.002"}}}}'
    )
    assert public.text("/md/v2/ticker/24hr", "symbol=BTCUSDT") == (
        f'{{"error":null,"id":0,"result":{{"closeRp":"60000.5","fundingRateRr":"{rate}","highRp":"60000.5",'
        f'"indexPriceRp":"60000","lowRp":"60000.5","markPriceRp":"60000","openInterestRv":"0.002",'
        f'"openRp":"60000.5","predFundingRateRr":"{predicted}","symbol":"BTCUSDT","timestamp":{public.d.now_ns},'
        f'"turnoverRv":"120.001","volumeRq":"0.002"}}}}'
    )


def test_spot_tickers_know_no_funding(public):
    assert public.text("/md/spot/ticker/24hr", "symbol=sBTCUSDT") == (
        f'{{"error":null,"id":0,"result":{{"askEp":6000000000000,"bidEp":0,"highEp":6000000000000,'
        f'"indexEp":6000000000000,"lastEp":6000000000000,"lowEp":6000000000000,"openEp":6000000000000,'
        f'"symbol":"sBTCUSDT","timestamp":{public.d.now_ns},"turnoverEv":3000000000000,"volumeEv":50000000}}}}'
    )


@pytest.mark.parametrize(
    ("path", "symbols"),
    [
        ("/md/v1/ticker/24hr/all", {"BTCUSD", "cETHUSD"}),
        ("/md/ticker/24hr/all", {"BTCUSD", "cETHUSD"}),
        ("/md/v3/ticker/24hr/all", {"BTCUSDT", "BTCUSDC", "ETHUSDT"}),
        ("/v1/md/spot/ticker/24hr/all", {"sBTCUSDT", "sETHUSDT"}),
    ],
)
def test_all_tickers_of_a_line_come_with_the_id_that_was_asked(public, path, symbols):
    answer = json.loads(public.text(path, "id=9"))
    assert (answer["error"], answer["id"]) == (None, 9)
    found = [row["symbol"] for row in answer["result"]]
    assert symbols <= set(found)
    assert len(set(found)) == len(found)


def test_a_position_that_is_closed_is_no_open_interest(public):
    d = public.d
    d.place(d.a, "BTCUSD", "Sell", 3, COIN_M_60K - USD)  # the buyer of 1 is himself: self-trades are allowed here
    d.place(d.b, "BTCUSD", "Buy", 2, COIN_M_60K - USD)
    assert d.net_qty(d.a, "BTCUSD") == 2
    assert public.result("/md/v1/ticker/24hr", "symbol=BTCUSD")["openInterest"] == 2


@pytest.mark.parametrize("path", ["/md/fullbook", "/v1/md/fullbook"])
def test_a_full_book_has_depth_0_and_every_level(public, path):
    for number in range(40):
        public.d.create(public.d.a, "BTCUSD", "Buy", 1, COIN_M_60K - (2 + number) * USD)
    public.d.run()
    market = public.d.venue.markets["BTCUSD"]
    result = public.result(path, "symbol=BTCUSD")
    assert (result["depth"], len(result["book"]["bids"]), result["book"]["asks"]) == (0, 41, [[600010000, 6]])
    assert len(public.result(path.replace("fullbook", "orderbook"), "symbol=BTCUSD")["book"]["bids"]) == 30
    assert list(result) == ["book", "depth", "sequence", "timestamp", "symbol", "type"]
    assert (result["sequence"], result["timestamp"]) == (market.sequence, market.updated_ns)


def test_trades_have_four_columns_and_in_the_oldest_query_five(public):
    (coin_m,) = public.result("/md/trade", "symbol=BTCUSD")["trades"]
    (with_id,) = public.result("/v1/md/trade", "symbol=BTCUSD")["trades"]
    (usd_m,) = public.result("/md/v2/trade", "symbol=BTCUSDT")["trades_p"]
    assert coin_m == [START_NS + 15_000_000, "Buy", 600010000, 4]
    assert with_id == [coin_m[0], with_id[1], *coin_m[1:]]
    assert with_id[1] % 10_000 == 0 < with_id[1]
    assert usd_m[1:] == ["Buy", "60000.5", "0.002"]


def test_the_oldest_trade_query_reaches_back_a_thousand_trades_and_the_newer_ones_two_hundred(public):
    market = public.d.venue.markets["BTCUSD"]
    for number in range(1_100):
        market.print_trade(1, COIN_M_60K, number + 1, 1, START_NS + number)
    assert [row[4] for row in public.result("/v1/md/trade", "symbol=BTCUSD")["trades"]] == list(range(1_100, 100, -1))
    assert [row[3] for row in public.result("/md/trade", "symbol=BTCUSD")["trades"]] == list(range(1_100, 900, -1))


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/md/ticker/24hr", "symbol=BTCUSDT"),
        ("/md/v1/ticker/24hr", ""),
        ("/md/v3/ticker/24hr", "symbol=BTCUSD"),
        ("/md/v2/ticker/24hr", "symbol=.BTCUSDT"),
        ("/md/v3/ticker/24hr/all", "id=one"),
        ("/md/v1/ticker/24hr", "symbol=BTCUSD&id=1.5"),
        ("/md/fullbook", "symbol=ETHUSD"),
        ("/md/v2/trade", "symbol=btcusdt"),
    ],
)
def test_whatever_md_cannot_answer_is_6001(public, path, query):
    assert public.text(path, query) == INVALID


# Klines.


def test_klines_tell_what_is_over_oldest_first(public):
    d = public.d
    d.now_ns = (MINUTE_S + 61) * 10**9
    d.place(d.a, "BTCUSD", "Buy", 2, COIN_M_60K + USD)
    assert public.text("/exchange/public/md/v2/kline", "symbol=BTCUSD&resolution=60&limit=5") == (
        '{"code":0,"msg":"OK","data":{"total":-1,"rows":['
        f"[{MINUTE_S},60,600010000,600010000,600010000,600010000,600010000,4,6666]]}}}}"
    )
    d.now_ns = (MINUTE_S + 121) * 10**9
    rows = public.data("/exchange/public/md/v2/kline", "symbol=BTCUSD&resolution=60&limit=5")["rows"]
    assert [row[0] for row in rows] == [MINUTE_S, MINUTE_S + 60]
    assert public.data("/exchange/public/md/v2/kline", "symbol=BTCUSD&resolution=3600&limit=5")["rows"] == []


def test_usd_m_klines_are_strings(public):
    public.d.now_ns = (MINUTE_S + 60) * 10**9
    for path in ("/exchange/public/md/v2/kline", "/exchange/public/md/v2/kline/last"):
        assert public.data(path, "symbol=BTCUSDT&resolution=60&limit=10") == {
            "total": -1,
            "rows": [[MINUTE_S, 60, "60000.5", "60000.5", "60000.5", "60000.5", "60000.5", "0.002", "120.001"]],
        }


@pytest.mark.parametrize("path", ["/exchange/public/md/v2/kline/list", "/exchange/public/md/kline"])
def test_a_stretch_of_time_has_the_candles_that_begin_in_it(public, path):
    public.d.now_ns = (MINUTE_S + 600) * 10**9

    def starts(from_s: int, to_s: int) -> list[int]:
        rows = public.data(path, f"symbol=BTCUSD&resolution=60&from={from_s}&to={to_s}")["rows"]
        return [row[0] for row in rows]

    assert starts(MINUTE_S, MINUTE_S + 60) == starts(MINUTE_S - 59, MINUTE_S + 1) == [MINUTE_S]
    assert starts(MINUTE_S + 1, MINUTE_S + 600) == starts(MINUTE_S - 600, MINUTE_S) == []
    assert starts(MINUTE_S, MINUTE_S) == []


@pytest.mark.parametrize("resolution_s", [60, 180, 7_200, 86_400, 604_800])
@pytest.mark.parametrize("symbol", ["BTCUSD", "ETHUSDT", "sXRPUSDT"])
def test_with_a_background_flow_there_are_rows_from_the_first_second(symbol, resolution_s):
    busy = Public(has_flow=True)
    rows = busy.data("/exchange/public/md/v2/kline", f"symbol={symbol}&resolution={resolution_s}&limit=100")["rows"]
    assert [row[0] for row in rows] == [START_S // resolution_s * resolution_s - n * resolution_s
                                        for n in range(100, 0, -1)]  # fmt: skip
    from_s, to_s = rows[3][0], rows[7][0]
    query = f"symbol={symbol}&resolution={resolution_s}&from={from_s}&to={to_s}"
    assert busy.data("/exchange/public/md/v2/kline/list", query)["rows"] == rows[3:7]


def test_the_figures_of_a_day_are_those_of_its_minutes():
    busy = Public(has_flow=True)
    for _ in range(90):
        busy.d.run(ms=1_000)
    now_s = busy.d.now_ns // 10**9
    from_s = now_s // 60 * 60 + 60 - 86_400
    query = f"symbol=BTCUSD&resolution=60&from={from_s}&to={now_s}"
    rows = busy.data("/exchange/public/md/v2/kline/list", query)["rows"]
    assert len(rows) == 1439, "the present minute is not over"
    present = busy.d.venue.markets["BTCUSD"].candles.current(60).candle
    ticker = busy.result("/md/v1/ticker/24hr", "symbol=BTCUSD")
    assert ticker["openEp"] == rows[0][3]
    assert ticker["highEp"] == max(present.high, *(row[4] for row in rows))
    assert ticker["lowEp"] == min(present.low, *(row[5] for row in rows))
    assert ticker["volume"] == present.volume + sum(row[7] for row in rows)
    assert ticker["turnoverEv"] == present.turnover + sum(row[8] for row in rows)
    assert ticker["lastEp"] == present.close


def test_candles_and_figures_go_on_from_a_saved_state():
    saved, restored = Public(has_flow=True), Public(has_flow=True)
    asked = [("/md/v3/ticker/24hr", "symbol=BTCUSDT"), *(
        ("/exchange/public/md/v2/kline", f"symbol=BTCUSDT&resolution={resolution_s}&limit=50")
        for resolution_s in (60, 180, 3_600, 604_800)
    )]  # fmt: skip
    for _ in range(100):
        saved.d.run(ms=1_000)
    before = [saved.text(*question) for question in asked]
    document = json.loads(json.dumps(venue_document(saved.d.venue, saved.d.now_ns)))
    restore_venue(restored.d.venue, document, saved.d.now_ns)
    restored.d.now_ns = saved.d.now_ns
    assert [restored.text(*question) for question in asked] == before
    for _ in range(70):
        saved.d.run(ms=1_000)
        restored.d.run(ms=1_000)
    assert [restored.text(*question) for question in asked] == [saved.text(*question) for question in asked] != before


BAD = '{"code":30000,"msg":"Please double check input arguments","data":null}'
TOO_MANY = '{"code":30018,"msg":"phemex.data.size.uplimt","data":null}'


def missing(name: str) -> str:
    return f'{{"code":412,"msg":"Missing parameter - {name}","data":null}}'


@pytest.mark.parametrize(
    ("path", "query", "answer"),
    [
        ("v2/kline", "symbol=BTCUSD&limit=5", missing("resolution")),
        ("v2/kline", "resolution=60&limit=5", missing("symbol")),
        ("v2/kline", "symbol=BTCUSD&resolution=61&limit=5", BAD),
        ("v2/kline", "symbol=BTCUSD&resolution=1m&limit=5", BAD),
        ("v2/kline", "symbol=NOPE&resolution=60&limit=5", BAD),
        ("v2/kline", "symbol=BTCUSD&resolution=60&limit=7", BAD),
        ("v2/kline", "symbol=BTCUSD&resolution=60&limit=-5", BAD),
        ("v2/kline", "symbol=BTCUSD&resolution=60&limit=x", BAD),
        ("v2/kline", "symbol=BTCUSD&resolution=60&limit=1001", TOO_MANY),
        ("v2/kline/last", "symbol=BTCUSDT&limit=5", missing("resolution")),
        ("v2/kline", "symbol=ETHUSD&resolution=60", '{"code":39997,"msg":"Symbol not listed ETHUSD","data":null}'),
        ("v2/kline/list", "symbol=BTCUSDT&resolution=60&to=1", missing("from")),
        ("v2/kline/list", "symbol=BTCUSDT&resolution=60&from=1", missing("to")),
        ("v2/kline/list", "symbol=BTCUSDT&resolution=60&from=2&to=1", BAD),
        ("v2/kline/list", "symbol=BTCUSDT&resolution=60&from=0&to=120060", TOO_MANY),
        ("kline", "symbol=BTCUSD&resolution=60&from=0&to=60060", TOO_MANY),
        ("kline", "symbol=BTCUSDT&resolution=60&from=0&to=60", BAD),
        ("kline", "symbol=BTCUSD&resolution=60&from=0&to=9999999999999999999", TOO_MANY),
    ],
)
def test_klines_are_refused_in_their_own_words(public, path, query, answer):
    assert public.text(f"/exchange/public/md/{path}", query) == answer


def test_the_old_kline_query_weighs_ten():
    assert group_and_weight("GET", "/exchange/public/md/kline") == ("", 10)
    assert group_and_weight("GET", "/exchange/public/md/v2/kline") == ("", 1)


# The oldest trade list.


def test_old_trades_are_listed_oldest_first_from_a_given_one_on(public):
    d = public.d
    d.place(d.a, "BTCUSD", "Buy", 3, COIN_M_60K + USD)
    first, second = public.data("/exchange/public/nomics/trades", "market=BTCUSD&since=0-0-0")
    assert {key: first[key] for key in first if key != "id"} == {
        "timestamp": "2025-10-09T08:53:20.015Z", "price": "60001.00000000", "amount_quote": "4", "side": "buy",
        "type": "limit",
    }  # fmt: skip
    assert list(first) == ["id", "timestamp", "price", "amount_quote", "side", "type"]
    assert second["amount_quote"] == "3"
    since = f"market=BTCUSD&since={first['id']}"
    assert public.data("/exchange/public/nomics/trades", since) == [second]
    (usd_m,) = public.data("/exchange/public/nomics/trades", "market=BTCUSDT&since=0-0-0")
    assert (usd_m["price"], usd_m["amount"]) == ("60000.50000000", "0.002")


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        ("since=0-0-0", missing("market")),
        ("market=BTCUSD", missing("since")),
        ("market=BTCUSD&since=5", BAD),
        ("market=BTCUSD&since=a-b-c", BAD),
        ("market=BTCUSD&since=1--1", BAD),
        ("market=NOPE&since=0-0-0", BAD),
    ],
)
def test_old_trades_are_refused_in_words(public, query, answer):
    assert public.text("/exchange/public/nomics/trades", query) == answer


def test_the_sixth_list_of_old_trades_in_a_second_is_one_too_many(public):
    request = Request("GET", "/exchange/public/nomics/trades", "market=BTCUSD&since=0-0-0", {}, b"", True, b"")
    answers = [public.api.respond(request, "192.0.2.1", public.d.now_ns) for _ in range(6)]
    assert [answer.status for answer in answers] == [200] * 5 + [429]
    assert answers[5].body == b'{"code":"39995","msg":"Too many requests."}'


@pytest.mark.parametrize(("path", "keys"), [
    ("/md/v3/ticker/24hr", ("bidRp", "askRp", "markRp", "indexRp")),
    ("/md/v1/ticker/24hr", ("bidEp", "askEp", "markEp", "indexEp")),
    ("/md/spot/ticker/24hr", ("bidEp", "askEp", "indexEp")),
])  # fmt: skip
@pytest.mark.parametrize("flow", ["normal", "crash"])
def test_market_that_sleeps_is_listed_as_it_would_be_awake(flow: str, path: str, keys: tuple[str, ...]):
    public = Public(has_flow=True, flow=flow, always_awake=())
    public.d.now_ns += 400 * 10**9 + 50_000_000  # in a crash far down, between two ticks
    quiet_count = 0
    for symbol in [row["symbol"] for row in public.result(f"{path}/all")]:
        listed = next(row for row in public.result(f"{path}/all") if row["symbol"] == symbol)
        assert public.d.venue.markets[symbol].book.best_bid() is None, "the question woke it"
        woken = public.result(path, f"symbol={symbol}")
        is_traded = public.d.venue.markets[symbol].trade_count > 0  # the first tick's taker may have had the best quote
        compared = keys[2 * is_traded :]
        assert [listed[key] for key in compared] == [woken[key] for key in compared]
        assert 0 < float(listed[keys[0]]) < float(listed[keys[1]])
        quiet_count += not is_traded
    assert quiet_count > 0


def test_market_without_a_flow_is_listed_with_nothing_on_its_book():
    (row,) = [row for row in Public().result("/md/v3/ticker/24hr/all") if row["symbol"] == "ETHUSDT"]
    assert (row["bidRp"], row["askRp"]) == ("0", "0")
