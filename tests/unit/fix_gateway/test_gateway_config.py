"""The gateway's TOML: defaults, and errors that name file and key."""

import pytest

from tidings.errors import ConfigError
from tidings.fix_gateway.config import read_config

SESSION = '[[session]]\nour_comp_id = "P"\nclient_comp_id = "C1"\naccount = "0"\n'


@pytest.fixture
def write(tmp_path):
    def write(text: str):
        path = tmp_path / "gateway.toml"
        path.write_text(text)
        return path

    return write


def test_comp_ids_and_account_are_enough(write, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    config = read_config(write(SESSION))
    (session,) = config.session
    assert (config.listen.host, config.listen.port) == ("127.0.0.1", 0)
    assert (session.dialect, session.validate, session.auth, session.fsync) == ("strict44", "strict", "none", "off")
    assert (session.cancel_on_disconnect, session.reset_on_logon, session.pending_acks) == ("off", False, False)
    assert session.directory == tmp_path / "tidings" / "fix" / "P-C1"
    assert config.account_options("0", "local") == {"account": 0}


def test_memory_has_no_directory(write):
    assert read_config(write(SESSION + 'store = "memory"\n')).session[0].directory is None


def test_the_gateways_store_and_fsync_are_its_sessions_defaults(write):
    two = SESSION + SESSION.replace("C1", "C2") + 'store = "memory"\nfsync = "always"\n'
    one, two = read_config(write('store = "elsewhere"\nfsync = "interval"\n' + two)).session
    assert (str(one.directory), one.fsync) == ("elsewhere/P-C1", "interval")
    assert (two.directory, two.fsync) == (None, "always")


def test_what_concerns_the_session_layer_reaches_it(write):
    lines = "takeover = true\nauth = 'password'\nsecret = 's'\nburst_msgs = 7\nmax_msgs_per_s = 5\nlogon_timeout = 3\n"
    config = read_config(write("max_message = 4096\n" + SESSION + lines))
    told = config.session[0].session_settings(config.max_message)
    assert (told.takeover, told.burst_msgs, told.max_msgs_per_s, told.logon_timeout_s) == (True, 7, 5, 3)
    assert told.max_message_bytes == 4096


WRONG = [
    ("", "no .*session"), (SESSION + "stor = 1\n", "stor"), ("[listen]\nhots = 1\n" + SESSION, "hots"),
    ("lissten = 1\n" + SESSION, "lissten"), (SESSION + 'dialect = "fix5"\n', "dialect"),
    (SESSION + SESSION, "two sessions"), (SESSION + 'auth = "password"\n', "secret"),
    (SESSION + 'reset_at = "25:00"\n', 'C1: reset_at is a time of the day in UTC, HH:MM, or "" for never: was .25:00.'),
    (SESSION + 'reset_at = "7:30"\n', "reset_at is a time of the day in UTC"),
    ("[listen]\ntls_key = 'k'\n" + SESSION, "together"),
    ("max_message = 10\n" + SESSION, "max_message"), ("max_mesage = 4096\n" + SESSION, "max_mesage"),
    (SESSION + "takeover = 1\n", "takeover"), (SESSION + "take_over = true\n", "take_over"),
    (SESSION + "takeover = true\n", "C1: takeover needs auth"),
    (SESSION + "heartbeat_min = 30\nheartbeat_max = 10\n", "C1: heartbeat_min"),
    (SESSION + 'allowed_addresses = ["::1", "desk-7"]\n', "C1: allowed_addresses: 'desk-7' is no address"),
    (SESSION + 'cancel_on_disconnect = "on"\n', "cancel_on_disconnect`: one of 'off', 'session', 'account'$"),
    (SESSION + "timestamp_precision = 4\n", "timestamp_precision`: one of 0, 3, 6, 9$"),
    ('fsync = "never"\n' + SESSION, "fsync`: one of 'off', 'interval', 'always'$"),
    ("not toml", "no TOML"), ('[[session]]\nour_comp_id = "P"\n', "client_comp_id"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "word"), WRONG)
def test_what_is_wrong_is_named_with_its_file(write, text, word):
    with pytest.raises(ConfigError, match=word) as error:
        read_config(write(text))
    assert "gateway.toml" in str(error.value)


def test_secrets_and_keys_come_from_named_variables(write, monkeypatch):
    text = SESSION.replace('"0"', '"main"') + 'auth = "password"\nsecret_env = "DESK_SECRET"\n'
    config = read_config(write(text + '[[account]]\nname = "main"\napi_key_env = "K"\napi_secret_env = "S"\n'))
    with pytest.raises(ConfigError, match="DESK_SECRET"):
        config.session[0].session_settings()
    with pytest.raises(ConfigError, match="K and S"):
        config.account_options("main", "testnet")
    for name in ("DESK_SECRET", "K", "S"):
        monkeypatch.setenv(name, f"value of {name}")
    assert config.session[0].session_settings().password == "value of DESK_SECRET"
    assert config.account_options("main", "testnet") == {"api_key": "value of K", "api_secret": "value of S"}
    with pytest.raises(ConfigError, match="other"):
        config.account_options("other", "testnet")


def test_no_secret_shows(write):
    config = read_config(write(SESSION + 'auth = "password"\nsecret = "open sesame"\n'))
    assert "sesame" not in repr(config) + repr(config.session[0].session_settings())


def test_busy_poll_is_off_unless_asked_for(write):
    assert not read_config(write(SESSION)).listen.busy_poll
    assert read_config(write("[listen]\nbusy_poll = true\n" + SESSION)).listen.busy_poll
