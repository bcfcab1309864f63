"""Who may log on: nobody is asked, a user name and password, or a hash made with a shared secret."""

from __future__ import annotations

import base64
import hmac
from typing import TYPE_CHECKING

from tidings.fix.session_settings import SessionSettings

if TYPE_CHECKING:
    from tidings.fix.reader import FixReader

HASHED_TAGS = (52, 35, 34, 49, 56, 554)


def logon_hash(secret: str, parts: list[bytes]) -> bytes:
    """RawData (96) of a Logon: its fields 52, 35, 34, 49, 56 and 554 under HMAC-SHA256, in base64."""
    return base64.b64encode(hmac.digest(secret.encode(), b"\x01".join(parts), "sha256"))


def is_authentic(settings: SessionSettings, logon: FixReader) -> bool:
    """Compared in constant time. An unknown way of authentication lets nobody in."""
    if settings.auth == "none":
        return True
    if settings.auth == "password":
        is_user = hmac.compare_digest(logon.find(553) or b"", settings.username.encode())
        is_word = hmac.compare_digest(logon.find(554) or b"", settings.password.encode())
        return is_user and is_word and bool(settings.password)
    if settings.auth == "hmac" and settings.password:
        parts = [logon.find(tag) or b"" for tag in HASHED_TAGS]
        return hmac.compare_digest(logon.find(96) or b"", logon_hash(settings.password, parts))
    return False
