"""The texts of one request, for compiled neighbours."""


cdef class Parameters:
    cdef dict _values

    cpdef str text(self, str name, str default=*)
    cpdef str word(self, str name, str default=*)
    cpdef str required(self, str name)
    cpdef str required_word(self, str name)
