"""Which client ids an order may carry: what they are made of, and where they must be new. Both are rules."""

import re
from typing import Final

from tidings.exchange.error_codes import AUTH_OR_PARAMETER_ERROR, INVALID_PARAMETER
from tidings.exchange.orders.order_checks import CL_ORD_ID_LENGTH_MAX, Refused, UsedId
from tidings.exchange.orders.order_store import OrderStore
from tidings.exchange.orders.orders import Order
from tidings.exchange.venue_rules import Rules

_WORD: Final = re.compile(r"[A-Za-z0-9_.:-]*", re.ASCII)


def check_form(cl_ord_id: str, rules: Rules) -> None:
    """Refuse an absent id or one of other characters, where rules say so."""
    if rules.client_id_required and not cl_ord_id:
        raise Refused(AUTH_OR_PARAMETER_ERROR, "clOrdID is missing")
    if rules.client_id_alphabet == "word" and _WORD.fullmatch(cl_ord_id) is None:
        raise Refused(INVALID_PARAMETER, "clOrdID has characters it may not have")


def is_used(store: OrderStore, user_id: int, symbol: str, cl_ord_id: str, rules: Rules) -> bool:
    """Whether the id is taken where it has to be new."""
    if not store.is_known(user_id, cl_ord_id) or rules.client_id_scope == "account":
        return store.is_known(user_id, cl_ord_id)
    if rules.client_id_scope == "symbol":
        return bool(store.find_all(user_id, symbol, "", cl_ord_id))
    return any(not order.is_done for order in store.named(user_id, cl_ord_id))


def check_new_id(store: OrderStore, order: Order, cl_ord_id: str, rules: Rules) -> None:
    """Refuse a client id that an amend may not give to the order."""
    if len(cl_ord_id) > CL_ORD_ID_LENGTH_MAX:
        raise Refused(INVALID_PARAMETER, f"clOrdID longer than {CL_ORD_ID_LENGTH_MAX} characters")
    check_form(cl_ord_id, rules)
    if is_used(store, order.owner, order.instrument.symbol, cl_ord_id, rules):
        raise UsedId(rules.duplicate_id_code, f"clOrdID {cl_ord_id!r} was used before")
