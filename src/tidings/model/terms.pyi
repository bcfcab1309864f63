from tidings.model.instrument import Instrument

OWNERS_MAX: int  # strategies of one engine, the default one included

class OrderTerms:
    """Everything constant about a kind of order on one instrument: what an armed order fixes ahead of time.

    `side`, `ord_type`, `time_in_force`, `exec_inst`, … take the enumerations of `tidings.model.enums`.
    `qty_in_quote` (spot only): the quantity is money to spend, in units of the quote currency's value scale.
    Raises UsageError for combinations that the venue refuses.
    """

    instrument: Instrument
    side: int
    ord_type: int
    time_in_force: int
    exec_inst: int
    pos_side: int
    trigger: int
    peg_type: int
    stp: int
    take_profit_trigger: int
    stop_loss_trigger: int
    qty_in_quote: bool
    text: str
    owner: int  # strategy index, 0: the default one

    def __init__(
        self,
        instrument: Instrument,
        side: int,
        *,
        ord_type: int = ...,
        time_in_force: int = ...,
        exec_inst: int = ...,
        pos_side: int = ...,
        trigger: int = ...,
        peg_type: int = ...,
        stp: int = ...,
        take_profit_trigger: int = ...,
        stop_loss_trigger: int = ...,
        qty_in_quote: bool = ...,
        text: str = ...,
        owner: int = ...,
    ) -> None: ...
    @property
    def key(self) -> tuple[object, ...]:
        """All of it as a hashable tuple: terms with equal keys are interchangeable."""
    @property
    def is_conditional(self) -> bool:
        """Whether the order waits for a trigger price."""
    @property
    def has_price(self) -> bool:
        """Whether the order has a limit price."""
