"""Repeating groups, in place: entries are ranges of the reader's fields, and read them as the reader does.

A layout is anything with `count_tag`, `delimiter`, `members` and `groups` (nested layouts by count tag), such as the
dictionary's Group. An entry starts with the delimiter and lasts while fields are members of the group.
"""

from libc.stdint cimport int32_t, int64_t

from tidings.fix.field_index cimport Field, read_count
from tidings.fix.reader cimport FieldView, FixReader, check_field

from tidings.errors import FieldError

# SessionRejectReason (tag 373) of a FieldError.
cdef int WRONG_FORMAT = 6, WRONG_COUNT = 16


cdef class GroupEntry(FieldView):
    """One entry; void once its reader has read another message."""

    def __init__(self):
        raise TypeError("group entries are made by entries()")

    def find(self, int32_t tag, int64_t nth=0):
        cdef Field* field = self._find(tag, nth)
        return None if field is NULL else self.value_of(field)

    def __contains__(self, int32_t tag):
        return self._find(tag, 0) is not NULL

    def fields(self):
        self._check()
        return [
            (self._reader._fields[place].tag, self.value_of(&self._reader._fields[place]))
            for place in range(self._first, self._end)
        ]

    def groups(self, int32_t count_tag):
        """The entries of a group nested in this one."""
        layout = self._layout.groups.get(count_tag)
        if layout is None:
            raise KeyError(f"group {self._layout.count_tag} has no group {count_tag} in it")
        return entries(self, layout)

    cdef Field* wanted(self, int32_t tag) except NULL:
        cdef Field* field = self._find(tag, 0)
        check_field(field, tag)
        return field

    cdef int _check(self) except -1:
        if self._reads != self._reader._reads:
            raise ValueError("this group entry belongs to a message that its reader has left")
        return 0

    cdef Field* _find(self, int32_t tag, int64_t nth) except? NULL:
        """The entry's own fields: those of nested groups are skipped."""
        cdef int32_t place = self._first
        cdef dict nested = self._layout.groups
        cdef Field* field
        self._check()
        while place < self._end:
            field = &self._reader._fields[place]
            if field.tag == tag:
                if nth == 0:
                    return field
                nth -= 1
            if nested and field.tag in nested:
                place = _group_end(self._reader, place, self._end, nested[field.tag])
            else:
                place += 1
        return NULL


def entries(FieldView view not None, layout):
    """The entries of a group; none if its count is 0 or missing. FieldError if the count is not theirs."""
    cdef FixReader reader
    cdef GroupEntry entry
    cdef Field* counted
    cdef int32_t place, limit, end, count
    cdef list found = []
    if isinstance(view, FixReader):
        reader = <FixReader>view
        place, limit = reader.index_of(layout.count_tag), reader._count
    else:
        entry = <GroupEntry?>view
        reader, limit = entry._reader, entry._end
        counted = entry._find(layout.count_tag, 0)
        place = -1 if counted is NULL else <int32_t>(counted - reader._fields)
    if place < 0:
        return found
    counted = &reader._fields[place]
    check_field(counted, counted.tag)
    count = read_count(reader._data + counted.start, counted.length)
    if count < 0:
        raise FieldError(counted.tag, "is not a count", WRONG_FORMAT)
    end = place + 1
    while end < limit and reader._fields[end].tag == layout.delimiter:
        place = end
        end = _entry_end(reader, place, limit, layout)
        found.append(_entry(reader, place, end, layout))
    if len(found) != count:
        raise FieldError(counted.tag, f"counts {count} entries where {len(found)} are", WRONG_COUNT)
    return found


cdef GroupEntry _entry(FixReader reader, int32_t first, int32_t end, object layout):
    cdef GroupEntry entry = GroupEntry.__new__(GroupEntry)
    entry._message, entry._data = reader._message, reader._data
    entry._reader, entry._reads, entry._layout = reader, reader._reads, layout
    entry._first, entry._end = first, end
    return entry


cdef int32_t _entry_end(FixReader reader, int32_t first, int32_t limit, object layout) except -1:
    """Behind the entry that starts with its delimiter at `first`."""
    cdef int32_t place = first + 1, tag
    while place < limit:
        tag = reader._fields[place].tag
        if tag == layout.delimiter or tag not in layout.members:
            break
        if tag in layout.groups:
            place = _group_end(reader, place, limit, layout.groups[tag])
        else:
            place += 1
    return place


cdef int32_t _group_end(FixReader reader, int32_t counted, int32_t limit, object layout) except -1:
    """Behind the last entry of the group whose count stands at `counted`."""
    cdef int32_t place = counted + 1
    while place < limit and reader._fields[place].tag == layout.delimiter:
        place = _entry_end(reader, place, limit, layout)
    return place
