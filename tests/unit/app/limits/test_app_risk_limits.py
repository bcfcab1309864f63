"""A symbol's limit that does not fit it is refused by its setting's name."""

import pytest
from order_samples import LINEAR

from tidings.app.limits.risk_limits import make_risk
from tidings.config import load_settings
from tidings.errors import ConfigError
from tidings.venue.phemex.products import Products

PRODUCTS = Products({LINEAR.symbol: LINEAR})


@pytest.mark.parametrize("name", ["max_qty", "max_position", "max_window_qty"])
@pytest.mark.parametrize(
    ("symbol", "most", "why"),
    [
        ("BTCUSDT", "0", "must not be zero"), ("BTCUSDT", "0.0001", "off the grid"),
        ("BTCUSTD", "1", "did you mean BTCUSDT"),
    ],
)
def test_symbols_limit_is_named(name, symbol, most, why):
    settings = load_settings(environ={}, **{name: {symbol: most}})

    with pytest.raises(ConfigError, match=rf"setting {name} \(argument\), symbol {symbol}: .*{why}"):
        make_risk(settings, PRODUCTS)


def test_the_file_is_named(tmp_path):
    path = tmp_path / "tidings.toml"
    path.write_text('max_qty = {BTCUSDT = "0"}')

    with pytest.raises(ConfigError, match=r"setting max_qty \(file .*tidings.toml\), symbol BTCUSDT"):
        make_risk(load_settings(config_file=path, environ={}), PRODUCTS)


def test_a_symbols_limit_that_fits_is_taken():
    risk = make_risk(load_settings(environ={}, max_qty={"BTCUSDT": "0.5"}, max_position={"BTCUSDT": "2"}), PRODUCTS)

    assert risk.symbols.limits_of(LINEAR)[:2] == (500, 2000)
