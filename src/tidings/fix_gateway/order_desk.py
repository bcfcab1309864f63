"""FIX clients' orders of one account: requests go down to the engine here, and what happens comes up as messages.

A request is written into the chains before it is submitted; a report is handed to its client before it is noted as
told. A process that dies between the two finds the report at its next start, in the client's store (`last_told`).
"""

from __future__ import annotations

import logging

from tidings.errors import GridError, OrderDenied, UnknownSymbol, UsageError
from tidings.fix_gateway.account import Account
from tidings.fix_gateway.budget_wait import retry_after_ms
from tidings.fix_gateway.client import Client
from tidings.fix_gateway.execution_matrix import Event
from tidings.fix_gateway.field_text import Fields, FieldSource, is_cl_ord_id, is_well_formed
from tidings.fix_gateway.foreign_reports import ForeignReports
from tidings.fix_gateway.known_kinds import KnownKinds
from tidings.fix_gateway.link_news import LinkNews
from tidings.fix_gateway.lost_cancels import LostCancels
from tidings.fix_gateway.order_chains import OrderChain, OrderChains, Request
from tidings.fix_gateway.order_news import OrderNews
from tidings.fix_gateway.reject_codes import (
    CXL_DUPLICATE,
    CXL_PENDING,
    CXL_UNKNOWN_ORDER,
    DUPLICATE_ORDER,
    INCORRECT_QUANTITY,
    LINK_DOWN,
    OTHER,
    TOO_LATE,
    UNKNOWN_SYMBOL,
    UNSUPPORTED,
    denied_cxl_rej_reason,
    denied_ord_rej_reason,
)
from tidings.fix_gateway.trade_history import TradeHistory
from tidings.fix_gateway.translate_change import new_numbers
from tidings.fix_gateway.translate_in import NewOrder, Refusal, new_order
from tidings.fix_gateway.translate_out import Profile, cancel_reject, refused_order
from tidings.model.enums import DenyReason, RequestKind
from tidings.model.execution_report import ExecutionReport
from tidings.model.order import Order
from tidings.model.scale import qty_lots

log = logging.getLogger("tidings.fix")

ID_USED = "this ClOrdID has been used"
ID_MALFORMED = "ClOrdID (11): 1 to 40 of A-Z a-z 0-9 . _ -"
_REFUSED_TERMS = (1, 11, 18, 38, 40, 44, 54, 55, 59, 77, 99, 152)


