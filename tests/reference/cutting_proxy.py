"""A TCP proxy whose connections can be cut, and whose target can move: what stands between a client and a gateway."""

import contextlib
import selectors
import socket
import threading
from types import TracebackType


class CuttingProxy:
    """Listens on `address` in a thread of its own. While `is_open` is False whoever connects is sent away."""

    def __init__(self, target: str) -> None:
        self.target = target
        self.is_open = True
        self.accepted_count = 0
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
            for key, _ in self._selector.select(0.05):
                with self._lock:
                    if key.fileobj is self._server:
                        self._accept()
                    elif key.fileobj in self._pairs:
                        self._pump(key.fileobj)

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
        for one, other in ((client, upstream), (upstream, client)):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._pairs[one] = other
            self._selector.register(one, selectors.EVENT_READ)

    def _pump(self, source: socket.socket) -> None:
        try:
            data = source.recv(65536)
            if data:
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
                with contextlib.suppress(KeyError, ValueError):
                    self._selector.unregister(end)
                end.close()
