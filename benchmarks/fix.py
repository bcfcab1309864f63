"""FIX: an order to bytes, an execution report to fields. The same messages and values for every engine in the run."""

import importlib.util
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import simplefix

from benchmarks.report import Row, Table, Target
from benchmarks.timing import alternate
from tidings.fix.layout import FieldKind, MessageLayout
from tidings.fix.reader import FixReader, ReadResult

OURS, SIMPLEFIX, QUICKFIX = "tidings", "simplefix", "quickfix"
SENT_NS = 1_805_016_413_589_000_000
SENT, TAKEN = "20270314-09:26:53.589", "20270314-09:26:53.612"
ORDER_SLOTS = (
    (34, FieldKind.INT), (49, FieldKind.CONSTANT, b"DESK7"), (52, FieldKind.TIME), (56, FieldKind.CONSTANT, b"VENUE"),
    (1, FieldKind.CONSTANT, b"ACC-3"), (11, FieldKind.BYTES), (18, FieldKind.BYTES), (38, FieldKind.FIXED, 3),
    (40, FieldKind.CHAR), (44, FieldKind.FIXED, 2), (54, FieldKind.CHAR), (55, FieldKind.BYTES), (59, FieldKind.CHAR),
    (60, FieldKind.TIME),
)  # fmt: skip
ORDER_VALUES = (
    1107, SENT_NS, b"q7f3k2x-000412-amd-0001", b"6 E", 1250, b"2", 198735, b"1", b"ETHUSDT", b"1", SENT_NS,
)  # fmt: skip
ORDER_TEXT = [
    (34, "1107"), (49, "DESK7"), (52, SENT), (56, "VENUE"), (1, "ACC-3"), (11, "q7f3k2x-000412-amd-0001"), (18, "6 E"),
    (38, "1.25"), (40, "2"), (44, "1987.35"), (54, "1"), (55, "ETHUSDT"), (59, "1"), (60, SENT),
]  # fmt: skip
REPORT_TEXT = [
    (34, "2291"), (49, "VENUE"), (52, TAKEN), (56, "DESK7"), (1, "ACC-3-ETH"), (6, "1987.3525"), (11, "q7f3k2x-000412"),
    (14, "0.75"), (17, "0d7c1f2e-93ab-4f6e-b1c4-52c0de91a7f3"), (31, "1987.35"), (32, "0.75"),
    (37, "e51b7a04-3c1d-4b52-8a0e-7be0c6d1f988"), (38, "1.25"), (39, "1"), (40, "2"), (44, "1987.35"), (54, "1"),
    (55, "ETHUSDT"), (59, "1"), (60, TAKEN), (136, "1"), (137, "-0.2981"), (138, "USDT"), (139, "4"), (150, "F"),
    (151, "0.5"), (527, "334471"),
]  # fmt: skip


def with_simplefix(msg_type: str, fields: list[tuple[int, str]]) -> bytes:
    message = simplefix.FixMessage()
    message.append_pair(8, "FIX.4.4")
    message.append_pair(35, msg_type)
    for tag, value in fields:
        message.append_pair(tag, value)
    encoded: bytes = message.encode()
    return encoded


ORDER, REPORT = with_simplefix("D", ORDER_TEXT), with_simplefix("8", REPORT_TEXT)


def parse_with_simplefix(parser: simplefix.FixParser) -> simplefix.FixMessage:
    parser.append_buffer(REPORT)
    return parser.get_message()


def time_of(text: str) -> int:
    moment = datetime.strptime(text, "%Y%m%d-%H:%M:%S.%f").replace(tzinfo=UTC)
    return int(moment.timestamp() * 1000) * 1_000_000


def six_of_simplefix(message: simplefix.FixMessage) -> tuple[object, ...]:
    numbers = [Decimal(message.get(tag).decode()) for tag in (14, 31, 32)]
    return (*numbers, message.get(39), int(message.get(34)), time_of(message.get(60).decode()))


