"""What can befall a message of the account stream. Each gives the messages the client gets, or None: not my case."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.simulated.faults import Fault
    from tests.simulated.gateway import Gateway

REPLY = b'{"error":'
LOGIN_REPLY = b'{"error":null,"id":1,'
REFUSED = b'{"error":{"code":6012,"message":"invalid login token"},"id":1,"result":null}'


def payload(frame: bytes) -> bytes:
    """The text of an unmasked text frame; nothing of anything else."""
    if frame[:1] != b"\x81":
        return b""
    length = frame[1]
    return frame[2:] if length < 126 else frame[4:] if length == 126 else frame[10:]


def frame_of(text: bytes) -> bytes:
    """One unmasked text frame (RFC 6455 §5.2), shorter than 126 bytes."""
    return bytes((0x81, len(text))) + text


def is_push(frame: bytes) -> bool:
    """Whether it is news of the account, not a reply or a control frame."""
    text = payload(frame)
    return bool(text) and not text.startswith(REPLY)


def stream_twice(gateway: Gateway, data: bytes, fault: Fault) -> list[bytes] | None:
    return [data, data] if is_push(data) else None


def stream_swap(gateway: Gateway, data: bytes, fault: Fault) -> list[bytes] | None:
    """This message goes behind the next one."""
    if not is_push(data):
        return None
    gateway.hold_message(data)
    return []


def stream_cut(gateway: Gateway, data: bytes, fault: Fault) -> list[bytes] | None:
    """Some bytes of the message, then the end."""
    gateway.end_after_messages()
    return [data[: fault.pick % (len(data) + 1)]]


def stream_nonsense(gateway: Gateway, data: bytes, fault: Fault) -> list[bytes] | None:
    """Messages that no client asked for stand before this one."""
    texts = (b"{}", b"[]", b"null", b'{"id":99,"error":null,"result":{}}', b'{"type":"snapshot"}', b"not json",
             b'{"orders_p":17}', b'{"error":{"code":6001},"id":77}', b'{"accounts":[{"accountID":-1}],"type":"x"}')
    return [frame_of(texts[fault.pick % len(texts)]), data] if is_push(data) else None


def stream_close(gateway: Gateway, data: bytes, fault: Fault) -> list[bytes] | None:
    """The exchange says goodbye in order."""
    code = (1000, 1001, 1006, 1008, 1011, 1012)[fault.pick % 6]
    gateway.end_after_messages()
    return [b"\x88\x02" + code.to_bytes(2, "big")]


def login_refused(gateway: Gateway, data: bytes, fault: Fault) -> list[bytes] | None:
    """A right login is refused (seen by production clients)."""
    return [frame_of(REFUSED)] if payload(data).startswith(LOGIN_REPLY) else None


def stream_miss(gateway: Gateway, data: bytes, fault: Fault) -> list[bytes] | None:
    """A message never comes."""
    return [] if is_push(data) else None


Behaviour = Callable[["Gateway", bytes, "Fault"], "list[bytes] | None"]
TRAPS: dict[str, Behaviour] = {
    act.__name__: act
    for act in (stream_twice, stream_swap, stream_cut, stream_nonsense, stream_close, login_refused,
                stream_miss)
}
SPELLS: dict[str, Behaviour] = {"stream_stall": stream_miss}  # while pings are answered
