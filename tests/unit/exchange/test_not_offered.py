"""What this exchange has not: one answer for all of it, to those who signed; and which mode an account is in."""

import pytest
from test_rest import T0, Face

FORBIDDEN = b'{"code":34003,"msg":"Access forbidden","data":null}'
PATHS = [
    ("PUT", "/margin-trade/orders/create"), ("POST", "/margin-trade/orders"), ("DELETE", "/margin-trade/orders/all"),
    ("GET", "/margin-trade/wallets"), ("POST", "/margin/borrow"), ("POST", "/margin/payback"),
    ("GET", "/margin/orders"), ("GET", "/margin/orders/trades"), ("POST", "/uta-account/switch-mode"),
    ("GET", "/uta-api/risk/risk-units"), ("GET", "/uta-biz/assets"), ("POST", "/uta-funds/contract/payback"),
    ("POST", "/uta-exchanger/assets/convert"), ("POST", "/assets/spots/sub-accounts/transfer"),
    ("GET", "/assets/futures/sub-accounts/transfer"), ("POST", "/assets/universal-transfer"),
    ("POST", "/wallets/account/main-sub-transfer"), ("GET", "/assets/quote"), ("POST", "/assets/convert"),
    ("GET", "/phemex-user/users/children"), ("POST", "/phemex-user/users/children/transfer"),
    ("GET", "/exchange/wallets/v2/depositAddress"), ("GET", "/phemex-withdraw/wallets/api/withdrawHist"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), PATHS)
def test_what_is_not_offered_is_forbidden_to_those_who_signed(method, path):
    face = Face()
    answer = face.ask(method, path, "symbol=sBTCUSDT&currency=USDT&riskMode=MULTI_ASSETS")
    assert (answer.status, answer.body) == (403, FORBIDDEN)
    assert "x-ratelimit-remaining: 99\r\n" in answer.headers, "it counts like everything else"
    assert face.ask(method, path, is_signed=False).status == 401


def test_an_account_is_in_the_classic_mode():
    face = Face()
    data = b'{"riskMode":"Classic","lastUpdateTimeNs":%d}' % T0
    assert face.ask("GET", "/uta-api/risk/risk-mode").body == b'{"code":0,"msg":"OK","data":' + data + b"}"
    assert face.ask("GET", "/uta-api/risk/risk-mode", is_signed=False).status == 401
    assert face.ask("POST", "/uta-api/risk/risk-mode").status == 403


def test_a_path_that_only_resembles_one_does_not_exist():
    assert Face().ask("GET", "/margins").status == 404
