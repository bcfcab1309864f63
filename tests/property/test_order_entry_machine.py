"""Several orders at once on a small table: any steps at the venue, any delivery, compared with the reference each time.

Where the lives of tests/arrivals are written down, these are made up: orders share slots, replies are lost or late,
the stream breaks off and is told anew, old words come again, and words about strangers come in between.
"""

from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.arrivals.belief import Belief
from tests.arrivals.lives import PRICE, WORKING, Life, Moment, OrderAtVenue, Word
from tests.arrivals.routes import query, snapshot
from tests.arrivals.trial import Trial, make_path
from tidings.model.enums import ExecType, OrdStatus, ReportSource
from tidings.model.execution_report import report_of

CAPACITY = 8


class Told:
    """One order: as it is at the venue, as the engine has it, as the reference has it, and what is under way."""

    def __init__(self, path, line, is_conditional):
        self.venue, self.line, self.is_conditional = OrderAtVenue(line), line, is_conditional
        self.trial, self.belief = Trial(path, line, is_conditional), Belief(is_conditional)
        self.channels, self.is_amend_taken, self.is_cancel_taken = {}, False, False
        self.stranger_count = 0  # its words that the engine could not lay to it any more

    def step(self, name, *arguments):
        """Let something happen at the venue, and send off what it says of it."""
        before = len(self.venue.words)
        getattr(self.venue, name)(*arguments)
        for word in self.venue.words[before:]:
            if word.channel != "us":
                self.channels.setdefault(word.channel, []).append(word)

    def take_in(self):
        """The create has reached the venue, at the latest when another request has."""
        if self.venue.now.status == "PENDING_NEW":
            self.step("await_trigger" if self.is_conditional else "accept")

    def deliver(self, channel):
        words = self.channels[channel]
        word = words.pop(0)
        if not words:
            del self.channels[channel]
        self.hear(word)

    @property
    def is_forgotten(self):
        """Done, and its slot used again: what comes now is a stranger's."""
        return self.trial.path.table.find(self.trial.order.handle) is None

    def hear(self, word):
        self.trial.tell(word)
        if self.is_forgotten:
            self.stranger_count += 1
            return
        self.belief.hear(word)
        difference = self.trial.compare(self.belief)
        assert difference is None, f"after {word}: {difference}"

    @property
    def is_open_at_venue(self):
        return self.venue.now.status in ("PENDING_NEW", *WORKING)

    @property
    def life(self):
        return Life("", self.line, self.is_conditional, self.venue.moments, self.venue.words)


