"""A lock that an engine holds as long as it lives: its death frees it, and wakes who waits."""

from tidings.engine.heartbeat_page import HeartbeatPage

class Lifeline:
    """The lock in a page."""

    def __init__(self, page: HeartbeatPage) -> None: ...
    def hold(self) -> bool:
        """Take it, for the life of the calling thread. For the one engine that has locked the page's file.

        False: this system has no such locks.
        """
    def release(self) -> None:
        """Let go of it, from the same thread: the engine ends on purpose."""
    @property
    def is_held(self) -> bool:
        """Whether an engine says that it holds it: of one that was killed this stays true."""
    def wait(self) -> bool:
        """Wait, without the GIL, until it is free. True: its holder died; False: it let go, or nobody held it."""
