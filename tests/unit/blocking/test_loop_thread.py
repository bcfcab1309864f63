"""The thread behind blocking calls: results, errors, and ends that never hang."""

import asyncio
import gc
import threading

import pytest

from tidings.blocking.loop_thread import LoopThread
from tidings.errors import ConnectionLost, UsageError

LIMIT_S = 30  # a busy machine


@pytest.fixture
def thread():
    made = LoopThread()
    yield made
    made.close()


async def answer(value):
    return value


def test_wait_gives_the_result(thread: LoopThread) -> None:
    assert thread.wait(answer(42)) == 42


def test_wait_raises_what_the_coroutine_raised(thread: LoopThread) -> None:
    async def fail() -> None:
        raise LookupError("as it is")

    with pytest.raises(LookupError, match="as it is"):
        thread.wait(fail())


def test_calls_from_many_threads_are_answered_each(thread: LoopThread) -> None:
    answers: list[int] = []
    callers = [threading.Thread(target=lambda n=n: answers.append(thread.wait(answer(n)))) for n in range(20)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(LIMIT_S)

    assert sorted(answers) == list(range(20))


def test_close_closes_what_was_opened_in_the_loop(thread: LoopThread) -> None:
    closed_in: list[threading.Thread] = []

    async def close() -> None:
        closed_in.append(threading.current_thread())

    thread.closing.push_async_callback(close)
    thread.close()
    thread.close()

    assert len(closed_in) == 1
    assert closed_in[0] is not threading.current_thread()
    assert not closed_in[0].is_alive()


def test_call_after_close_is_refused(thread: LoopThread) -> None:
    thread.close()

    with pytest.raises(UsageError, match="closed"):
        thread.wait(answer(1))


def test_close_ends_the_wait_of_another_thread(thread: LoopThread) -> None:
    waiting = threading.Event()
    ends: list[Exception] = []

    async def never() -> None:
        waiting.set()
        await asyncio.Event().wait()

    def call() -> None:
        try:
            thread.wait(never())
        except ConnectionLost as error:
            ends.append(error)

    caller = threading.Thread(target=call)
    caller.start()
    assert waiting.wait(LIMIT_S)
    thread.close()
    caller.join(LIMIT_S)

    assert len(ends) == 1


def test_call_inside_the_loop_is_refused_instead_of_hanging(thread: LoopThread) -> None:
    async def call() -> None:
        thread.wait(answer(1))

    with pytest.raises(UsageError, match="wait for itself"):
        thread.wait(call())


def test_interrupted_wait_cancels_the_work(thread: LoopThread, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, cancelled = threading.Event(), threading.Event()

    async def work() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    def interrupt(future, timeout=None) -> None:
        begun.wait(LIMIT_S)
        raise KeyboardInterrupt

    monkeypatch.setattr("concurrent.futures.Future.result", interrupt)
    with pytest.raises(KeyboardInterrupt):
        thread.wait(work())
    monkeypatch.undo()

    assert cancelled.wait(LIMIT_S)


def test_close_inside_the_loop_ends_it_without_waiting_for_itself() -> None:
    thread = LoopThread()
    inner: list[threading.Thread] = []

    async def close() -> None:
        inner.append(threading.current_thread())
        thread.close()

    with pytest.raises(ConnectionLost):
        thread.wait(_then_wait(close))

    inner[0].join(LIMIT_S)
    assert not inner[0].is_alive()


async def _then_wait(act) -> None:
    await act()
    await asyncio.Event().wait()


def test_running_thread_does_not_keep_its_owner_alive() -> None:
    import weakref

    thread = LoopThread()
    thread.wait(answer(1))
    gone = weakref.ref(thread)
    close = thread.close
    close()
    del thread, close
    gc.collect()

    assert gone() is None
