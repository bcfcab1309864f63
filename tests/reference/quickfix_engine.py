"""QuickFIX, the reference engine of the trade, as a process of its own: it is C++, and must not take its tests with it.

    python quickfix_engine.py initiator|acceptor DIRECTORY DICTIONARY HOST:PORT OURS[,OURS…] THEIRS

validates with the dictionary it is given and every check on. Commands come as lines of JSON on stdin: {"send": "D",
"to": session, "fields": {tag: value}, "groups": [[269, 267, "0"], …]}; news go to stdout likewise. An acceptor has
every order (D) rest and cancels (F) what is asked. Needs the `interop` extra; shares no code with tidings.
"""

import json
import os
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import quickfix as fix

SOH = "\x01"
REJECT = f"{SOH}35=3{SOH}"
TIMED = "DFGqN"
SETTINGS = """[DEFAULT]
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
ConnectionType={kind}
ReconnectInterval=1
SocketNodelay=Y
SocketReuseAddress=Y
SocketConnectHost={host}
SocketConnectPort={port}
SocketAcceptPort={port}
"""
SESSION = "[SESSION]\nBeginString=FIX.4.4\nSenderCompID={ours}\nTargetCompID={theirs}\n"


class Teller(fix.Application):
    """Says what QuickFIX hands to its application. Nothing may be raised in its callbacks."""

    def __init__(self, answers: bool) -> None:
        super().__init__()
        self.ids: dict[str, fix.SessionID] = {}
        self._answers = answers
        self._exec_count = 0
        self._lock = threading.Lock()

    def tell(self, session: fix.SessionID, news: str, what: object = None) -> None:
        line = json.dumps({"session": name_of(session), "news": news, "what": what}) + "\n"
        with self._lock:
            sys.stdout.write(line)
            sys.stdout.flush()

    def onCreate(self, session: fix.SessionID) -> None:
        target = session.getTargetCompID().getValue()
        self.ids[name_of(session)] = fix.SessionID("FIX.4.4", name_of(session), target)

    def onLogon(self, session: fix.SessionID) -> None:
        self.tell(session, "logon")

    def onLogout(self, session: fix.SessionID) -> None:
        self.tell(session, "logout")

    def toAdmin(self, message: fix.Message, session: fix.SessionID) -> None:
        if REJECT in (text := message.toString()):
            self.tell(session, "reject", "we sent " + text.replace(SOH, "|"))

    def fromAdmin(self, message: fix.Message, session: fix.SessionID) -> None:
        if REJECT in (text := message.toString()):
            self.tell(session, "reject", "we got " + text.replace(SOH, "|"))

    def toApp(self, message: fix.Message, session: fix.SessionID) -> None:
        pass

    def fromApp(self, message: fix.Message, session: fix.SessionID) -> None:
        fields = fields_of(message.toString())
        self.tell(session, "message", fields)
        if self._answers and fields[35] == "D":
            self.report(fields[11], "0")
        elif self._answers and fields[35] == "F":
            self.report(fields[11], "4", {41: fields[41]})

    def report(self, cl_ord_id: str, kind: str, more: dict[int, str] | None = None) -> None:
        """An acceptor's ExecutionReport; it waits in QuickFIX's store while its client is away."""
        self._exec_count += 1
        fields = {6: "0", 11: cl_ord_id, 14: "0", 17: f"E{self._exec_count}", 37: "O1", 39: kind, 54: "1",
                  55: "BTCUSDT", 150: kind, 151: "0" if kind == "4" else "1"}  # fmt: skip
        (session,) = self.ids.values()
        fix.Session.sendToTarget(message_of("8", fields | (more or {}), []), session)


def name_of(session: fix.SessionID) -> str:
    """The comp id of ours, by which its sessions are told apart."""
    return str(session.getSenderCompID().getValue())


def fields_of(text: str) -> dict[int, str]:
    """Of repeated tags the first."""
    found: dict[int, str] = {}
    for field in text.split(SOH):
        if field:
            tag, _, value = field.partition("=")
            found.setdefault(int(tag), value)
    return found


def message_of(msg_type: str, fields: dict[int, str], groups: list[list[object]]) -> fix.Message:
    message = fix.Message()
    message.getHeader().setField(fix.BeginString("FIX.4.4"))
    message.getHeader().setField(fix.MsgType(msg_type))
    for tag, value in fields.items():
        message.setField(int(tag), value)
    if msg_type in TIMED:
        message.setField(60, datetime.now(UTC).strftime("%Y%m%d-%H:%M:%S.%f")[:-3])
    for delimiter, count_tag, value in groups:
        group = fix.Group(count_tag, delimiter)
        group.setField(delimiter, value)
        message.addGroup(group)
    return message


def main() -> None:
    kind, directory, dictionary, address, ours, theirs = sys.argv[1:]
    host, port = address.rsplit(":", 1)
    text = SETTINGS.format(directory=directory, dictionary=dictionary, kind=kind, host=host, port=port)
    text += "".join(SESSION.format(ours=name, theirs=theirs) for name in ours.split(","))
    Path(directory).mkdir(parents=True, exist_ok=True)
    config = Path(directory) / "quickfix.cfg"
    config.write_text(text)
    settings = fix.SessionSettings(str(config))
    teller = Teller(answers=kind == "acceptor")
    # Its SocketInitiator does not dial again after a Logout of the acceptor's; this one does.
    make = fix.SocketAcceptor if kind == "acceptor" else fix.ThreadedSocketInitiator
    store, log = fix.FileStoreFactory(settings), fix.FileLogFactory(settings)
    engine = make(teller, store, settings, log)
    engine.start()
    for line in sys.stdin:
        command = json.loads(line)
        if "report" in command:
            teller.report(*command["report"])
        else:
            message = message_of(command["send"], command["fields"], command.get("groups", []))
            fix.Session.sendToTarget(message, teller.ids[command["to"]])
    engine.stop()
    os._exit(0)  # what it does when the interpreter takes it apart is no concern of its users


if __name__ == "__main__":
    main()
