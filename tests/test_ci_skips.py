"""CI's own count of skipped tests: none may go unseen, and none that nobody expected."""

import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CHECK = runpy.run_path(str(ROOT / ".ci/check_skips.py"))
EXPECTED = ["nginx is not installed", "needs gcc"]
NGINX = "SKIPPED [1] tests/test_benchmarks.py:15: nginx is not installed (Debian: apt-get install nginx-light)\n"
GCC = "SKIPPED [2] tests/unit/a.py:4: needs gcc-aarch64\n"
IMPORT = "SKIPPED [1] tests/e2e/a.py:24: Skipped: nginx is not installed\n"


@pytest.mark.parametrize(
    "log",
    [
        f"{NGINX}{GCC}===== 10 passed, 3 skipped in 5.61s =====\n",
        f"{IMPORT}===== 10 passed, 1 skipped in 5.61s =====\n",
        "===== 10 passed in 5.61s =====\n",
        "10 passed in 5.61s\n",
        f"{NGINX}1 skipped in 0.9s\n",
        f"{NGINX}== 10 passed, 1 skipped, 3 warnings in 305.61s (0:05:05) ==\n",
    ],
)
def test_expected_skips_pass_and_need_not_happen(log):
    assert CHECK["faults"](log, EXPECTED) == []


@pytest.mark.parametrize(
    ("log", "words"),
    [
        (f"{NGINX}SKIPPED [1] tests/a.py:1: too slow\n== 1 passed, 2 skipped in 1s ==\n", "tests/a.py:1: too slow"),
        (f"{NGINX}== 1 passed, 2 skipped in 1s ==\n", "counts 2 skips, and names 1"),
        (NGINX, "no summary"),
    ],
)
def test_planted_fault_is_found(log, words):
    (fault,) = CHECK["faults"](log, EXPECTED)
    assert words in fault


def test_the_list_is_read():
    reasons = CHECK["expected_reasons"]((ROOT / ".ci/expected_skips.txt").read_text())
    assert len(reasons) == 4
    assert {"nginx is not installed", "needs node", "needs curl, jq and openssl"} <= set(reasons)
