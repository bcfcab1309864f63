"""HMAC-SHA-256 for short messages under one long-lived key: SHA-NI, ARMv8 or portable C, chosen at import.

The environment variable TIDINGS_SHA256_TIER names another tier ("generic"), for tests and doubts.
"""

from typing import final

TIER_NAMES: tuple[str, ...]
"""Every tier this package knows, slowest first."""

@final
class HmacSha256:
    """A key, held only as the hash states of its two pads, which are wiped with the object. Has no repr, no pickle."""

    def __init__(self, key: bytes) -> None: ...
    def hexdigest(self, message: bytes) -> str:
        """The message's authentication code in 64 lower-case hex digits."""
    def after(self, prefix: bytes) -> HmacPrefix:
        """The key with `prefix` hashed already, for many messages that begin with it."""

@final
class HmacPrefix:
    """A key and the beginning of a message, made by `HmacSha256.after`."""

    def hexdigest(self, rest: bytes) -> str:
        """The code of prefix + rest, at the price of `rest` and at most one block of the prefix."""

def available_tiers() -> tuple[str, ...]:
    """Names of the tiers that run on this processor, slowest first."""

def current_tier() -> str:
    """The tier in use."""

def use_tier(name: str) -> None:
    """Switch to the tier `name` for the whole process; ConfigError if it does not run here."""
