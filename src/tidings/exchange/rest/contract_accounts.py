"""REST of the contract accounts: balances and positions, with and without unrealised profit."""

from collections.abc import Callable

from tidings.exchange.catalogue import Line
from tidings.exchange.messages import contract_json, linear_json
from tidings.exchange.messages.json_text import array, success
from tidings.exchange.reports import AccountState, PositionState
from tidings.exchange.rest.endpoint import Call, Endpoint, Table
from tidings.exchange.rest.pages import bad_input


def _account_query(
    line: Line, account_json: Callable[[AccountState], str], position_json: Callable[[PositionState], str]
) -> Endpoint:
    """An endpoint for the account named by `currency`, its positions cut down to `symbol` if that is given."""

    def endpoint(call: Call) -> bytes:
        currency = call.parameters.required("currency")
        account = call.venue.account(call.user_id, line, currency)
        if account is None:
            raise bad_input(f"no account has the currency {currency[:20]!r} on this line")  # observed
        positions = call.venue.positions(call.user_id, line, currency, call.parameters.text("symbol"))
        rows = array(map(position_json, positions))
        return success(f'{{"account":{account_json(account)},"positions":{rows}}}')

    return endpoint


TABLE: Table = {
    ("GET", "/accounts/accountPositions"): _account_query(
        Line.COIN_M, contract_json.rest_account, contract_json.rest_position
    ),
    ("GET", "/accounts/positions"): _account_query(
        Line.COIN_M, contract_json.rest_account, contract_json.rest_position_with_pnl
    ),
    ("GET", "/g-accounts/accountPositions"): _account_query(
        Line.USD_M, linear_json.rest_account, linear_json.rest_position
    ),
    ("GET", "/g-accounts/positions"): _account_query(
        Line.USD_M, linear_json.rest_account_with_pnl, linear_json.rest_position_with_pnl
    ),
}
