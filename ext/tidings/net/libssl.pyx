"""Reach the OpenSSL inside this Python, without linking one of our own.

CPython's `_ssl` module is a shared library that depends on libssl; asking the dynamic linker for a symbol *through the
handle of `_ssl`* searches that library and what it depends on, hence finds exactly the copy that `_ssl` uses, wherever
it lies (Linux and macOS alike). A Python with OpenSSL built in is asked through the handle of the program itself. The
version text must equal the one `ssl` reports: two copies in one process are never mixed up.
"""

import _ssl

from posix.dlfcn cimport RTLD_LAZY, RTLD_LOCAL, dlopen, dlsym

cdef LibSsl _table
cdef bint _is_searched = False
cdef bint _is_found = False


cdef const LibSsl* libssl() except? NULL:
    global _is_searched, _is_found
    if not _is_searched:
        _is_found = _search()
        _is_searched = True
    return &_table if _is_found else NULL


def openssl_version():
    """The version text of the library our TLS calls directly, or "" where it cannot be reached (then `ssl` is used)."""
    cdef const LibSsl* api = libssl()
    return "" if api is NULL else api.OpenSSL_version(0).decode()


cdef bint _search() except -1:
    cdef void* handle
    cdef bytes path = getattr(_ssl, "__file__", "").encode()
    if not _ssl.OPENSSL_VERSION.startswith("OpenSSL "):
        return False    # LibreSSL and BoringSSL differ in the details we rely on
    handle = dlopen(<const char*> path if path else NULL, RTLD_LAZY | RTLD_LOCAL)
    if handle is NULL:
        return False
    # The handle is kept for the life of the process: `_ssl` is never unloaded either.
    return _fill(handle) and _table.OpenSSL_version(0).decode() == _ssl.OPENSSL_VERSION


cdef bint _fill(void* handle) noexcept:
    cdef bint found = True
    found &= _resolve(handle, "TLS_client_method", <void**> &_table.TLS_client_method)
    found &= _resolve(handle, "SSL_CTX_new", <void**> &_table.SSL_CTX_new)
    found &= _resolve(handle, "SSL_CTX_free", <void**> &_table.SSL_CTX_free)
    found &= _resolve(handle, "SSL_CTX_ctrl", <void**> &_table.SSL_CTX_ctrl)
    found &= _resolve(handle, "SSL_CTX_set_options", <void**> &_table.SSL_CTX_set_options)
    found &= _resolve(handle, "SSL_CTX_set_verify", <void**> &_table.SSL_CTX_set_verify)
    found &= _resolve(handle, "SSL_CTX_set_default_verify_paths", <void**> &_table.SSL_CTX_set_default_verify_paths)
    found &= _resolve(handle, "SSL_CTX_load_verify_locations", <void**> &_table.SSL_CTX_load_verify_locations)
    found &= _resolve(handle, "SSL_CTX_set_alpn_protos", <void**> &_table.SSL_CTX_set_alpn_protos)
    found &= _resolve(handle, "SSL_new", <void**> &_table.SSL_new)
    found &= _resolve(handle, "SSL_free", <void**> &_table.SSL_free)
    found &= _resolve(handle, "SSL_ctrl", <void**> &_table.SSL_ctrl)
    found &= _resolve(handle, "SSL_set1_host", <void**> &_table.SSL_set1_host)
    found &= _resolve(handle, "SSL_set_hostflags", <void**> &_table.SSL_set_hostflags)
    found &= _resolve(handle, "SSL_get0_param", <void**> &_table.SSL_get0_param)
    found &= _resolve(handle, "X509_VERIFY_PARAM_set1_ip_asc", <void**> &_table.X509_VERIFY_PARAM_set1_ip_asc)
    found &= _resolve(handle, "SSL_set_bio", <void**> &_table.SSL_set_bio)
    found &= _resolve(handle, "SSL_set_connect_state", <void**> &_table.SSL_set_connect_state)
    found &= _resolve(handle, "SSL_do_handshake", <void**> &_table.SSL_do_handshake)
    found &= _resolve(handle, "SSL_read", <void**> &_table.SSL_read)
    found &= _resolve(handle, "SSL_write", <void**> &_table.SSL_write)
    found &= _resolve(handle, "SSL_shutdown", <void**> &_table.SSL_shutdown)
    found &= _resolve(handle, "SSL_get_shutdown", <void**> &_table.SSL_get_shutdown)
    found &= _resolve(handle, "SSL_get_verify_result", <void**> &_table.SSL_get_verify_result)
    found &= _resolve(handle, "SSL_get_peer_cert_chain", <void**> &_table.SSL_get_peer_cert_chain)
    found &= _resolve(handle, "SSL_get_version", <void**> &_table.SSL_get_version)
    found &= _resolve(handle, "BIO_get_new_index", <void**> &_table.BIO_get_new_index)
    found &= _resolve(handle, "BIO_meth_new", <void**> &_table.BIO_meth_new)
    found &= _resolve(handle, "BIO_meth_set_write", <void**> &_table.BIO_meth_set_write)
    found &= _resolve(handle, "BIO_meth_set_read", <void**> &_table.BIO_meth_set_read)
    found &= _resolve(handle, "BIO_meth_set_ctrl", <void**> &_table.BIO_meth_set_ctrl)
    found &= _resolve(handle, "BIO_new", <void**> &_table.BIO_new)
    found &= _resolve(handle, "BIO_set_init", <void**> &_table.BIO_set_init)
    found &= _resolve(handle, "BIO_set_data", <void**> &_table.BIO_set_data)
    found &= _resolve(handle, "BIO_get_data", <void**> &_table.BIO_get_data)
    found &= _resolve(handle, "BIO_set_flags", <void**> &_table.BIO_set_flags)
    found &= _resolve(handle, "BIO_clear_flags", <void**> &_table.BIO_clear_flags)
    found &= _resolve(handle, "ERR_peek_last_error", <void**> &_table.ERR_peek_last_error)
    found &= _resolve(handle, "ERR_clear_error", <void**> &_table.ERR_clear_error)
    found &= _resolve(handle, "ERR_reason_error_string", <void**> &_table.ERR_reason_error_string)
    found &= _resolve(handle, "X509_verify_cert_error_string", <void**> &_table.X509_verify_cert_error_string)
    found &= _resolve(handle, "OpenSSL_version", <void**> &_table.OpenSSL_version)
    return found


cdef bint _resolve(void* handle, const char* name, void** pointer) noexcept:
    pointer[0] = dlsym(handle, name)
    return pointer[0] is not NULL
