"""What must hold of the exchange's books whatever was asked of it, looked at from outside the code that keeps them."""

from collections import defaultdict
from fractions import Fraction

from tidings.exchange.catalogue import Line
from tidings.exchange.orders.order_requests import CancelOrder, NewOrder
from tidings.exchange.venue import Venue


def money(venue: Venue) -> dict[str, Fraction]:
    """All there is of each currency, wherever it lies: accounts, positions at entry value, wallets, the house."""
    found: defaultdict[str, Fraction] = defaultdict(Fraction)
    scales = {}
    for account in venue.contract_accounts:
        scales[account.line, account.currency] = scale = account.value_scale
        held = account.balance
        for position in account.known_positions():
            signed = position.value if position.net_qty > 0 else -position.value
            held += signed if position.instrument.is_inverse else -signed
        found[account.currency] += Fraction(held, 10**scale)
    for user in venue.spot_wallets:
        for name, wallet in user.wallets.items():
            scales[Line.SPOT, name] = wallet.currency.value_scale
            found[name] += Fraction(wallet.balance, 10**wallet.currency.value_scale)
    for ledger in vars(venue.state.house).values():
        for key, amount in ledger.items():
            if isinstance(key, tuple) and amount:
                found[key[1]] += Fraction(amount, 10 ** scales[key])
    return dict(found)


def wrong_books(venue: Venue) -> str:
    """What is wrong with orders, books and positions; "" if nothing is."""
    resting = {id(order) for life in venue.lives.values() for order in resting_orders(life.market)}
    waiting = {id(order) for life in venue.lives.values() for order in life.watch.waiting}
    for order in venue.state.store:
        if order.is_done and (order.leaves_qty or order.level is not None or order.reserved_value):
            return f"a done order keeps something: {order.order_id} {order.ord_status}"
        if order.is_done == (order in venue.state.store.open_orders(order.owner, order.instrument.symbol)):
            return f"an order is {order.ord_status}, and the list of open ones says otherwise"
        if not order.is_done and not order.pending and (id(order) in resting) == (id(order) in waiting):
            return f"an open order is neither in the book nor waiting: {order.order_id} {order.ord_status}"
    known = {id(order) for order in venue.state.store if not order.is_done}
    for symbol, market in venue.markets.items():
        if any(order.owner and id(order) not in known for order in resting_orders(market)):
            return f"{symbol}: the book holds an order that nobody has open"
        bid, offer = market.book.best_bid(), market.book.best_offer()
        if bid is not None and offer is not None and bid >= offer:
            return f"{symbol}: the book is crossed, {bid} and {offer}"
        held = sum(
            position.net_qty for account in venue.contract_accounts for position in account.known_positions()
            if position.instrument.symbol == symbol
        )  # fmt: skip
        if market.instrument.line is not Line.SPOT and held + venue.state.house.net_qty[symbol]:
            return f"{symbol}: positions add up to {held + venue.state.house.net_qty[symbol]}"
    return ""


def resting_orders(market) -> list:
    """Every order in the book."""
    return [order for side in (market.book.bids, market.book.asks) for level in side for order in level.orders]


def honest_trade(venue: Venue, seller: int, buyer: int, now_ns: int) -> str:
    """A user offers a little, and another one buys as much at once: what went wrong, "" if nothing did.

    Whom they trade with is left to the market. Takes 25 ms of the venue's time.
    """
    market = venue.markets["BTCUSDT"]
    instrument = market.instrument
    bid = market.book.best_bid() or market.last_price
    price, limit = (instrument.round_price(bid * factor // 10_000, up=True) for factor in (10_001, 10_100))
    terms = {"symbol": "BTCUSDT", "qty": instrument.lot_size * 10}
    offered = venue.create(seller, NewOrder(side="Sell", price=price, **terms), now_ns)
    venue.advance(now_ns + 10_000_000)
    bought = venue.create(
        buyer, NewOrder(side="Buy", price=limit, time_in_force="ImmediateOrCancel", **terms), now_ns + 10_000_000
    )
    if offered.code or bought.code or offered.order is None or bought.order is None:
        return f"an honest order is refused: {offered} {bought}"
    venue.advance(now_ns + 18_000_000)
    order = venue.state.store.find(buyer, "BTCUSDT", bought.order.order_id, "")
    venue.cancel(seller, CancelOrder(symbol="BTCUSDT", order_id=offered.order.order_id), now_ns + 18_000_000)
    venue.advance(now_ns + 25_000_000)
    status = order.ord_status if order else "forgotten"
    return "" if status == "Filled" else f"an honest order does not trade: {status}"
