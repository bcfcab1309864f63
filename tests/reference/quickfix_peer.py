"""QuickFIX, the reference engine of the trade, at either end of a session. Needs the `interop` extra (quickfix-tls).

It validates with the dictionary it is given and every check on. Nothing here shares code with tidings.
"""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import quickfix as fix

SOH = "\x01"
LIMIT_S = 20.0
REJECT, HEARTBEATS = "3", ("0", "1", "2", "4")
TIMED = "DFGqN"

SESSION = """[SESSION]
BeginString=FIX.4.4
SenderCompID={sender}
TargetCompID={target}
"""
DEFAULT = """[DEFAULT]
FileStorePath={directory}/store
FileLogPath={directory}/log
StartTime=00:00:00
EndTime=00:00:00
UseDataDictionary=Y
DataDictionary={dictionary}
ValidateFieldsOutOfOrder=Y
ValidateFieldsHaveValues=Y
ValidateUserDefinedFields=Y
HeartBtInt=30
TimestampPrecision=3
{more}
"""


def settings_of(directory: Path, dictionary: Path, sessions: list[tuple[str, str]], more: str) -> fix.SessionSettings:
    """Written as its users write it, to a file."""
    directory.mkdir(parents=True, exist_ok=True)
    text = DEFAULT.format(directory=directory, dictionary=dictionary, more=more)
    text += "".join(SESSION.format(sender=sender, target=target) for sender, target in sessions)
    path = directory / "quickfix.cfg"
    path.write_text(text)
    return fix.SessionSettings(str(path))


def initiator_settings(directory: Path, dictionary: Path, address: str, clients: list[str]) -> fix.SessionSettings:
    host, port = address.rsplit(":", 1)
    more = f"ConnectionType=initiator\nReconnectInterval=1\nSocketConnectHost={host}\nSocketConnectPort={port}\n"
    return settings_of(directory, dictionary, [(client, "PHEMEX") for client in clients], more + "SocketNodelay=Y")


def fields_of(text: str) -> dict[int, str]:
    """Of repeated tags the first."""
    found: dict[int, str] = {}
    for field in text.split(SOH):
        if field:
            tag, _, value = field.partition("=")
            found.setdefault(int(tag), value)
    return found


class Heard(fix.Application):
    """What QuickFIX hands to its application, session by session. Nothing may be raised in its callbacks."""

    def __init__(self, on_message: Callable[[str, dict[int, str]], object] | None = None) -> None:
        super().__init__()
        self.ids: dict[str, fix.SessionID] = {}
        self.logged_on: set[str] = set()
        self.logon_count = 0
        self.messages: dict[str, list[dict[int, str]]] = {}
        self.rejects: list[str] = []  # Rejects (3), whoever sent them
        self.resends_asked = 0
        self.on_message = on_message
        self.keeps_messages = True
        self.lock = threading.Lock()

    def onCreate(self, session: fix.SessionID) -> None:
        target = session.getTargetCompID().getValue()
        self.ids[_name(session)] = fix.SessionID("FIX.4.4", _name(session), target)
        self.messages[_name(session)] = []

    def onLogon(self, session: fix.SessionID) -> None:
        with self.lock:
            self.logged_on.add(_name(session))
            self.logon_count += 1

    def onLogout(self, session: fix.SessionID) -> None:
        with self.lock:
            self.logged_on.discard(_name(session))

    def toAdmin(self, message: fix.Message, session: fix.SessionID) -> None:
        text = message.toString()
        self.resends_asked += f"{SOH}35=2{SOH}" in text
        if f"{SOH}35={REJECT}{SOH}" in text:
            self.rejects.append("we sent " + text.replace(SOH, "|"))

    def fromAdmin(self, message: fix.Message, session: fix.SessionID) -> None:
        text = message.toString()
        if f"{SOH}35={REJECT}{SOH}" in text:
            self.rejects.append("we got " + text.replace(SOH, "|"))

    def toApp(self, message: fix.Message, session: fix.SessionID) -> None:
        pass

    def fromApp(self, message: fix.Message, session: fix.SessionID) -> None:
        fields = fields_of(message.toString())
        with self.lock:
            if self.keeps_messages:
                self.messages[_name(session)].append(fields)
            if self.on_message is not None:
                self.on_message(_name(session), fields)


def _name(session: fix.SessionID) -> str:
    """The comp id of ours that tells sessions apart."""
    return str(session.getSenderCompID().getValue())


