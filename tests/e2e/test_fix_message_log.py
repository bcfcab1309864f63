"""The gateway's message logs: every message with its time and way, one file per session, and no secret in them."""

import signal
import time

import pytest
from tidings_command import LIMIT_S, tidings

PASSWORD = "open-sesame-7"


@pytest.fixture
def logging_gateway(start_gateway, tmp_path):
    lines = f'auth = "password"\nusername = "desk-user"\nsecret = "{PASSWORD}"\n'
    return start_gateway(f'log = "{tmp_path}/logs"\n', C1=lines, C2="")


def log_on(gateway, word: str = PASSWORD):
    client = gateway.connect()
    client.send("A", (98, 0), (108, 30), (553, "desk-user"), (554, word))
    return client


def test_every_message_is_in_its_sessions_file_without_secrets(logging_gateway, tmp_path):
    stranger = log_on(logging_gateway, "wrong-guess")
    stranger.expect("5", t58="Authentication failed")
    client = log_on(logging_gateway)
    client.expect("A")
    client.order("o1")
    client.expect("8", t150="0")
    other = logging_gateway.connect("C2")
    other.logon()
    assert logging_gateway.stop() == 0
    client.expect("5")

    assert sorted(path.name for path in (tmp_path / "logs").iterdir()) == ["PHEMEX-C1.log", "PHEMEX-C2.log"]
    found = tidings("fix-print", tmp_path / "logs" / "PHEMEX-C1.log", "--json")
    assert found.returncode == 0
    story = [(message["way"], message["msg_type"]) for message in found.json["messages"]]
    assert story == [("in", "A"), ("out", "5"), ("in", "A"), ("out", "A"), ("in", "D"), ("out", "8"), ("out", "5")]
    times = [message["time"] for message in found.json["messages"]]
    assert times == sorted(times)
    assert times[0].startswith(time.strftime("%Y%m", time.gmtime()))
    text = (tmp_path / "logs" / "PHEMEX-C1.log").read_bytes()
    for secret in (PASSWORD, "desk-user", "wrong-guess"):
        assert secret.encode() not in text
    assert b"553=***\x01554=***\x01" in text
    assert text.count(b" --- connected from 127.0.0.1\n") == 2
    assert b" --- disconnected: Authentication failed\n" in text
    words = tidings("fix-print", tmp_path / "logs" / "PHEMEX-C2.log").stdout.splitlines()
    assert (words[0].split()[1], words[1]) == ("in", "Logon (A)")


def test_a_killed_gateway_loses_no_more_than_the_last_moment(logging_gateway, tmp_path):
    client = log_on(logging_gateway)
    client.expect("A")
    log, deadline_s = tmp_path / "logs" / "PHEMEX-C1.log", time.monotonic() + LIMIT_S
    while log.read_bytes().count(b"\x0135=A\x01") < 2:  # written without anything to come after it
        assert time.monotonic() < deadline_s
        time.sleep(0.01)
    logging_gateway.stop(signal.SIGKILL)
    assert log.read_bytes().count(b"\x0135=A\x01") == 2


def test_a_log_that_cannot_be_written_is_named_before_anybody_connects(start_gateway, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(AssertionError, match=r"tidings gateway: log = .*file.*C1.log: File exists"):
        start_gateway(f'log = "{tmp_path}/file"\n')
