"""From `kill -9` of an engine to an exchange that shows no open order of it: `python -m benchmarks.watchdog`.

Real processes: the local exchange, per account an engine with orders open in up to ten symbols of all three lines (a
working and an untriggered one in each), and a watchdog. Engines are started a few at a time and killed one by one; the
exchange's own list of open orders is read again and again, so a sample is late by one reading (under a millisecond)
and never early. Every kill is checked once more by the exchange's whole dump.
"""

import argparse
import http.client
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks.report import Row, Table, machine, print_result
from benchmarks.watched_engine import SYMBOLS

LIMIT_MS = 50  # p99, kill to nothing open
START_LIMIT_S = 60
QUIET_S = 0.15  # between two kills: the machine settles
LOOK_S = 0.0005
LOST_S = 10.0  # by then something is wrong
NOTICED, EMPTY, VERIFIED = "noticed by the watchdog", "exchange shows nothing open", "watchdog has verified it"


def command(module: str, *arguments: object) -> list[str]:
    return [sys.executable, "-m", module, *map(str, arguments)]


class Child:
    """A process that talks in lines of JSON."""

    def __init__(self, arguments: list[str], environment: dict[str, str]) -> None:
        pipe, self._complaints = subprocess.PIPE, tempfile.TemporaryFile("w+")  # noqa: SIM115  lives as long as we
        self.process = subprocess.Popen(
            arguments, stdin=pipe, stdout=pipe, stderr=self._complaints, text=True, env=environment
        )

    def hear(self) -> dict[str, Any]:
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            self._complaints.seek(0)
            raise RuntimeError(f"{self.process.args} has ended: {self._complaints.read()[-2000:]}")
        told = json.loads(line)
        assert isinstance(told, dict)
        return told

    def hear_event(self, name: str) -> dict[str, Any]:
        while (told := self.hear())["event"] != name:
            pass
        return told

    def ask(self, words: str) -> dict[str, Any]:
        assert self.process.stdin
        self.process.stdin.write(words + "\n")
        self.process.stdin.flush()
        return self.hear()

    def end(self, number: int = signal.SIGTERM) -> None:
        self.process.send_signal(number)
        self.process.communicate()


class Admin:
    """The exchange behind its back."""

    def __init__(self, url: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc)

    def rows(self, path: str, user_id: int) -> list[dict[str, Any]]:
        self._connection.request("GET", f"{path}?user_id={user_id}")
        found = json.loads(self._connection.getresponse().read())
        assert isinstance(found, list)
        return found


