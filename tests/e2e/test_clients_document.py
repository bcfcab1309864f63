"""The clients of docs/clients.md that need nothing but a program: curl with openssl, and Node, as they are printed."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

DOCUMENT = Path(__file__).parents[2] / "docs/clients.md"
SHELL_TOOLS = ("bash", "curl", "jq", "openssl")
LIMIT_S = 60
DONE = "0\n0\n"  # the codes of an order and of its cancel


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", DOCUMENT.read_text(), re.DOTALL | re.MULTILINE)


def run(command: list[str], exchange, tmp_path: Path, **variables: str) -> str:
    """What a program says beside the ready file of `exchange`."""
    shutil.copy(exchange.ready_file, tmp_path / "exchange.json")
    environment = {**os.environ, "NO_PROXY": "127.0.0.1", **variables}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=LIMIT_S, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def balance_and_rest(said: str) -> tuple[float, str]:
    first, _, rest = said.partition("\n")
    return float(first), rest


@pytest.mark.skipif(not all(map(shutil.which, SHELL_TOOLS)), reason="needs curl, jq and openssl")
def test_curl_asks_for_a_balance_and_places_and_cancels_an_order(quiet_exchange, tmp_path):
    (script,) = blocks("bash")
    balance, rest = balance_and_rest(run(["bash", "-eu", "-c", script], quiet_exchange, tmp_path))
    assert (balance > 0, rest) == (True, DONE)


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
def test_node_asks_for_a_balance_and_places_and_cancels_an_order(quiet_exchange, tmp_path):
    script = tmp_path / "rest.mjs"
    script.write_text(blocks("js")[0])
    balance, rest = balance_and_rest(run(["node", str(script)], quiet_exchange, tmp_path))
    assert (balance > 0, rest) == (True, DONE)


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
def test_node_hears_its_account(quiet_exchange, tmp_path):
    script = tmp_path / "stream.mjs"
    script.write_text(blocks("js")[1])
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    has_socket = int(version.lstrip("v").partition(".")[0]) >= 22
    flags = [] if has_socket else ["--experimental-websocket", "--no-warnings"]
    trust = {"NODE_EXTRA_CA_CERTS": quiet_exchange.ready["ca_file"]}
    assert run(["node", *flags, str(script)], quiet_exchange, tmp_path, **trust) == "snapshot 1\n"
