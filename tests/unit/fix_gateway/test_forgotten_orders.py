"""At the start the journal knows nothing of an order: what its client is told."""

from types import SimpleNamespace

from fix_story import Story, make_instrument

from tidings.clock import Clock
from tidings.fix_gateway.taking_up import TakingUp
from tidings.model.enums import ExecInst, ExecType, OrdStatus, OrdType, ReportSource, Side, TimeInForce, Trigger
from tidings.model.execution_report import report_of
from tidings.model.order import apply_report
from tidings.model.terms import OrderTerms


def never_was(story: Story) -> dict[int, str]:
    products = SimpleNamespace(find={"BTCUSDT": make_instrument()}.get)
    desk = SimpleNamespace(phemex=SimpleNamespace(engine=SimpleNamespace(products=products)), news=story.news)
    TakingUp(desk)._never_was(story.chain)
    return story.reports[-1]


def test_what_nobody_was_told_of_was_not_sent():
    told = never_was(Story())
    assert (told[150], told[39], told[58]) == ("8", "8", "not sent: the gateway ended before it was")


def test_what_was_told_as_new_was_sent_and_its_end_is_not_known(caplog):
    story = Story()
    story.hear(ExecType.NEW)
    told = never_was(story)
    words = "its end is not known, the order journal does not have it any more: ask the venue"
    assert (told[150], told[39], told[58]) == ("4", "4", words)
    assert f"order o1: {words}" in caplog.text


def test_a_request_for_what_is_forgotten_is_answered_all_the_same():
    story = Story()
    story.hear(ExecType.NEW)
    story.ask("c1", is_replace=False)
    never_was(story)
    assert story.told == ["0/0", "4/4", "9/4"]
    assert (story.rejects[0][11], story.rejects[0][41], story.rejects[0][102]) == ("c1", "o1", "0")


def test_the_venues_word_that_an_order_is_filled_is_told_also_when_it_came_while_nobody_listened():
    """All executions have been told, and only the venue knows that they are all: it closes whatever there is."""
    terms = OrderTerms(
        make_instrument(), Side.BUY, ord_type=OrdType.STOP, trigger=Trigger.LAST_PRICE,
        time_in_force=TimeInForce.IOC, exec_inst=ExecInst.CLOSE_ON_TRIGGER,
    )  # fmt: skip
    story = Story(terms, order_qty_lots=0)
    story.hear(ExecType.NEW)
    story.fill(3)
    filled = report_of(
        ExecType.STATUS, now_ns=1, handle=1, ord_status=OrdStatus.FILLED, order_id=story.order.order_id,
        cum_qty_lots=3, source=ReportSource.QUERY, transact_time_ns=1_800_000_001_000_000_000,
    )  # fmt: skip
    apply_report(story.order, filled)
    catch_up_ends(story)
    assert story.told == ["0/0", "F/1", "I/2"]
    assert (story.reports[-1][14], story.reports[-1][151], story.problems) == ("0.003", "0", [])
    catch_up_ends(story)
    assert len(story.told) == 3


def catch_up_ends(story: Story) -> None:
    phemex = SimpleNamespace(entry=None)
    desk = SimpleNamespace(phemex=phemex, news=story.news, chains=story.chains, clock=Clock())
    TakingUp(desk)._catch_up_ends()
