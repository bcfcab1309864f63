"""`tidings gateway status|sessions|reset-seq` against a gateway that runs, and against none."""

import re
import stat
import subprocess
from pathlib import Path

import pytest
from tidings_command import LIMIT_S, clean_environment, command_line, tidings


def ask(*arguments: object) -> dict:
    return tidings("gateway", *arguments, "--json").json


@pytest.fixture
def two_sessions(start_gateway):
    """A gateway with sessions C1 and C2; C1 is logged on and has an open order."""
    gateway = start_gateway(C1="", C2='kind = "md"\n')
    client = gateway.connect()
    client.logon()
    client.order("o1")
    client.expect("8", t150="0")
    return gateway, client


def test_status_tells_how_the_gateway_is(two_sessions):
    gateway, _ = two_sessions
    found = ask("status")
    assert (found["pid"], found["fix"], found["env"]) == (gateway.process.pid, gateway.ready["fix"], "local")
    assert (found["sessions"], found["logged_on"], found["visitors"]) == (2, 1, 0)
    (account,) = found["accounts"]
    assert (account["account"], account["open_orders"], account["denies_because"]) == ("2", 1, "")
    words = tidings("gateway", "status", "--pid", gateway.process.pid).stdout
    assert f"gateway {gateway.process.pid} serves {gateway.ready['fix']} in front of local" in words
    assert "1 of 2 sessions are logged on" in words
    (socket,) = Path(f"{gateway.directory}/state/tidings/gateway").iterdir()
    assert stat.S_IMODE(socket.stat().st_mode) == 0o600
    assert gateway.stop() == 0
    assert not socket.exists()


def test_sessions_tell_who_is_there_and_the_numbers(two_sessions):
    gateway, _ = two_sessions
    one, two = ask("sessions", "--ready-file", gateway.directory / "gateway.json")["sessions"]
    assert (one["session"], one["state"], one["address"]) == ("PHEMEX-C1", "logged on", "127.0.0.1")
    assert (one["next_in"], one["next_out"], one["open_orders"]) == (3, 3, 1)
    assert (two["session"], two["kind"], two["state"], two["address"]) == ("PHEMEX-C2", "md", "away", None)
    assert (two["next_in"], two["next_out"], two["heard_s"]) == (1, 1, None)
    title, columns, rule, first, second = tidings("gateway", "sessions").stdout.splitlines()
    assert (title, columns.split()[:4]) == ("2 sessions", ["session", "account", "kind", "state"])
    assert set(rule) == {" ", "-"}  # plain in a pipe
    assert (first.split()[0], second.split()[0]) == ("PHEMEX-C1", "PHEMEX-C2")


@pytest.mark.usefixtures("two_sessions")
def test_on_a_terminal_the_table_is_drawn():
    """`script` gives the command a terminal."""
    command = " ".join(command_line("gateway", "sessions"))
    done = subprocess.run(
        ["script", "-qec", command, "/dev/null"], env=clean_environment(), capture_output=True, text=True,
        timeout=LIMIT_S, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert "──" in done.stdout


def test_a_client_that_is_away_begins_at_1_after_a_reset(two_sessions):
    gateway, client = two_sessions
    client.close()
    while ask("sessions")["sessions"][0]["state"] != "away":
        pass
    found = ask("reset-seq", "C1")
    assert found == {"session": "PHEMEX-C1", "client": "away", "before": {"next_in": 3, "next_out": 3},
                     "next_in": 1, "next_out": 1}  # fmt: skip
    again = gateway.connect()
    assert again.logon()[34] == "1"
    again.change("F", "c1", "o1")  # orders outlive the numbers
    again.expect("8", t34="2", t150="4", t11="c1", t41="o1")


def test_a_client_that_is_there_is_told_and_answers(two_sessions):
    _, client = two_sessions
    asking = subprocess.Popen(
        command_line("gateway", "reset-seq", "PHEMEX-C1"), env=clean_environment(), stdout=subprocess.PIPE, text=True
    )
    client.expect("A", t34="1", t141="Y", t98="0", t108="30")
    client.next_out = 1
    client.send("A", (98, 0), (108, 30), (141, "Y"))
    out, _ = asking.communicate(timeout=LIMIT_S)
    assert asking.returncode == 0
    assert re.search("next in was 3, next out was 3; both begin at 1", out)
    client.order("o2", t44="54901")
    client.expect("8", t34="2", t150="0", t11="o2")


@pytest.mark.usefixtures("two_sessions")
def test_a_client_that_does_not_answer_a_reset_is_named():
    done = tidings("gateway", "reset-seq", "C1")
    assert done.returncode == 1
    assert "its client has not answered the Logon with ResetSeqNumFlag" in done.stdout
    assert "PHEMEX-C1 begins at 1 here, and its client does not know it" in done.stderr


@pytest.mark.usefixtures("two_sessions")
def test_a_wrong_name_names_the_right_ones():
    done = tidings("gateway", "reset-seq", "C9", "--json")
    assert done.returncode == 2
    assert "no session is called 'C9': choose among PHEMEX-C1, PHEMEX-C2" in done.json["error"]["message"]


def test_where_no_gateway_runs_it_says_so(tmp_path):
    for code, arguments, words in [
        (1, ("status",), "no gateway runs"),
        (1, ("sessions", "--pid", "999999999"), "no gateway with process id 999999999 answers"),
        (1, ("reset-seq", "C1", "--ready-file", tmp_path / "none.json"), "no gateway runs: "),
        (2, (), "--config FILE is needed to serve"),
        (2, ("reset-seq",), "SESSION"),
    ]:
        done = tidings("gateway", *arguments)
        assert (done.returncode, done.stdout) == (code, "")
        assert words in done.stderr


def test_a_killed_gateways_socket_is_cleared_away(two_sessions):
    gateway, _ = two_sessions
    gateway.process.kill()
    gateway.process.wait()
    assert "no gateway runs" in tidings("gateway", "status").stderr
    assert list(Path(f"{gateway.directory}/state/tidings/gateway").iterdir()) == []


def test_each_question_has_its_help():
    for question in ("status", "sessions", "reset-seq"):
        done = tidings("gateway", question, "--help")
        assert done.returncode == 0
        assert "--ready-file" in done.stdout
