"""REST of transfers between spot wallets and contract accounts: the old service and the new one.

Source: phemex docs 2026, "Transfer between spot and futures" and "Transfer between wallets within an account"; that the
old one's answers come in an envelope was seen by clients of the live venue.
"""

from tidings.exchange.accounts.transfers import CONTRACT, SPOT, Transfer
from tidings.exchange.catalogue import Currency
from tidings.exchange.error_codes import (
    ACCESS_FORBIDDEN,
    INVALID_PARAMETER,
    SPOT_WALLET_BALANCE,
    TE_CURRENCY_INVALID,
    name_of,
)
from tidings.exchange.messages.json_text import array
from tidings.exchange.messages.transfers_json import asset_row, asset_transfer, wallet_row, wallet_transfer
from tidings.exchange.orders.order_checks import Refused
from tidings.exchange.rest.endpoint import Call, Table, is_in_window, page
from tidings.exchange.rest.parameters import RequestError

DAY_NS = 24 * 3_600 * 1_000_000_000
MOVES = {1: (CONTRACT, SPOT), 2: (SPOT, CONTRACT)}  # `moveOp`
PAGE_ROWS_MAX = 20  # of the new service
_WALLET_SHORT = "phemex.spot.wallet.balance.notenough"  # observed


def transfer_assets(call: Call) -> bytes:
    """`POST /assets/transfer`."""
    currency = _currency(call)
    call.parameters.required("amountEv")
    call.parameters.required("moveOp")
    amount, move = call.parameters.integer("amountEv"), MOVES.get(call.parameters.integer("moveOp"))
    if move is None:
        about = f"moveOp is one of {', '.join(map(str, MOVES))}"
        raise RequestError(INVALID_PARAMETER, name_of(INVALID_PARAMETER), about=about)
    made = _move(call, currency, amount, *move)
    return f'{{"code":0,"msg":"OK","data":{asset_transfer(made)}}}'.encode()


def transfer_between_wallets(call: Call) -> bytes:
    """`POST /wallets/account/transfer`: `amount` must say the same as `amountEv`."""
    currency = _currency(call)
    p = call.parameters
    from_type, to_type = p.required("fromAccType"), p.required("toAccType")
    p.required("amountEv")
    p.required("amount")
    amount = p.integer("amountEv")
    if amount != p.decimal("amount", currency.value_scale):
        about = "amount and amountEv are not the same"
        raise RequestError(INVALID_PARAMETER, name_of(INVALID_PARAMETER), about=about)
    made = _move(call, currency, amount, from_type, to_type)
    return f'{{"code":0,"msg":null,"data":{wallet_transfer(made)}}}'.encode()


def asset_history(call: Call) -> bytes:
    """`GET /assets/transfer`: of one `currency`, by default of two days, newest first."""
    p = call.parameters
    currency = p.required("currency")
    start_ns = max(0, (p.integer("end") * 1_000_000 or call.now_ns) - 2 * DAY_NS)
    made = (t for t in call.venue.transfers.made(call.user_id) if t.currency == currency)
    rows = [asset_row(t) for t in made if is_in_window(p, t.time_ns, start_ns)]
    return f'{{"code":0,"msg":"OK","data":{{"rows":{array(rows[page(p, 20)])}}}}}'.encode()


def wallet_history(call: Call) -> bytes:
    """`GET /wallets/account/transfer`: pages counted from 1, cut down to a `currency` and to `bizTypes`."""
    p = call.parameters
    currency, biz_codes = p.text("currency"), p.listed("bizTypes")
    made = [
        t
        for t in call.venue.transfers.made(call.user_id)
        if currency in ("", t.currency) and (not biz_codes or str(t.biz_code) in biz_codes)
        and is_in_window(p, t.time_ns)
    ]  # fmt: skip
    size = min(max(1, p.integer("pageSize", PAGE_ROWS_MAX)), PAGE_ROWS_MAX)
    start = (max(1, p.integer("pageNum", 1)) - 1) * size
    currencies = call.venue.catalogue.currencies
    rows = [wallet_row(t, currencies[t.currency].value_scale) for t in made[start : start + size]]
    return f'{{"code":0,"data":{{"total":{len(made)},"rows":{array(rows)}}}}}'.encode()


def _currency(call: Call) -> Currency:
    currency = call.venue.catalogue.currencies.get(call.parameters.required("currency"))
    if currency is None:
        raise RequestError(TE_CURRENCY_INVALID, name_of(TE_CURRENCY_INVALID))
    return currency


def _move(call: Call, currency: Currency, amount: int, from_type: str, to_type: str) -> Transfer:
    try:
        return call.venue.transfers.move(call.user_id, currency.name, amount, from_type, to_type, call.now_ns)
    except Refused as refused:
        if refused.code == ACCESS_FORBIDDEN:
            raise RequestError(ACCESS_FORBIDDEN, "Access forbidden", 403) from None
        text = _WALLET_SHORT if refused.code == SPOT_WALLET_BALANCE else name_of(refused.code)
        raise RequestError(refused.code, text) from None


TABLE: Table = {
    ("POST", "/assets/transfer"): transfer_assets,
    ("GET", "/assets/transfer"): asset_history,
    ("POST", "/wallets/account/transfer"): transfer_between_wallets,
    ("GET", "/wallets/account/transfer"): wallet_history,
}
