"""A fault file is checked key by key, and what is wrong is named."""

from dataclasses import fields

import pytest

from tidings.errors import ConfigError
from tidings.exchange.faults.fault_file import FaultError, fault_set, make_fault, read_faults
from tidings.exchange.faults.fault_help import fault_help
from tidings.exchange.faults.fault_kinds import KINDS, WHEN, WHERE, Fault

GOOD = {
    "method": "PUT", "path": "/orders/*", "request": "create", "line": "COIN-M", "symbol": "BTCUSD", "account": 1,
    "probability": 0.5, "nth": 2, "seed": 3, "stage": "request", "delay_ms": 5, "jitter_ms": 2.5, "duration_ms": 50,
    "lag_ms": 10, "processed": False, "then": "hang", "status": 502, "at_byte": 7, "shape": "gzip", "times": 3,
    "bytes_per_s": 9, "retry_after": "soon", "headers": False, "remaining": "-1", "answer": "first",
    "message": "any", "backlog": "lose", "heartbeats": False, "close_code": 1012, "code": 11001, "remembered_ms": 9,
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_takes_all_of_its_keys(kind):
    keys = (*WHERE[KINDS[kind].point], *WHEN, *KINDS[kind].keys)
    row = {key: GOOD[key] for key in keys if key in GOOD}
    fault = make_fault({"kind": kind, **row})
    assert {name: getattr(fault, name) for name in row} == row


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_refuses_a_key_that_is_not_its_own(kind):
    keys = {*WHERE[KINDS[kind].point], *WHEN, *KINDS[kind].keys}
    strange = next(key for key in GOOD if key not in keys)
    with pytest.raises(FaultError, match=f"^{kind}: unknown key '{strange}': it takes "):
        make_fault({"kind": kind, strange: GOOD[strange]})


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({}, "kind: one of refuse-connection, .*: was None"),
        ({"kind": "explode"}, "kind: one of .*: was 'explode'"),
        ({"kind": ["fail"]}, "kind: one of "),
        ({"kind": "fail", "status": "502"}, "fail: status: a whole number: was '502'"),
        ({"kind": "fail", "status": 200}, "fail: status: from 300 to 599: was 200"),
        ({"kind": "fail", "status": True}, "fail: status: a whole number: was True"),
        ({"kind": "fail", "probability": 1.5}, "fail: probability: from 0 to 1: was 1.5"),
        ({"kind": "fail", "probability": float("nan")}, "fail: probability: a number: was nan"),
        ({"kind": "fail", "processed": 1}, "fail: processed: true or false: was 1"),
        ({"kind": "fail", "line": "coin-m"}, "fail: line: one of COIN-M, USD-M, Spot: was 'coin-m'"),
        ({"kind": "fail", "request": "creates"}, "fail: request: one of create, "),
        ({"kind": "fail", "path": ""}, "fail: path: 1 to 200 printable"),
        ({"kind": "fail", "path": "/a\r\n"}, "fail: path: 1 to 200 printable"),
        ({"kind": "fail", "count": 0}, "fail: count: from 1: was 0"),
        ({"kind": "fail", "count": 2**63}, "fail: count: from 1: was 9223372036854775808"),
        ({"kind": "fail", "nth": 2, "count": 1}, "fail: nth says it all"),
        ({"kind": "rate-limit", "retry_after": 5}, "rate-limit: retry_after: text: was 5"),
        ({"kind": "rate-limit", "retry_after": "5\r\nX: y"}, "rate-limit: retry_after: 1 to 200 printable"),
        ({"kind": "delay"}, "delay: delay_ms or jitter_ms is missing"),
        ({"kind": "delay", "delay_ms": -1}, "delay: delay_ms: from 0 to 3.6e.06: was -1"),
        ({"kind": "query-lag"}, "query-lag: lag_ms is missing: without it nothing would happen"),
        ({"kind": "query-lag", "lag_ms": 60_001}, "query-lag: lag_ms: from 0 to 60000: was 60001"),
        ({"kind": "late-fill"}, "late-fill: delay_ms is missing"),
        ({"kind": "repeat-request", "delay_ms": 5, "answer": "second"}, "repeat-request: answer: "),
    ],
)
def test_what_is_wrong_is_named(row, problem):
    with pytest.raises(FaultError, match=problem):
        make_fault(row)


def test_kinds_have_defaults_of_their_own():
    assert make_fault({"kind": "drop"}).then == "close"
    assert make_fault({"kind": "cut-response"}).then == "reset"
    assert make_fault({"kind": "duplicate-id"}).code == 11085
    assert make_fault({"kind": "rate-limit"}).processed is False
    assert make_fault({"kind": "delay", "delay_ms": 5}).delay_ms == 5.0


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ({"faults": []}, "unknown key 'faults': there are seed and"),
        ({"seed": -1}, "seed: a whole number from 0: was -1"),
        ({"seed": True}, "seed: a whole number from 0: was True"),
        ({"fault": {"kind": "fail"}}, "fault: must be a list of tables"),
        ({"fault": [{"kind": "fail"}, {"kind": "fail", "stats": 1}]}, "fault 2: fail: unknown key 'stats'"),
    ],
)
def test_a_wrong_document_is_refused_by_place(document, problem):
    with pytest.raises(FaultError, match=problem):
        fault_set(document)


def test_a_file_is_read_and_its_name_is_in_every_error(tmp_path):
    path = tmp_path / "bad hours.toml"
    path.write_text('seed = 4\n[[fault]]\nkind = "fail"\nstatus = 504\n[[fault]]\nkind = "refuse-login"\n')
    found = read_faults(path)
    assert (found.seed, [fault.kind for fault in found.faults]) == (4, ["fail", "refuse-login"])
    for text in ("seed = ", '[[fault]]\nkind = "nothing"\n', "\ud800"):
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        with pytest.raises(ConfigError, match=r"bad hours\.toml"):
            read_faults(path)
    with pytest.raises(ConfigError, match=r"^fault file \S+/missing\.toml cannot be read: No such file or directory$"):
        read_faults(tmp_path / "missing.toml")


def test_the_help_names_every_kind_and_every_key():
    text = fault_help()
    for name in (*KINDS, *(item.name for item in fields(Fault) if item.metadata)):
        assert f"    {name} " in text
    assert max(map(len, text.splitlines())) <= 100
