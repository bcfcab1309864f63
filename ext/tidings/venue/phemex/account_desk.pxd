"""Where the account stream meets the engine."""

from tidings.engine.ports cimport OrderListener
from tidings.venue.phemex.account_stream cimport AccountListener


cdef class AccountDesk(AccountListener):
    cdef OrderListener orders           # reports go straight there, in compiled code
    cdef object keeper                  # positions, balances and snapshots go to Python: they are rare
