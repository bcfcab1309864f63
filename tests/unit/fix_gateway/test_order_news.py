"""Effects of the engine → what a FIX client is told, with orders outside any engine and reports in any order."""

import itertools
import re
from pathlib import Path

import pytest
from fix_story import PRICE_TICKS, Story, make_instrument

from tidings.engine.adoption import live_through
from tidings.fix_gateway import order_news
from tidings.model.enums import ExecType, OrdStatus, OrdType, ReportSource, RequestKind, Side, TimeInForce, Trigger
from tidings.model.execution_report import report_of
from tidings.model.order import apply_report
from tidings.model.terms import OrderTerms

EXEC_IDS = ("7b000000-0000-0000-0000-000000000001", "7b000000-0000-0000-0000-000000000002")


def test_the_effects_are_the_engines():
    """Written out in order.pxd, which Python cannot read."""
    text = (Path(__file__).resolve().parents[3] / "ext/tidings/model/order.pxd").read_text()
    effects = {name: int(number) for name, number in re.findall(r"EFFECT_(\w+) = (\d+)", text)}
    for name in effects.keys() - {"NONE", "OVERFILL"}:
        assert getattr(order_news, name) == effects[name], name
    assert len(effects) == 12


def test_a_fill_before_the_ack_is_new_first():
    story = Story()
    story.fill(1)
    assert story.told == ["0/0", "F/1"]
    new, fill = story.reports
    assert (new[14], new[151], new[6], fill[14], fill[151]) == ("0", "0.01", "0", "0.001", "0.009")


def test_executions_of_an_order_that_has_lived_through_all_of_them_are_each_told():
    """After a restart its state is final before the first of them is told; found by kills at random instants."""
    story = Story()
    story.hear(ExecType.NEW)
    first, last = (
        report_of(ExecType.TRADE, now_ns=1, handle=1, order_id=story.order.order_id, exec_id=exec_id, last_qty_lots=5,
                  last_px_ticks=PRICE_TICKS, cum_qty_lots=cum, source=ReportSource.SNAPSHOT,
                  transact_time_ns=1_800_000_000_000_000_001)
        for exec_id, cum in ((EXEC_IDS[0], 5), (EXEC_IDS[1], 10))
    )  # fmt: skip
    heard = [(apply_report(story.order, report), report) for report in (last, first)]
    for effect, report in heard:
        story.news.hear(effect, story.order, report)
    assert story.told == ["0/0", "F/1", "F/2"]
    assert [(report[17], report[14]) for report in story.reports[1:]] == [
        (EXEC_IDS[1], "0.005"), (EXEC_IDS[0], "0.01"),
    ]  # fmt: skip


def test_a_new_that_comes_with_its_fill_does_not_count_the_fill(monkeypatch):
    """What dies between the two has told nothing of the execution."""
    story = Story()
    noted = []
    monkeypatch.setattr(story.chains, "note_told", lambda chain, exec_id="": noted.append(chain.told_cum_lots))
    story.fill(3)
    assert story.told == ["0/0", "F/1"]
    assert noted == [0, 3]


def test_an_order_that_was_made_larger_is_not_called_filled_for_what_a_list_tells():
    """The list of executions is ahead of the stream, whose word of the replace comes behind it."""
    story = Story()
    story.hear(ExecType.NEW)
    story.ask("r1", is_replace=True, order_qty_lots=20)
    live_through(story.order, [("amend", 0, 20)])
    story.fill(10, source=ReportSource.QUERY)
    story.hear(ExecType.REPLACED, order_qty_lots=20, price_ticks=PRICE_TICKS)
    story.fill(10)
    assert story.told == ["0/0", "F/E", "5/1", "F/2"]
    assert [(report[14], report[151]) for report in story.reports[2:]] == [("0.01", "0.01"), ("0.02", "0")]


def test_an_order_is_filled_when_its_row_says_so_behind_a_listed_execution():
    story = Story()
    story.hear(ExecType.NEW)
    story.fill(10, source=ReportSource.QUERY)
    story.hear(ExecType.STATUS, source=ReportSource.QUERY, ord_status=OrdStatus.FILLED, cum_qty_lots=10)
    assert story.told == ["0/0", "F/1", "I/2"]
    assert [(report[14], report[151]) for report in story.reports[1:]] == [("0.01", "0"), ("0.01", "0")]


def test_cum_qty_adds_up_whatever_else_is_told():
    """A reply that tells more filled than the executions heard changes nothing that is told."""
    story = Story()
    story.hear(ExecType.NEW, cum_qty_lots=7)
    for lots in (3, 4, 3):
        story.fill(lots)
    fills = [report for report in story.reports if report[150] == "F"]
    assert [(fill[32], fill[14]) for fill in fills] == [("0.003", "0.003"), ("0.004", "0.007"), ("0.003", "0.01")]
    assert story.told == ["0/0", "F/1", "F/1", "F/2"]


