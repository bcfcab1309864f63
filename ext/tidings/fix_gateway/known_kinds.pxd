"""Kinds of orders that have been translated before."""

from tidings.model.terms cimport OrderTerms


cdef class KnownKind:
    """What a kind means."""
    cdef OrderTerms terms
    cdef object wanted              # NewOrder of the first one: symbol, side and what is echoed
    cdef object rules               # of the session that asked: held, because its id() is the key
    cdef str symbol
    cdef bint has_price
    cdef bint is_hedged             # the position mode it was understood under


cdef class KnownKinds:
    """By session's rules and everything that stays the same in a message."""
    cdef object _account
    cdef dict _known                # id(rules) → {key: KnownKind}

    cdef bint _may_go(self, KnownKind kind) except -1