class OrderEntryMachine(RuleBasedStateMachine):
    """Each rule is one thing that can happen; Hypothesis looks for a sequence that ends in disagreement."""

    orders = Bundle("orders")

    @initialize()
    def begin(self):
        self.path, self.all, self.foreign_count = make_path(CAPACITY), [], 0

    # ---- What we ask ---------------------------------------------------------------------------------------------

    @rule(target=orders, line=st.sampled_from(["LINEAR", "INVERSE", "SPOT"]), is_conditional=st.booleans())
    @precondition(lambda self: self.path.table.open_count < CAPACITY)
    def submit(self, line, is_conditional):
        told = Told(self.path, line, is_conditional)
        self.all.append(told)
        return told

    @rule(told=orders, price=st.sampled_from([0, PRICE, PRICE + 100]), qty=st.sampled_from([0, 8, 10, 15]))
    def amend(self, told, price, qty):
        ask = Word("us", "AMEND", Moment(price=price, qty=qty), about=told.venue.asks + 1)
        if not told.trial.tell(ask):
            return
        assert not told.belief.is_done
        assert told.belief.amend is None
        told.belief.ask(ask)
        told.take_in()
        # Nothing under a thousand lots rests: the venue refuses what has filled already.
        if not told.is_open_at_venue or (qty and qty <= told.venue.now.cum):
            told.step("refuse_amend", price, qty)
        else:
            told.step("ask_amend", price, qty)
            told.is_amend_taken = True

    @rule(told=orders)
    def cancel(self, told):
        ask = Word("us", "CANCEL", Moment(), about=told.venue.asks + 1)
        if not told.trial.tell(ask):
            return
        assert not told.belief.is_done
        told.belief.ask(ask)
        told.take_in()
        if told.is_open_at_venue:
            told.step("ask_cancel")
            told.is_cancel_taken = True
        else:
            told.step("refuse_cancel")

    # ---- What happens at the venue -------------------------------------------------------------------------------

    @rule(told=orders)
    def accept(self, told):
        told.take_in()

    @rule(told=orders)
    def trigger(self, told):
        if told.venue.now.status == "UNTRIGGERED":
            told.step("trigger")

    @rule(told=orders, qty=st.integers(1, 15), px=st.sampled_from([PRICE, PRICE - 100]))
    def fill(self, told, qty, px):
        now = told.venue.now
        if now.status in ("NEW", "PARTIALLY_FILLED"):
            told.step("fill", min(qty, now.qty - now.cum), px)

    @rule(told=orders)
    def decide_amend(self, told):
        if not told.is_amend_taken:
            return
        told.is_amend_taken = False
        fits = told.is_open_at_venue and told.venue.wanted[1] > told.venue.now.cum
        told.step("replace" if fits else "lose_amend")

    @rule(told=orders, event=st.sampled_from(["cancel", "cancel_unasked", "reject", "expire"]))
    def end(self, told, event):
        if told.is_open_at_venue and (event != "cancel" or told.is_cancel_taken):
            if event != "reject":
                told.take_in()
            told.step(event)

    # ---- How it is told ------------------------------------------------------------------------------------------

    @rule(told=orders, pick=st.integers(0, 20))
    def deliver(self, told, pick):
        if told.channels:
            told.deliver(sorted(told.channels)[pick % len(told.channels)])

    @rule(told=orders, pick=st.integers(0, 20), comes_late=st.booleans())
    def lose_reply(self, told, pick, comes_late):
        replies = [channel for channel in sorted(told.channels) if channel.startswith("reply")]
        if not replies:
            return
        channel = replies[pick % len(replies)]
        word = told.channels[channel][0]
        if word.source == "LOCAL" or len(told.channels[channel]) > 1:
            return
        lost = replace(
            word, event="UNKNOWN", source="LOCAL", told=Moment(), code=0, tells_status=False, tells_terms=False
        )
        told.channels[channel] = [lost, word] if comes_late else [lost]

    @rule(told=orders)
    def break_stream(self, told):
        """What was under way is lost; the new subscription tells what has happened."""
        if told.venue.now.status != "PENDING_NEW":
            told.channels["stream"] = snapshot(told.life, -1)

    @rule(told=orders, pick=st.integers(0, 100))
    def tell_again(self, told, pick):
        stream = told.life.stream
        if stream:
            word = stream[pick % len(stream)]
            event = word.event if word.execution else "STATUS"
            told.channels.setdefault("again", []).append(replace(word, source="SNAPSHOT", event=event))

    @rule(told=orders, pick=st.integers(0, 100))
    def look(self, told, pick):
        """A query, answered with the order as it is or was."""
        moments = told.venue.moments
        if len(moments) > 1:
            told.channels.setdefault("query", []).append(query(told.life, 1 + pick % (len(moments) - 1)))

    @rule()
    def tell_of_a_stranger(self):
        self.foreign_count += 1
        self.path.hear(report_of(ExecType.NEW, ReportSource.STREAM, 0, cl_ord_id="somebody-else", ord_status=1))

    # ---- What holds always ---------------------------------------------------------------------------------------

    @invariant()
    def counts_fit(self):
        table, entry = self.path.table, self.path.entry
        states = [told.trial.order.status for told in self.all]
        assert table.open_count == sum(status < OrdStatus.FILLED for status in states)
        assert table.unknown_count == states.count(OrdStatus.UNKNOWN)
        assert entry.foreign_count == self.foreign_count + sum(told.stranger_count for told in self.all)
        assert len({told.trial.order.cl_ord_id for told in self.all}) == len(self.all) == entry.submitted_count
        assert len(self.path.executions) == sum(len(told.belief.executions) for told in self.all)

    def teardown(self):
        """Everything under way arrives, and what the venue has is believed."""
        for told in self.all:
            told.take_in()
            while told.channels:
                told.deliver(min(told.channels))
            told.hear(query(told.life, len(told.venue.moments) - 1))
            assert told.is_forgotten or told.belief.differs_from(told.venue.now) is None


OrderEntryMachine.TestCase.settings = settings(
    max_examples=150, stateful_step_count=40, deadline=None, derandomize=True
)
TestOrderEntry = OrderEntryMachine.TestCase
