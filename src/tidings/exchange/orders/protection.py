"""How far an order may trade: the limit price that a market order gets, and where closing a position must end."""

from tidings.exchange.accounts.contract_account import ContractAccount
from tidings.exchange.catalogue import ONE_ER, Line
from tidings.exchange.markets.market import Market
from tidings.exchange.markets.matching import BUY
from tidings.exchange.orders.orders import Order
from tidings.exchange.venue_rules import Rules


def protective_price(market: Market, side: int, rules: Rules) -> int:
    """So far through the best opposite price, or through the last one where there is none."""
    best = market.book.best_offer() if side == BUY else market.book.best_bid()
    is_spot = market.instrument.line is Line.SPOT
    distance_er = rules.spot_protection_er if is_spot else rules.contract_protection_er
    price = (best or market.last_price) * (ONE_ER + side * distance_er) // ONE_ER
    price = market.instrument.round_price(price, up=side != BUY)
    return min(price, market.instrument.max_price) if market.instrument.max_price else price


def bounded_price(order: Order, price: int) -> int:
    """`price`, or the bankruptcy price of the position that the order would close beyond that."""
    account = order.ledger
    if not isinstance(account, ContractAccount):
        return price
    return account.bounded_price(account.position_of(order), order.side, price)
