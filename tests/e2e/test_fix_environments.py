"""Where the gateway trades: locally unless told otherwise, and nowhere else without the keys it names."""

import pytest
from tidings_command import tidings

SESSION = '[[session]]\nour_comp_id = "PHEMEX"\nclient_comp_id = "C1"\naccount = "{account}"\nstore = "memory"\n'
ACCOUNT = '[[account]]\nname = "main"\napi_key_env = "DESK_KEY"\napi_secret_env = "DESK_SECRET"\n'


def config(tmp_path, text: str):
    path = tmp_path / "gateway.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize("env", ["testnet", "live", "vip"])
@pytest.mark.parametrize("given", [{}, {"DESK_KEY": "k"}, {"DESK_SECRET": "s"}])
def test_without_its_keys_it_does_not_start(tmp_path, env, given):
    path = config(tmp_path, SESSION.format(account="main") + ACCOUNT)
    done = tidings("gateway", "--config", path, "--env", env, **given)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "tidings gateway: account main: set the variables DESK_KEY and DESK_SECRET\n"


def test_an_index_is_no_account_of_the_venue(tmp_path):
    path = config(tmp_path, SESSION.format(account="0") + ACCOUNT)
    done = tidings("gateway", "--config", path, "--env", "testnet", DESK_KEY="k", DESK_SECRET="s")
    assert done.returncode == 2
    assert "account '0' has no [[account]]" in done.stderr


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('env = "live"\n{session}', "unknown field `env`"),
        ('{session}env = "live"\n', "unknown field `env`"),
        ('{session}[engine]\nenv = "live"\n', "engine: env is no setting of an engine here"),
        ('{session}[engine]\napi_secret = "s"\n', "engine: api_secret is no setting of an engine here"),
        ('{session}[engine]\nmax_ordr_value = 1\n', "max_ordr_value"),
    ],
)  # fmt: skip
def test_live_is_named_on_the_command_line_and_nowhere_else(tmp_path, text, words):
    path = config(tmp_path, text.format(session=SESSION.format(account="0")))
    done = tidings("gateway", "--config", path, PHEMEX_API_KEY="k", PHEMEX_API_SECRET="s")
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_local_exchange_belongs_to_the_local_environment(tmp_path):
    path = config(tmp_path, SESSION.format(account="main") + ACCOUNT)
    done = tidings("gateway", "--config", path, "--env", "live", "--exchange", "x.json", DESK_KEY="k", DESK_SECRET="s")
    assert done.returncode == 2
    assert "--exchange names a local exchange, and not one of live" in done.stderr


def test_a_store_belongs_to_one_environment(tmp_path):
    """Elsewhere the orders in it are unknown: those that are open would be told as rejected."""
    home = tmp_path / "store" / "account-main"
    home.mkdir(parents=True)
    (home / "env").write_text("live\n")
    session = SESSION.format(account="main").replace('"memory"', f'"{tmp_path}/store"')
    path = config(tmp_path, session + ACCOUNT)
    done = tidings("gateway", "--config", path, "--env", "testnet", DESK_KEY="k", DESK_SECRET="s")
    assert (done.returncode, done.stdout) == (2, "")
    words = f"{home} has the orders of --env live: give each environment a store of its own"
    assert done.stderr == f"tidings gateway: {words}\n"
