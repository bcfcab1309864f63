"""Where the account stream meets the engine: reports go straight up, positions and balances to their keeper."""

from libc.stdint cimport int64_t

from tidings.engine.ports cimport OrderListener
from tidings.model.execution_report cimport ExecutionReport
from tidings.venue.phemex.account_state cimport PositionUpdate, WalletUpdate
from tidings.venue.phemex.account_stream cimport AccountListener


cdef class AccountDesk(AccountListener):
    def __init__(self, OrderListener orders not None, keeper not None):
        self.orders = orders
        self.keeper = keeper

    cdef int on_report(self, ExecutionReport report, int64_t now_ns) except -1:
        return self.orders.on_report(report, now_ns)

    cdef int on_position(self, PositionUpdate position, int64_t now_ns) except -1:
        self.keeper.position_told(position)
        return 0

    cdef int on_wallet(self, WalletUpdate wallet, int64_t now_ns) except -1:
        self.keeper.wallet_told(wallet)
        return 0

    cdef int on_snapshot_end(self, int line, int64_t now_ns) except -1:
        self.keeper.snapshot_ended(line)
        return 0
