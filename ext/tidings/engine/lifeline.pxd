"""A lock that an engine holds as long as it lives: its death frees it, and wakes who waits."""

cimport cython

from tidings.engine.heartbeat_page cimport HeartbeatPage


cdef extern from *:
    ctypedef struct pthread_mutex_t:
        pass


@cython.final
cdef class Lifeline:
    cdef HeartbeatPage page                 # keeps the memory alive
    cdef pthread_mutex_t* lock              # in it
    cdef int _make(self) except -1
