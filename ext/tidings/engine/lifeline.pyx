"""A lock that an engine holds as long as it lives: its death frees it, and wakes who waits.

A process's end is announced (pidfd, SIGCHLD, closed pipes) only after the kernel has freed its memory, which takes
100 ms per gigabyte (measured, Linux 6.18). The robust locks a dying thread holds are freed before that: whoever waits
for one hears of a kill within a fraction of a millisecond, however large the process (set_robust_list(2),
pthread_mutexattr_setrobust(3)). The lock lies in the page that engine and watchdog share.

It only wakes: who is woken must still see for himself that the process is ending. Linux only; elsewhere nobody ever
holds it.
"""

cimport cython
from libc.string cimport memset

from tidings.engine.heartbeat_page cimport HeartbeatPage

cdef extern from *:
    """
    #include <errno.h>
    #include <pthread.h>
    #define TIDINGS_LOCK_BYTES ((int) sizeof(pthread_mutex_t))
    #ifdef __linux__
    #define TIDINGS_HAS_LIFELINE 1
    static int tidings_lock_make(pthread_mutex_t *lock) {
        pthread_mutexattr_t kind;
        int wrong = pthread_mutexattr_init(&kind);
        if (wrong == 0) wrong = pthread_mutexattr_setpshared(&kind, PTHREAD_PROCESS_SHARED);
        if (wrong == 0) wrong = pthread_mutexattr_setrobust(&kind, PTHREAD_MUTEX_ROBUST);
        if (wrong == 0) wrong = pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_ERRORCHECK);
        return wrong == 0 ? pthread_mutex_init(lock, &kind) : wrong;
    }
    static int tidings_lock_mend(pthread_mutex_t *lock) { return pthread_mutex_consistent(lock); }
    #else
    #define TIDINGS_HAS_LIFELINE 0
    static int tidings_lock_make(pthread_mutex_t *lock) { (void) lock; return ENOTSUP; }
    static int tidings_lock_mend(pthread_mutex_t *lock) { (void) lock; return ENOTSUP; }
    #endif
    #ifndef EOWNERDEAD
    #define EOWNERDEAD (-1)
    #endif
    """
    enum:
        EBUSY
        EDEADLK
        EOWNERDEAD
        TIDINGS_HAS_LIFELINE
        TIDINGS_LOCK_BYTES
    int tidings_lock_make(pthread_mutex_t* lock) noexcept nogil
    int tidings_lock_mend(pthread_mutex_t* lock) noexcept nogil
    int pthread_mutex_lock(pthread_mutex_t* lock) noexcept nogil
    int pthread_mutex_trylock(pthread_mutex_t* lock) noexcept nogil
    int pthread_mutex_unlock(pthread_mutex_t* lock) noexcept nogil

cdef enum:
    # Words of the page.
    IS_HELD = 40
    IS_MADE = 41
    LOCK = 48
    LOCK_BYTES_MAX = (64 - LOCK) * 8

# Lifelines that are held. The C library keeps a list of them through the locks themselves: memory that was unmapped
# while its lock is held crashes the thread's next lock. Whoever forgets to let go keeps the memory for ever.
cdef set _held = set()


@cython.final
cdef class Lifeline:
    def __init__(self, HeartbeatPage page not None):
        self.page = page
        self.lock = <pthread_mutex_t*> &page.words[LOCK]

    def hold(self):
        cdef int wrong
        if not TIDINGS_HAS_LIFELINE or TIDINGS_LOCK_BYTES > LOCK_BYTES_MAX:
            return False
        if not self.page.words[IS_MADE]:
            self._make()
        wrong = pthread_mutex_trylock(self.lock)
        if wrong == EBUSY:
            # No engine of this machine's run holds it, or its file would be locked: what is there is from another run.
            self._make()
            wrong = pthread_mutex_trylock(self.lock)
        if wrong == EOWNERDEAD:
            wrong = tidings_lock_mend(self.lock)
        self.page.words[IS_HELD] = wrong == 0 or wrong == EDEADLK   # EDEADLK: this thread has it already
        if self.page.words[IS_HELD]:
            _held.add(self)
        return self.page.words[IS_HELD] != 0

    cdef int _make(self) except -1:
        memset(self.lock, 0, LOCK_BYTES_MAX)
        self.page.words[IS_MADE] = tidings_lock_make(self.lock) == 0
        return 0

    def release(self):
        if self not in _held:
            return
        self.page.words[IS_HELD] = 0    # before the lock is free: who gets it then must not take this for a death
        if pthread_mutex_unlock(self.lock) == 0:
            _held.discard(self)
        else:
            self.page.words[IS_HELD] = 1

    @property
    def is_held(self):
        return bool(TIDINGS_HAS_LIFELINE and self.page.words[IS_MADE] and self.page.words[IS_HELD])

    def wait(self):
        cdef int wrong
        if not self.is_held:
            return False
        with nogil:
            wrong = pthread_mutex_lock(self.lock)
            if wrong == EOWNERDEAD:
                tidings_lock_mend(self.lock)
            if wrong == 0 or wrong == EOWNERDEAD:
                pthread_mutex_unlock(self.lock)
        # Of several who wait the first alone is told of the death; the others get a lock that nobody has let go of.
        return wrong == EOWNERDEAD or (wrong == 0 and self.page.words[IS_HELD] != 0)
