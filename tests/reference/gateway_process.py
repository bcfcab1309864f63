"""A gateway process for tests, and what the exchange has open of the account its sessions use."""

import json
import signal
import subprocess
import time
from pathlib import Path

from exchange_process import RunningExchange
from fix_client import FixClient
from phemex_client import RestClient
from tidings_command import LIMIT_S, clean_environment, command_line

ENGINE = "[engine]\nrate_limits = false\nduplicate_window_s = 0.000001\n"


class RunningGateway:
    """One gateway process, and the clients connected to it."""

    def __init__(
        self, directory: Path, exchange: RunningExchange, sessions: str, top: str = "", listen: str = ""
    ) -> None:
        self.directory = directory
        self.config = directory / "gateway.toml"
        self.config.write_text(f'{top}[listen]\nhost = "127.0.0.1"\nport = 0\n{listen}{ENGINE}{sessions}')
        self._exchange = exchange
        self.clients: list[FixClient] = []
        self.start()

    def start(self) -> None:
        ready = self.directory / "gateway.json"
        ready.unlink(missing_ok=True)
        arguments = ("--config", self.config, "--exchange", self._exchange.ready_file, "--ready-file", ready)
        with (self.directory / "gateway.stderr").open("a") as log:
            self.process = subprocess.Popen(
                command_line("gateway", *arguments), env=clean_environment(), stdout=subprocess.PIPE, stderr=log
            )
        deadline_s = time.monotonic() + LIMIT_S
        while not ready.exists():
            assert self.process.poll() is None and time.monotonic() < deadline_s, self.log
            time.sleep(0.01)
        assert self.process.stdout is not None
        self.ready = json.loads(self.process.stdout.readline())
        assert self.ready == json.loads(ready.read_text())

    @property
    def log(self) -> str:
        return (self.directory / "gateway.stderr").read_text()

    def connect(self, client: str = "C1", *, is_extended: bool = False) -> FixClient:
        self.clients.append(FixClient(self.ready["fix"], client, is_extended=is_extended))
        return self.clients[-1]

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(how)
        code = self.process.wait(LIMIT_S)
        assert "Traceback" not in self.log, self.log
        return code


def open_orders(exchange: RunningExchange) -> list[dict[str, str]]:
    client = RestClient(exchange.ready, 2)
    answer = client.call("GET", "/g-orders/activeList", symbol="BTCUSDT")
    client.close()
    return [] if answer.code == 10002 else answer.data["rows"]  # that code says there is none