def test_a_late_fill_of_a_cancelled_order_is_told_and_changes_nothing_else():
    story = Story()
    story.hear(ExecType.NEW)
    story.fill(2)
    story.hear(ExecType.CANCELED, cum_qty_lots=5)
    story.fill(3)
    assert story.told == ["0/0", "F/1", "4/4", "F/4"]
    assert [(report[14], report[151]) for report in story.reports[2:]] == [("0.005", "0"), ("0.005", "0")]


def test_pending_cancel_takes_precedence_until_all_has_filled():
    story = Story()
    story.hear(ExecType.NEW)
    story.ask("c1", is_replace=False)
    story.fill(4)
    story.fill(6)
    assert story.told == ["0/0", "F/6", "F/2", "9/2"]
    assert (story.rejects[0][102], story.rejects[0][11], story.rejects[0][41]) == ("0", "c1", "o1")


def test_a_cancel_and_its_refusal():
    story = Story()
    story.hear(ExecType.NEW)
    story.ask("c1", is_replace=False)
    story.hear(ExecType.CANCEL_REJECTED, settles=order_news.REJECT, request_kind=RequestKind.CANCEL, code=10003)
    assert story.told[-1] == "9/0"
    assert (story.rejects[0][102], story.rejects[0][58].split()[0]) == ("3", "10003")
    story.ask("c2", is_replace=False)
    story.hear(ExecType.CANCELED)
    assert (story.reports[-1][11], story.reports[-1][41]) == ("c2", "o1")


def test_an_unsolicited_cancel_has_the_orders_own_id():
    story = Story()
    story.hear(ExecType.NEW)
    story.hear(ExecType.CANCELED)
    assert (story.reports[-1][11], 41 in story.reports[-1]) == ("o1", False)


def test_post_only_that_would_cross_is_rejected_if_it_was_never_new():
    story = Story()
    story.hear(ExecType.CANCELED, ord_status=OrdStatus.CANCELED, cancel_reason=101)
    assert story.told == ["8/8"]
    assert (story.reports[0][103], story.reports[0][58]) == ("99", "post-only would cross")
    story = Story()
    story.hear(ExecType.NEW)
    story.hear(ExecType.CANCELED, ord_status=OrdStatus.CANCELED, cancel_reason=101)
    assert story.told == ["0/0", "4/4"]
    assert story.reports[1][58] == "post-only would cross"


def test_a_reject_after_new_is_a_cancel_with_the_reason():
    story = Story()
    story.hear(ExecType.REJECTED, code=11001)
    assert (story.told, story.reports[0][103]) == (["8/8"], "3")
    story = Story()
    story.hear(ExecType.NEW)
    story.hear(ExecType.REJECTED, code=11001)
    assert story.told == ["0/0", "4/4"]
    assert story.reports[1][58].startswith("11001 TE_NO_ENOUGH_AVAILABLE_BALANCE")


def test_an_execution_that_was_told_is_not_told_again():
    story = Story()
    exec_id = story.fill(1)
    story.fill(1, exec_id=exec_id)
    assert story.told == ["0/0", "F/1"]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_any_order_of_arrival_ends_alike(order):
    """An ack and two fills: one New, two fills, and the numbers of the exchange."""
    story = Story()
    acts = [lambda: story.hear(ExecType.NEW), lambda: story.fill(4), lambda: story.fill(6)]
    for number in order:
        acts[number]()
    assert story.told.count("0/0") == 1
    assert story.told[0] == "0/0"
    assert story.told[-1] == "F/2"
    assert (story.reports[-1][14], story.reports[-1][151], story.reports[-1][6]) == ("0.01", "0", "60000")
    assert len({report[17] for report in story.reports}) == len(story.reports)


def test_every_message_of_a_life_passes_the_stock_dictionary():
    story = Story()
    story.hear(ExecType.NEW)
    story.ask("r1", is_replace=True)
    story.hear(ExecType.REPLACED, settles=order_news.AMEND, order_qty_lots=12)
    story.fill(5)
    story.ask("c1", is_replace=False)
    story.hear(ExecType.CANCELED)
    assert story.told == ["0/0", "5/0", "F/1", "4/4"]
    assert story.problems == []


@pytest.mark.parametrize(
    ("asked", "told"), [({"order_qty_lots": 10}, "5/0"), ({"order_qty_lots": 12}, "9/0"), ({}, "9/0")]
)
def test_a_replace_whose_answer_a_restart_lost_is_judged_by_the_order(asked, told):
    """The order has ten lots now: that is what was asked for, or it is not; and without a note nobody claims it."""
    story = Story()
    story.hear(ExecType.NEW)
    story.ask("r1", is_replace=True, **asked)
    story.news.settle_lost_replace(story.chain, story.order)
    assert story.told == ["0/0", told]
    assert story.chain.head_id == ("r1" if told == "5/0" else "o1")


def test_an_ack_heard_again_after_a_restart_is_not_told_again():
    story = Story()
    story.hear(ExecType.NEW)
    story.ask("c1", is_replace=False)
    story.hear(ExecType.NEW, settles=order_news.ACK)
    assert story.told == ["0/0"]


