"""Repeating groups, in place."""

from tidings.fix.dictionary import Group
from tidings.fix.reader import FieldView

class GroupEntry(FieldView):
    """One entry; void (ValueError) once its reader has read another message."""

    def find(self, tag: int, nth: int = 0) -> bytes | None:
        """Of the entry's own fields: those of groups nested in it are not looked at."""
    def __contains__(self, tag: int) -> bool: ...
    def fields(self) -> list[tuple[int, bytes]]:
        """Everything in order, nested groups included."""
    def groups(self, count_tag: int) -> list[GroupEntry]:
        """The entries of a group nested in this one; KeyError if the layout knows none."""

def entries(view: FieldView, layout: Group) -> list[GroupEntry]:
    """The entries of a group; none if its count is 0 or missing. FieldError if the count is not theirs."""
