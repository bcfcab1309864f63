"""A gateway that died between telling and noting: the session's store says what the client has been told."""

import pytest
from fix_story import Story, make_instrument
from fix_text import framed

from tidings.fix.message_store import MemoryStore
from tidings.fix_gateway.chain_log import MemoryChainLog
from tidings.fix_gateway.last_told import LastTold
from tidings.fix_gateway.order_chains import OrderChains
from tidings.model.enums import ExecType

FILL = "11=o1|14=0.004|17=e-1|31=60000|32=0.004|37=X|39=1|150=F|151=0.006|"
NEW = "11=o1|14=0|17=X-1|37=X|39=0|150=0|151=0.01|"
CANCELED = "11=c1|14=0|17=X-2|37=X|39=4|41=o1|150=4|151=0|"
REPLACED = "11=r1|14=0|17=X-2|37=X|39=0|41=o1|150=5|151=0.02|"
REFUSED = "11=c1|37=X|39=0|41=o1|102=99|434=1|"

# What each settles of a request under way.
EFFECTS = {ExecType.REPLACED: 16, ExecType.REPLACE_REJECTED: 8, ExecType.CANCEL_REJECTED: 8, ExecType.CANCELED: 4}


class KeptLog(MemoryChainLog):
    """What a file would have."""

    def __init__(self) -> None:
        self.kept: list[tuple[object, ...]] = []

    def append(self, fact):
        self.kept.append(fact)

    def facts(self):
        return iter([list(fact) for fact in self.kept])


class Died(Exception):
    """`kill -9`, as far as the code behind it can tell."""


@pytest.fixture
def log():
    return KeptLog()


@pytest.fixture
def chains(log):
    chains = OrderChains(log)
    chains.begin("o1", "C1", "T1", "BTCUSDT", "1", {40: "2"})
    return chains


def read(chains, *messages, owner="C1"):
    store = MemoryStore()
    for seq, text in enumerate(messages, 1):
        kind = "9" if "|102=" in text else "8"
        store.set_out(seq, framed(f"35={kind}|34={seq}|{text}"), True)
    read.refused = LastTold(chains, {"BTCUSDT": make_instrument()}.get).read(owner, store)
    return chains.find("o1")


def test_an_execution_that_was_told_is_not_told_again(chains, log):
    chain = read(chains, NEW, FILL)
    assert (chain.told_status, chain.told_cum_lots, chain.exec_count, chain.exec_ids) == ("1", 4, 1, {"e-1"})
    again = OrderChains(log).find("o1")
    assert (again.told_status, again.told_cum_lots, again.exec_count, again.exec_ids) == ("1", 4, 1, {"e-1"})


def test_no_exec_id_of_ours_is_given_out_twice(chains):
    assert read(chains, NEW).exec_count == 1
    assert read(chains, NEW, "11=o1|14=0|17=X-7|37=X|39=0|150=I|151=0.01|").exec_count == 7


@pytest.mark.parametrize(("is_replace", "asked", "answer"), [(True, "r1", REPLACED), (False, "c1", CANCELED)])
def test_an_answer_that_was_told_is_not_owed_any_more(chains, log, is_replace, asked, answer):
    chains.ask(chains.find("o1"), asked, is_replace)
    chain = read(chains, NEW, answer)
    assert (chain.cancel, chain.replace, chain.head_id) == (None, None, asked)
    assert chain.is_done != is_replace
    assert OrderChains(log).find("o1").head_id == asked


def test_a_refusal_that_was_told_is_not_owed_any_more(chains, log):
    chains.ask(chains.find("o1"), "c1", False)
    chain = read(chains, REFUSED)
    assert (chain.cancel, chain.head_id) == (None, "o1")
    assert OrderChains(log).is_used("c1")
    assert OrderChains(log).find("o1").cancel is None