def test_a_stop_that_never_triggered_is_cancelled_and_what_an_ioc_leaves_expires():
    for has_triggered, told in ((False, "4/4"), (True, "C/C")):
        terms = OrderTerms(
            make_instrument(), Side.BUY, ord_type=OrdType.STOP, trigger=Trigger.LAST_PRICE,
            time_in_force=TimeInForce.IOC,
        )  # fmt: skip
        story = Story(terms)
        story.hear(ExecType.UNTRIGGERED)
        if has_triggered:
            story.hear(ExecType.NEW)
        story.hear(ExecType.CANCELED)
        assert story.told[-1] == told


def test_a_replace_that_leaves_nothing_to_fill_is_answered_before_the_end():
    """The venue takes the new quantity, and it is what has filled by then."""
    story = Story()
    story.hear(ExecType.NEW)
    story.fill(4)
    story.ask("r1", is_replace=True, order_qty_lots=4)
    story.hear(ExecType.REPLACED, settles=order_news.AMEND, order_qty_lots=4, cum_qty_lots=4)
    assert story.told == ["0/0", "F/1", "5/1", "I/2"]
    answer, end = story.reports[2:]
    assert (answer[11], answer[41], answer[38], answer[14], answer[151]) == ("r1", "o1", "0.004", "0.004", "0")
    assert (end[11], end[14], end[151]) == ("r1", "0.004", "0")
    assert story.problems == []


@pytest.mark.parametrize("is_asked", [True, False])
def test_a_replace_whose_only_word_is_the_last_fill_is_answered_by_its_terms(is_asked):
    """A price that crosses: what fills the order has the new price, and nothing else will say that it is in force."""
    story = Story()
    story.hear(ExecType.NEW)
    story.ask("r1", is_replace=True, price_ticks=PRICE_TICKS + 10)
    story.hear(
        ExecType.TRADE, exec_id=EXEC_IDS[0], last_qty_lots=10, last_px_ticks=PRICE_TICKS, fee_mantissa=1,
        price_ticks=PRICE_TICKS + 10 * is_asked,
    )  # fmt: skip
    assert story.told == ["0/0", "5/0", "F/2"] if is_asked else ["0/0", "F/2", "9/2"]
    assert story.reports[-1][11] == ("r1" if is_asked else "o1")
    assert story.problems == []


def test_an_order_of_unknown_fate_that_is_to_be_cancelled_is_pending_cancel():
    story = Story()
    story.ask("c1", is_replace=False)
    story.hear(ExecType.UNKNOWN, request_kind=RequestKind.NEW, source=ReportSource.LOCAL)
    story.hear(ExecType.NEW)
    assert story.told == ["A/6", "0/6"]


@pytest.mark.parametrize(("code", "told"), [(10002, ["4/4"]), (11068, ["9/0", "4/4"])])
def test_a_repeated_cancel_that_finds_no_order_is_answered_by_the_orders_end(code, told):
    """The first one had no answer, and may have done it. Any other refusal is one."""
    story = Story()
    story.hear(ExecType.NEW)
    story.ask("c1", is_replace=False)
    story.chain.cancel.is_repeated = True
    story.hear(ExecType.CANCEL_REJECTED, settles=order_news.REJECT, request_kind=RequestKind.CANCEL, code=code)
    story.hear(ExecType.CANCELED)
    assert story.told[1:] == told
    assert (story.reports[-1][11], 41 in story.reports[-1]) == (("c1", True) if code == 10002 else ("o1", False))


@pytest.mark.parametrize("request_of", [("cancel",), ("amend", 1, 0)])
def test_a_stop_that_waits_is_not_working_while_something_is_asked_of_it(request_of):
    terms = OrderTerms(
        make_instrument(), Side.BUY, ord_type=OrdType.STOP, trigger=Trigger.LAST_PRICE, time_in_force=TimeInForce.IOC
    )
    story = Story(terms, stop_px_ticks=PRICE_TICKS + 100)
    story.hear(ExecType.UNTRIGGERED)
    story.ask("c1", is_replace=request_of[0] == "amend")
    live_through(story.order, [request_of])
    story.news.tell_pending(story.chain, story.order, story.chain.open_requests[0])
    assert [report[636] for report in story.reports] == ["N", "N"]


@pytest.mark.parametrize(("code", "text"), [(11068, None), (10002, "mass cancel")])
def test_a_cancel_of_ours_that_was_refused_is_not_why_the_order_ends_later(code, text):
    """But one that found no order may be the second, and the first have done it."""
    story = Story()
    story.hear(ExecType.NEW)
    story.chain.ended_by = "mass cancel"
    story.hear(ExecType.CANCEL_REJECTED, settles=order_news.REJECT, request_kind=RequestKind.CANCEL, code=code)
    story.hear(ExecType.CANCELED)
    assert story.told == ["0/0", "4/4"]
    assert story.reports[-1].get(58) == text
