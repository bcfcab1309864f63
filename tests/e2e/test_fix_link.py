"""The connection to the venue is lost while clients are logged on: they are told, and nothing is queued."""

import signal
import time
from pathlib import Path

import pytest
from exchange_process import launch
from fix_client import now_text
from gateway_process import RunningGateway

SESSIONS = "".join(
    f'[[session]]\nour_comp_id = "PHEMEX"\nclient_comp_id = "{name}"\naccount = "2"\n'
    f'store = "memory"\nkind = "{kind}"\n'
    for name, kind in (("C1", "order"), ("MD", "md"))
)
LIMIT_S = 30.0  # a busy machine


def news(client) -> dict[int, str]:
    """The next News; reports and heartbeats are passed over."""
    deadline_s = time.monotonic() + LIMIT_S
    while (message := client.next())[35] != "B":
        assert time.monotonic() < deadline_s
    return message


@pytest.mark.parametrize("late", [False, True], ids=["told as it happens", "told at the Logon"])
def test_everybody_is_told_and_orders_are_not_taken(tmp_path: Path, late: bool):
    exchange = launch(tmp_path, "--no-flow", "--no-rate-limits", "--matching-delay-ms", "0")
    gateway = RunningGateway(tmp_path, exchange, SESSIONS)
    try:
        client, watcher = gateway.connect(), gateway.connect("MD")
        watcher.logon()
        if not late:
            client.logon()
        exchange.stop(signal.SIGKILL)
        told = news(watcher)
        assert (told[148], told[33]) == ("exchange link lost", "1")
        assert told[58]
        if late:
            client.logon()
        assert news(client)[148] == "exchange link lost"
        client.order("o1")
        client.expect("j", t372="D", t380="4", t379="o1")
        client.send("q", (11, "q1"), (530, 7), (60, now_text()))
        client.expect("j", t372="q", t380="4")
        client.send("AN", (710, "p1"), (724, 0), (1, "2"), (581, 1), (715, "20260801"), (60, now_text()))
        refused = client.expect("AO", t710="p1", t728="99", t729="2")
        assert refused[58].startswith("the venue did not tell: ")
    finally:
        for one in gateway.clients:
            one.close()
        gateway.process.kill()
        gateway.process.wait()
        exchange.stop()
