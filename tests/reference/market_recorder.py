"""Records what an exchange pushes on its market channels, as lines of a recording, with the reference client only."""

import json
import time
from pathlib import Path
from typing import Any

from phemex_client import StreamClient

CHANNELS = {"BTCUSDT": ("orderbook_p", "trade_p"), "BTCUSD": ("orderbook", "trade"), "sBTCUSDT": ("orderbook", "trade")}
KINDS = ("book", "orderbook_p", "trades", "trades_p", "tick", "tick_p")


def record(ready: dict[str, Any], path: Path, symbols: tuple[str, ...], duration_s: float) -> list[dict[str, Any]]:
    """Write `duration_s` of the market of `symbols` to `path`; the messages."""
    stream = StreamClient(ready)
    for symbol in symbols:
        for channel in CHANNELS[symbol]:
            stream.request(f"{channel}.subscribe", [symbol])
    lines: list[tuple[int, dict[str, Any]]] = []
    end_s = time.monotonic() + duration_s
    while time.monotonic() < end_s:
        message = stream.next(*KINDS)
        lines.append((time.time_ns(), message))
    stream.close()
    path.write_text("".join(json.dumps({"received_ns": ns, "message": message}) + "\n" for ns, message in lines))
    return [message for _, message in lines]
