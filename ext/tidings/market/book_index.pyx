"""An open-addressing hash table from symbol to Book: every push names its book, hundreds of times a second.

A book is made when it is first asked for: catalogues list hundreds of symbols, a strategy follows a few.
"""

from cpython.mem cimport PyMem_RawCalloc, PyMem_RawFree
from cpython.unicode cimport PyUnicode_AsUTF8AndSize
from libc.stdint cimport uint64_t
from libc.string cimport memcmp

cimport cython

from tidings.market.book cimport Book
from tidings.model.instrument cimport Instrument

from tidings.errors import UsageError


@cython.final
cdef class BookIndex:
    def __cinit__(self, instruments):
        cdef Instrument instrument
        cdef Py_ssize_t entry_count = 4
        self.instruments = tuple(instruments)
        self.books = [None] * len(self.instruments)
        while entry_count < 2 * len(self.instruments):
            entry_count *= 2
        self.mask = entry_count - 1
        self.entries = <IndexEntry*> PyMem_RawCalloc(entry_count, sizeof(IndexEntry))
        if self.entries is NULL:
            raise MemoryError()
        for place, instrument in enumerate(self.instruments):
            add_entry(self, instrument.symbol, place)

    def __dealloc__(self):
        PyMem_RawFree(self.entries)

    cdef Book find(self, const char* symbol, Py_ssize_t symbol_bytes):
        cdef IndexEntry* entry = self._entry(symbol, symbol_bytes)
        if entry.symbol is NULL:
            return None
        book = self.books[entry.place]
        if book is None:
            book = self.books[entry.place] = Book(self.instruments[entry.place])
        return <Book> book

    cdef IndexEntry* _entry(self, const char* symbol, Py_ssize_t symbol_bytes) noexcept:
        """The symbol's entry, or the free one where it would go: half of them are always free."""
        cdef Py_ssize_t slot = <Py_ssize_t> (hash_of(symbol, symbol_bytes) & <uint64_t> self.mask)
        cdef IndexEntry* entry = self.entries + slot
        while entry.symbol is not NULL:
            if entry.symbol_bytes == symbol_bytes and memcmp(entry.symbol, symbol, symbol_bytes) == 0:
                return entry
            slot = (slot + 1) & self.mask
            entry = self.entries + slot
        return entry

    def get(self, str symbol not None):
        cdef Py_ssize_t symbol_bytes
        cdef const char* text = PyUnicode_AsUTF8AndSize(symbol, &symbol_bytes)
        return self.find(text, symbol_bytes)

    def __iter__(self):
        return iter([book for book in self.books if book is not None])


cdef int add_entry(BookIndex self, str symbol, Py_ssize_t place) except -1:
    cdef Py_ssize_t symbol_bytes
    cdef const char* text = PyUnicode_AsUTF8AndSize(symbol, &symbol_bytes)
    cdef IndexEntry* entry = self._entry(text, symbol_bytes)
    if entry.symbol is not NULL:
        raise UsageError(f"two instruments are called {symbol}")
    entry.symbol, entry.symbol_bytes, entry.place = text, symbol_bytes, <int> place
    return 0


cdef inline uint64_t hash_of(const char* text, Py_ssize_t count) noexcept nogil:
    """FNV-1a, folded: symbols are short and differ anywhere."""
    cdef uint64_t value = 0xCBF29CE484222325
    cdef Py_ssize_t index
    for index in range(count):
        value = (value ^ <unsigned char> text[index]) * <uint64_t> 0x100000001B3
    return value ^ (value >> 32)
