"""What a replay came to."""

from dataclasses import dataclass


@dataclass(slots=True)
class ReplayResult:
    """`state_hash`: SHA-256 of all callbacks and of books, orders and positions at the end."""

    messages: int = 0
    callbacks: int = 0
    state_hash: str = ""
    entries: int = 0
    calls: int = 0  # made again as they were recorded
    differences: int = 0  # … and otherwise
    dropped: int = 0  # messages missing in the recording
    lost: int = 0  # of them: no market data, so that orders and positions may not be what they were
    strategy_errors: int = 0
    damage: str = ""  # at the recording's end
