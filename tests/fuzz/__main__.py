"""Spoilt bytes for the FIX decoder and the FIX session: `python -m tests.fuzz --executions N [--seed S] [--seconds T]`.

Of twenty executions one is the session's, which takes longer. Ends with one line of JSON; exit code 0: nothing crashed,
hung, or contradicted itself. To run it under the address sanitizer: docs/fix.md.
"""

import faulthandler
import signal
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "reference")]

from tests.fuzz.command import run_command  # noqa: E402
from tests.fuzz.decoder import DecoderFuzz  # noqa: E402
from tests.fuzz.session import SessionFuzz  # noqa: E402

BATCH = 20_000  # executions of one seed
SESSION_SHARE = 20
HANG_S = 120  # of the processor; a batch that takes more ends the process, which tells its stack first
PROGRESS_S = 10.0


def fuzz(executions: int, seed: int, seconds: float = 1e9) -> dict[str, object]:
    """Counts, and what was wrong first: "" if nothing was."""
    total = {"decoder": 0, "session": 0, "sound_messages": 0, "logged_on": 0}
    begin_s = told_s = time.monotonic()
    found, batch = "", 0
    faulthandler.register(signal.SIGVTALRM, chain=True)
    while not found and total["decoder"] + total["session"] < executions and time.monotonic() - begin_s < seconds:
        signal.setitimer(signal.ITIMER_VIRTUAL, HANG_S)
        found = run_batch(seed * 1_000_000 + batch, min(BATCH, executions), total)
        batch += 1
        if time.monotonic() - told_s > PROGRESS_S:
            told_s = time.monotonic()
            sys.stderr.write(f"{total}\n")
    signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    faulthandler.unregister(signal.SIGVTALRM)
    return {"seed": seed, **total, "seconds": round(time.monotonic() - begin_s, 1), "violation": found}


def run_batch(seed: int, executions: int, total: dict[str, int]) -> str:
    """One decoder and one session of this seed."""
    decoder, session = DecoderFuzz(seed), SessionFuzz(seed)
    try:
        for number in range(executions):
            is_session = number % SESSION_SHARE == 0
            total["session" if is_session else "decoder"] += 1
            if found := (session if is_session else decoder).step():
                return f"seed {seed}, execution {number}: {found}"
    finally:
        session.close()
        total["sound_messages"] += decoder.sound
        total["logged_on"] += session.sound
    return ""


def main(arguments: list[str]) -> int:
    return run_command("tests.fuzz", __doc__, fuzz, arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
