"""How many questions one client may ask that cost the venue's budget, or much of our time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

NS_PER_S: Final = 1_000_000_000


@dataclass(slots=True)
class RequestLimit:
    """So many at once, and so many a second from then on."""

    at_once: int
    per_s: int
    _spent_ns: int = field(default=0, init=False)  # until when what has been asked counts

    def take(self, now_ns: int) -> bool:
        """Whether one more may be asked now; if so, it is counted."""
        step_ns = NS_PER_S // self.per_s
        until_ns = max(self._spent_ns, now_ns) + step_ns
        if until_ns > now_ns + self.at_once * step_ns:
            return False
        self._spent_ns = until_ns
        return True

    @property
    def words(self) -> str:
        return f"at most {self.at_once} at once, then {self.per_s} a second"
