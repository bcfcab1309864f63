"""The other end of a FIX session: an initiator for our gateway, and for any venue that speaks FIX 4.4."""

from tidings.fix_client.client import FixClient

__all__ = ["FixClient"]
