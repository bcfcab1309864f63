"""Books by the bytes of their symbol, found without making a string."""

from libc.stdint cimport int32_t

from tidings.market.book cimport Book


ctypedef struct IndexEntry:
    const char* symbol          # borrowed from the Instrument's own text; NULL: free
    Py_ssize_t symbol_bytes
    int32_t place               # in `instruments` and `books`


cdef class BookIndex:
    cdef readonly tuple instruments
    cdef list books             # None where nobody asked yet
    cdef IndexEntry* entries
    cdef Py_ssize_t mask        # number of entries - 1, a power of two at least twice the symbols

    # The book of this symbol, made when first asked for; None for an unknown symbol.
    cdef Book find(self, const char* symbol, Py_ssize_t symbol_bytes)
    cdef IndexEntry* _entry(self, const char* symbol, Py_ssize_t symbol_bytes) noexcept
