"""A template is its encoder's alone, and holds nothing that could break out of a request."""

import copy
import pickle

import pytest

from tidings.errors import UsageError
from tidings.model.enums import ProductLine, Side
from tidings.model.instrument import Instrument
from tidings.model.terms import OrderTerms
from tidings.venue.phemex.order_encoder import OrderEncoder
from tidings.venue.phemex.order_template import PhemexTemplate
from tidings.venue.phemex.signing import Credentials

BTCUSDT = Instrument(
    symbol="BTCUSDT", line=ProductLine.LINEAR, index=0, base_currency="BTC", quote_currency="USDT",
    settle_currency="USDT", price_scale=1, tick_mantissa=1, qty_scale=3, lot_mantissa=1,
)
ENCODER = OrderEncoder("venue.test", Credentials("key", "secret"))


def test_only_an_encoder_makes_one():
    with pytest.raises(TypeError, match="make_template"):
        PhemexTemplate()


def test_it_names_its_symbol_and_cannot_be_copied():
    template = ENCODER.make_template(OrderTerms(BTCUSDT, Side.BUY))

    assert template.symbol == "BTCUSDT"
    for take in (pickle.dumps, copy.copy):
        with pytest.raises(TypeError):
            take(template)


@pytest.mark.parametrize(
    "text", ["a b", "a&side=Sell", "a=b", 'a"b', "a\\b", "a/b", "a%20b", "a?b", "a#b", "a+b", "a,b"]
)
def test_a_text_that_means_something_in_a_query_or_in_json_is_refused(text):
    for by_post in (False, True):
        encoder = OrderEncoder("venue.test", Credentials("key", "secret"), create_by_post=by_post)
        with pytest.raises(UsageError, match=r"only letters, digits and \. _ ~ - can be sent"):
            encoder.make_template(OrderTerms(BTCUSDT, Side.BUY, text=text))


def test_it_needs_credentials():
    with pytest.raises(UsageError, match="no credentials"):
        OrderEncoder("venue.test").make_template(OrderTerms(BTCUSDT, Side.BUY))
