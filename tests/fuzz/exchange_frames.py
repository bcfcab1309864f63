"""What stream clients send: a handshake, a login, subscriptions and frames, sound and odd."""

import hashlib
import hmac
import json
import random

HANDSHAKE = (
    b"GET /ws HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
CHANNELS = ["aop", "aop_p", "wo", "ras_p", "aop_v1", "orderbook", "orderbook_p", "trade", "trade_p", "kline", "kline_p"]
CHANNELS += ["tick", "tick_p", "market24h", "spot_market24h", "perp_market24h_pack_p", "perp_market24h", "server", ""]
VERBS = ["subscribe", "subscribe", "subscribe", "unsubscribe", "ping", "auth", "", "SUBSCRIBE"]
PARAMS = ["BTCUSD", "BTCUSDT", "sBTCUSDT", ".BTC", ".MBTC", "NOSUCH", True, False, 0, 5, 30, "5", 60, 300, -1, None]
PARAMS += [1.5, [], {}, "x" * 200, 10**30, "BTCUSD,ETHUSD"]
TEXTS = [b"", b"{", b"null", b"[]", b"1", b'"x"', b"\xff\xfe", b"[" * 5000, b'{"method":1}', b'{"id":{},"method":"x"}']
TEXTS += [b'{"id":NaN,"method":"server.ping"}', b'{"id":1e400,"method":"server.ping","params":{}}', b"x" * 20_000]
EXPIRY_S = 1_760_000_060



class Frames:
    """Makes one stream after another; logins are of `keys`: (api key, secret)."""

    def __init__(self, seed: int, keys: list[tuple[str, str]]) -> None:
        self.random = random.Random(seed)
        self.keys = keys

    def stream(self) -> bytes:
        """A handshake and up to eight frames."""
        frames = [self.frame(self.login())] if self.random.random() < 0.6 else []
        frames += [self.frame(self.text()) for _ in range(self.random.randrange(8))]
        return HANDSHAKE + b"".join(frames)

    def login(self) -> bytes:
        key, secret = self.random.choice(self.keys)
        signature = hmac.new(secret.encode(), f"{key}{EXPIRY_S}".encode(), hashlib.sha256).hexdigest()
        params = ["API", key, signature, EXPIRY_S]
        if self.random.random() < 0.2:
            params[self.random.randrange(4)] = self.random.choice(PARAMS)
        return json.dumps({"id": 1, "method": "user.auth", "params": params}).encode()

    def text(self) -> bytes:
        if self.random.random() < 0.2:
            return self.random.choice(TEXTS)
        method = f"{self.random.choice(CHANNELS)}.{self.random.choice(VERBS)}"
        params = [self.random.choice(PARAMS) for _ in range(self.random.randrange(4))]
        odd = self.random.choice(PARAMS) if self.random.random() < 0.1 else params
        request_id = self.random.choice([1, 2, None, "x", -5, 2**70])
        return json.dumps({"id": request_id, "method": method, "params": odd}).encode()

    def frame(self, payload: bytes) -> bytes:
        """A masked frame (RFC 6455 §5.2); one in ten is of another kind, in pieces, or breaks a rule."""
        how = self.random.randrange(30)
        first = {0: 0x01, 1: 0x80, 2: 0x82, 3: 0x89, 4: 0x8A, 5: 0x88, 6: 0xF1, 7: 0x83}.get(how, 0x81)
        if first in (0x89, 0x8A, 0x88):
            payload = payload[:125]
        mask = self.random.randbytes(4)
        data = bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload))
        flag = 0 if how == 8 else 0x80
        if how == 9:
            return bytes((first, flag | 127)) + (2**63).to_bytes(8, "big") + mask
        if len(payload) < 126:
            return bytes((first, flag | len(payload))) + mask + data
        return bytes((first, flag | 126)) + len(payload).to_bytes(2, "big") + mask + data
