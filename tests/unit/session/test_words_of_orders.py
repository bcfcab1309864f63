"""Words become terms once; said again they are the same terms, as long as they still mean the same."""

from types import SimpleNamespace

import pytest
from order_samples import LIMIT

from tidings.errors import UnknownSymbol, UsageError
from tidings.model.enums import ExecInst, OrdType, PosSide, Side, Trigger
from tidings.session.order_desk import TERMS_MAX, OrderDesk
from tidings.venue.phemex.products import Products

SYMBOL = LIMIT.instrument.symbol


@pytest.fixture
def engine():
    hedged = set()
    products = Products({SYMBOL: LIMIT.instrument})
    return SimpleNamespace(entry=object(), products=products, hedged=hedged, is_hedged=hedged.__contains__)


def test_the_same_words_are_the_same_terms(engine):
    desk = OrderDesk(engine)
    terms = desk.terms(SYMBOL, "buy", post_only=True, tif="GTC")
    assert desk.terms(SYMBOL, "buy", post_only=True, tif="GTC") is terms
    assert desk.terms(SYMBOL, Side.BUY, tif="gtc", post_only=True) is terms  # other words for it
    assert (terms.side, terms.exec_inst) == (Side.BUY, ExecInst.POST_ONLY)
    assert desk.terms(SYMBOL, "sell", post_only=True, tif="GTC").side == Side.SELL


def test_what_is_equal_to_a_word_is_not_that_word(engine):
    """Python calls True, 1 and the enumerations' first members equal."""
    desk = OrderDesk(engine)
    assert Side.BUY == 1 == Trigger(1)
    desk.terms(SYMBOL, Side.BUY, ord_type=OrdType.STOP, trigger=Trigger(1))
    with pytest.raises(UsageError, match="side"):
        desk.terms(SYMBOL, 1, ord_type=OrdType.STOP, trigger=Trigger(1))
    with pytest.raises(UsageError, match="trigger"):
        desk.terms(SYMBOL, Side.BUY, ord_type=OrdType.STOP, trigger=True)


@pytest.mark.parametrize("value", [1, [1]])
def test_an_option_that_no_order_has_is_named_with_those_there_are(engine, value):
    with pytest.raises(UsageError, match=r"'postonly' is no option of this order: there are .*post_only, reduce_only"):
        OrderDesk(engine).terms(SYMBOL, "buy", postonly=value)


def test_a_change_of_position_mode_changes_what_the_words_mean(engine):
    desk = OrderDesk(engine)
    assert desk.terms(SYMBOL, "buy").pos_side == PosSide.MERGED
    engine.hedged.add(SYMBOL)
    assert desk.terms(SYMBOL, "buy").pos_side == PosSide.LONG
    with pytest.raises(UsageError, match="20004"):
        desk.terms(SYMBOL, "buy", pos_side=PosSide.MERGED)


def test_what_has_been_delisted_is_refused_whatever_was_said_before(engine):
    desk = OrderDesk(engine)
    desk.terms(SYMBOL, "buy")
    engine.products = Products({}, skipped={SYMBOL: "gone"})
    with pytest.raises(UnknownSymbol, match="gone"):
        desk.terms(SYMBOL, "buy")


def test_what_has_been_delisted_can_still_be_taken_off(engine):
    """Its open orders and its position are ours, whatever the catalogue says now."""
    desk = OrderDesk(engine)
    order = SimpleNamespace(symbol=SYMBOL, terms=LIMIT)
    engine.entry = SimpleNamespace(orders=SimpleNamespace(open_orders=lambda: [order]))
    engine.products = Products({}, skipped={SYMBOL: "the venue says Delisted"})
    assert desk.known(SYMBOL) is LIMIT.instrument
    desk.check_symbol(SYMBOL)
    order.symbol = "another"
    with pytest.raises(UnknownSymbol, match="Delisted"):
        desk.known(SYMBOL)


@pytest.mark.parametrize("slip", [SYMBOL.lower(), "", None, [SYMBOL], SYMBOL + " "])
def test_what_nobody_ever_listed_is_no_symbol(engine, slip):
    desk = OrderDesk(engine)
    engine.entry = SimpleNamespace(orders=SimpleNamespace(open_orders=list))
    for ask in (desk.known, desk.check_symbol):
        with pytest.raises(UsageError):
            ask(slip)


@pytest.mark.parametrize(
    "words",
    [{"ord_type": 1.5}, {"ord_type": "bracket"}, {"ord_type": None}, {"peg_type": 1.5}, {"text": 7}, {"text": None},
     {"strategy": 7}, {"strategy": b"one"}],
)  # fmt: skip
def test_what_a_word_may_be_is_said(engine, words):
    """A number that is cut to fit would name another type of order."""
    with pytest.raises(UsageError, match=f"{next(iter(words))}.*was"):
        OrderDesk(engine).terms(SYMBOL, "buy", **words)


def test_a_type_of_order_can_be_named(engine):
    desk = OrderDesk(engine)
    assert desk.terms(SYMBOL, "buy", ord_type="market", tif="IOC") is desk.terms(
        SYMBOL, "buy", ord_type=OrdType.MARKET, tif="IOC"
    )


@pytest.mark.parametrize("words", [{"text": ["a"]}, {"trigger": {}}, {"no_such_word": 1}])
def test_what_is_no_word_is_refused(engine, words):
    with pytest.raises((UsageError, TypeError)):
        OrderDesk(engine).terms(SYMBOL, "buy", **words)


def test_a_new_text_in_each_order_does_not_fill_the_memory(engine):
    desk = OrderDesk(engine)
    for number in range(TERMS_MAX + 10):
        desk.terms(SYMBOL, "buy", text=f"{number}")
    assert len(desk._worded) <= TERMS_MAX and len(desk._terms) <= TERMS_MAX
