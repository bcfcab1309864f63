"""A FIX client of simplefix's messages and a plain socket: it shares no code with the gateway it talks to."""

import socket
import time
from datetime import UTC, datetime

import simplefix

LIMIT_S = 10.0


class FixClient:
    """Blocking. `received` has every message as {tag: text}; of repeated tags the first."""

    def __init__(self, address: str, client: str = "C1", ours: str = "PHEMEX") -> None:
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), LIMIT_S)
        self.client, self.ours = client, ours
        self.next_out = 1
        self.received: list[dict[int, str]] = []
        self._parser = simplefix.FixParser()

    def send(self, msg_type: str, *fields: tuple[int, object], seq: int | None = None, **header: object) -> None:
        """`header`: t43="Y" and the like."""
        message = simplefix.FixMessage()
        message.append_pair(8, "FIX.4.4")
        message.append_pair(35, msg_type)
        message.append_pair(34, self.next_out if seq is None else seq)
        message.append_pair(49, self.client)
        message.append_pair(52, now_text())
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
        found: dict[int, str] = {}
        for tag, value in message.pairs:
            found.setdefault(int(tag), value.decode())
        self.received.append(found)
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
