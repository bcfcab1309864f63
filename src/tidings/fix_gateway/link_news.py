"""Whether orders can reach the venue, announced to every client that is logged on: News (B)."""

from __future__ import annotations

from collections.abc import Callable

from tidings.fix_gateway.account import Account
from tidings.fix_gateway.field_text import Fields, body_of

LOST, RESTORED = "exchange link lost", "exchange link restored"
HALTED, RESUMED = "trading halted", "trading resumed"
Listener = Callable[[Fields], None]


class LinkNews:
    """Call `look` a few times a second. Each change is told once; who logs on meanwhile is told how it stands."""

    def __init__(self, account: Account) -> None:
        self.listeners: dict[str, Listener] = {}
        self._account = account
        self._headline = ""  # what is wrong now; "": nothing
        self._text = ""

    def look(self) -> None:
        """Compare with what was told."""
        headline, text = self._judge()
        if headline == self._headline:
            return
        ended, self._headline, self._text = self._headline, headline, text
        if not headline:
            headline, text = (RESTORED if ended == LOST else RESUMED), "new orders are taken again"
        for listener in list(self.listeners.values()):
            listener(news(headline, text))

    def greet(self, listener: Listener) -> None:
        """Somebody has logged on."""
        if self._headline:
            listener(news(self._headline, self._text))

    def _judge(self) -> tuple[str, str]:
        state = self._account.engine.state
        if not state.is_account_live or not state.lanes_up:
            return LOST, state.reason
        if state.killed or state.trading == "HALTED":
            return HALTED, state.reason
        return "", ""


def news(headline: str, text: str) -> Fields:
    """The body of a News."""
    return body_of({148: headline.encode()}, {33: [[(58, (text or headline).encode())]]})
