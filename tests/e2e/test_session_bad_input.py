"""Wrong keys, prices, symbols, addresses and settings: an error that names the thing and says what to do, no secret."""

import asyncio
import json
import logging
import socket
import traceback
from decimal import Decimal

import pytest
from session_lines import USD_M, placed

import tidings
from tidings.errors import ConfigError, GridError, UnknownSymbol
from tidings.exchange.server.certificates import Certificates

CANARY = "Zq7-canary_s3cret_0f1e2d3c4b5a"


@pytest.fixture(autouse=True)
def no_secret_is_shown(caplog, capfd):
    """Whatever happens, the canary is in no log record and on no output."""
    caplog.set_level(logging.DEBUG)
    yield
    shown = capfd.readouterr()
    assert CANARY not in caplog.text + shown.out + shown.err


async def refused(kind: type[Exception], **settings) -> Exception:
    """The error of a connect with these settings; neither it nor its causes show the canary, nor does the session."""
    phemex = tidings.connect("local", **settings)
    with pytest.raises(kind) as caught:
        async with phemex:
            pytest.fail("it must not connect")
    parts = [phemex, phemex.engine, phemex.engine.settings, vars(phemex.engine), getattr(phemex.engine, "access", None)]
    text = "".join(traceback.format_exception(caught.value)) + repr(caught.value.args) + repr(parts)
    assert CANARY not in text
    return caught.value


async def test_a_wrong_secret_is_told_with_what_to_do(quiet_exchange):
    key = quiet_exchange.ready["accounts"][0]["api_key"]
    error = await refused(
        tidings.AuthenticationError, exchange=str(quiet_exchange.ready_file), api_key=key, api_secret=CANARY
    )
    assert "tidings doctor" in str(error)
    assert error.http_status == 401


async def test_an_unknown_key_is_told_apart_from_a_wrong_secret(quiet_exchange):
    error = await refused(
        tidings.AuthenticationError, exchange=str(quiet_exchange.ready_file), api_key="nobody", api_secret=CANARY
    )
    assert "API key" in str(error)


@pytest.mark.parametrize("secret", [CANARY, "!" + CANARY, CANARY + "é"])
async def test_a_secret_that_cannot_be_read_says_so_without_showing_it(quiet_exchange, secret):
    await refused(
        tidings.TidingsError, exchange=str(quiet_exchange.ready_file), api_key="key", api_secret=secret,
        secret_encoding="base64url",
    )


async def test_the_other_reading_of_a_secret_works_where_the_venue_reads_it_so(start_exchange):
    exchange = start_exchange("--secret-encoding", "base64url", "--no-flow")
    await refused(tidings.AuthenticationError, exchange=str(exchange.ready_file))
    async with tidings.connect("local", exchange=str(exchange.ready_file), secret_encoding="base64url") as phemex:
        await placed(phemex, USD_M)


async def test_a_port_nobody_listens_on_is_named(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with Certificates() as certificates:
            error = await refused(
                tidings.ConnectionLost, api_url=f"https://127.0.0.1:{port}", api_key="key", api_secret=CANARY,
                ca_file=str(certificates.ca_file),
            )
    assert f"127.0.0.1:{port}" in str(error)


async def test_a_certificate_of_somebody_else_is_refused(quiet_exchange):
    with Certificates() as others:
        error = await refused(
            tidings.TidingsError, api_url=quiet_exchange.ready["rest"], ws_url=quiet_exchange.ready["ws"],
            api_key="key", api_secret=CANARY, ca_file=str(others.ca_file),
        )
    assert "certificate" in str(error)


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "cannot be read.*tidings exchange --ready-file"), ("", "it is empty"), ("{}", "it has no 'rest'"),
     ('{"rest": 1}', "it has no 'ws'"), ("[]", "it is not the JSON")],
)
async def test_a_bad_ready_file_is_named(tmp_path, content, said):
    path = tmp_path / "ready.json"
    if content is not None:
        path.write_text(content)
    error = await refused(ConfigError, exchange=str(path))
    assert str(path) in str(error)
    with pytest.raises(ConfigError, match=said):
        raise error


