"""Config: precedence, ranges, named errors, and secrets that stay hidden."""

import copy
import pickle
import traceback
from decimal import Decimal

import pytest

from tidings.config import EngineSettings, Secret, load_settings
from tidings.errors import ConfigError

KEY = "11111111-2222-3333-4444-555555555555"
SECRET = "canary-secret-text-0123456789"


def write(tmp_path, text):
    path = tmp_path / "tidings.toml"
    path.write_text(text)
    return path


def test_the_defaults_are_safe():
    settings = load_settings(environ={})

    assert (settings.env, settings.lanes, settings.lane_depth) == ("local", 4, 4)
    assert (settings.deadline_ns, settings.expiry_s, settings.warm_interval_ns) == (1_000_000_000, 5, 5_000_000_000)
    assert (settings.create_method, settings.create_by_post, settings.secret_encoding) == ("PUT", False, "raw")
    assert (settings.busy_poll, settings.collar_bp, settings.rate_limits) == ("off", 2000, True)
    assert settings.max_notional == Decimal(100_000)
    assert settings.credentials() is None
    assert settings.api_secret_text() is None


def test_argument_beats_environment_beats_file_beats_default(tmp_path):
    path = write(tmp_path, 'max_notional = 1000\napi_url = "https://file.example"\nlanes = 2\nlane_depth = 3\n')
    environ = {"PHEMEX_MAX_ORDER_VALUE": "2000", "PHEMEX_API_URL": "https://variable.example"}

    settings = load_settings("testnet", config_file=path, environ=environ, api_url="https://argument.example", lanes=7)

    assert (settings.api_url, settings.max_notional, settings.lane_depth, settings.lanes, settings.expiry_s) == (
        "https://argument.example", Decimal(2000), 3, 7, 5,
    )


def test_an_argument_of_none_is_not_given(tmp_path):
    assert load_settings(None, config_file=write(tmp_path, "lanes = 2"), environ={}, lanes=None).lanes == 2


def test_the_file_can_be_named_by_a_variable(tmp_path):
    assert load_settings(environ={"TIDINGS_CONFIG": str(write(tmp_path, "lanes = 2"))}).lanes == 2


def test_keys_come_from_the_environment():
    environ = {"PHEMEX_API_KEY": KEY, "PHEMEX_API_SECRET": SECRET}
    settings = load_settings("testnet", environ=environ)

    assert (settings.api_key, settings.api_secret_text()) == (KEY, SECRET)
    assert settings.credentials().api_key == KEY


def test_the_real_venues_variables_are_not_read_at_local():
    environ = {
        "PHEMEX_API_KEY": KEY, "PHEMEX_API_SECRET": SECRET, "PHEMEX_API_URL": "https://api.phemex.com",
        "PHEMEX_MAX_ORDER_VALUE": "1",
    }

    assert load_settings("local", environ=environ) == EngineSettings()


def test_empty_variables_count_as_unset():
    assert load_settings("testnet", environ={"PHEMEX_API_KEY": "", "PHEMEX_MAX_ORDER_VALUE": ""}).api_key is None


@pytest.mark.parametrize("env", ["live", "vip"])
def test_real_money_must_be_named_in_the_call(tmp_path, env):
    path = write(tmp_path, f'env = "{env}"')

    with pytest.raises(ConfigError, match=f"{env} trades real money"):
        load_settings(config_file=path, environ={})
    assert load_settings(env, config_file=path, environ={}).env == env


def test_endpoints_follow_the_environment():
    assert load_settings("live", environ={}).endpoints().rest.host == "api.phemex.com"
    with pytest.raises(ConfigError, match="real money"):
        load_settings("testnet", environ={"PHEMEX_API_URL": "https://api.phemex.com"}).endpoints()


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"lanes": 0}, r"setting lanes \(argument\): .*>= 1"), ({"lanes": 65}, "lanes"), ({"lanes": "4"}, "lanes"),
        ({"lanes": 2.5}, "lanes"), ({"lane_depth": -1}, "lane_depth"), ({"expiry_s": 61}, "expiry_s"),
        ({"deadline_s": 0}, "deadline_s"), ({"deadline_s": float("nan")}, "deadline_s"),
        ({"unknown_age_max_s": float("inf")}, "unknown_age_max_s"), ({"unknown_age_max_s": 1e300}, "unknown_age_max_s"),
        ({"unknown_orders_max": 2**63}, "unknown_orders_max"),
        ({"max_notional": 0}, "max_notional"), ({"max_notional": "lots"}, "max_notional"),
        ({"max_notional": Decimal("NaN")}, "max_notional"), ({"max_notional": "1e30"}, "max_notional"),
        ({"max_notional": Decimal("Infinity")}, "max_notional"), ({"collar_percent": Decimal("NaN")}, "collar_percent"),
        ({"collar_percent": 100}, "collar_percent"), ({"collar_percent": "0.001"}, "collar_percent"),
        ({"max_open_orders": 0}, "max_open_orders"), ({"account": -1}, "account"),
        ({"create_method": "GET"}, "create_method .*one of PUT, POST"), ({"busy_poll": True}, "busy_poll"),
        ({"secret_encoding": "hex"}, "secret_encoding .*one of raw, base64url"),
        ({"env": "prod"}, "env .*one of local"),
        ({"rate_limits": False, "env": "testnet"}, "rate_limits"), ({"max_qty": {"BTCUSDT": 5}}, "max_qty"),
        ({"requests_per_minute_max": 0}, "requests_per_minute_max"), ({"api_key": KEY}, "api_secret is missing"),
        ({"api_secret": SECRET}, "api_key is missing"), ({"api_key": 5, "api_secret": SECRET}, "api_key"),
    ],
)
def test_a_value_out_of_range_is_named(arguments, named):
    with pytest.raises(ConfigError, match=named) as refused:
        load_settings(environ={}, **arguments)

    assert SECRET not in str(refused.value)


