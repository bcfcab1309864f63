"""What one may believe of an order after hearing some words: the reference the engine's order is compared with.

It keeps everything it has heard and concludes anew after each word, by the rules of FIX and of the venue, so that the
order of hearing cannot matter but where it should: for requests of ours, which end once. It knows no table of states.
"""

from dataclasses import dataclass, field
from fractions import Fraction

from tests.arrivals.lives import PRICE, QTY, WORKING, Moment, Word

TOLD = ("ack", "fill", "reject", "cancel", "amend", "unknown")
_NO_EVIDENCE = ("CANCEL_REJECTED", "REPLACE_REJECTED", "UNKNOWN")


@dataclass
class Belief:
    """The order as known so far, and how often each callback was due."""

    is_conditional: bool  # waits for its trigger until somebody says that it was reached
    heard: list[Word] = field(default_factory=list)
    executions: dict[int, Word] = field(default_factory=dict)
    told: dict[str, int] = field(default_factory=lambda: dict.fromkeys(TOLD, 0))
    amend: Word | None = None  # unanswered
    is_cancel_asked: bool = False
    # Concluded.
    status: str = "PENDING_NEW"
    cum: int = 0
    terms: tuple[int, int] = (PRICE, QTY)  # price, quantity

    @property
    def traded(self) -> int:
        return sum(word.last_qty for word in self.executions.values())

    @property
    def is_done(self) -> bool:
        return self.status not in ("PENDING_NEW", "UNKNOWN", *WORKING)

    @property
    def is_seen(self) -> bool:
        """Whether the venue has, or had, the order; a refusal says that it never did."""
        return self.status not in ("PENDING_NEW", "UNKNOWN", "REJECTED")

    @property
    def leaves(self) -> int:
        return 0 if self.is_done else self.terms[1] - self.cum

    @property
    def avg_px_ticks(self) -> Fraction | None:
        """Σ price × quantity ÷ Σ quantity; None before the first execution."""
        value = sum(word.last_px * word.last_qty for word in self.executions.values())
        return Fraction(value, self.traded) if self.traded else None

    def differs_from(self, truth: Moment) -> str | None:
        """Why this is not what the venue has, now that everything was told; None: it is."""
        status = "CANCELED" if truth.status == "REJECTED" and truth.cum else truth.status
        known, true = (self.status, self.cum, self.terms), (status, truth.cum, (truth.price, truth.qty))
        return None if known == true else f"in the end {known} is believed where {true} is true"

    # ---- What it has heard adds up to ----------------------------------------------------------------------------

    def _conclude(self) -> None:
        # Quantities only grow: the most that anybody told, or that the executions add up to.
        self.cum = max([self.traded, *(word.told.cum for word in self.heard if word.tells_terms)])
        self.terms = self._terms()
        self.status = self._status()

    def _terms(self) -> tuple[int, int]:
        """Those of the newest word that is not the answer to a request, the last heard among equals."""
        newest_ns = max((row.told.at_ns for row in self._rows()), default=0)
        same = [(row.told.price, row.told.qty) for row in self._rows() if row.told.at_ns == newest_ns]
        return same[-1] if same else (PRICE, QTY)

    def _rows(self) -> list[Word]:
        """What tells of terms in force; a reply tells what was asked for."""
        return [word for word in self.heard if word.source in ("STREAM", "SNAPSHOT", "QUERY")]

    def _status(self) -> str:
        evidence = [word for word in self.heard if word.event not in _NO_EVIDENCE]
        ends = [word.ends for word in evidence if word.ends]
        if ends:
            return "CANCELED" if ends[0] == "REJECTED" and self.cum else ends[0]
        if not evidence and not self.cum:
            is_lost = any(word.event == "UNKNOWN" and word.request == "NEW" for word in self.heard)
            return "UNKNOWN" if is_lost else "PENDING_NEW"
        if self.cum >= max(self.terms[1], self.amend.told.qty if self.amend else 0):
            return "FILLED"
        if self.cum:
            return "PARTIALLY_FILLED"
        states = [word for word in evidence if word.tells_status]
        is_waiting = self.is_conditional and all(word.told.status == "UNTRIGGERED" for word in states)
        return "UNTRIGGERED" if is_waiting else "NEW"

    # ---- Hearing -------------------------------------------------------------------------------------------------

    def ask(self, word: Word) -> None:
        """A request of ours has left."""
        if word.event == "AMEND":
            self.amend = word
        else:
            self.is_cancel_asked = True

    def hear(self, word: Word) -> None:
        """Take in one word, and count the callbacks it makes due."""
        if word.execution in self.executions:
            return  # an execution counts once, and its second copy is no news
        before, was_done, was_seen = self.status, self.is_done, self.is_seen
        newest_ns = max((row.told.at_ns for row in self._rows()), default=0)
        self.heard.append(word)
        if word.execution:
            self.executions[word.execution] = word
            self.told["fill"] += 1
        self._conclude()
        self._settle(word, newest_ns, was_done)
        self._conclude()  # an amend that was refused no longer holds back what its quantity held
        if self.status != before:
            self.told["ack"] += self.is_seen and not was_seen
            self.told["cancel"] += self.status in ("CANCELED", "EXPIRED") and not was_done
            self.told["reject"] += self.status == "REJECTED"
            self.told["unknown"] += self.status == "UNKNOWN"
        if self.is_done:
            self.amend, self.is_cancel_asked = None, False

    def _settle(self, word: Word, newest_ns: int, was_done: bool) -> None:
        """Requests end once: with their outcome, or with the order."""
        is_about_amend = self.amend is not None and word.about == self.amend.about
        if self.amend is not None and self._shows_amend(word, newest_ns, is_about_amend):
            self.told["amend"] += 1
            self.amend = None
        elif word.event in ("REPLACE_REJECTED", "CANCEL_REJECTED"):
            self._hear_refusal(word, is_about_amend, was_done)
        elif word.event == "UNKNOWN" and word.request == "AMEND":
            self.told["unknown"] += is_about_amend
        elif word.event == "UNKNOWN" and word.request == "CANCEL":
            self.told["unknown"] += self.is_cancel_asked
            self.is_cancel_asked = False

    def _shows_amend(self, word: Word, newest_ns: int, is_about_amend: bool) -> bool:
        """Its own word, or a row with the terms asked for of an order that works, not older than what is known: how the
        order stands, or an execution that leaves it at work.
        """
        if word.event == "REPLACED":
            return is_about_amend
        fits = self.amend.told.price in (0, word.told.price) and self.amend.told.qty in (0, word.told.qty)
        is_old = word.told.at_ns < newest_ns
        tells = word.event == "STATUS" or (word.event == "TRADE" and not self.is_done)
        return fits and tells and word.told.status in WORKING and not is_old

    def _hear_refusal(self, word: Word, is_about_amend: bool, was_done: bool) -> None:
        is_amend = word.event == "REPLACE_REJECTED"
        is_pending = is_about_amend if is_amend else self.is_cancel_asked
        if is_pending or was_done or self.is_done:
            self.told["reject"] += 1
        if is_amend and is_pending:
            self.amend = None
        if not is_amend:
            self.is_cancel_asked = False
