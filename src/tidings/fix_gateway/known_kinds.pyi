"""Kinds of orders that have been translated before: the same again needs only its numbers read."""

from tidings.fix_gateway.account import Account
from tidings.fix_gateway.field_text import FieldSource
from tidings.fix_gateway.translate_in import NewOrder, Rules
from tidings.model.order import Order
from tidings.model.terms import OrderTerms

class KnownKinds:
    """By a session's rules and every field of a NewOrderSingle that stays the same from order to order."""

    def __init__(self, account: Account) -> None: ...
    def learn(self, message: FieldSource, rules: Rules, wanted: NewOrder, terms: OrderTerms) -> None:
        """Remember what this message's kind means, unless it has numbers beside quantity and price."""
    def draft(self, message: FieldSource, rules: Rules) -> tuple[NewOrder, Order] | None:
        """What is wanted, and a draft on the grid; None: not a known kind, or something about it is unusual.

        Then the long way finds out what, and says so. Only whole messages, in a FixReader, are known again.
        """