def test_the_refusal_of_a_repeated_id_answers_nothing(chains):
    chains.ask(chains.find("o1"), "c1", False)
    assert read(chains, REFUSED.replace("102=99", "102=6")).cancel is not None
    for reason in (6, 3):  # 3: refused for the client's rate before anybody looked at the id
        again = f"11=o1|14=0|17=NONE-5|37=NONE|39=8|103={reason}|150=8|151=0|"
        assert read(chains, NEW, again).told_status == "0"


def test_what_has_been_noted_is_not_noted_again(chains, log):
    read(chains, NEW, FILL)
    facts = list(log.kept)
    read(chains, NEW, FILL)
    assert log.kept == facts


def test_others_orders_and_unknown_ones_are_left_alone(chains, log):
    facts = list(log.kept)
    read(chains, NEW, FILL, owner="C2")
    read(chains, NEW.replace("o1", "o2"))
    assert log.kept == facts


def test_what_a_limit_refused_is_remembered_by_its_id(chains):
    """It has a chain, because it was on its way already."""
    read(chains, "11=o1|14=0|17=NONE-5|37=NONE|39=8|103=3|150=8|151=0|")
    assert read.refused == {b"o1"}
    read(chains, "11=o1|14=0|17=NONE-5|37=NONE|39=8|103=6|150=8|151=0|")
    assert read.refused == set()


def test_what_was_refused_out_of_hand_is_remembered_by_its_id(chains):
    read(chains, NEW, "11=o9|14=0|17=NONE-5|37=NONE|39=8|103=99|150=8|151=0|", REFUSED, REFUSED.replace("c1", "c9"))
    assert read.refused == {b"o9", b"c1", b"c9"}  # nobody has asked for c1, as far as the chains know
    chains.ask(chains.find("o1"), "c1", False)
    read(chains, REFUSED)
    assert read.refused == set()


def test_an_order_refused_before_it_had_an_order_id_is_done(chains):
    assert read(chains, "11=o1|14=0|17=NONE-5|37=NONE|39=8|103=99|150=8|151=0|").told_status == "8"


@pytest.mark.parametrize(("exec_type", "effect"), EFFECTS.items())
def test_nothing_is_noted_before_the_client_has_been_told(exec_type, effect):
    """Whoever dies while telling is asked about it again: the request is still owed an answer."""
    log = KeptLog()
    story = Story()
    story.chains._log = log
    story.hear(ExecType.NEW)
    is_replace = "REPLACE" in exec_type.name
    story.ask("r1", is_replace)

    def die(msg_type, fields):
        raise Died

    story.tell = die
    facts = list(log.kept)
    with pytest.raises(Died):
        story.hear(exec_type, settles=effect, code=11063)
    assert log.kept == facts


def test_a_drop_copy_is_told_before_the_client():
    """Of the two, only the client's store is asked after a kill."""
    story = Story()
    heard = []

    class Copy:
        name, profile = "DC", story.profile

        def tell(self, msg_type, fields):
            heard.append(("copy", len(story.told)))

    story.news.drop_copies["DC"] = Copy()
    story.hear(ExecType.NEW)
    assert (heard, story.told) == ([("copy", 0)], ["0/0"])


def test_a_drop_copy_whose_disk_is_full_keeps_nothing_from_the_client(caplog):
    story = Story()

    class Copy:
        name, profile = "DC", story.profile

        def tell(self, msg_type, fields):
            raise OSError(28, "No space left on device")

    story.news.drop_copies["DC"] = Copy()
    story.hear(ExecType.NEW)
    story.fill(1)
    assert story.told == ["0/0", "F/1"]
    assert "DC: a drop copy could not be told of a report" in caplog.text


def test_an_end_by_the_venues_word_is_not_told_again(chains):
    """150=I with 39=2: of an order without a quantity of its own. That of a status request says what was told, too."""
    assert read(chains, NEW, FILL, "11=o1|14=0.004|17=X-2|37=X|39=2|150=I|151=0|").told_status == "2"