class FixOrderDesk:
    """One account's orders that came as FIX messages."""

    def __init__(self, phemex: Account, chains: OrderChains) -> None:
        self.phemex = phemex
        self.chains = chains
        self.clock = phemex.engine.clock
        self.news = OrderNews(chains, self.clock)
        self.lost_cancels = LostCancels(phemex)
        self.news.on_lost_cancel = self.lost_cancels.begin
        self.link_news = LinkNews(phemex)
        self.history = TradeHistory(phemex)
        self._foreign = ForeignReports(self.clock.read_wall_ns())
        self._kinds = KnownKinds(phemex)

    def join(self, client: Client) -> None:
        """`client` is there: reports about its orders go to it."""
        self.news.clients[client.name] = client

    def leave(self, client: Client) -> None:
        """It is told of its orders some other way, or not at all."""
        self.news.clients.pop(client.name, None)

    def hear_foreign(self, report: ExecutionReport) -> None:
        """Something has happened to an order of the account that is not of its FIX clients: drop copies hear of it."""
        instrument = self.phemex.engine.products.find(report.symbol)
        if instrument is not None and self.news.drop_copies and self._foreign.take(report):
            self.news.tell_copies(lambda profile: self._foreign.fields(instrument, report, profile))

    # ---- NewOrderSingle -----------------------------------------------------------------------------------------

    def submit(self, client: Client, message: FieldSource) -> Order | None:
        """A NewOrderSingle (D): the engine's order, or None when it was refused (and the client told why)."""
        cl_ord_id = message.find(11) or b""
        try:
            if not is_cl_ord_id(cl_ord_id):
                raise Refusal(OTHER, ID_MALFORMED)
            if self.chains.is_used(cl_ord_id.decode()):
                raise Refusal(DUPLICATE_ORDER, ID_USED)
            wanted, draft = self._translate(client, message)
        except Refusal as refusal:
            self._refuse(client, message, refusal)
            return None
        return self._send(client, message, cl_ord_id.decode(), wanted, draft)

    def _translate(self, client: Client, message: FieldSource) -> tuple[NewOrder, Order]:
        """The short way for a kind that is known, the long one for what is new. Raises Refusal."""
        if (found := self._kinds.draft(message, client.rules)) is not None:
            return found
        wanted = new_order(message, self._is_hedged(message), client.rules)
        draft = self._draft(wanted)
        self._kinds.learn(message, client.rules, wanted, draft.terms)
        return wanted, draft

    def _is_hedged(self, message: FieldSource) -> bool:
        return self.phemex.engine.is_hedged((message.find(55) or b"").decode("latin-1"))

    def _draft(self, wanted: NewOrder) -> Order:
        """Terms and numbers on the grid. Raises Refusal with the reason that fits."""
        try:
            terms = self.phemex.desk.terms(wanted.symbol, wanted.side, **wanted.words)
            draft: Order = self.phemex.desk.draft(terms, **wanted.numbers)
            return draft
        except UnknownSymbol as error:
            raise Refusal(UNKNOWN_SYMBOL, str(error)) from None
        except GridError as error:
            raise Refusal(self._grid_reason(wanted), str(error)) from None
        except UsageError as error:
            raise Refusal(UNSUPPORTED, str(error)) from None
        except OrderDenied as error:
            raise Refusal(denied_ord_rej_reason(DenyReason[error.reason]), str(error)) from None

    def _grid_reason(self, wanted: NewOrder) -> int:
        """Whether it is the quantity that is off the grid."""
        if wanted.words["qty_in_quote"]:
            return INCORRECT_QUANTITY
        try:
            may_be_zero = bool(wanted.words.get("close_on_trigger"))
            qty_lots(self.phemex.instrument(wanted.symbol), wanted.numbers["qty"], zero_allowed=may_be_zero)
        except GridError:
            return INCORRECT_QUANTITY
        return OTHER

    def _send(
        self, client: Client, message: FieldSource, cl_ord_id: str, wanted: NewOrder, draft: Order
    ) -> Order | None:
        entry = self.phemex.entry
        orders = entry.orders
        handle = orders.last_handle + 1  # the draft's, once it is submitted
        side = str(int(wanted.side))
        chain = self.chains.begin(cl_ord_id, client.name, orders.ids.text(handle), wanted.symbol, side, wanted.echo)
        chain.order = draft
        self.news.follow(chain, handle)
        entry.attach(draft, self.news.hear)
        result = entry.submit_order(draft, self.clock.read_now_ns())
        if result < 0:
            self.news.forget(handle)
            chain.order = None
            chain.told_status = "8"
            self._deny(client, message, wanted.symbol, -result)
            self.chains.note_told(chain)
            return None
        if client.has_pending_acks:
            self.news.tell_pending(chain, draft, None)
        return draft

    def _deny(self, client: Client, message: FieldSource, symbol: str, reason: int) -> None:
        """The engine refused it before the wire: the venue cannot be reached, or a limit."""
        if reason == DenyReason.BAD_TERMS:
            self._refuse(client, message, Refusal(UNSUPPORTED, self.phemex.engine.gateway.bad_terms))
            return
        text = self._why_denied(reason, symbol, RequestKind.NEW)
        if reason in LINK_DOWN:
            client.tell(b"j", business_reject(message, 4, f"Application Not Available: {text}"))
        else:
            self._refuse(client, message, Refusal(denied_ord_rej_reason(reason), text))

    def _why_denied(self, reason: int, symbol: str, kind: RequestKind) -> str:
        if reason == DenyReason.RATE_LIMIT:
            return f"rate limit, retry after {retry_after_ms(self.phemex.engine, symbol, kind)}ms"
        return str(self.phemex.denial(reason, symbol, symbol=symbol, kind=kind))

    def refuse(self, client: Client, message: FieldSource, reason: int, text: str) -> None:
        """Answer a NewOrderSingle with a reject, whatever is in it.

        Of an id that has been used before, a reject says so: else it would be taken for the end of the first order.
        """
        if self.chains.is_used((message.find(11) or b"").decode("latin-1")):
            reason, text = DUPLICATE_ORDER, ID_USED
        self._refuse(client, message, Refusal(reason, text))

    def _refuse(self, client: Client, message: FieldSource, refusal: Refusal) -> None:
        terms = {tag: value for tag in _REFUSED_TERMS if (value := message.find(tag)) and is_well_formed(tag, value)}
        exec_id, wall_ns = self.news.unnamed_exec_id(), self.clock.read_wall_ns()

        def fields_for(profile: Profile) -> Fields:
            return refused_order(terms, exec_id, refusal.reason, refusal.text, wall_ns, profile)

        self.news.tell_copies(fields_for)
        client.tell(b"8", fields_for(client.profile))

    # ---- OrderCancelRequest, OrderCancelReplaceRequest ----------------------------------------------------------

    def cancel(self, client: Client, message: FieldSource) -> None:
        """An OrderCancelRequest (F)."""
        found = self._find_target(client, message, is_replace=False)
        if found is None:
            return
        chain, order, cl_ord_id = found
        request = self.chains.ask(chain, cl_ord_id, is_replace=False)
        result = self.phemex.entry.cancel_order(order, self.clock.read_now_ns())
        self._after_asking(client, message, chain, order, request, result)

    def replace(self, client: Client, message: FieldSource) -> None:
        """An OrderCancelReplaceRequest (G): a new price, total quantity, or price that triggers."""
        found = self._find_target(client, message, is_replace=True)
        if found is None:
            return
        chain, order, cl_ord_id = found
        try:
            asked = new_numbers(message, chain, order)
        except Refusal as refusal:
            request = self.chains.ask(chain, cl_ord_id, is_replace=True)
            self._refuse_request(client, chain, request, refusal.reason, refusal.text)
            return
        request = self.chains.ask(chain, cl_ord_id, is_replace=True, asked=asked.by_name)
        result = self.phemex.entry.amend_triggers(
            order, asked.price_ticks, asked.qty_lots, self.clock.read_now_ns(), **asked.triggers
        )
        self._after_asking(client, message, chain, order, request, result)

    def refuse_change(self, client: Client, message: FieldSource, reason: int, text: str) -> None:
        """Answer an OrderCancelRequest or OrderCancelReplaceRequest with a reject, whatever is in it.

        Not one that was taken before; and of an id that is another request's, a reject says so, as of an order's.
        """
        cl_ord_id, orig_id = (message.find(11) or b"").decode("latin-1"), (message.find(41) or b"").decode("latin-1")
        chain = self._find(client, message, orig_id)
        if self._was_taken(message, chain, cl_ord_id):
            return
        if self.chains.is_used(cl_ord_id):
            reason, text = CXL_DUPLICATE, ID_USED
        request = Request(cl_ord_id, orig_id, is_replace=message.find(35) == b"G")
        self._reject_request(client, chain, request, reason, text)

    def _find_target(
        self, client: Client, message: FieldSource, *, is_replace: bool
    ) -> tuple[OrderChain, Order, str] | None:
        """The order that is meant, and the request's id; None: refused, and the client told."""
        cl_ord_id, orig_id = (message.find(11) or b"").decode("latin-1"), (message.find(41) or b"").decode("latin-1")
        unborn = Request(cl_ord_id, orig_id, is_replace)
        chain = self._find(client, message, orig_id)
        if self._was_taken(message, chain, cl_ord_id):
            return None
        if not is_cl_ord_id(cl_ord_id.encode("latin-1")):
            self._reject_request(client, chain, unborn, OTHER, ID_MALFORMED)
        elif self.chains.is_used(cl_ord_id):
            self._reject_request(client, chain, unborn, CXL_DUPLICATE, ID_USED)
        elif client.rules.account and message.find(1) not in (None, client.rules.account.encode()):
            self._reject_request(client, chain, unborn, OTHER, "not this session's account")
        elif chain is None:
            self._reject_request(client, None, unborn, CXL_UNKNOWN_ORDER, "unknown order")
        elif (step := self.news.first_step(chain, Event.REPLACE_ASKED if is_replace else Event.CANCEL_ASKED)) == "9":
            reason = TOO_LATE if chain.is_done else CXL_PENDING
            text = "the order is finished" if chain.is_done else "a cancel or replace of it is still unanswered"
            self._reject_request(client, chain, unborn, reason, text)
        elif chain.order is None:
            self._reject_request(client, chain, unborn, OTHER, f"the order's state is not known yet ({step})")
        else:
            return chain, chain.order, cl_ord_id
        return None

    def _was_taken(self, message: FieldSource, chain: OrderChain | None, cl_ord_id: str) -> bool:
        """Before a crash could count it: its answer has been told, or is on its way."""
        return message.find(43) == b"Y" and chain is not None and self.chains.is_of(chain, cl_ord_id)

    def _find(self, client: Client, message: FieldSource, orig_id: str) -> OrderChain | None:
        """By OrderID if given (OrigClOrdID must then belong to it), else by any id of the chain."""
        by_id = self.chains.find(orig_id)
        order_id = message.find(37)
        if order_id is not None and order_id != b"NONE":
            found = self.chains.find_order_id(order_id.decode("latin-1"))
            if orig_id and found is not by_id:
                return None
            by_id = found
        return by_id if by_id is not None and by_id.owner == client.name else None

    def _after_asking(
        self, client: Client, message: FieldSource, chain: OrderChain, order: Order, request: Request, result: int
    ) -> None:
        """The engine has taken a request, or refused it before the wire."""
        if result == 0:
            if client.has_pending_acks:
                self.news.tell_pending(chain, order, request)
            return
        kind = RequestKind.AMEND if request.is_replace else RequestKind.CANCEL
        text = self._why_denied(-result, chain.symbol, kind)
        if -result in LINK_DOWN:
            self.chains.refuse(chain, request)
            client.tell(b"j", business_reject(message, 4, f"Application Not Available: {text}"))
            self.chains.note_answered()
        else:
            self._refuse_request(client, chain, request, denied_cxl_rej_reason(-result), text)

    def _refuse_request(self, client: Client, chain: OrderChain, request: Request, reason: int, text: str) -> None:
        self.chains.refuse(chain, request)
        self._reject_request(client, chain, request, reason, text)
        self.chains.note_answered()

    def _reject_request(
        self, client: Client, chain: OrderChain | None, request: Request, reason: int, text: str
    ) -> None:
        order_id = chain.order.order_id if chain is not None and chain.order is not None else ""
        status, wall_ns = chain.row if chain is not None else "8", self.clock.read_wall_ns()
        client.tell(b"9", cancel_reject(request, order_id, status, reason, text, wall_ns, client.profile))


def business_reject(message: FieldSource, reason: int, text: str) -> Fields:
    """The body of a BusinessMessageReject (j)."""
    found = {58: text.encode(), 372: message.find(35) or b"", 380: b"%d" % reason}
    if (seq := message.find(34)) is not None:
        found[45] = seq
    ref_id = next((value for tag in (568, 710, 262, 11) if (value := message.find(tag)) is not None), None)
    if ref_id is not None:
        found[379] = ref_id
    return sorted(found.items())
