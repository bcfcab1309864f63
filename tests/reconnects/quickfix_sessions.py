"""All sessions of one stock QuickFIX initiator. Needs the `interop` extra."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import quickfix as fix

from tests.reference.quickfix_peer import Heard, initiator_settings, message_of
from tidings.fix.dictionary import plain_fix44
from tidings.fix.dictionary_xml import quickfix_xml


class QuickFixSessions:
    """Validates with the dictionary that FIX44_XML names, else with our tables of plain FIX 4.4."""

    def __init__(
        self, directory: Path, address: str, names: list[str], on_message: Callable[[str, dict[int, str]], object]
    ) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        dictionary = Path(os.environ.get("FIX44_XML") or directory / "FIX44.xml")
        if "FIX44_XML" not in os.environ:
            dictionary.write_text(quickfix_xml(plain_fix44()))
        self._heard = Heard(on_message)
        self._heard.keeps_messages = False
        self.lock = self._heard.lock
        self._settings = initiator_settings(directory, dictionary, address, names)
        self._store = fix.MemoryStoreFactory()
        self._initiator = fix.SocketInitiator(self._heard, self._store, self._settings)

    @property
    def logon_count(self) -> int:
        return self._heard.logon_count

    def start(self) -> None:
        self._initiator.start()

    def is_logged_on(self, name: str) -> bool:
        return name in self._heard.logged_on

    def send(self, name: str, msg_type: str, fields: dict[int, object]) -> None:
        fix.Session.sendToTarget(message_of(msg_type, fields), self._heard.ids[name])

    def stop(self) -> list[str]:
        self._initiator.stop()
        return list(self._heard.rejects)
