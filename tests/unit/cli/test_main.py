"""Arguments and how commands end, with commands that do nothing."""

import argparse
import asyncio
import json
import logging
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tidings.cli import main as cli
from tidings.errors import ConnectionLost, GridError


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch):
    """Let `tidings products` run the body given."""

    def install(body) -> None:
        def add_commands(commands) -> None:
            parser = commands.add_parser("products")
            parser.add_argument("--json", action="store_true")
            parser.set_defaults(body=body)

        monkeypatch.setattr(cli, "COMMANDS", ("products",))
        monkeypatch.setattr("tidings.cli.products.add_commands", add_commands)

    return install


def body_that(act):
    async def body(options: argparse.Namespace, screen) -> int:
        return act()

    return body


def raising(error):
    def act() -> int:
        raise error

    return act


@pytest.mark.parametrize("code", [0, 1])
def test_code_of_the_command_is_the_exit_code(command, code: int) -> None:
    command(body_that(lambda: code))

    assert cli.main(["products"]) == code


@pytest.mark.parametrize(
    ("error", "code"), [(ConnectionLost("nobody there"), 1), (GridError("off the grid"), 2), (KeyboardInterrupt(), 130)]
)
def test_error_ends_in_one_line_and_its_exit_code(command, capsys, error, code: int) -> None:
    command(body_that(raising(error)))

    assert cli.main(["products"]) == code

    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.strip() == (f"tidings products: {error}" if str(error) else "interrupted")


def test_error_with_json_is_an_object_on_stdout(command, capsys) -> None:
    command(body_that(raising(ConnectionLost("nobody there"))))

    assert cli.main(["products", "--json"]) == 1

    assert json.loads(capsys.readouterr().out) == {"error": {"type": "ConnectionLost", "message": "nobody there"}}


def test_bug_is_not_hidden(command) -> None:
    command(body_that(raising(ZeroDivisionError())))

    with pytest.raises(ZeroDivisionError):
        cli.main(["products"])


@pytest.mark.parametrize(
    "arguments", [[], ["nonsense"], ["order"], ["demo", "--seconds", "0"], ["order", "X", "hold", "1"]]
)
def test_wrong_usage_exits_with_2(arguments: list[str], capsys) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)

    assert ended.value.code == 2
    assert "usage: tidings" in capsys.readouterr().err


@pytest.mark.parametrize(
    "command_name",
    ["products", "order", "cancel", "cancel-all", "positions", "doctor"],
)
def test_every_command_has_help_json_and_env(command_name: str, capsys) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main([command_name, "--help"])

    text = capsys.readouterr().out
    assert ended.value.code == 0
    assert "--json" in text
    assert "--env {local,testnet,live,vip}" in text


@pytest.mark.parametrize("command_name", ["run", "replay"])
def test_help_says_what_exceptions_of_a_strategy_do_to_the_exit_code(command_name: str, capsys) -> None:
    with pytest.raises(SystemExit):
        cli.main([command_name, "--help"])
    told = " ".join(capsys.readouterr().out.split())
    assert "Exceptions in callbacks are told and counted; the exit code is 0" in told


@pytest.mark.parametrize("command_name", ["demo", "exchange"])
def test_local_commands_offer_no_other_place(command_name: str, capsys) -> None:
    with pytest.raises(SystemExit):
        cli.main([command_name, "--help"])
    text = capsys.readouterr().out
    assert "--env {local}" in text and "--json" in text

    with pytest.raises(SystemExit) as ended:
        cli.main([command_name, "--env", "live"])
    assert (ended.value.code, "'live'" in capsys.readouterr().err) == (2, True)


@pytest.mark.parametrize("option", [["--account", "1"], ["--exchange", "ready.json"]])
def test_choice_of_a_local_exchange_elsewhere_is_refused(option: list[str], capsys) -> None:
    assert cli.main(["positions", "--env", "testnet", *option]) == 2
    assert "testnet" in capsys.readouterr().err