def six_of_ours(reader: FixReader) -> tuple[object, ...]:
    numbers = [Decimal(mantissa).scaleb(-scale) for mantissa, scale in map(reader.get_fixed, (14, 31, 32))]
    return (*numbers, reader.get_char(39), reader.get_int(34), reader.get_time_ns(60))


def quickfix_calls() -> dict[str, Callable[[], Any]]:
    """By task; none where quickfix is not installed."""
    if importlib.util.find_spec("quickfix") is None:
        return {}
    import quickfix

    text = REPORT.decode()

    def encode() -> bytes:
        message = quickfix.Message()
        header = message.getHeader()
        header.setField(8, "FIX.4.4")
        header.setField(35, "D")
        for tag, value in ORDER_TEXT:
            (header if tag in (34, 49, 52, 56) else message).setField(tag, value)
        return message.toString().encode()

    def typed() -> tuple[object, ...]:
        message = quickfix.Message(text, False)
        seq, state = message.getHeader().getField(34), message.getField(39)
        numbers = [Decimal(message.getField(tag)) for tag in (14, 31, 32)]
        return (*numbers, state.encode(), int(seq), time_of(message.getField(60)))

    return {"encode": encode, "parse": lambda: quickfix.Message(text, False), "typed": typed}


def assert_same(
    parser: simplefix.FixParser, reader: FixReader, layout: MessageLayout, theirs: dict[str, Callable[[], Any]]
) -> None:
    assert layout.encode(*ORDER_VALUES) == ORDER
    assert reader.read(REPORT) is ReadResult.OK
    message = parse_with_simplefix(parser)
    assert [(int(tag), value) for tag, value in message.pairs] == reader.fields()
    assert six_of_ours(reader) == six_of_simplefix(message)
    if theirs:
        assert (theirs["encode"](), theirs["parse"]().toString(), theirs["typed"]()) == (
            ORDER, REPORT.decode(), six_of_ours(reader),
        )  # fmt: skip


VALUES = ", ".join(f"value_{place}" for place in range(len(ORDER_VALUES)))
TYPED = "read(REPORT); get_fixed(14); get_fixed(31); get_fixed(32); get_char(39); get_int(34); get_time_ns(60)"
PARSED = "parse_with_simplefix(parser)"
# (title, task, message, ours, simplefix's, at most so many ns)
TASKS = (
    ("FIX order to bytes", "encode", ORDER, f"encode({VALUES})", "with_simplefix('D', ORDER_TEXT)", 400),
    ("FIX report to fields", "parse", REPORT, "read(REPORT)", PARSED, 500),
    ("FIX report, six typed fields", "typed", REPORT, TYPED, f"six_of_simplefix({PARSED})", 1000),
)


def run(quick: bool) -> Iterator[Table]:
    batches = 200 if quick else 4000
    parser, reader, layout = simplefix.FixParser(), FixReader(), MessageLayout(b"D", ORDER_SLOTS)
    theirs = quickfix_calls()
    assert_same(parser, reader, layout, theirs)
    names = {**globals(), "parser": parser, "read": reader.read, "encode": layout.encode}
    names |= {f"value_{place}": value for place, value in enumerate(ORDER_VALUES)}
    names |= {f"get_{kind}": getattr(reader, f"get_{kind}") for kind in ("fixed", "char", "int", "time_ns")}
    for title, task, message, ours, plain, limit_ns in TASKS:
        calls: dict[str, str | Callable[[], object]] = {OURS: ours, SIMPLEFIX: plain}
        if task in theirs:
            calls[QUICKFIX] = theirs[task]
        rows = [Row.of(name, taken) for name, taken in alternate(calls, batches, names).items()]
        note = f"{len(message)} bytes, {message.count(1)} fields"
        yield Table(title, note, SIMPLEFIX, rows, [Target(OURS, limit_ns=limit_ns)])
