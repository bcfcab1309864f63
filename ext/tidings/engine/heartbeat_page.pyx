"""The memory that an engine and its watchdog share. Both map the same file; each writes words of its own.

    words    64 integers of 8 bytes: magic, the engine's, the watchdog's, each group on cache lines of its own
    marks    one byte per instrument: may it have open orders
    names    32 bytes per instrument: line, length, symbol

The two rules that make it safe, and their order in time:

* An engine marks the instrument, *then* looks at the fence, then writes the order. A watchdog raises the fence, *then*
  reads the marks. With a full memory barrier between the two steps on both sides, at least one sees the other: either
  the order is denied, or its instrument is among those that are cancelled.
* An order that saw no fence was decided before the fence was raised, so what is signed into it expires at most
  `expiry_s` + 1 seconds after `fenced_ns`. A watchdog that keeps looking until then cannot miss it, wherever it was
  held up: in a stopped process, a kernel's buffer or a proxy.

An epoch is one engine's turn. The fence names the epoch it shuts out, so it holds for ever and needs no resetting.
"""

cimport cython
from libc.string cimport memcpy, memset

from tidings.engine.heartbeat_signs import EngineMode, EngineSigns, WatchSigns
from tidings.errors import ConfigError
from tidings.model.enums import ProductLine

cdef extern from *:
    """
    static inline int64_t tidings_load(const int64_t *word) { return __atomic_load_n(word, __ATOMIC_ACQUIRE); }
    static inline void tidings_store(int64_t *word, int64_t value) { __atomic_store_n(word, value, __ATOMIC_RELEASE); }
    static inline void tidings_barrier(void) { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
    """
    int64_t tidings_load(const int64_t* word) noexcept nogil
    void tidings_store(int64_t* word, int64_t value) noexcept nogil
    void tidings_barrier() noexcept nogil

cdef enum:
    WORD_COUNT = 64
    SLOTS_MAX = 8192            # instruments; the venue lists about a thousand
    NAME_BYTES = 32
    NAME_HEAD_BYTES = 2         # line, length
    PAGE_BYTES = WORD_COUNT * 8 + SLOTS_MAX + SLOTS_MAX * NAME_BYTES
    # Words. 0 is the head; 8 to 23 are the engine's; 24 to 39 the watchdog's.
    MAGIC = 0
    ENGINE_MODE = 8             # in the order of EngineSigns
    ENGINE_EPOCH = 9
    ENGINE_PID = 10
    ENGINE_START_TICKS = 11
    ENGINE_BOOT = 12
    ENGINE_BEAT_NS = 13
    ENGINE_CUT_OFF_NS = 14
    ENGINE_OPEN_COUNT = 15
    ENGINE_EXPIRY_S = 16
    WATCH_MODE = 24             # in the order of WatchSigns
    WATCH_PID = 25
    WATCH_START_TICKS = 26
    WATCH_BEAT_NS = 27
    WATCH_STALL_NS = 28
    ARMED_EPOCH = 29
    FENCED_EPOCH = 30
    FENCE_CAUSE = 31
    FENCED_NS = 32
    SETTLED_EPOCH = 33

cdef int64_t MAGIC_VALUE = 0x3130_4741_5045_4454     # "TDEPAG01" in memory: another layout gets another number
_SYMBOL_CHARACTERS = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")


