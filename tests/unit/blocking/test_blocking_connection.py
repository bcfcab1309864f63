"""What a connection makes of its arguments; nothing here is dialled."""

from datetime import datetime

import pytest

from tidings.blocking import (
    AuthCredentials,
    Condition,
    ConditionalOrder,
    Contract,
    LimitOrder,
    MarketOrder,
    PhemexConnection,
    PublicCredentials,
    Side,
    TimeInForce,
    Trigger,
)
from tidings.blocking.connection import _body_bytes, _query_text
from tidings.errors import ConfigError, UsageError

URL = "http://127.0.0.1:1"


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch):
    for variable in ("PHEMEX_API_URL", "PHEMEX_API_KEY", "PHEMEX_API_SECRET", "TIDINGS_CONFIG"):
        monkeypatch.delenv(variable, raising=False)
    made: list[PhemexConnection] = []

    def connect(*arguments, **options) -> PhemexConnection:
        made.append(PhemexConnection(*arguments, **options))
        return made[-1]

    yield connect
    for connection in made:
        connection.close()


def test_testnet_is_where_it_goes_unless_told(connect) -> None:
    assert connect()._account.settings.env == "testnet"


def test_environment_variable_names_the_place(connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHEMEX_API_URL", "http://127.0.0.1:8123")

    settings = connect()._account.settings

    assert (settings.env, settings.api_url) == ("local", "http://127.0.0.1:8123")


def test_live_is_reached_only_by_writing_it_out(connect) -> None:
    assert connect(api_url="https://api.phemex.com/")._account.settings.env == "live"


def test_keys_of_the_environment_are_not_taken(connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHEMEX_API_KEY", "somebody")
    monkeypatch.setenv("PHEMEX_API_SECRET", "else")

    assert connect(PublicCredentials())._account.settings.api_key is None


@pytest.mark.parametrize("what", ["get_order_placer", "get_account_positions", "get_trades"])
def test_private_call_without_a_key_says_what_is_missing(connect, what: str) -> None:
    arguments = {"get_account_positions": ("BTC",), "get_trades": ("BTCUSD", None, None)}.get(what, ())

    with pytest.raises(ConfigError, match="AuthCredentials"):
        getattr(connect(api_url=URL), what)(*arguments)


@pytest.mark.parametrize(
    ("limits", "per_minute"),
    [({}, None), ({"rate": 2.5}, 150), ({"capacity": 40}, 40), ({"rate": 2.5, "capacity": 200}, 150)],
)
def test_rate_and_capacity_become_requests_per_minute(connect, limits, per_minute) -> None:
    assert connect(api_url=URL, **limits)._account.settings.requests_per_minute_max == per_minute


@pytest.mark.parametrize(
    "wrong",
    [{"rate": 0}, {"rate": 0.01}, {"capacity": -1}, {"rate": float("nan")}, {"request_timeout": 0},
     {"request_timeout": "30"}, {"request_timeout": float("inf")}, {"rate": True}],
)  # fmt: skip
def test_wrong_limit_is_named(connect, wrong) -> None:
    with pytest.raises(UsageError, match=next(iter(wrong))):
        connect(api_url=URL, **wrong)


@pytest.mark.parametrize("wrong", [("key", None), (None, "secret"), ("key", b"secret"), (7, "secret")])
def test_key_that_is_no_text_is_named_at_once(wrong) -> None:
    """An environment variable that is not set gives None; nothing of what is given may be shown."""
    with pytest.raises(ConfigError, match=r"^(api_key|secret_key) is a text, was of type \w+: is its variable set\?$"):
        AuthCredentials(*wrong)


def test_credentials_of_another_kind_are_refused_without_showing_them(connect) -> None:
    with pytest.raises(UsageError, match="AuthCredentials") as refused:
        connect("hush", api_url=URL)

    assert "hush" not in str(refused.value)


@pytest.mark.parametrize(
    ("call", "arguments", "named"),
    [
        ("get_account_positions", (None,), "currency"),
        ("get_trades", (None, datetime.now(), datetime.now()), "symbol"),
        ("get_trades", ("BTCUSD", "2026-01-01", datetime.now()), "start_date"),
        ("send_message", (None, "/public/time"), "method"),
        ("send_message", ("GET", None), "endpoint"),
        ("send_message", ("GET", "/public/time", "a=1"), "params"),
        ("send_message", ("POST", "/orders", None, {"price": float("nan")}), "data"),
    ],
)
def test_wrong_argument_is_named_and_nothing_dialled(connect, call: str, arguments, named: str) -> None:
    with pytest.raises(UsageError, match=named):
        getattr(connect(AuthCredentials("key", "secret"), api_url=URL), call)(*arguments)


PLAIN = MarketOrder(1, Contract("BTCUSD"), Side.BUY)


@pytest.mark.parametrize(
    ("order", "named"),
    [
        (MarketOrder(1, "BTCUSD", Side.BUY), "contract"),  # type: ignore[arg-type]
        (LimitOrder(9000, 1, Contract("BTCUSD"), Side.BUY, "GTC"), "time_in_force"),  # type: ignore[arg-type]
        (LimitOrder(9000, 1, Contract("BTCUSD", 5), Side.BUY, TimeInForce.DAY), "no day orders"),
        (ConditionalOrder("stop", Trigger.LAST_PRICE, 9000, PLAIN), "condition"),  # type: ignore[arg-type]
        (ConditionalOrder(Condition.STOP, "last", 9000, PLAIN), "trigger"),  # type: ignore[arg-type]
    ],
)
def test_order_with_a_wrong_word_is_refused_before_anything_is_dialled(connect, order, named: str) -> None:
    placer = connect(AuthCredentials("key", "secret"), api_url=URL).get_order_placer()

    with pytest.raises(UsageError, match=named):
        placer.submit(order)


def test_stranger_host_is_refused(connect) -> None:
    with pytest.raises(ConfigError, match=r"example\.com"):
        connect(api_url="https://example.com")


def test_secret_is_shown_nowhere(connect) -> None:
    credentials = AuthCredentials("key-1", "s3cr3t")
    connection = connect(credentials, api_url=URL)

    shown = f"{credentials!r} {credentials} {vars(credentials)} {connection._account.settings!r}"

    assert "s3cr3t" not in shown
    assert "key-1" in repr(credentials)


def test_query_writes_booleans_lists_and_nothing_for_none() -> None:
    params = {"untriggered": True, "symbol": "BTCUSD", "ordStatus": ["New", "Filled"], "start": None, "id": "a,b"}

    assert _query_text(params) == "untriggered=true&symbol=BTCUSD&ordStatus=New&ordStatus=Filled&id=a,b"


def test_body_is_compact_json_or_the_text_given() -> None:
    from decimal import Decimal

    assert _body_bytes({"symbol": "BTCUSD", "priceRp": Decimal("1E+2")}) == b'{"symbol":"BTCUSD","priceRp":"100"}'
    assert _body_bytes('{"a": 1}') == b'{"a": 1}'
    assert _body_bytes(None) == b""
    with pytest.raises(UsageError, match="JSON"):
        _body_bytes({"when": object()})
