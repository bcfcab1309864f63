"""An exchange as a process of its own, reached over real sockets: for end-to-end tests."""

import json
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

START_TIMEOUT_S = 60  # a busy machine; alone it takes half a second


@dataclass
class RunningExchange:
    """A process of `python -m tidings.exchange` that accepts connections."""

    process: subprocess.Popen[str]
    ready: dict[str, Any]
    ready_file: Path

    def stop(self, how: int = signal.SIGTERM) -> int:
        """Tell it to end; gives the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.process.wait(START_TIMEOUT_S)


def launch(directory: Path, *arguments: str) -> RunningExchange:
    ready_file = directory / "ready.json"
    command = [sys.executable, "-m", "tidings.exchange", "--ready-file", str(ready_file), *arguments]
    with (directory / "stderr.txt").open("w") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
    wait_for(ready_file, process)
    return RunningExchange(process, json.loads(ready_file.read_text()), ready_file)


def wait_for(ready_file: Path, process: "subprocess.Popen[Any]") -> None:
    """Until the ready file is there; a process that ends before is a failure."""
    deadline_s = time.monotonic() + START_TIMEOUT_S
    while not ready_file.exists():
        if process.poll() is not None or time.monotonic() > deadline_s:
            process.kill()
            pytest.fail(f"the exchange did not start: {(ready_file.parent / 'stderr.txt').read_text()}")
        time.sleep(0.01)