class QuickFixClient:
    """One stock QuickFIX initiator."""

    def __init__(self, directory: Path, dictionary: Path, address: str, client: str) -> None:
        self.heard = Heard()
        self._client = client
        self._read = 0
        settings = initiator_settings(directory, dictionary, address, [client])
        store, log = fix.FileStoreFactory(settings), fix.FileLogFactory(settings)
        self._initiator = fix.SocketInitiator(self.heard, store, settings, log)
        self._kept = (settings, store, log)  # the engine keeps only references
        self._initiator.start()

    def wait(self, condition: Callable[[], object]) -> None:
        deadline_s = time.monotonic() + LIMIT_S
        while not condition():
            assert time.monotonic() < deadline_s, f"rejects: {self.heard.rejects}, last: {self.received[-2:]}"
            time.sleep(0.005)

    def logged_on(self) -> None:
        self.wait(lambda: self._client in self.heard.logged_on)

    @property
    def received(self) -> list[dict[int, str]]:
        return self.heard.messages[self._client]

    def send(self, msg_type: str, fields: dict[int, object], *groups: fix.Group) -> None:
        fix.Session.sendToTarget(message_of(msg_type, fields, *groups), self.heard.ids[self._client])

    def expect(self, msg_type: str, **fields: str) -> dict[int, str]:
        """The next application message, which must be of this type and have these fields (t150="0")."""
        self.wait(lambda: len(self.received) > self._read)
        message = self.received[self._read]
        self._read += 1
        assert message[35] == msg_type, message
        for name, value in fields.items():
            assert message.get(int(name[1:])) == value, f"{name[1:]} is not {value} in {message}"
        return message

    def next_kinds(self, count: int) -> list[str]:
        """The types of the next application messages, once so many are there."""
        self.wait(lambda: len(self.received) >= self._read + count)
        return [message[35] for message in self.received[self._read : self._read + count]]

    def stop(self) -> None:
        self._initiator.stop()


def message_of(msg_type: str, fields: dict[int, object], *groups: fix.Group) -> fix.Message:
    message = fix.Message()
    message.getHeader().setField(fix.BeginString("FIX.4.4"))
    message.getHeader().setField(fix.MsgType(msg_type))
    for tag, value in fields.items():
        message.setField(tag, str(value))
    if msg_type in TIMED:
        message.setField(60, datetime.now(UTC).strftime("%Y%m%d-%H:%M:%S.%f")[:-3])
    for group in groups:
        message.addGroup(group)
    return message


def group(count_tag: int, delimiter: int, value: str) -> fix.Group:
    """One entry with one field."""
    found = fix.Group(count_tag, delimiter)
    found.setField(delimiter, value)
    return found


class QuickFixVenue:
    """A QuickFIX acceptor for client ME that has every order (D) rest, and cancels (F) what is asked."""

    def __init__(self, directory: Path, dictionary: Path, port: int) -> None:
        self.heard = Heard(self._answer)
        more = f"ConnectionType=acceptor\nSocketAcceptPort={port}\nSocketReuseAddress=Y\n"
        settings = settings_of(directory, dictionary, [("VENUE", "ME")], more)
        store, log = fix.FileStoreFactory(settings), fix.FileLogFactory(settings)
        self._acceptor = fix.SocketAcceptor(self.heard, store, settings, log)
        self._kept = (settings, store, log)
        self._exec_count = 0
        self._acceptor.start()

    def report(self, cl_ord_id: str, kind: str, orig_id: str = "") -> None:
        """An ExecutionReport; it waits in QuickFIX's store while ME is away."""
        self._exec_count += 1
        fields: dict[int, object] = {
            6: "0", 11: cl_ord_id, 14: "0", 17: f"E{self._exec_count}", 37: "O1", 39: kind, 54: "1", 55: "BTCUSDT",
            150: kind, 151: "0" if kind == "4" else "1",
        }  # fmt: skip
        if orig_id:
            fields[41] = orig_id
        fix.Session.sendToTarget(message_of("8", fields), self.heard.ids["VENUE"])

    def _answer(self, _session: str, fields: dict[int, str]) -> None:
        if fields[35] == "D":
            self.report(fields[11], "0")
        elif fields[35] == "F":
            self.report(fields[11], "4", fields[41])

    def stop(self) -> None:
        self._acceptor.stop()
