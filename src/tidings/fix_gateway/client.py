"""Who speaks FIX with the orders of an account, as the rooms behind the doors see it."""

from __future__ import annotations

from typing import Protocol

from tidings.fix_gateway.field_text import Fields
from tidings.fix_gateway.translate_in import Rules
from tidings.fix_gateway.translate_out import Profile


class Client(Protocol):
    """Who sends requests and is told of their orders: a FIX session, or a strategy in this process."""

    @property
    def name(self) -> str:
        """The owner of its orders, for ever."""

    @property
    def profile(self) -> Profile: ...
    @property
    def rules(self) -> Rules: ...
    @property
    def has_pending_acks(self) -> bool: ...
    @property
    def message_use(self) -> tuple[int, int] | None:
        """Messages used up of the rate it may send, and the rate; None: no limit."""

    def tell(self, msg_type: bytes, fields: Fields) -> None:
        """One message for it, connected or not."""
