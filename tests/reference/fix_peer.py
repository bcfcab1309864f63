"""The accepting side of a FIX session for tests: a scripted peer of simplefix's messages, nothing of tidings."""

import asyncio
import ssl

import simplefix
from fix_client import now_text

LIMIT_S = 10.0


class FixPeer:
    """`async with`: listens on `address`. Each `logon()` takes the next connection and answers its Logon."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self._connections: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
        self._writers: list[asyncio.StreamWriter] = []
        self.next_out = 1

    async def __aenter__(self) -> "FixPeer":
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=self._tls)
        self.address = f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for writer in self._writers:
            writer.close()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        await self._connections.put((reader, writer))

    async def accept(self) -> None:
        """The next connection is the one to talk to."""
        async with asyncio.timeout(LIMIT_S):
            self._reader, self._writer = await self._connections.get()
        self._parser = simplefix.FixParser()

    async def logon(self) -> dict[int, str]:
        """Take the next connection and answer its Logon; gives that Logon."""
        await self.accept()
        logon = await self.expect("A")
        self.send("A", (98, 0), (108, logon[108]))
        return logon

    def send(self, msg_type: str, *fields: tuple[int, object], seq: int | None = None) -> None:
        message = simplefix.FixMessage()
        used = self.next_out if seq is None else seq
        header = ((8, "FIX.4.4"), (35, msg_type), (34, used), (49, "VENUE"), (52, now_text()), (56, "ME"))
        for tag, value in (*header, *fields):
            message.append_pair(tag, value)
        if seq is None:
            self.next_out += 1
        self._writer.write(message.encode())

    async def expect(self, msg_type: str) -> dict[int, str]:
        """The next message, which must be of this type."""
        async with asyncio.timeout(LIMIT_S):
            while (message := self._parser.get_message()) is None:
                data = await self._reader.read(65536)
                if not data:
                    raise ConnectionError("the client closed the connection")
                self._parser.append_buffer(data)
        found: dict[int, str] = {}
        for tag, value in message.pairs:
            found.setdefault(int(tag), value.decode())
        assert found[35] == msg_type, found
        return found

    def cut(self) -> None:
        self._writer.transport.abort()


def report(cl_ord_id: str, exec_id: str) -> tuple[tuple[int, str], ...]:
    """The fields of an ExecutionReport: a new order that rests."""
    return ((6, "0"), (11, cl_ord_id), (14, "0"), (17, exec_id), (37, "O1"), (38, "1"), (39, "0"), (54, "1"),
            (55, "BTCUSDT"), (150, "0"), (151, "1"))  # fmt: skip
