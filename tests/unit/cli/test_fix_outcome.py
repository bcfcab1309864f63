"""Exit codes of `tidings fix-order` by what the venue says, and what it asks of its arguments."""

import pytest

from tidings.cli.fix_order import _fields, _secret, _with_a_way_out
from tidings.cli.fix_outcome import Outcome
from tidings.cli.main import main
from tidings.errors import ConfigError, ConnectionLost, UsageError
from tidings.fix.message import FixMessage


def message(text: str) -> FixMessage:
    found = FixMessage()
    for field in text.split("|"):
        tag, value = field.split("=")
        found.append_pair(tag, value)
    return found


LIMIT, IOC = {11: "a", 40: "2"}, {11: "a", 40: "2", 59: "3"}
CASES = [
    ("D", LIMIT, [], 1, "nobody knows", False),
    ("D", LIMIT, ["35=8|11=a|39=0|150=0|14=0"], 0, "new", False),
    ("D", LIMIT, ["35=8|11=other|39=0|150=0|14=0"], 1, "nobody knows", False),
    ("D", LIMIT, ["35=8|11=a|39=0|150=0|14=0", "35=8|11=a|39=1|150=F|14=1"], 0, "partially filled", False),
    ("D", LIMIT, ["35=8|11=a|39=2|150=F|14=2"], 0, "filled", True),
    ("D", LIMIT, ["35=8|11=a|39=8|150=8|14=0|103=1"], 1, "unknown symbol", True),
    ("D", LIMIT, ["35=8|11=a|39=8|150=8|14=0|103=99|58=11001 no balance"], 1, "11001 no balance", True),
    ("D", LIMIT, ["35=8|11=a|39=A|150=A|14=0|58=UNKNOWN outcome, querying"], 1, "nobody knows yet", False),
    ("D", IOC, ["35=8|11=a|39=0|150=0|14=0"], 1, "nobody knows", False),
    ("D", IOC, ["35=8|11=a|39=1|150=F|14=1", "35=8|11=a|39=C|150=C|14=1"], 3, "expired", True),
    ("D", IOC, ["35=8|11=a|39=4|150=4|14=0"], 1, "canceled", True),
    ("F", LIMIT, ["35=8|11=a|39=4|150=4|14=1"], 0, "canceled", True),
    ("F", LIMIT, ["35=8|11=a|39=6|150=6|14=0"], 1, "nobody knows yet", False),
    ("F", LIMIT, ["35=9|11=a|39=8|102=1"], 1, "unknown order", True),
    ("G", LIMIT, ["35=8|11=a|39=0|150=5|14=0"], 0, "new", False),
    ("G", LIMIT, ["35=8|11=a|39=E|150=E|14=0"], 1, "nobody knows yet", False),
    ("G", LIMIT, ["35=9|11=a|39=2|102=0"], 1, "too late", True),
    ("D", LIMIT, ["35=j|45=7|380=4|58=Application Not Available"], 1, "Application Not Available", True),
    ("D", LIMIT, ["35=3|45=7|373=6|58=Incorrect data format for value"], 1, "Incorrect data format", True),
    ("D", LIMIT, ["35=3|45=7|371=54|373=6|58=Incorrect data format for value"], 1, "value: Side (54)", True),
    ("D", LIMIT, ["35=3|45=7|371=99999|373=0|58=Invalid tag number"], 1, "number: 99999", True),
    ("D", LIMIT, ["35=3|45=8|373=6|58=x"], 1, "nobody knows", False),
]


@pytest.mark.parametrize(("kind", "fields", "messages", "code", "words", "is_final"), CASES)
def test_outcome(kind, fields, messages, code, words, is_final):
    outcome = Outcome(kind, fields)
    outcome.seq = 7
    for text in messages:
        outcome.hear(message(text))
    found, text = outcome.verdict
    assert (found, outcome.is_final) == (code, is_final)
    assert words in text


def test_who_counts_differently_hears_of_reset():
    told = str(_with_a_way_out(ConnectionLost("h:1: MsgSeqNum too low, expecting 42 but received 1")))
    assert told.startswith("h:1: MsgSeqNum too low, expecting 42 but received 1: --reset ")
    refused = ConnectionLost("h:1: refused by the peer: Authentication failed")
    assert _with_a_way_out(refused) is refused


def test_fields_by_name_and_tag_with_what_can_be_filled_in():
    fields = _fields("D", ["Symbol=BTCUSDT", "54=1", "OrderQty=0.01", "Price=55000", "ClOrdID=x"])
    assert fields == {11: "x", 38: "0.01", 40: "2", 44: "55000", 54: "1", 55: "BTCUSDT"}
    market = _fields("D", ["55=BTCUSDT", "54=1", "38=0.01"])
    assert market[40] == "1"
    assert market[11].startswith("tidings-")


@pytest.mark.parametrize(
    ("kind", "words", "text"),
    [
        ("D", ["Symbal=X"], "no field of FIX 4.4 has the name Symbal"),
        ("D", ["55"], "no FIELD=VALUE"),
        ("D", ["55="], "no FIELD=VALUE"),
        ("D", ["55=X", "Symbol=Y"], "given twice"),
        ("D", ["54=1"], "missing: Symbol (55)"),
        ("F", ["55=X", "54=1"], "missing: OrigClOrdID (41)"),
    ],
)
def test_what_is_missing_or_wrong_is_said_before_anything_is_sent(kind, words, text):
    with pytest.raises(UsageError) as caught:
        _fields(kind, words)
    assert text in str(caught.value)


def test_a_wait_of_no_time_sends_nothing(capsys):
    for wait in ("0", "-1", "nan"):  # port 1: an attempt to connect would end with 1
        assert main(["fix-order", "127.0.0.1:1", "A", "B", "D", "55=X", "54=1", "--wait", wait]) == 2
        assert "--wait is above 0" in capsys.readouterr().err


def test_secrets_come_from_the_environment_only(monkeypatch):
    monkeypatch.delenv("TIDINGS_FIX_SECRET", raising=False)
    assert _secret("none") == ""
    with pytest.raises(ConfigError, match="TIDINGS_FIX_SECRET"):
        _secret("hmac")
    monkeypatch.setenv("TIDINGS_FIX_SECRET", "hunter2")
    assert _secret("password") == "hunter2"
