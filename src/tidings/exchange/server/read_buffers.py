"""Where the memory of reads comes from.

A TLS read of asyncio and uvloop asks for 256 KB and gives most of it back. glibc takes a block of that size from the
kernel for each read, three system calls and a page fault or two; from a heap that is kept it costs nothing.
"""

import ctypes
from typing import Final

M_TRIM_THRESHOLD: Final = -1  # mallopt(3)
M_MMAP_THRESHOLD: Final = -3
KEPT_BYTES: Final = 4 * 1024 * 1024


def keep_read_buffers() -> None:
    """Have this process serve blocks of that size from its heap. Does nothing where the C library cannot."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # not glibc
        return
    mallopt(M_MMAP_THRESHOLD, KEPT_BYTES)
    mallopt(M_TRIM_THRESHOLD, 2 * KEPT_BYTES)