@cython.final
cdef class HeartbeatPage:
    BYTES = PAGE_BYTES

    def __init__(self, memory not None):
        cdef unsigned char[::1] view = memory
        if view.shape[0] != PAGE_BYTES:
            raise ConfigError(f"a heartbeat file has {PAGE_BYTES} bytes: was {view.shape[0]}")
        self.memory = view
        self.words = <int64_t*> &view[0]
        self.marks = &view[WORD_COUNT * 8]
        self.names = self.marks + SLOTS_MAX
        if tidings_load(&self.words[MAGIC]) == 0:
            tidings_store(&self.words[MAGIC], MAGIC_VALUE)
        elif tidings_load(&self.words[MAGIC]) != MAGIC_VALUE:
            raise ConfigError("a heartbeat file of another version of tidings, or none at all: remove it")

    # ---- The engine's --------------------------------------------------------------------------------------------

    cdef bint may_send(self, int index) noexcept:
        if not 0 <= index < self.slot_count:
            return False
        if not self.marks[index]:
            self.marks[index] = 1
            tidings_barrier()
        return tidings_load(&self.words[FENCED_EPOCH]) != self.epoch

    def may_send_to(self, int index):
        return self.may_send(index)

    def enlist(self, instruments):
        cdef int index, count = 0
        cdef bytes name
        carried = set() if self._is_settled() else set(self.marked())
        memset(self.marks, 0, SLOTS_MAX)
        memset(self.names, 0, SLOTS_MAX * NAME_BYTES)
        inherited = []
        for instrument in instruments:
            index, name = instrument.index, instrument.symbol.encode("ascii")
            if not 0 <= index < SLOTS_MAX or len(name) > NAME_BYTES - NAME_HEAD_BYTES:
                raise ConfigError(f"{instrument.symbol}: the heartbeat file has no room for it (slot {index})")
            self._write_name(index, instrument.line, name)
            count = max(count, index + 1)
            if (instrument.line, instrument.symbol) in carried:
                self.marks[index] = 1
                inherited.append(index)
        self.slot_count = count
        return inherited

    cdef int _write_name(self, int index, int line, bytes name) except -1:
        cdef unsigned char* slot = self.names + index * NAME_BYTES
        slot[0], slot[1] = line, len(name)
        memcpy(slot + NAME_HEAD_BYTES, <const char*> name, len(name))
        return 0

    cdef bint _is_settled(self) noexcept:
        """Nothing of the last epoch can be open: its watchdog has seen to it, or the engine has cancelled it all."""
        cdef int64_t epoch = tidings_load(&self.words[ENGINE_EPOCH])
        return (
            tidings_load(&self.words[SETTLED_EPOCH]) == epoch
            or tidings_load(&self.words[ENGINE_MODE]) == <int64_t> EngineMode.CANCELLED
        )

    def attach(self, *, int64_t pid, int64_t start_ticks, int64_t boot, int64_t expiry_s, int64_t now_ns):
        tidings_store(&self.words[ENGINE_MODE], EngineMode.NONE)
        tidings_barrier()
        self.epoch = tidings_load(&self.words[ENGINE_EPOCH]) + 1
        self.words[ENGINE_PID] = pid
        self.words[ENGINE_START_TICKS] = start_ticks
        self.words[ENGINE_BOOT] = boot
        self.words[ENGINE_EXPIRY_S] = expiry_s
        self.words[ENGINE_CUT_OFF_NS] = 0
        self.words[ENGINE_OPEN_COUNT] = 0
        tidings_store(&self.words[ENGINE_BEAT_NS], now_ns)
        tidings_store(&self.words[ENGINE_EPOCH], self.epoch)
        tidings_store(&self.words[ENGINE_MODE], EngineMode.RUNNING)
        return self.epoch

    def beat(self, int64_t now_ns, *, int64_t open_count, int64_t cut_off_ns):
        tidings_store(&self.words[ENGINE_OPEN_COUNT], open_count)
        tidings_store(&self.words[ENGINE_CUT_OFF_NS], cut_off_ns)
        tidings_store(&self.words[ENGINE_BEAT_NS], now_ns)

    def say_goodbye(self, mode):
        tidings_store(&self.words[ENGINE_MODE], mode)

    def mark(self, int index):
        if not 0 <= index < self.slot_count:
            raise ValueError(f"no instrument {index} is enlisted")
        self.marks[index] = 1
        tidings_barrier()

    def unmark(self, int index):
        if 0 <= index < self.slot_count:
            self.marks[index] = 0

    def marked_indexes(self):
        return [index for index in range(self.slot_count) if self.marks[index]]

    @property
    def is_fenced(self):
        return self.epoch != 0 and tidings_load(&self.words[FENCED_EPOCH]) == self.epoch

    # ---- The watchdog's ------------------------------------------------------------------------------------------

    def watch(self, *, mode, int64_t pid, int64_t start_ticks, int64_t stall_ns, int64_t now_ns):
        self.words[WATCH_PID] = pid
        self.words[WATCH_START_TICKS] = start_ticks
        self.words[WATCH_STALL_NS] = stall_ns
        tidings_store(&self.words[WATCH_MODE], mode)
        tidings_store(&self.words[WATCH_BEAT_NS], now_ns)

    def arm(self, int64_t epoch):
        tidings_store(&self.words[ARMED_EPOCH], epoch)

    def fence(self, int64_t epoch, cause, int64_t now_ns):
        self.words[FENCE_CAUSE] = cause
        self.words[FENCED_NS] = now_ns
        tidings_store(&self.words[FENCED_EPOCH], epoch)
        tidings_barrier()

    def settle(self, int64_t epoch):
        tidings_store(&self.words[SETTLED_EPOCH], epoch)

    # ---- Anybody's to read ---------------------------------------------------------------------------------------

    def marked(self):
        """What may have open orders, as (line, symbol). A name that cannot be one is left out: it is outside data."""
        cdef int index
        cdef unsigned char* slot
        found = []
        for index in range(SLOTS_MAX):
            if not self.marks[index]:
                continue
            slot = self.names + index * NAME_BYTES
            name = bytes(slot[NAME_HEAD_BYTES:NAME_HEAD_BYTES + min(<int> slot[1], NAME_BYTES - NAME_HEAD_BYTES)])
            if name and slot[0] <= ProductLine.SPOT and _SYMBOL_CHARACTERS.issuperset(name):
                found.append((ProductLine(slot[0]), name.decode("ascii")))
        return found

    def engine_signs(self):
        return EngineSigns(*[tidings_load(&self.words[ENGINE_MODE + i]) for i in range(len(EngineSigns._fields))])

    def watch_signs(self):
        return WatchSigns(*[tidings_load(&self.words[WATCH_MODE + i]) for i in range(len(WatchSigns._fields))])
