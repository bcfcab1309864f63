"""How one symbol is emptied: cancel both halves, look until the venue shows nothing, and keep looking a while.

Cancels take effect a little after they are answered, so the first looks may find what is on its way out: they come
quickly after one another, and only what stays is cancelled again. An answer that fails is no answer. Even an empty list
is not the end: what the engine sent with its last breath may still be on its way, and the venue takes it until it
expires. So looks go on until nothing can arrive any more, and whatever shows up is cancelled too.

Pure: time comes with each call. In the venue's budget one symbol costs 6 per cancel and 1 per look, of 500 a minute.
"""

from __future__ import annotations

from enum import Enum

NS_PER_MS = 1_000_000
FIRST_LOOK_NS = 6 * NS_PER_MS  # the venue's book follows its answer by some 5 ms
LOOK_GAP_NS = 10 * NS_PER_MS  # doubles while orders are left
CANCEL_GAP_NS = 40 * NS_PER_MS  # from one cancel to the next of the same symbol; doubles too
LOOKS_PER_CANCEL = 8  # at most, once cancels have become rare
GAP_MAX_NS = 5_000 * NS_PER_MS
CONFIRM_AFTER_NS = (300 * NS_PER_MS, 1_500 * NS_PER_MS)  # after the first empty list, before the last look
LAG_NS = 2_000 * NS_PER_MS  # the venue's lists may be so far behind its book


class Step(Enum):
    """What to do next."""

    CANCEL = "cancel"
    LOOK = "look"
    NOTHING = "nothing"  # it is settled


class SymbolPlan:
    """`step` is due at `next_ns`; tell what came of it by `cancelled` or `looked`.

    `arrival_ns`: from when on nothing the engine has sent can still be taken in.
    """

    def __init__(self, now_ns: int, arrival_ns: int) -> None:
        self.step = Step.CANCEL
        self.next_ns = now_ns
        self.left: int | None = None  # open orders at the last good look; None: not known yet
        self.cancel_count = 0
        self._answered_ns: int | None = None  # when the venue first said of a cancel of both halves that it takes it
        self._arrival_ns = arrival_ns
        self._look_gap_ns, self._cancel_gap_ns = LOOK_GAP_NS, CANCEL_GAP_NS
        self._next_cancel_ns = now_ns
        self._confirm_ns: list[int] = []

    @property
    def is_settled(self) -> bool:
        """Nothing is open, and nothing can come any more."""
        return self.step is Step.NOTHING

    def cancelled(
        self, now_ns: int, *, is_accepted: bool, is_answered: bool = True, retry_after_ns: int = 0
    ) -> None:
        """Both halves were asked for. Accepted or not, the list of open orders has the last word.

        `is_answered` False: they have left, and nobody waits for what the venue says to them.
        """
        self.cancel_count += 1
        if is_accepted and is_answered and self._answered_ns is None:
            self._answered_ns = now_ns
        self._next_cancel_ns = now_ns + max(self._cancel_gap_ns, retry_after_ns)
        self._cancel_gap_ns = min(2 * self._cancel_gap_ns, GAP_MAX_NS)
        if is_accepted:
            self.step, self.next_ns = Step.LOOK, now_ns + FIRST_LOOK_NS
            self._look_gap_ns = max(LOOK_GAP_NS, self._cancel_gap_ns // LOOKS_PER_CANCEL)
        else:
            self.step, self.next_ns = Step.CANCEL, self._next_cancel_ns

    def looked(
        self, now_ns: int, left: int | None, *, asked_ns: int, retry_after_ns: int = 0, is_doubted: bool = False
    ) -> None:
        """The venue, asked at `asked_ns`, shows `left` open orders; None: it did not say.

        `is_doubted`: we know of orders that it does not show, and have not heard that they are over. Its list may be
        older than they are, and the cancels lost: then an empty list counts only so long behind an answered cancel
        that it cannot be older than what that did.
        """
        if left is None:
            self._look_again(now_ns, retry_after_ns)
            return
        was_empty, self.left = self.left == 0, left
        if left == 0:
            self._confirm(now_ns, asked_ns, was_empty, is_doubted)
        elif was_empty:  # it came late, or was placed by somebody else
            self._confirm_ns.clear()
            self.step, self.next_ns = Step.CANCEL, now_ns
            self._cancel_gap_ns = CANCEL_GAP_NS
        elif now_ns >= self._next_cancel_ns:
            self.step, self.next_ns = Step.CANCEL, now_ns
        else:
            self._look_again(now_ns, 0)

    def _look_again(self, now_ns: int, retry_after_ns: int) -> None:
        self.step, self.next_ns = Step.LOOK, now_ns + max(self._look_gap_ns, retry_after_ns)
        self._look_gap_ns = min(2 * self._look_gap_ns, GAP_MAX_NS)

    def _confirm(self, now_ns: int, asked_ns: int, was_empty: bool, is_doubted: bool) -> None:
        if asked_ns >= self._arrival_ns:
            self._conclude(now_ns, asked_ns, is_doubted)
            return
        if not was_empty:
            self._look_gap_ns = LOOK_GAP_NS
            self._confirm_ns = [now_ns + after_ns for after_ns in CONFIRM_AFTER_NS]
        while self._confirm_ns and self._confirm_ns[0] <= now_ns:
            del self._confirm_ns[0]
        self.step = Step.LOOK
        self.next_ns = max(now_ns, min([*self._confirm_ns[:1], self._arrival_ns]))

    def _conclude(self, now_ns: int, asked_ns: int, is_doubted: bool) -> None:
        """Nothing can arrive any more, and the list is empty."""
        if not is_doubted:
            self.step = Step.NOTHING
        elif self._answered_ns is None:
            self.step, self.next_ns = Step.CANCEL, max(now_ns, self._next_cancel_ns)
        elif asked_ns >= self._answered_ns + LAG_NS:
            self.step = Step.NOTHING
        else:
            self._look_again(now_ns, 0)
            self.next_ns = min(self.next_ns, max(now_ns, self._answered_ns + LAG_NS))
