"""Numbers as text, for the compiled writers of messages."""

cpdef str quoted(value, int scale)
cpdef str eight_places(value, int scale)
