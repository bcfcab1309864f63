"""A FIX client of simplefix's messages and a plain socket: it shares no code with the gateway it talks to."""

import socket
import time
from datetime import UTC, datetime

import simplefix
from fix_documents import undocumented
from quickfix_dictionary import QuickFixDictionary

from tidings.fix.dictionary import FIX44, plain_fix44
from tidings.fix.dictionary_xml import quickfix_xml

LIMIT_S = 30.0  # a busy machine
SESSION_TAGS = {8, 9, 10, 34, 35, 43, 49, 52, 56, 97, 122, 128, 129}
# A stock client has the first; the second is for who asked for more, by its Logon or by a message of the dialect's own.
STRICT44 = QuickFixDictionary(quickfix_xml(plain_fix44()))
EXTENDED = QuickFixDictionary(quickfix_xml(FIX44))


def body_problems(msg_type: str, fields: list[tuple[int, str]], *, is_extended: bool) -> list[str]:
    """What a client of that dialect would reject in a message with this body."""
    if new := undocumented(msg_type, {tag for tag, _ in fields}, is_extended=is_extended):
        return [f"{tag} is not in docs/fix-messages.md" for tag in sorted(new)]
    header = [(8, "FIX.4.4"), (9, "1"), (35, msg_type), (34, "2"), (49, "PHEMEX"), (52, now_text()), (56, "C1")]
    return (EXTENDED if is_extended else STRICT44).problems([*header, *fields, (10, "000")])


class FixClient:
    """Blocking. `received` has every message as {tag: text}; of repeated tags the first. Each is checked against the
    data dictionary as a stock client would, `is_extended`: against that of our dialect. `connection`: a socket that is
    connected already, in whatever way.
    """

    def __init__(
        self, address: str, client: str = "C1", ours: str = "PHEMEX", connection: socket.socket | None = None, *,
        is_extended: bool = False,
    ) -> None:  # fmt: skip
        host, port = address.rsplit(":", 1)
        self.socket = connection or socket.create_connection((host, int(port)), LIMIT_S)
        self.client, self.ours = client, ours
        self.next_out = 1
        self.is_extended = is_extended
        self.pairs: list[tuple[int, str]] = []  # of the newest message, all of them
        self.received: list[dict[int, str]] = []
        self._parser = simplefix.FixParser()

    def send(self, msg_type: str, *fields: tuple[int, object], seq: int | None = None, **header: object) -> None:
        """`header`: t43="Y" and the like; t52 instead of the present time."""
        message = simplefix.FixMessage()
        message.append_pair(8, "FIX.4.4")
        message.append_pair(35, msg_type)
        message.append_pair(34, self.next_out if seq is None else seq)
        message.append_pair(49, self.client)
        message.append_pair(52, header.pop("t52", None) or now_text())
        message.append_pair(56, self.ours)
        for name, value in header.items():
            message.append_pair(int(name[1:]), value)
        for tag, value in fields:
            message.append_pair(tag, value)
        if seq is None:
            self.next_out += 1
        self.socket.sendall(message.encode())

    def logon(self, *fields: tuple[int, object]) -> dict[int, str]:
        self.send("A", (98, 0), (108, 30), *fields)
        return self.expect("A")

    def order(self, cl_ord_id: str, **changes: object) -> None:
        """A limit order to buy; `t<tag>=value` changes it, None takes a field out."""
        fields = {11: cl_ord_id, 38: "0.01", 40: "2", 44: "54900", 54: "1", 55: "BTCUSDT", 59: "1", 60: now_text()}
        fields |= {int(name[1:]): value for name, value in changes.items()}
        self.send("D", *((tag, value) for tag, value in fields.items() if value is not None))

    def change(self, msg_type: str, cl_ord_id: str, orig_id: str, *fields: tuple[int, object]) -> None:
        """An F or a G."""
        common = ((11, cl_ord_id), (41, orig_id), (54, "1"), (55, "BTCUSDT"), (60, now_text()))
        self.send(msg_type, *common, *fields)

    def next(self) -> dict[int, str]:
        """The next message, whatever it is."""
        deadline_s = time.monotonic() + LIMIT_S
        while (message := self._parser.get_message()) is None:
            self.socket.settimeout(max(0.01, deadline_s - time.monotonic()))
            data = self.socket.recv(65536)
            if not data:
                raise ConnectionError("the gateway closed the connection")
            self._parser.append_buffer(data)
        self.pairs = [(int(tag), value.decode()) for tag, value in message.pairs]
        found = dict(reversed(self.pairs))
        self._validate(found)
        self.received.append(found)
        return found

    def _validate(self, message: dict[int, str]) -> None:
        is_asked_for = message[35] == "XLR" or (message[35] == "A" and 8013 in message)
        dictionary = EXTENDED if self.is_extended or is_asked_for else STRICT44
        problems = dictionary.problems(self.pairs)
        assert not problems, f"{problems} in {self.pairs}"
        body = {tag for tag, _ in self.pairs} - SESSION_TAGS
        new = undocumented(message[35], body, is_extended=self.is_extended)
        assert not new, f"{new} in {self.pairs}: not in docs/fix-messages.md"

    def entries(self, count_tag: int, first_tag: int) -> list[dict[int, str]]:
        """Of the newest message: a group's entries, each with all that follows its first field up to the next's."""
        found: list[dict[int, str]] = []
        tags = [tag for tag, _ in self.pairs]
        for tag, value in self.pairs[tags.index(count_tag) + 1 :]:
            if tag == first_tag:
                found.append({})
            if found:
                found[-1].setdefault(tag, value)
        return found

    def expect(self, msg_type: str, **fields: str) -> dict[int, str]:
        """The next message of this type; heartbeats are passed over, anything else is a failure."""
        while (message := self.next())[35] in ("0", "1"):
            if message[35] == "1":
                self.send("0", (112, message[112]))
        shown = "|".join(f"{tag}={value}" for tag, value in message.items())
        assert message[35] == msg_type, shown
        for name, value in fields.items():
            assert message.get(int(name[1:])) == value, f"{name[1:]} is not {value} in {shown}"
        return message

    def expect_one_of(self, *msg_types: str) -> dict[int, str]:
        """The next message, which must be of one of these types."""
        message = self.next()
        assert message[35] in msg_types, message
        return message

    def is_closed(self) -> bool:
        """Whether the gateway has closed, once everything it sent has been read."""
        try:
            while True:
                self.next()
        except ConnectionError:
            return True
        except TimeoutError:
            return False

    def close(self) -> None:
        self.socket.close()


def now_text() -> str:
    return datetime.now(UTC).strftime("%Y%m%d-%H:%M:%S.%f")[:-3]
