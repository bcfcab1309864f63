"""Plays transcripts of a FIX session: what comes in, what must go out, byte for byte.

A file holds sections; each begins with `== name`, then `why:` (the rule in words), perhaps `with:` (settings). Lines:

    > 35=1|34=2|112=X     the peer sends; 8, 9, 49, 52, 56 and 10 are filled in where they are not given
    < 35=0|34=2|112=X     we must send exactly this, header and body in this order
    $ 35=8|37=1           our application sends this
    = 35=D|34=2           our application must have been given this message
    open, close           the peer's connection comes and goes; a section begins with one that is open
    closed                we must want to close
    wait 1.5              so many seconds pass
    logout TEXT, reset    by command
    numbers out=3 in=4    what the store must say

`|` stands for SOH. `52=now-121` is a time by our clock; `-49` leaves a filled-in field out. What we send and no `<`
names is a failure. Checksums and lengths are computed here, not by the code under test.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tidings.fix.message_store import MemoryStore
from tidings.fix.reader import FixReader
from tidings.fix.session import FixSession
from tidings.fix.session_settings import SessionSettings

BEGIN = datetime(2026, 8, 1, 12, 0, 0, tzinfo=UTC)
TICK_S = 0.1
HEADER_ORDER = (34, 43, 49, 50, 52, 56, 57, 97, 115, 116, 122, 128, 129, 144, 145)
US, PEER = "ISLD", "TW44"


@dataclass
class Section:
    """One behaviour."""

    name: str
    why: str = ""
    settings: dict[str, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)


def sections(path: Path) -> Iterator[Section]:
    section = None
    for number, line in enumerate(path.read_text().splitlines(), 1):
        text = line.strip()
        if text.startswith("=="):
            if section is not None:
                yield section
            section = Section(text.strip("= "))
        elif not text or text.startswith("#"):
            continue
        elif section is None:
            raise ValueError(f"{path.name}:{number}: before the first section")
        elif text.startswith("why:"):
            section.why = text[4:].strip()
        elif text.startswith("with:"):
            section.settings.update(word.partition("=")[::2] for word in text[5:].split())
        else:
            section.lines.append(text)
    if section is not None:
        yield section


def merged(lines: list[str]) -> list[str]:
    """All input between two commands first, then all that is expected of it: for one read."""
    result: list[str] = []
    expected: list[str] = []
    for line in lines:
        if line[0] == ">":
            result.append(line)
        elif line[0] in "<=":
            expected.append(line)
        else:
            result += [*expected, line]
            expected = []
    return result + expected


class Recorder:
    """The application behind the session; with `echo` it sends D and d back as they came, as stock suites want."""

    def __init__(self, words: dict[str, str]) -> None:
        self.messages: list[tuple[str, ...]] = []
        self.ends: list[str] = []
        self.refusal = words.get("refuse", "").replace("_", " ") or None
        self.echoes = "echo" in words
        self.business = words.get("business")
        self.known: set[bytes] = set()
        self.play: Play | None = None

    def on_logon(self, session: FixSession, logon: FixReader) -> str | None:
        return self.refusal

    def on_ready(self, session: FixSession) -> None:
        self.ends.append("ready")

    def on_message(self, session: FixSession, message: FixReader) -> None:
        self.messages.append(tuple(f"{tag}={value.decode('latin-1')}" for tag, value in message.fields()))
        if self.business:
            session.reject_business(int(self.business), ref_id=message.find(11))
        if self.echoes and message.msg_type in (b"D", b"d"):
            self.echo(session, message)

    def echo(self, session: FixSession, message: FixReader) -> None:
        cl_ord_id = message.find(11)
        if message.find(97) == b"Y" and cl_ord_id in self.known:
            return
        self.known.add(cl_ord_id or b"")
        body = [item for item in message.fields() if item[0] not in {8, 9, 10, 34, 35, 43, 49, 52, 56, 97, 122}]
        assert self.play is not None
        session.send(message.msg_type, body, self.play.now_ns, self.play.wall_ns)

    def on_logout(self, session: FixSession, reason: str) -> None:
        self.ends.append(reason)


SETTINGS = {
    "reset_on_logon": ("reset_on_logon", lambda word: True),
    "send_next_expected": ("send_next_expected", lambda word: True),
    "lenient": ("is_lenient", lambda word: True),
    "heartbeat": ("heartbeat_s", int),
    "heartbeat_max": ("heartbeat_max_s", int),
    "held_max": ("held_max", int),
    "auth": ("auth", str),
    "username": ("username", str),
    "password": ("password", str),
    "rate": ("max_msgs_per_s", int),
    "supported": ("supported_types", lambda word: frozenset(part.encode() for part in word.split(","))),
    "digits": ("timestamp_digits", int),
}
FOR_THE_RUNNER = {"initiator", "echo", "refuse", "business", "out", "in"}


class Play:
    """One section being played. `chunk`: bytes per read; 0: everything up to the next command in one read."""

    def __init__(self, section: Section, chunk: int | None) -> None:
        unknown = set(section.settings) - set(SETTINGS) - FOR_THE_RUNNER
        assert not unknown, f"unknown settings: {unknown}"
        self.section = section
        self.chunk = chunk
        self.elapsed_s = 0.0
        self.app = Recorder(section.settings)
        self.app.play = self
        chosen = {
            SETTINGS[word][0]: SETTINGS[word][1](value) for word, value in section.settings.items() if word in SETTINGS
        }
        settings = SessionSettings(our_comp_id=US, client_comp_id=PEER, **chosen)
        self.store = MemoryStore()
        self.store.next_out = int(section.settings.get("out", 1))
        self.store.next_in = int(section.settings.get("in", 1))
        self.session = FixSession(settings, self.store, self.app, is_initiator="initiator" in section.settings)
        self.received = b""
        self.unread = b""
        self.seen_messages = 0

    @property
    def now_ns(self) -> int:
        return round(self.elapsed_s * 1e9) + 10**15

    @property
    def wall_ns(self) -> int:
        return int(BEGIN.timestamp()) * 10**9 + round(self.elapsed_s * 1e9)

    def time_text(self, offset_s: float = 0.0) -> str:
        moment = BEGIN + timedelta(seconds=round(self.elapsed_s + offset_s, 3))
        digits = int(self.section.settings.get("digits", 3))
        whole = moment.strftime("%Y%m%d-%H:%M:%S")
        return f"{whole}.{moment.microsecond:06d}000"[: len(whole) + 1 + digits] if digits else whole

    def run(self) -> None:
        self.session.connected(self.now_ns, self.wall_ns)
        self.collect()
        for line in merged(self.section.lines) if self.chunk == 0 else self.section.lines:
            try:
                self.play(line)
            except AssertionError as error:
                raise AssertionError(f"[{self.section.name}] {line}\n{error}\nwhy: {self.section.why}") from error
        self.deliver()
        assert not self.received, f"[{self.section.name}] sent and not expected: {shown(self.received)}"

    def play(self, line: str) -> None:
        word, _, rest = line.partition(" ")
        if word == ">":
            if self.chunk != 0:
                assert not self.received, f"sent and not expected: {shown(self.received)}"
            self.unread += self.message(rest, sender=PEER, target=US)
            if self.chunk != 0:
                self.deliver()
            return
        self.deliver()
        if word == "<":
            self.expect(rest)
            return
        if word == "=":
            self.expect_message(rest)
            return
        if word != "closed":
            assert not self.received, f"sent and not expected: {shown(self.received)}"
        getattr(self, f"do_{word}" if word != "$" else "do_send")(rest)
        self.collect()

    def deliver(self) -> None:
        """Everything the peer has sent so far, in reads of the size asked for."""
        data, self.unread = self.unread, b""
        step = self.chunk or len(data) or 1
        for start in range(0, len(data), step):
            self.session.receive(data[start : start + step], self.now_ns, self.wall_ns)
            self.collect()

    def collect(self) -> None:
        while data := self.session.take_output():
            self.received += data

    def expect(self, text: str) -> None:
        wanted = self.message(text, sender=US, target=PEER, is_ordered=True)
        got = self.received[: len(wanted)]
        end = re.search(rb"\x0110=\d\d\d\x01", self.received)
        first = self.received[: end.end()] if end else self.received
        assert got == wanted, f"wanted {shown(wanted)}\n   got {shown(first) or 'nothing'}"
        self.received = self.received[len(wanted) :]

    def expect_message(self, text: str) -> None:
        assert self.seen_messages < len(self.app.messages), "the application was given nothing more"
        fields = self.app.messages[self.seen_messages]
        self.seen_messages += 1
        missing = [part for part in text.split("|") if part not in fields]
        assert not missing, f"{missing} not in {fields}"

    def message(self, text: str, *, sender: str, target: str, is_ordered: bool = False) -> bytes:
        """A whole message of the fields given, with what is not given filled in."""
        parts = [part for part in text.split("|") if part]
        left_out = {part for part in parts if re.fullmatch(r"-\d+", part)}
        parts = [re.sub(r"=now([+-]\d+)?$", lambda m: "=" + self.time_text(float(m[1] or 0)), p) for p in parts]
        parts = [part for part in parts if part not in left_out]
        given = {part.partition("=")[0]: part.partition("=")[2] for part in parts}
        filled = {"49": sender, "52": self.time_text(), "56": target}
        added = [f"{tag}={value}" for tag, value in filled.items() if tag not in given and f"-{tag}" not in left_out]
        if is_ordered and given.get("43") == "Y" and "122" not in given:
            added.append(f"122={self.time_text()}")
        own = [part for part in parts if part.partition("=")[0] not in ("8", "9", "10")]
        if is_ordered:
            header = [part for part in own[1:] if int(part.partition("=")[0]) in HEADER_ORDER] + added
            body = [part for part in own[1:] if int(part.partition("=")[0]) not in HEADER_ORDER]
            own = [own[0], *sorted(header, key=lambda part: int(part.partition("=")[0])), *body]
        else:
            place = next((i for i, part in enumerate(own) if part.startswith("34=")), 0) + 1
            own[place:place] = added
        content = "".join(f"{part}|" for part in own).replace("|", "\x01").encode("latin-1")
        length = given.get("9", str(len(content)))
        begin = given.get("8", "FIX.4.4")
        data = f"8={begin}\x019={length}\x01".encode() + content
        return data + f"10={given.get('10', f'{sum(data) % 256:03d}')}\x01".encode()

    def do_open(self, _rest: str) -> None:
        self.session.connected(self.now_ns, self.wall_ns)

    def do_close(self, _rest: str) -> None:
        self.session.disconnected(self.now_ns, self.wall_ns)

    def do_closed(self, rest: str) -> None:
        assert not self.received, f"sent and not expected: {shown(self.received)}"
        assert self.session.wants_close, "the session does not want to close"
        if rest:
            assert rest == (self.session.end.name if self.session.end else "None"), self.session.end

    def do_alive(self, _rest: str) -> None:
        assert not self.session.wants_close, f"the session wants to close: {self.session.close_reason}"

    def do_wait(self, rest: str) -> None:
        end_s = self.elapsed_s + float(rest)
        while self.elapsed_s < end_s - 1e-9:
            self.elapsed_s = round(min(end_s, self.elapsed_s + TICK_S), 6)
            self.session.on_timer(self.now_ns, self.wall_ns)
            self.collect()

    def do_send(self, rest: str) -> None:
        parts = [part.partition("=") for part in rest.split("|")]
        flags = {"97", "replay"} & {tag for tag, _, _ in parts}
        fields = [(int(tag), value.encode()) for tag, _, value in parts if tag not in {"35", "97", "replay"}]
        msg_type = next(value for tag, _, value in parts if tag == "35").encode()
        options = {"poss_resend": "97" in flags, "is_replayed": "replay" not in flags}
        self.session.send(msg_type, fields, self.now_ns, self.wall_ns, **options)

    def do_logout(self, rest: str) -> None:
        self.session.logout(rest, self.now_ns, self.wall_ns)

    def do_reset(self, _rest: str) -> None:
        self.session.reset(self.now_ns, self.wall_ns)

    def do_numbers(self, rest: str) -> None:
        wanted = dict(word.split("=") for word in rest.split())
        got = {"out": str(self.store.next_out), "in": str(self.store.next_in)}
        assert wanted.items() <= got.items(), got


def shown(data: bytes) -> str:
    return data.replace(b"\x01", b"|").decode("latin-1")
