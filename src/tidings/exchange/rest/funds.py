"""REST of money: funding payments, fee rates, what moved the balances, closed positions, risk.

Source: phemex docs 2026, "Query funding fee history", "Query contract fee rate", "Query Funds Detail" and their
neighbours; some of these answer without an envelope, and so here, unless a rule says otherwise.
"""

from collections.abc import Callable, Iterable

from tidings.exchange.accounts.funds import contract_entries, daily_pnls, wallet_entries
from tidings.exchange.catalogue import USD_M_VALUE_SCALE, Instrument, Line
from tidings.exchange.messages import funds_json
from tidings.exchange.messages.json_text import array, success
from tidings.exchange.messages.risk_unit_json import risk_units
from tidings.exchange.reports import OrderReport
from tidings.exchange.rest.endpoint import Call, Endpoint, Table, is_in_window
from tidings.exchange.rest.pages import Shape, bad_input, enveloped, page

DAY_NS = 24 * 3_600 * 1_000_000_000
_ROWS = 20  # default `limit`


def _funding_fees(line: Line, row: Callable[[OrderReport], str], shape: Shape) -> Endpoint:
    """Funding payments in one contract, newest first."""

    def endpoint(call: Call) -> bytes:
        symbol = call.instrument(line).symbol
        events = call.venue.queries.fills(call.user_id, line, symbol, call.as_of_ns)
        paid = [r for r in events if r.trade_type == "Funding" and is_in_window(call.parameters, r.transact_time_ns)]
        return enveloped(call, map(row, paid[page(call, _ROWS)]), shape, len(paid))

    return endpoint


def contract_fee_rate(call: Call) -> bytes:
    """`GET /api-data/futures/fee-rate`: of all contracts that settle in `settleCurrency`."""
    currency = call.parameters.required("settleCurrency")
    contracts = [i for i in call.venue.catalogue.listed() if i.line is not Line.SPOT]
    return _fee_rates(i for i in contracts if i.settle_currency == currency)


def spot_fee_rate(call: Call) -> bytes:
    """`GET /api-data/spots/fee-rate`: of all pairs quoted in `quoteCurrency`."""
    currency = call.parameters.required("quoteCurrency")
    return _fee_rates(i for i in call.venue.catalogue.listed(Line.SPOT) if i.quote_currency == currency)


def _fee_rates(instruments: Iterable[Instrument]) -> bytes:
    rows = [funds_json.fee_rate(instrument) for instrument in instruments]
    if not rows:
        raise bad_input("no product has this currency")
    return f'{{"symbolFeeRates":{array(rows)}}}'.encode()


def account_detail(call: Call) -> bytes:
    """`GET /api-data/futures/v2/tradeAccountDetail`: changes of contract balances, of a `currency`, of a `type`."""
    p = call.parameters
    currency, kind = p.text("currency"), p.integer("type")
    queries, catalogue = call.venue.queries, call.venue.catalogue
    fills = [
        fill
        for line in (Line.COIN_M, Line.USD_M)
        for fill in queries.fills(call.user_id, line, as_of_ns=call.as_of_ns)
    ]
    chosen = [
        entry
        for entry in contract_entries(fills, call.venue.transfers.made(call.user_id))
        if currency in ("", entry.currency) and kind in (0, entry.kind) and is_in_window(p, entry.time_ns)
    ]
    linear = frozenset(catalogue.settle_currencies(Line.USD_M))
    rows = [
        funds_json.contract_entry(
            entry,
            USD_M_VALUE_SCALE if entry.currency in linear else catalogue.currencies[entry.currency].value_scale,
        )
        for entry in chosen[page(call, _ROWS)]
    ]
    return enveloped(call, rows, "counted" if p.flag("withCount") else "bare", len(chosen))


def wallet_detail(call: Call) -> bytes:
    """`GET /api-data/spots/funds`: changes of the wallet of one `currency`, by default of two days."""
    p = call.parameters
    fills = call.venue.queries.fills(call.user_id, Line.SPOT, as_of_ns=call.as_of_ns)
    entries = wallet_entries(fills, call.venue.transfers.made(call.user_id), p.required("currency"))
    chosen = [entry for entry in entries if is_in_window(p, entry.time_ns, _two_days_back(call))]
    numbered = list(zip(chosen, range(len(chosen), 0, -1), strict=True))[page(call, _ROWS)]
    rows = [funds_json.wallet_entry(entry, number) for entry, number in numbered]
    return enveloped(call, rows, "bare", len(chosen))


def spot_pnls(call: Call) -> bytes:
    """`GET /api-data/spots/pnls`: profit by day, oldest first."""
    fills = call.venue.queries.fills(call.user_id, Line.SPOT, as_of_ns=call.as_of_ns)
    start_ns = _two_days_back(call) // DAY_NS * DAY_NS
    days = [day for day in daily_pnls(fills) if is_in_window(call.parameters, day[0], start_ns)]
    return enveloped(call, [funds_json.spot_pnl(call.user_id, *day) for day in days], "bare", len(days))


def _two_days_back(call: Call) -> int:
    return max(0, (call.parameters.integer("end") * 1_000_000 or call.now_ns) - 2 * DAY_NS)


def closed_positions(call: Call) -> bytes:
    """`GET /api-data/g-futures/closedPosition`: terms in which something was closed, the last one first."""
    p = call.parameters
    symbol = call.instrument(Line.USD_M).symbol if p.has("symbol") else ""
    currency = p.text("currency") if symbol else p.required("currency")
    terms = call.venue.closed_terms(call.user_id, Line.USD_M, currency, symbol)
    rows = [
        funds_json.closed_position(instrument, term)
        for instrument, term in terms
        if is_in_window(p, term.updated_ns)
    ]
    return enveloped(call, rows[page(call, _ROWS)], "totalled", len(rows))


def risk_unit(call: Call) -> bytes:
    """`GET /g-accounts/risk-unit`: the cross unit of every USD-M currency, and each isolated position."""
    rows = []
    for currency in call.venue.catalogue.settle_currencies(Line.USD_M):
        account = call.venue.account(call.user_id, Line.USD_M, currency)
        if account is not None:
            code = call.venue.catalogue.currencies[currency].code
            rows += risk_units(account, code, call.venue.positions(call.user_id, Line.USD_M, currency))
    return success(array(rows))


TABLE: Table = {
    ("GET", "/api-data/futures/funding-fees"): _funding_fees(Line.COIN_M, funds_json.contract_funding_row, "rows"),
    ("GET", "/api-data/g-futures/funding-fees"): _funding_fees(Line.USD_M, funds_json.linear_funding_row, "bare"),
    ("GET", "/api-data/futures/fee-rate"): contract_fee_rate,
    ("GET", "/api-data/spots/fee-rate"): spot_fee_rate,
    ("GET", "/api-data/futures/v2/tradeAccountDetail"): account_detail,
    ("GET", "/api-data/spots/funds"): wallet_detail,
    ("GET", "/api-data/spots/pnls"): spot_pnls,
    ("GET", "/api-data/g-futures/closedPosition"): closed_positions,
    ("GET", "/g-accounts/risk-unit"): risk_unit,
}
