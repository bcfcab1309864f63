from collections.abc import Iterable

from tidings.engine.order_entry import OrderEntry
from tidings.model.execution_report import ExecutionReport
from tidings.model.order import Order
from tidings.model.terms import OrderTerms

Event = ExecutionReport | tuple[str, int, int, int, int, int, int] | tuple[str]

def adopt_order(
    entry: OrderEntry,
    terms: OrderTerms,
    cl_ord_id: str,
    numbers: dict[str, int],
    history: Iterable[Event],
    *,
    decided_ns: int,
    now_ns: int,
) -> Order | None:
    """Take an order of an earlier session into the table, of unknown fate; None when all slots are open orders.

    `numbers`: its ticks and lots by name, as it was sent. `history`: what happened since, oldest first. `decided_ns`:
    when it was sent, by this machine's monotonic clock; 0: before this run of the machine. It is noted in the journal,
    and nobody is told: the strategy hears of it when the venue does show it, or is proved not to know it.
    """

def set_stamps(order: Order, encoded_ns: int, written_ns: int) -> None:
    """When an order's bytes were made and taken by the kernel, as a recording has it."""

def live_through(order: Order, history: Iterable[Event]) -> None:
    """Apply what happened to an order: reports, amends and ("cancel",) requests.

    ("amend", price_ticks, qty_lots, stop_px_ticks, take_profit_ticks, stop_loss_ticks, peg_offset_ticks)
    """
