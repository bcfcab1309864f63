"""`tidings record` and `tidings recording`, as processes: ended by signals, refused where they should be."""

import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest
from tidings_command import clean_environment, command_line, tidings

from tidings.errors import RecordingError
from tidings.recorder.entries import EntryKind
from tidings.recorder.reader import RecordingReader

EXAMPLE = Path(__file__).parents[2] / "examples" / "quote_both_sides.py"


def began(directory: Path) -> bool:
    """Whether market messages can be read already."""
    try:
        return sum(entry.kind is EntryKind.MARKET for entry in RecordingReader(directory)) > 10
    except RecordingError:
        return False


def until_began(directory: Path, running: subprocess.Popen) -> None:
    deadline_s = time.monotonic() + 30
    while not began(directory):
        assert time.monotonic() < deadline_s and running.poll() is None
        time.sleep(0.05)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_recording_cleanly(low_exchange, tmp_path, how):
    out = tmp_path / "r"
    words = ("record", "BTCUSD", "sBTCUSDT", "--out", out, "--exchange", low_exchange.ready_file, "--json")
    running = subprocess.Popen(
        command_line(*words), env=clean_environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    until_began(out, running)
    running.send_signal(how)
    stdout, stderr = running.communicate(timeout=60)
    told = json.loads(stdout)
    assert (running.returncode, told["dropped"], told["failure"]) == (0, 0, ""), stderr
    reader = RecordingReader(out)
    entries = list(reader)
    assert reader.damage == ""
    assert told["entries"] + told["segments"] == len(entries)  # and a head of each segment
    market = [entry.payload for entry in entries if entry.kind is EntryKind.MARKET]
    assert told["messages"] == len(market) and told["bytes"] == sum(map(len, market))
    symbols = {json.loads(payload).get("symbol") for payload in market}
    assert {"BTCUSD", "sBTCUSDT"} <= symbols


def test_what_is_in_a_recording_is_told(low_exchange, tmp_path):
    out, exchange = tmp_path / "r", low_exchange.ready_file
    words = ("--channels", "book,trade,kline:60", "--seconds", "3", "--private", "--exchange", exchange)
    recorded = tidings("record", "BTCUSD", "--out", out, *words)
    assert recorded.returncode == 0, recorded.stderr
    assert "0 dropped" in recorded.stdout.splitlines()[-1]
    told = tidings("recording", out, "--json").json
    assert told["end"] == "whole" and told["segments"] == 1
    assert told["session"]["env"] == "local"
    assert told["kinds"]["SESSION"] == told["kinds"]["CATALOGUE"] == 1
    assert told["kinds"]["ACCOUNT"] > 0 and told["symbols"]["BTCUSD"] > 0
    words = tidings("recording", out).stdout
    assert "end: whole" in words and "BTCUSD" in words
    account = low_exchange.ready["accounts"][0]
    everything = b"".join(entry.payload for entry in RecordingReader(out))
    assert account["api_key"].encode() not in everything and account["api_secret"].encode() not in everything


def test_a_disk_with_too_little_room_is_left_alone_and_told(low_exchange, tmp_path):
    words = ("--seconds", "2", "--free-mb", str(1 << 40), "--exchange", low_exchange.ready_file, "--json")
    done = tidings("record", "BTCUSD", "--out", tmp_path / "r", *words)
    assert re.search(r"waits: \d+ MiB are free, and \d+ are left to others", done.stderr)
    assert done.json["trouble"] == "" and done.json["messages"] > 0, "at the end what waits is written"
    assert tidings("recording", tmp_path / "r", "--json").json["messages"] == done.json["messages"]


def test_a_run_leaves_as_much_room_as_it_is_told(low_exchange, tmp_path):
    words = ("--seconds", "1.5", "--free-mb", str(1 << 40), "--exchange", low_exchange.ready_file)
    done = tidings("run", EXAMPLE, "--record", tmp_path / "r", *words)
    assert re.search(r"waits: \d+ MiB are free, and \d+ are left to others", done.stderr)
    assert done.stdout.splitlines()[-1] == f"recorded: `tidings replay {tmp_path / 'r'}`", "written at the end"


def test_a_killed_recording_reads_back_to_its_last_block(low_exchange, tmp_path):
    out = tmp_path / "r"
    words = ("record", "BTCUSD", "--out", out, "--exchange", low_exchange.ready_file)
    running = subprocess.Popen(
        command_line(*words), env=clean_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    until_began(out, running)
    running.kill()
    running.wait()
    told = tidings("recording", out, "--json").json
    assert told["end"].startswith(("not ended", "torn")) and told["kinds"]["MARKET"] > 10


def test_a_damaged_recording_is_no_success(low_exchange, tmp_path):
    out = tmp_path / "r"
    assert tidings("record", "BTCUSD", "--out", out, "--seconds", "1", "--exchange", low_exchange.ready_file)
    path = out / "00000001.recording"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    done = tidings("recording", out)
    assert done.returncode == 1
    assert "00000001.recording is damaged" in done.stderr and "byte" in done.stderr


@pytest.mark.parametrize(
    ("words", "counted", "said"),
    [
        (("record", "BTCUSD", "--out"), "messages", "before anything was recorded"),
        (("record", "BTCUSD", "--private", "--out"), "messages", "before anything was recorded"),
        (("run", EXAMPLE, "--record"), "open_orders", "before a strategy was started"),
    ],
)
def test_a_stop_that_comes_first_leaves_nothing_and_says_so(start_exchange, tmp_path, words, counted, said):
    """The exchange takes connections and answers nothing, so that the start takes long."""
    exchange = start_exchange("--no-flow")
    os.kill(exchange.process.pid, signal.SIGSTOP)
    words = (*words, tmp_path / "r", "--exchange", exchange.ready_file, "--json")
    running = subprocess.Popen(
        command_line(*words), env=clean_environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        until_it_handles(signal.SIGTERM, running.pid)
        running.send_signal(signal.SIGTERM)
        stdout, stderr = running.communicate(timeout=60)
    finally:
        os.kill(exchange.process.pid, signal.SIGCONT)
    assert (running.returncode, json.loads(stdout)[counted]) == (0, 0)
    assert said in stderr
    assert not (tmp_path / "r").exists()


def until_it_handles(how: signal.Signals, pid: int) -> None:
    """Wait until a process has its own handler of a signal (Linux)."""
    deadline_s = time.monotonic() + 30
    while time.monotonic() < deadline_s:
        caught = re.search(r"SigCgt:\s*(\w+)", Path(f"/proc/{pid}/status").read_text())
        if caught is not None and int(caught[1], 16) >> (how - 1) & 1:
            return
        time.sleep(0.05)
    raise AssertionError(f"no handler of {how.name}")


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("record", "NOSUCH"), 2, "NOSUCH"),
        (("record", "BTCUSD", "--channels", "quotes"), 2, "quotes"),
        (("record", "BTCUSD", "--channels", ","), 2, "names nothing"),
        (("record", "BTCUSD", "--seconds", "0"), 2, "--seconds"),
        (("record", "BTCUSD", "--segment-mb", "0"), 2, "record_segment_mb"),
        (("record", "BTCUSD", "--private", "--free-mb", "-1"), 2, "--free-mb"),
    ],
)
def test_what_cannot_be_recorded_is_refused_and_leaves_nothing(low_exchange, tmp_path, words, code, told):
    out = tmp_path / "r"
    done = tidings(*words, "--out", out, "--exchange", low_exchange.ready_file)
    assert done.returncode == code and told in done.stderr
    assert not out.exists()


def test_a_second_recording_in_one_directory_is_refused(low_exchange, tmp_path):
    words = ("record", "BTCUSD", "--out", tmp_path / "r", "--seconds", "0.5", "--exchange", low_exchange.ready_file)
    assert tidings(*words).returncode == 0
    before = (tmp_path / "r" / "00000001.recording").read_bytes()
    again = tidings(*words)
    assert again.returncode == 1 and "holds a recording already" in again.stderr
    assert (tmp_path / "r" / "00000001.recording").read_bytes() == before
