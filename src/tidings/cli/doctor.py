"""`tidings doctor`: is everything right between us and the venue, and if not, what to do about it.

Each check answers in words. The secret is tried both ways it can be read; nothing is ordered or changed.
"""

from __future__ import annotations

import argparse
from contextlib import AsyncExitStack
from dataclasses import asdict

from tidings.cli.examination import Examination, Finding
from tidings.cli.screen import Screen
from tidings.cli.session_options import add_session_options, settings_of


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "doctor", help="check clock, key and secret, position mode, round trip and rate budget; say what to do"
    )
    add_session_options(parser)
    parser.set_defaults(body=_doctor)


async def _doctor(options: argparse.Namespace, screen: Screen) -> int:
    """0 when nothing is wrong, 1 when something must be put right."""
    async with AsyncExitStack() as closing:
        findings = await Examination(settings_of(options), closing).run()
    is_good = all(finding.verdict != "bad" for finding in findings)
    screen.json({"env": options.env, "good": is_good, "findings": [asdict(finding) for finding in findings]})
    rows = [(finding.check, finding.verdict, finding.found) for finding in findings]
    screen.table(f"tidings doctor: {options.env}", ("check", "verdict", "found"), rows)
    for finding in findings:
        if finding.advice:
            screen.line(f"{finding.check}: {finding.advice}")
    screen.line(_conclusion(findings))
    return 0 if is_good else 1


def _conclusion(findings: list[Finding]) -> str:
    bad = [finding.check for finding in findings if finding.verdict == "bad"]
    if bad:
        return f"Not ready to trade: put right {', '.join(bad)}."
    if any(finding.verdict == "look" for finding in findings):
        return "Nothing is wrong; look at the advice above."
    return "Everything is right."
