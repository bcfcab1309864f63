"""Everything constant about a kind of order: what an armed order fixes ahead of time.

Terms are checked once, here; firing an order then checks only its price and quantity.
"""

from tidings.model.enums cimport (
    INST_CLOSE_ON_TRIGGER, INST_POST_ONLY, INST_REDUCE_ONLY, INST_RPI, LINE_SPOT, ORD_LIMIT, ORD_LIMIT_IF_TOUCHED,
    ORD_MARKET, ORD_MARKET_IF_TOUCHED, ORD_STOP, ORD_STOP_LIMIT, PEG_NONE, TIF_GTC, TRIGGER_LAST_PRICE, TRIGGER_NONE,
)
from tidings.model.instrument cimport Instrument

from tidings.errors import UsageError
from tidings.model.enums import ExecInst, OrdType, PegType, PosSide, SelfTradePrevention, Side, TimeInForce, Trigger

OWNERS_MAX = 64             # strategies of one engine: each has limits and positions of its own
TEXT_CHARACTERS_MAX = 40    # phemex docs 2026, "Place order": text


cdef class OrderTerms:
    def __init__(
        self, Instrument instrument not None, int side, *, int ord_type=ORD_LIMIT, int time_in_force=TIF_GTC,
        int exec_inst=0, int pos_side=0, int trigger=TRIGGER_NONE, int peg_type=PEG_NONE, int stp=0,
        int take_profit_trigger=TRIGGER_NONE, int stop_loss_trigger=TRIGGER_NONE, bint qty_in_quote=False,
        str text not None="", int owner=0,
    ):
        self.instrument = instrument
        self.side = Side(side)
        self.ord_type = OrdType(ord_type)
        self.time_in_force = TimeInForce(time_in_force)
        self.exec_inst = ExecInst(exec_inst)
        self.pos_side = PosSide(pos_side)
        self.trigger = Trigger(trigger)
        self.peg_type = PegType(peg_type)
        self.stp = SelfTradePrevention(stp)
        self.take_profit_trigger = Trigger(take_profit_trigger)
        self.stop_loss_trigger = Trigger(stop_loss_trigger)
        self.qty_in_quote = qty_in_quote
        if not 0 <= owner < OWNERS_MAX:
            raise UsageError(f"a strategy's index is 0 to {OWNERS_MAX - 1}: was {owner}")
        self.owner = owner
        self.text = text
        self.template = None
        _check(self)

    @property
    def key(self):
        """All of it as a hashable tuple: equal keys are interchangeable terms."""
        return (
            self.instrument.index, self.side, self.ord_type, self.time_in_force, self.exec_inst, self.pos_side,
            self.trigger, self.peg_type, self.stp, self.take_profit_trigger, self.stop_loss_trigger,
            self.qty_in_quote, self.text, self.owner,
        )

    @property
    def is_conditional(self):
        """Whether the order waits for a trigger price."""
        return self.trigger != TRIGGER_NONE

    @property
    def has_price(self):
        """Whether the order has a limit price."""
        return self.ord_type in (ORD_LIMIT, ORD_STOP_LIMIT, ORD_LIMIT_IF_TOUCHED)

    def __repr__(self):
        words = Side(self.side).name, OrdType(self.ord_type).name, TimeInForce(self.time_in_force).name
        return f"OrderTerms({self.instrument.symbol} {' '.join(words)})"


cdef int _check(OrderTerms terms) except -1:
    """Refuse combinations the venue would refuse, while there is still time to say why."""
    symbol = terms.instrument.symbol
    cdef bint waits = terms.ord_type in (ORD_STOP, ORD_STOP_LIMIT, ORD_MARKET_IF_TOUCHED, ORD_LIMIT_IF_TOUCHED)
    if waits and terms.trigger == TRIGGER_NONE:
        raise UsageError(
            f"{symbol}: {OrdType(terms.ord_type).name} needs a trigger: Trigger.LAST_PRICE or Trigger.MARK_PRICE"
        )
    if not waits and terms.trigger != TRIGGER_NONE:
        raise UsageError(f"{symbol}: {OrdType(terms.ord_type).name} takes no trigger: use a STOP or IF_TOUCHED type")
    cdef bint rests = terms.ord_type != ORD_MARKET and terms.time_in_force == TIF_GTC
    if terms.exec_inst & (INST_POST_ONLY | INST_RPI) and not rests:
        raise UsageError(f"{symbol}: post-only is a good-till-cancel limit order's instruction: was {terms!r}")
    if terms.peg_type != PEG_NONE and terms.ord_type != ORD_STOP:
        raise UsageError(f"{symbol}: a trailing order is a STOP with a peg: was {OrdType(terms.ord_type).name}")
    if terms.qty_in_quote and (terms.instrument.line != LINE_SPOT):
        raise UsageError(f"{symbol}: a quantity in quote currency is for spot only")
    if terms.instrument.line == LINE_SPOT:
        _check_spot(terms, symbol)
    if len(terms.text) > TEXT_CHARACTERS_MAX or not terms.text.isascii() or not terms.text.isprintable():
        raise UsageError(
            f"{symbol}: text must be at most {TEXT_CHARACTERS_MAX} printable ASCII characters: was {terms.text!r}"
        )
    return 0


cdef int _check_spot(OrderTerms terms, str symbol) except -1:
    """Spot has no positions, and watches the last price only (phemex docs 2026, "Spot: place order")."""
    if terms.exec_inst & (INST_REDUCE_ONLY | INST_CLOSE_ON_TRIGGER | INST_RPI) or terms.pos_side or terms.stp:
        raise UsageError(
            f"{symbol}: reduce-only, close-on-trigger, RPI, posSide and self-trade prevention are for contracts, "
            "not spot"
        )
    if terms.take_profit_trigger or terms.stop_loss_trigger or terms.peg_type != PEG_NONE:
        raise UsageError(f"{symbol}: attached take-profit, stop-loss and trailing are for contracts, not spot")
    if terms.trigger not in (TRIGGER_NONE, TRIGGER_LAST_PRICE):
        raise UsageError(f"{symbol}: spot conditional orders watch the last price: use Trigger.LAST_PRICE")
    return 0
