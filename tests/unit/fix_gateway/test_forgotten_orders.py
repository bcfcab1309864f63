"""At the start the journal knows nothing of an order: what its client is told."""

from types import SimpleNamespace

from fix_story import Story, make_instrument

from tidings.fix_gateway.taking_up import TakingUp
from tidings.model.enums import ExecType


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