@pytest.mark.parametrize("command_line", [["positions"], ["order", "BTCUSD", "buy", "1"], ["cancel-all", "BTCUSD"]])
def test_missing_key_is_named(command_line: list[str], capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("PHEMEX_API_KEY", "PHEMEX_API_SECRET", "TIDINGS_CONFIG"):
        monkeypatch.delenv(variable, raising=False)

    assert cli.main([*command_line, "--env", "testnet"]) == 2

    assert "PHEMEX_API_KEY" in capsys.readouterr().err


def test_nothing_global_stays_behind(command) -> None:
    def state() -> tuple[object, ...]:
        loggers = [logging.getLogger(), logging.getLogger("tidings")]
        policy = asyncio.get_event_loop_policy()
        return *[(list(log.handlers), log.level) for log in loggers], policy, signal.getsignal(signal.SIGINT)

    before = state()
    command(body_that(lambda: 0))

    cli.main(["products"])

    assert state() == before


def test_warnings_of_the_engine_are_shown_while_a_command_runs(command, capsys) -> None:
    def warn() -> int:
        logging.getLogger("tidings.feed").warning("reconnecting")
        return 0

    command(body_that(warn))
    cli.main(["products"])

    assert capsys.readouterr().err == "tidings.feed: reconnecting\n"


def test_exchange_starts_without_the_engine() -> None:
    """It starts twice as quickly, and whoever wants only an exchange waits for nothing else."""
    look = (
        "import sys; from tidings.cli import main; main.make_parser(main.ALONE);"
        "print(sorted(name for name in sys.modules if name.startswith(('tidings.app', 'tidings.session'))))"
    )
    result = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, timeout=60, check=True)
    assert result.stdout.strip() == "[]"


@pytest.mark.parametrize("words", [["exchange", "--nonsense"], ["exchanges"]])
def test_what_the_exchange_cannot_read_is_wrong_usage(words: list[str], capsys) -> None:
    with pytest.raises(SystemExit) as ending:
        cli.main(words)
    assert ending.value.code == 2
    assert capsys.readouterr().err.startswith("usage: tidings ")


def test_a_gateway_trusts_no_ready_file_of_one_that_was_killed(tmp_path: Path, capsys) -> None:
    stale = tmp_path / "gateway.json"
    stale.write_text('{"fix": "127.0.0.1:1", "pid": 999999999}\n')
    words = ["gateway", "--config", str(tmp_path / "missing.toml"), "--ready-file", str(stale)]
    assert cli.main(words) == cli.WRONG_USAGE
    assert not stale.exists()


@pytest.mark.parametrize(
    ("words", "usage", "problem"),
    [
        ("exchange --prise BTCUSD=1", "tidings exchange [options]", "--prise BTCUSD=1 (did you mean --price?)\n"),
        ("exchange --prise=BTCUSD=1", "tidings exchange [options]", "(did you mean --price?)"),
        ("exchange --nonsense", "tidings exchange [options]", "unrecognized arguments: --nonsense\n"),
        ("products --jsom", "tidings products [options] [SYMBOL ...]", "(did you mean --json?)"),
        ("order BTCUSD hold 1", "tidings order [options] SYMBOL buy|sell QTY [PRICE]", "argument side: invalid choice"),
        ("exchanges", "tidings [options] COMMAND ...", "argument COMMAND: invalid choice: 'exchanges'"),
    ],
)
def test_wrong_usage_is_two_lines_with_the_command_and_what_was_meant(words, usage, problem, capsys) -> None:
    with pytest.raises(SystemExit):
        cli.main(words.split())
    first, second = capsys.readouterr().err.splitlines(keepends=True)
    assert first == f"usage: {usage}; --help lists them\n"
    assert second.startswith(usage.partition(" [")[0] + ": error: ")
    assert problem in second


@pytest.mark.parametrize("words", [["replay", "DIR", "--speed", "x", "--json"], ["export", "--json"], ["--json", "no"]])
def test_wrong_usage_with_json_is_an_object_too(words, capsys) -> None:
    with pytest.raises(SystemExit) as ending:
        cli.main(words)
    told = capsys.readouterr()
    assert ending.value.code == 2
    error = json.loads(told.out)["error"]
    assert error["type"] == "UsageError" and told.err.endswith(f": error: {error['message']}\n")


INTERRUPTED_WHILE_LOADING = """
import sys
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "tidings.cli.main":
            raise KeyboardInterrupt
sys.meta_path.insert(0, Finder())
from tidings.__main__ import main
sys.exit(main())
"""


def test_an_interrupt_while_python_still_imports_is_told_in_a_word():
    done = subprocess.run([sys.executable, "-c", INTERRUPTED_WHILE_LOADING], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "\ninterrupted\n")


@pytest.mark.parametrize("words", [["show"], ["show", "--json"], ["verify"], ["verify", "--json"]])
def test_a_full_disk_behind_stdout_is_told_in_a_line(words: list[str], tmp_path: Path) -> None:
    journal = {"XDG_STATE_HOME": str(tmp_path)}
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "tidings", "journal", *words],
            stdout=full, stderr=subprocess.PIPE, text=True, env={**os.environ, **journal}, timeout=60, check=False,
        )  # fmt: skip
    assert (ended.returncode, ended.stderr.count("\n")) == (1 if words[0] == "verify" else 2, 1)
    assert words[0] == "show" or "the output cannot be written: No space left on device" in ended.stderr