async def test_a_ready_file_of_an_exchange_that_is_gone_names_its_address(start_exchange, tmp_path):
    exchange = start_exchange("--no-flow")
    exchange.stop()
    stale = tmp_path / "stale.json"
    with Certificates() as certificates:
        stale.write_text(json.dumps(exchange.ready | {"ca_file": str(certificates.ca_file)}))
        error = await refused(tidings.ConnectionLost, exchange=str(stale))
    assert exchange.ready["rest"].removeprefix("https://") in str(error)


async def test_an_account_the_exchange_does_not_have(quiet_exchange):
    error = await refused(ConfigError, exchange=str(quiet_exchange.ready_file), account=99)
    assert "0 to 3" in str(error)


@pytest.mark.parametrize(
    ("env", "settings", "said"),
    [
        ("moon", {}, "env.*local, testnet, live, vip"),
        ("local", {"lanes": 0}, "lanes"),
        ("local", {"lane_count": 4}, "lane_count.*did you mean"),
        ("local", {"api_key": "key"}, "api_secret.*PHEMEX_API_SECRET"),
        ("local", {"api_secret": CANARY}, "api_key"),
        ("local", {"api_key": "key", "api_secret": CANARY, "lanes": CANARY[:0] or "many"}, "lanes"),
        ("local", {"create_method": "PATCH"}, "create_method.*PUT, POST"),
        ("local", {"max_notional": "-1"}, "max_notional"),
        ("testnet", {"account": 2}, "account"),
        ("testnet", {"rate_limits": False}, "rate_limits"),
    ],
)
def test_a_bad_setting_is_named(env, settings, said):
    with pytest.raises(ConfigError, match=said) as caught:
        tidings.connect(env, **settings)
    assert CANARY not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(("variable", "value"), [("TIDINGS_CONFIG", "missing.toml"), ("TIDINGS_EXCHANGE", "missing")])
async def test_a_bad_environment_variable_names_the_file(monkeypatch, tmp_path, variable, value):
    monkeypatch.setenv(variable, str(tmp_path / value))
    with pytest.raises(ConfigError, match=value):
        async with tidings.connect("local"):
            pytest.fail("it must not connect")


async def test_symbols_nobody_can_trade(phemex):
    with pytest.raises(UnknownSymbol, match=r"BTCUSTD.*did you mean BTCUSD"):
        phemex.limit("BTCUSTD", "buy", qty="1", price="1")
    with pytest.raises(UnknownSymbol, match="ETHUSD cannot be traded"):
        phemex.arm("ETHUSD", "buy")


async def test_a_slip_in_a_question_is_told_and_does_not_read_as_nothing(phemex):
    """A flat position of "btcusdt", or books that go on after `unsubscribe(channels="book")`, would be believed."""
    with pytest.raises(UnknownSymbol, match="did you mean BTCUSDT"):
        phemex.position("btcusdt")
    with pytest.raises(tidings.errors.UsageError, match="pos_side"):
        phemex.position("BTCUSDT", "up")
    assert phemex.position("BTCUSDT", "long") is phemex.position("BTCUSDT", tidings.PosSide.LONG)
    for channels in ("book", [1]):
        with pytest.raises(tidings.errors.UsageError, match="channels"):
            await phemex.subscribe("BTCUSDT", channels=channels)
        with pytest.raises(tidings.errors.UsageError, match="channels"):
            phemex.unsubscribe("BTCUSDT", channels=channels)
    with pytest.raises(tidings.errors.UsageError, match="reason"):
        phemex.kill(None)
    order = (await placed(phemex, USD_M)).order
    for ask in (phemex.order, phemex.cancel, phemex.amend):
        with pytest.raises(TypeError, match="float"):
            ask(order.handle + 0.5)
    assert not order.is_cancel_pending


@pytest.mark.parametrize("times", [{"seconds": float("nan")}, {"seconds": -1}, {"seconds": "5"}, {"timer_ms": None}])
async def test_a_time_that_is_none_does_not_begin_a_run(phemex, times):
    with pytest.raises(tidings.errors.UsageError, match="seconds from 0"):
        await asyncio.wait_for(phemex.run(tidings.Strategy(), **{"seconds": 0, **times}), 5)


