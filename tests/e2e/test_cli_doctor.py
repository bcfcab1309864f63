"""`tidings doctor`: each check in words, with advice where something is wrong."""

import json
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from phemex_client import RestClient
from tidings_command import Ended, tidings

from tidings.cli.examination import Examination
from tidings.config import load_settings

CHECKS = ["connection", "clock", "round trip", "key and secret", "position mode", "rate budget"]


def verdicts(done: Ended) -> dict[str, str]:
    return {finding["check"]: finding["verdict"] for finding in done.json["findings"]}


def finding(done: Ended, check: str) -> dict[str, Any]:
    return next(finding for finding in done.json["findings"] if finding["check"] == check)


def altered(exchange, directory: Path, **changes: object) -> Path:
    """A ready file that differs from the truth."""
    path = directory / "altered.json"
    path.write_text(json.dumps(exchange.ready | changes))
    return path


def test_good_account_passes_every_check(quiet_exchange, run_here) -> None:
    done = run_here("doctor", "--json", "--exchange", quiet_exchange.ready_file)

    assert done.returncode == 0
    assert done.json["good"] is True
    assert verdicts(done) == dict.fromkeys(CHECKS, "good")
    assert "500" in finding(done, "rate budget")["found"]


def test_words_for_people_end_with_a_conclusion(quiet_exchange) -> None:
    done = tidings("doctor", "--exchange", quiet_exchange.ready_file)

    assert done.returncode == 0
    assert done.stdout.splitlines()[-1] == "Everything is right."


def test_wrong_secret_is_bad_and_never_shown(quiet_exchange, tmp_path: Path, run_here) -> None:
    accounts = [account | {"api_secret": "c2VjcmV0LW9mLW5vYm9keQ"} for account in quiet_exchange.ready["accounts"]]

    done = run_here("doctor", "--json", "--exchange", altered(quiet_exchange, tmp_path, accounts=accounts))

    assert done.returncode == 1
    assert list(verdicts(done)) == CHECKS[:4]
    assert finding(done, "key and secret")["verdict"] == "bad"
    assert "copy key and secret again" in finding(done, "key and secret")["advice"]
    assert "c2VjcmV0LW9mLW5vYm9keQ" not in done.stdout + done.stderr


@pytest.mark.parametrize(("exchange_reads", "we_read"), [("base64url", "raw"), ("raw", "base64url")])
def test_secret_read_the_other_way_is_diagnosed(start_exchange, exchange_reads: str, we_read: str, run_here) -> None:
    exchange = start_exchange("--no-flow", "--secret-encoding", exchange_reads)

    done = run_here("doctor", "--json", "--secret-encoding", we_read, "--exchange", exchange.ready_file)
    right = run_here("doctor", "--json", "--secret-encoding", exchange_reads, "--exchange", exchange.ready_file)

    assert done.returncode == 1
    assert finding(done, "key and secret")["verdict"] == "bad"
    assert f"--secret-encoding {exchange_reads}" in finding(done, "key and secret")["advice"]
    assert (right.returncode, right.json["good"]) == (0, True)


def test_unreachable_host_is_bad_with_advice(quiet_exchange, tmp_path: Path, run_here) -> None:
    ready_file = altered(quiet_exchange, tmp_path, rest="https://127.0.0.1:9", ws="wss://127.0.0.1:9/ws")

    done = run_here("doctor", "--json", "--exchange", ready_file)

    assert (done.returncode, verdicts(done)) == (1, {"connection": "bad"})
    assert "127.0.0.1:9" in finding(done, "connection")["found"]
    assert "tidings exchange" in finding(done, "connection")["advice"]


def test_hedged_symbols_are_named(start_exchange, run_here) -> None:
    exchange = start_exchange("--no-flow")
    client = RestClient(exchange.ready)
    client.call("PUT", "/g-positions/switch-pos-mode-sync", symbol="ETHUSDT", targetPosMode="Hedged")
    client.close()

    done = run_here("doctor", "--json", "--exchange", exchange.ready_file)

    assert done.returncode == 0
    assert finding(done, "position mode")["verdict"] == "look"
    assert "ETHUSDT" in finding(done, "position mode")["found"]


async def test_without_a_key_the_public_checks_are_done(quiet_exchange) -> None:
    place = {"api_url": quiet_exchange.ready["rest"], "ca_file": quiet_exchange.ready["ca_file"]}

    async with AsyncExitStack() as closing:
        findings = await Examination(load_settings("local", **place), closing).run()

    assert [(found.check, found.verdict) for found in findings] == [
        ("connection", "good"), ("clock", "good"), ("round trip", "good"), ("key and secret", "look"),
    ]  # fmt: skip
    assert "PHEMEX_API_KEY" in findings[-1].advice
