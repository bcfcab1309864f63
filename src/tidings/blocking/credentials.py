"""Who asks: a key with its secret, or nobody in particular."""

from __future__ import annotations

from typing import Any

from tidings.config import Secret
from tidings.errors import ConfigError


class AuthCredentials:
    """One API key.

    `secret_encoding`: "raw", the secret's text as the venue and its present clients use it, or "base64url", decoded as
    the original package did. `tidings doctor` tries both.
    """

    def __init__(self, api_key: str, secret_key: str, secret_encoding: str = "raw") -> None:
        for name, text in (("api_key", api_key), ("secret_key", secret_key)):
            if not isinstance(text, str):  # None, mostly: a variable of the environment that is not set
                raise ConfigError(f"{name} is a text, was of type {type(text).__name__}: is its variable set?")
        self.api_key = api_key
        self.secret_encoding = secret_encoding
        self._secret_key = Secret(secret_key)

    def settings(self) -> dict[str, Any]:
        """The engine's settings that follow from these credentials."""
        return {"api_key": self.api_key, "api_secret": self._secret_key, "secret_encoding": self.secret_encoding}

    def __repr__(self) -> str:
        return f"AuthCredentials({self.api_key!r}, {self._secret_key!r})"


class PublicCredentials:
    """No key: public endpoints only."""

    def settings(self) -> dict[str, Any]:
        return {}

    def __repr__(self) -> str:
        return "PublicCredentials()"
