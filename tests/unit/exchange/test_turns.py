"""Who is served when many want more than one turn: one of them between two reads, each in its place."""

import asyncio

from slow_link import SlowLink

from tidings.exchange.rest.response import Response
from tidings.exchange.server.turns import TURN_NS, Turns

REQUEST = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"


class Client:
    """Wants so many turns."""

    def __init__(self, name: str, turn_count: int, turns: Turns, served: list[str]) -> None:
        self.name, self.turn_count, self.turns, self.served = name, turn_count, turns, served

    def serve_rest(self) -> None:
        self.served.append(self.name)
        self.turn_count -= 1
        if self.turn_count:
            self.turns.put(self)


async def turns_of_loop(count: int, note=lambda: None) -> None:
    for _ in range(count):
        await asyncio.sleep(0)
        note()


async def test_one_is_served_in_each_turn_of_the_loop_and_all_in_rotation():
    turns, served = Turns(), []
    for name, count in (("a", 3), ("b", 1), ("c", 2)):
        turns.put(Client(name, count, turns, served))
    counts: list[int] = []
    await turns_of_loop(8, lambda: counts.append(len(served)))
    assert served == ["a", "b", "c", "a", "c", "a"]
    assert counts == [1, 2, 3, 4, 5, 6, 6, 6]


async def test_who_fails_does_not_end_the_turns_of_the_others():
    turns, served = Turns(), []
    failures: list[dict] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: failures.append(context))
    broken = Client("broken", 1, turns, served)
    broken.serve_rest = lambda: 1 // 0
    turns.put(broken)
    turns.put(Client("whole", 1, turns, served))
    await turns_of_loop(3)
    assert (served, len(failures)) == (["whole"], 1)


async def test_dear_answers_end_a_turn_early():
    link = SlowLink()

    def dear(request, address, wall_ns) -> Response:
        link.now_ns += TURN_NS // 2
        return Response(b"-")

    link.respond = dear
    link.receive(REQUEST * 6)
    assert link.answered_count == 2
    await asyncio.sleep(0)
    assert link.answered_count == 4


async def test_a_newcomer_waits_for_one_turn_of_many_floods():
    floods = [SlowLink()]
    floods += [SlowLink(beside=floods[0]) for _ in range(7)]
    for flood in floods:
        flood.receive(REQUEST * 400)
    newcomer = SlowLink(beside=floods[0])
    before = sum(flood.answered_count for flood in floods)
    asyncio.get_running_loop().call_soon(newcomer.receive, REQUEST)
    await asyncio.sleep(0)
    assert newcomer.answered_count == 1
    assert sum(flood.answered_count for flood in floods) - before == 32
