"""A TCP proxy whose connections can be cut, and whose target can move: what stands between a client and a gateway."""

import contextlib
import random
import selectors
import socket
import threading
import time
from types import TracebackType


class CuttingProxy:
    """Listens on `address` in a thread of its own. While `is_open` is False whoever connects is sent away.

    `lives_s`: connections end by themselves, after a time between these two, in the middle of what is under way.
    """

    def __init__(self, target: str, lives_s: tuple[float, float] | None = None, seed: int = 0) -> None:
        self.target = target
        self.lives_s = lives_s
        self.is_open = True
        self.accepted_count = 0
        self.cut_in_message_count = 0
        self._chance = random.Random(seed)
        self._ends_s: dict[socket.socket, float] = {}
        self._server = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.address = f"127.0.0.1:{self._server.getsockname()[1]}"
        self._pairs: dict[socket.socket, socket.socket] = {}
        self._lock = threading.RLock()
        self._is_stopped = False
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._server, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def __enter__(self) -> "CuttingProxy":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._is_stopped = True
        self._thread.join()
        self.cut()
        self._server.close()

    def cut(self, count: int | None = None) -> int:
        """End connections now, the oldest first; all by default. Gives how many."""
        with self._lock:
            clients = list(self._pairs)[::2][:count]  # each pair is in there both ways
            for client in clients:
                self._close(client)
            return len(clients)

    def _run(self) -> None:
        while not self._is_stopped:
            for key, _ in self._selector.select(0.02):
                with self._lock:
                    if key.fileobj is self._server:
                        self._accept()
                    elif key.fileobj in self._pairs:
                        self._pump(key.fileobj)
            now_s = time.monotonic()
            with self._lock:
                for one in [one for one, end_s in self._ends_s.items() if now_s > end_s + 0.05]:
                    self._close(one)  # nothing was under way

    def _accept(self) -> None:
        client, _ = self._server.accept()
        host, _, port = self.target.rpartition(":")
        try:
            if not self.is_open:
                raise ConnectionRefusedError
            upstream = socket.create_connection((host, int(port)), 5)
        except OSError:
            client.close()
            return
        self.accepted_count += 1
        end_s = time.monotonic() + self._chance.uniform(*self.lives_s) if self.lives_s else 0.0
        for one, other in ((client, upstream), (upstream, client)):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._pairs[one] = other
            if end_s:
                self._ends_s[one] = end_s
            self._selector.register(one, selectors.EVENT_READ)

    def _pump(self, source: socket.socket) -> None:
        try:
            data = source.recv(65536)
            if data and time.monotonic() > self._ends_s.get(source, float("inf")):
                self.cut_in_message_count += 1
                self._pairs[source].sendall(data[: self._chance.randrange(len(data))])
            elif data:
                self._pairs[source].sendall(data)
                return
        except OSError:
            data = b""
        self._close(source)

    def _close(self, one: socket.socket) -> None:
        other = self._pairs.pop(one, None)
        for end in (one, other):
            if end is not None:
                self._pairs.pop(end, None)
                self._ends_s.pop(end, None)
                with contextlib.suppress(KeyError, ValueError):
                    self._selector.unregister(end)
                end.close()