def test_an_unknown_setting_gets_a_hint(tmp_path):
    with pytest.raises(ConfigError, match=r"unknown setting 'lane_depht' \(argument\): did you mean lane_depth\?"):
        load_settings(environ={}, lane_depht=3)
    with pytest.raises(ConfigError, match=r"unknown setting 'zzz' \(file .*tidings.toml\); there are env, "):
        load_settings(config_file=write(tmp_path, "zzz = 1"), environ={})


def test_an_error_names_where_the_value_came_from(tmp_path):
    with pytest.raises(ConfigError, match=r"setting lanes \(file .*tidings.toml\)"):
        load_settings(config_file=write(tmp_path, "lanes = 0"), environ={})
    with pytest.raises(ConfigError, match=r"setting max_notional \(environment variable PHEMEX_MAX_ORDER_VALUE\)"):
        load_settings("testnet", environ={"PHEMEX_MAX_ORDER_VALUE": "much"})


@pytest.mark.parametrize("value", ["plenty", "", "1,000"])
def test_what_is_no_number_is_told_as_such(value):
    with pytest.raises(ConfigError, match=r"max_notional \(argument\): a number like 1000 or 0\.5 was expected$"):
        load_settings(environ={}, max_notional=value)


@pytest.mark.parametrize("name", ["max_notional", "max_gross_notional", "collar_percent"])
def test_a_value_that_several_checks_share_is_named_with_its_source_too(tmp_path, name):
    with pytest.raises(ConfigError, match=rf"setting {name} \(file .*tidings.toml\): {name} must be above 0"):
        load_settings(config_file=write(tmp_path, f"{name} = 0"), environ={})


OF_A_STRATEGY = (
    "max_notional, max_gross_notional, max_window_notional, max_orders_per_s, max_executions, executions_window_s"
)


def test_a_strategys_limits_have_names_too(tmp_path):
    for text, named in (
        ("max_open_orders = 5", rf"'max_open_orders' of strategies.mm1 \(file .*\); there are {OF_A_STRATEGY}$"),
        ("max_notional = 0", r"setting strategies \(file .*\): max_notional must be above 0"),
        ("max_orders_per_s = 0", r"setting strategies.max_orders_per_s \(file .*\): Expected `int` >= 1"),
    ):
        with pytest.raises(ConfigError, match=named):
            load_settings(config_file=write(tmp_path, f"[strategies.mm1]\n{text}"), environ={})


def test_where_settings_came_from_is_no_setting(tmp_path):
    with pytest.raises(ConfigError, match="unknown setting 'sources'"):
        load_settings(environ={}, sources={"lanes": "me"})
    assert list(load_settings(config_file=write(tmp_path, "lanes = 2"), environ={}, account=1).sources) == ["lanes"]


@pytest.mark.parametrize(
    ("text", "named"), [("lanes = ", "is no TOML"), ('api_secret = "x"', "api_secret .*remove it")]
)
def test_a_bad_file_is_named(tmp_path, text, named):
    with pytest.raises(ConfigError, match=named):
        load_settings(config_file=write(tmp_path, text), environ={})


def test_a_missing_or_binary_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"nowhere.toml cannot be read"):
        load_settings(config_file=tmp_path / "nowhere.toml", environ={})
    (tmp_path / "binary.toml").write_bytes(b"\xff\x00")
    with pytest.raises(ConfigError, match=r"binary.toml is no TOML"):
        load_settings(config_file=tmp_path / "binary.toml", environ={})


def test_settings_cannot_be_changed():
    with pytest.raises(AttributeError):
        load_settings(environ={}).lanes = 5


def test_a_secret_shows_itself_nowhere():
    settings = load_settings("testnet", environ={}, api_key=KEY, api_secret=SECRET)

    for shown in (repr(settings), str(settings), f"{settings.api_secret}", f"{settings.api_secret:>40}",
                  repr(vars(Secret)), repr([settings.api_secret])):
        assert SECRET not in shown


@pytest.mark.parametrize("write_out", [pickle.dumps, copy.copy, copy.deepcopy, hash])
def test_a_secret_is_not_written_out(write_out):
    with pytest.raises(TypeError) as refused:
        write_out(Secret(SECRET))

    assert SECRET not in "".join(traceback.format_exception(refused.value))


def test_secrets_compare_by_their_text():
    assert Secret(SECRET) == Secret(SECRET)
    assert Secret(SECRET) != Secret("other")
    assert Secret(SECRET) != SECRET
