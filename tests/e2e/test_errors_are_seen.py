"""What a program that has set up no logging sees on stderr: errors and alarms, with their cause, and nothing else."""

import subprocess
import sys

import pytest
from tidings_command import clean_environment

STRATEGY = """
import asyncio, sys, tidings

class Bad(tidings.Strategy):
    def on_timer(self, now_ns):
        raise ValueError("no such price")

async def main():
    async with tidings.connect("local", exchange=sys.argv[1], account=0, rate_limits=False) as phemex:
        await phemex.run(Bad(), seconds=0.5, timer_ms=10)
        assert phemex.engine.strategy_error_count > 5
asyncio.run(main())
"""
ALARM = "logging.getLogger('tidings.inquiry').critical('the venue shows it')"
SPEAKERS = {
    "nothing": ("", "CRITICAL tidings.inquiry: the venue shows it\n"),
    "a null handler": ("logging.getLogger('tidings').addHandler(logging.NullHandler())",
                       "CRITICAL tidings.inquiry: the venue shows it\n"),
    "basicConfig": ("logging.basicConfig(format='told: %(message)s')", "told: the venue shows it\n"),
    "a handler of ours": ("logging.getLogger('tidings').addHandler(logging.StreamHandler())", "the venue shows it\n"),
}


def stderr_of(program: str, *arguments: object) -> str:
    command = [sys.executable, "-c", program, *map(str, arguments)]
    ended = subprocess.run(command, capture_output=True, text=True, env=clean_environment(), timeout=60)
    assert ended.returncode == 0, ended.stderr
    return ended.stderr


def test_exception_of_a_callback_is_seen_once_with_its_traceback(quiet_exchange):
    told = stderr_of(STRATEGY, quiet_exchange.ready_file)
    assert told.count("ERROR tidings.strategy: Bad.on_timer raised ValueError('no such price')") == 1
    assert told.count('raise ValueError("no such price")') == 0 and told.count("Traceback") == 1
    assert "in on_timer" in told and told.rstrip().endswith("ValueError: no such price")


@pytest.mark.parametrize("speaker", SPEAKERS)
def test_alarms_are_told_once_whoever_listens(speaker):
    setting_up, expected = SPEAKERS[speaker]
    quiet = "logging.getLogger('tidings.account').debug('nobody asks')"
    assert stderr_of(f"import logging, tidings\n{setting_up}\n{quiet}\n{ALARM}") == expected


def test_warnings_are_not_alarms():
    assert stderr_of("import logging, tidings; logging.getLogger('tidings.feed').warning('a reconnect')") == ""