BAD_NUMBERS = [
    ({"price": "61000.05"}, GridError, "price 61000.05|off the grid.*0.1, nearest 61000 and 61000.1"),
    ({"price": 61000.0}, GridError, "float"),
    ({"qty": 0.01}, GridError, "float"),
    ({"price": "-1"}, GridError, "positive"),
    ({"price": "0"}, GridError, "zero"),
    ({"price": "nan"}, GridError, "finite"),
    ({"price": Decimal("Infinity")}, GridError, "finite"),
    ({"price": "1e30"}, GridError, "too large"),
    ({"price": "sixty"}, GridError, "decimal number"),
    ({"qty": "0.0105"}, GridError, "off the grid"),
    ({"qty": None}, GridError, "NoneType"),
    ({"side": "hold"}, tidings.errors.UsageError, "side.*BUY, SELL"),
    ({"tif": "DAY"}, tidings.errors.UsageError, "no DAY orders"),
    ({"pos_side": "up"}, tidings.errors.UsageError, "pos_side"),
    ({"text": "a b"}, tidings.errors.UsageError, "letters, digits"),
    ({"take_profit": 70_000.5}, GridError, "float"),
    ({"display_qty": "0.0005"}, GridError, "off the grid"),
]


@pytest.mark.parametrize(("changes", "kind", "said"), BAD_NUMBERS)
async def test_a_bad_number_or_word_is_refused_before_anything_is_sent(phemex, changes, kind, said):
    words = {"side": "buy", "qty": "0.01", "price": "60000", **changes}
    with pytest.raises(kind, match=said):
        phemex.limit("BTCUSDT", words.pop("side"), **words)
    assert phemex.entry.submitted_count == 0
    assert phemex.open_orders() == []
    await placed(phemex, USD_M)


@pytest.mark.parametrize(
    ("symbol", "options"),
    [
        ("sBTCUSDT", {"take_profit": "70000"}),
        ("BTCUSD", {"take_profit": "70000", "take_profit_px": "70000"}),
        ("sBTCUSDT", {"display_qty": "0.0005"}),
        ("BTCUSD", {"stp": "cancel_maker"}),
        ("sBTCUSDT", {"reduce_only": True}),
    ],
)
async def test_what_a_line_has_no_word_for_is_refused_not_dropped(phemex, symbol, options):
    with pytest.raises(tidings.errors.UsageError):
        phemex.limit(symbol, "buy", qty="10" if symbol == "BTCUSD" else "0.001", price="60000", **options)
    assert phemex.entry.submitted_count == 0
    assert phemex.open_orders() == []


async def test_a_session_is_entered_once(quiet_exchange):
    """Entered again it would be put together anew, and what runs in it would hear no more, without a word."""
    session = tidings.connect("local", exchange=str(quiet_exchange.ready_file), journal="none")
    async with session as phemex:
        with pytest.raises(tidings.errors.UsageError, match="entered once"):
            await session.__aenter__()
        with pytest.raises(tidings.errors.UsageError, match="entered once"):
            await tidings.Phemex(phemex.engine).__aenter__()
        await placed(phemex, USD_M)
        await phemex.cancel_all("BTCUSDT")
    with pytest.raises(tidings.errors.UsageError, match="entered once"):
        await session.__aenter__()


async def test_a_second_run_beside_the_first_is_refused(phemex):
    """It would take the callbacks from the first, whose end would then take them from it."""
    running = asyncio.ensure_future(phemex.run(tidings.Strategy(), seconds=0.05))
    await asyncio.sleep(0)
    with pytest.raises(tidings.errors.UsageError, match="one run"):
        await phemex.run(tidings.Strategy(), seconds=0)
    await running
    await phemex.run(tidings.Strategy(), seconds=0)


NEEDS_A_SESSION = {
    "subscribe": lambda phemex: phemex.subscribe("BTCUSDT"),
    "cancel_all": lambda phemex: phemex.cancel_all("BTCUSDT"),
    "set_position_mode": lambda phemex: phemex.set_position_mode("BTCUSDT", "OneWay"),
    "assign_margin": lambda phemex: phemex.assign_margin("BTCUSDT", "1"),
    "refresh_products": lambda phemex: phemex.refresh_products(),
    "run": lambda phemex: phemex.run(tidings.Strategy(), seconds=0),
    "history": lambda phemex: phemex.history.klines("BTCUSDT", 60, "2026-08-01").all(),
}


@pytest.mark.parametrize("name", NEEDS_A_SESSION)
async def test_what_needs_a_session_says_so_before_it_is_entered(name):
    with pytest.raises(tidings.TidingsError, match="not open"):
        await NEEDS_A_SESSION[name](tidings.connect("local"))