class Bench:
    """One exchange with its watchdogs; `round` kills one engine per account."""

    def __init__(self, directory: Path, accounts: int, delay_ms: int, closing: ExitStack) -> None:
        self.directory, self.accounts = directory, accounts
        settings_file = directory / "settings.toml"
        settings_file.write_text("rate_limits = false\nexpiry_s = 1\n")
        self.environment = {
            **os.environ, "XDG_STATE_HOME": str(directory / "state"), "TIDINGS_CONFIG": str(settings_file),
            "PYTHONPATH": os.pathsep.join(sys.path),
        }  # fmt: skip
        self.ready_file = directory / "ready.json"
        exchange = self.start(
            "tidings.exchange", "--ready-file", self.ready_file, "--no-flow", "--no-rate-limits",
            "--accounts", accounts, "--matching-delay-ms", delay_ms, closing=closing,
        )  # fmt: skip
        self.ready = exchange.hear()
        self.admin = Admin(self.ready["admin"])
        self.watchdogs = [
            self.start("tidings", "watchdog", "--exchange", self.ready_file, "--account", n, "--json", closing=closing)
            for n in range(accounts)
        ]
        for watchdog in self.watchdogs:
            watchdog.hear_event("ready")

    def start(self, *arguments: object, closing: ExitStack) -> Child:
        child = Child(command(*map(str, arguments)), self.environment)
        closing.callback(child.end)
        return child

    def round(self, options: argparse.Namespace) -> list[dict[str, float]]:
        """Start an engine per account, and kill them one after the other."""
        with ExitStack() as closing:
            engines = []
            for account in range(self.accounts):
                settings = json.dumps({"account": account, "watchdog": "required"})
                engine = self.start("benchmarks.watched_engine", self.ready_file, settings, closing=closing)
                engines.append(engine)
            for engine in engines:
                engine.hear()
            for engine in engines:
                engine.ask(f"ballast {options.ballast_mb}")
                self.fill(engine, options.symbols)
            return [self.kill(account, engine, options) for account, engine in enumerate(engines)]

    def fill(self, engine: Child, symbols: int) -> None:
        """Wait until the watchdog is done with the engine before, then open the orders."""
        limit_s = time.monotonic() + START_LIMIT_S
        while reason := engine.ask("state")["reason"]:
            if time.monotonic() > limit_s:
                raise RuntimeError(f"an engine is not ready: {reason}")
            time.sleep(0.1)
        if error := engine.ask(f"open {symbols}").get("error"):
            raise RuntimeError(f"an engine could not place its orders: {error}")

    def kill(self, account: int, engine: Child, options: argparse.Namespace) -> dict[str, float]:
        """Milliseconds from the signal to each of the three moments."""
        user_id = self.ready["accounts"][account]["user_id"]
        if options.churn:
            engine.ask("churn")
        time.sleep(QUIET_S)
        shown = self.admin.rows("/open-orders", user_id)
        assert len(shown) >= 2 * options.symbols, shown
        start_ns, start_wall_ns = time.monotonic_ns(), time.time_ns()
        os.kill(engine.process.pid, signal.SIGKILL)
        while self.admin.rows("/open-orders", user_id):
            if time.monotonic_ns() - start_ns > LOST_S * 1e9:
                raise RuntimeError(f"orders of account {account} are still open after {LOST_S:g} s")
            time.sleep(LOOK_S)
        empty_ms = (time.monotonic_ns() - start_ns) / 1e6
        noticed_ms = (self.watchdogs[account].hear_event("tripped")["t_ns"] - start_wall_ns) / 1e6
        while (verified := self.watchdogs[account].hear_event("verified"))["orders_left"] != 0:
            pass
        open_left = [row for row in self.admin.rows("/orders", user_id) if row["leaves_qty"] and not is_done(row)]
        assert not open_left, open_left
        return {NOTICED: noticed_ms, EMPTY: empty_ms, VERIFIED: (verified["t_ns"] - start_wall_ns) / 1e6}


def is_done(row: dict[str, Any]) -> bool:
    return row["ord_status"] in ("Canceled", "Filled", "Rejected", "Deactivated")


def measure(options: argparse.Namespace, delay_ms: int, progress: bool) -> Table:
    samples: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory(prefix="tidings-kills-") as directory, ExitStack() as closing:
        bench = Bench(Path(directory), options.accounts, delay_ms, closing)
        while len(samples) < options.kills:
            samples += bench.round(options)
            if progress:
                worst = max(sample[EMPTY] for sample in samples)
                sys.stderr.write(f"\r{len(samples)} kills, slowest {worst:.1f} ms ")
                sys.stderr.flush()
    if progress:
        sys.stderr.write("\n")
    how = "engines busy with orders and cancels" if options.churn else "engines at rest"
    how += f", {options.ballast_mb} MB each" * bool(options.ballast_mb)
    return Table(
        f"kill -9 → nothing open, {options.symbols} symbols, matching delay {delay_ms} ms",
        f"{len(samples)} kills, {how}; from the signal",
        EMPTY,
        [Row.of(name, [sample[name] * 1e6 for sample in samples]) for name in (NOTICED, EMPTY, VERIFIED)],
    )


def main(arguments: list[str]) -> int:
    """1 if the 99th percentile missed the limit."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.watchdog", description=__doc__)
    parser.add_argument("--kills", type=int, default=200, help="per matching delay (default 200)")
    parser.add_argument("--symbols", type=int, default=len(SYMBOLS), choices=range(1, len(SYMBOLS) + 1))
    parser.add_argument("--accounts", type=int, default=6, help="engines alive at the same time (default 6)")
    parser.add_argument("--matching-delay-ms", type=int, nargs="+", default=[0, 5])
    parser.add_argument("--ballast-mb", type=int, default=0, help="memory of each engine: the kernel frees it first")
    parser.add_argument("--churn", action="store_true", help="kill engines in the middle of orders and cancels")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    options = parser.parse_args(arguments)
    tables = [measure(options, delay_ms, sys.stderr.isatty()) for delay_ms in options.matching_delay_ms]
    if options.json:
        print(json.dumps({"machine": machine(), "tables": [table.as_json() for table in tables]}, indent=2))
    else:
        for table in tables:
            print_result(table, sys.stdout)
    return int(any(table.row(EMPTY).at(0.99) > LIMIT_MS * 1e6 for table in tables))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
