"""`tidings gateway status|sessions|reset-seq`: questions to a gateway that runs, over its socket (docs/fix.md)."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from tidings.cli.screen import Screen, counted
from tidings.fix_gateway.admin import ANSWERED, AWAY, LEFT, SILENT
from tidings.fix_gateway.admin_socket import ask_gateway, chosen_gateway

FAILED = 1
ANSWER_LIMIT_S = 10.0
GIVEN = argparse.SUPPRESS  # an option of `tidings gateway` too: what was given there stays
SESSION_COLUMNS = (
    *("session", "account", "kind", "state", "address", "next_in", "next_out", "heard_s", "open_orders"),
    *("waiting_bytes", "garbled", "ended"),
)
CLIENT_WORDS = {
    AWAY: "its client is away and has to begin at 1 too: with ResetSeqNumFlag (141=Y), or by its own reset",
    ANSWERED: "its client is logged on, and begins at 1 too",
    SILENT: "its client has not answered the Logon with ResetSeqNumFlag: reset its numbers too",
    LEFT: "its client has left instead of answering: reset its numbers before it comes back",
}
ACCOUNT_COLUMNS = ("account", "open_orders", "unknown_orders", "lanes_up", "denies_because")


def add_questions(parser: argparse.ArgumentParser) -> None:
    """The commands below `tidings gateway`; without one of them it serves."""
    questions = parser.add_subparsers(metavar="QUESTION", title="questions to a gateway that runs")
    status = questions.add_parser("status", help="where it serves, since when, and how its accounts are")
    status.set_defaults(body=_status)
    sessions = questions.add_parser("sessions", help="each session: who is there, numbers, what waits")
    sessions.set_defaults(body=_sessions)
    reset = questions.add_parser(
        "reset-seq", help="let both sequence numbers of a session begin at 1",
        description="A client that is logged on is told by a Logon with ResetSeqNumFlag (141=Y) and has to answer it."
        " Reports that its client has not fetched are not delivered any more: it asks for its orders (AF).",
    )  # fmt: skip
    reset.add_argument("session", metavar="SESSION", help="OURS-CLIENT as `sessions` shows it, or the client's CompID")
    reset.set_defaults(body=_reset)
    for question in (status, sessions, reset):
        which = question.add_mutually_exclusive_group()
        which.add_argument("--pid", type=int, metavar="N", help="the gateway of this process (default: the only one)")
        which.add_argument("--ready-file", type=Path, metavar="PATH", default=GIVEN, help="the gateway that wrote it")
        question.add_argument("--json", action="store_true", default=GIVEN, help="one JSON object on stdout")


async def _answer(options: argparse.Namespace, question: dict[str, str]) -> dict[str, Any]:
    pid = await chosen_gateway(options.pid, options.ready_file)
    return await ask_gateway(pid, question, ANSWER_LIMIT_S)


async def _status(options: argparse.Namespace, screen: Screen) -> int:
    found = await _answer(options, {"ask": "status"})
    screen.json(found)
    tls = " with TLS" if found["tls"] else ""
    place = f"{found['fix']}{tls} in front of {found['env']}"
    screen.line(f"gateway {found['pid']} serves {place}, for {_span(found['up_s'])}")
    here = f"{found['logged_on']} of {found['sessions']} sessions are logged on"
    screen.line(f"{here}, {found['visitors']} connections have not said who they are")
    accounts = [[account[name] for name in ACCOUNT_COLUMNS] for account in found["accounts"]]
    screen.table("accounts", ACCOUNT_COLUMNS, accounts)
    return 0


async def _sessions(options: argparse.Namespace, screen: Screen) -> int:
    found = await _answer(options, {"ask": "sessions"})
    screen.json(found)
    rows = [[session[name] for name in SESSION_COLUMNS] for session in found["sessions"]]
    screen.table(counted(len(rows), "session"), SESSION_COLUMNS, rows)
    return 0


async def _reset(options: argparse.Namespace, screen: Screen) -> int:
    found = await _answer(options, {"ask": "reset-seq", "session": options.session})
    screen.json(found)
    name, before = found["session"], found["before"]
    screen.line(f"{name}: next in was {before['next_in']}, next out was {before['next_out']}; both begin at 1")
    screen.line(CLIENT_WORDS[found["client"]])
    if found["client"] in (SILENT, LEFT):
        screen.complain("tidings gateway", f"{name} begins at 1 here, and its client does not know it")
        return FAILED
    return 0


def _span(seconds: float) -> str:
    """How long, as people say it."""
    hours, rest = divmod(int(seconds), 3600)
    minutes, rest = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{rest:02}"
