"""The functions of OpenSSL we call, as pointers into the library that CPython's own `_ssl` has loaded."""

from libc.stddef cimport size_t

ctypedef void BIO
ctypedef void BIO_METHOD
ctypedef void SSL
ctypedef void SSL_CTX
ctypedef void X509_VERIFY_PARAM

ctypedef int (*BioWrite)(BIO*, const char*, int) noexcept
ctypedef int (*BioRead)(BIO*, char*, int) noexcept
ctypedef long (*BioControl)(BIO*, int, long, void*) noexcept


cdef enum:
    # openssl/ssl.h, openssl/bio.h, openssl/x509_vfy.h: macros and numbers of the stable ABI, 1.1.1 to 3.x.
    SSL_CTRL_MODE = 33
    SSL_CTRL_SET_TLSEXT_HOSTNAME = 55
    SSL_CTRL_SET_MIN_PROTO_VERSION = 123
    TLSEXT_NAMETYPE_HOST_NAME = 0
    TLS1_2_VERSION = 0x0303
    SSL_MODE_ENABLE_PARTIAL_WRITE = 0x1
    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER = 0x2
    SSL_MODE_AUTO_RETRY = 0x4
    SSL_OP_NO_COMPRESSION = 0x00020000
    SSL_OP_NO_RENEGOTIATION = 0x40000000
    SSL_VERIFY_PEER = 1
    SSL_RECEIVED_SHUTDOWN = 2
    X509_V_OK = 0
    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS = 0x4
    X509_CHECK_FLAG_NEVER_CHECK_SUBJECT = 0x20
    BIO_TYPE_SOURCE_SINK = 0x0400
    BIO_CTRL_FLUSH = 11
    BIO_FLAGS_READ_RETRY = 0x01 | 0x08
    BIO_FLAGS_WRITE_RETRY = 0x02 | 0x08


cdef struct LibSsl:
    # Contexts.
    const void* (*TLS_client_method)() noexcept
    SSL_CTX* (*SSL_CTX_new)(const void*) noexcept
    void (*SSL_CTX_free)(SSL_CTX*) noexcept
    long (*SSL_CTX_ctrl)(SSL_CTX*, int, long, void*) noexcept
    unsigned long (*SSL_CTX_set_options)(SSL_CTX*, unsigned long) noexcept
    void (*SSL_CTX_set_verify)(SSL_CTX*, int, void*) noexcept
    int (*SSL_CTX_set_default_verify_paths)(SSL_CTX*) noexcept
    int (*SSL_CTX_load_verify_locations)(SSL_CTX*, const char*, const char*) noexcept
    int (*SSL_CTX_set_alpn_protos)(SSL_CTX*, const unsigned char*, unsigned int) noexcept
    # Connections.
    SSL* (*SSL_new)(SSL_CTX*) noexcept
    void (*SSL_free)(SSL*) noexcept
    long (*SSL_ctrl)(SSL*, int, long, void*) noexcept
    int (*SSL_set1_host)(SSL*, const char*) noexcept
    void (*SSL_set_hostflags)(SSL*, unsigned int) noexcept
    X509_VERIFY_PARAM* (*SSL_get0_param)(SSL*) noexcept
    int (*X509_VERIFY_PARAM_set1_ip_asc)(X509_VERIFY_PARAM*, const char*) noexcept
    void (*SSL_set_bio)(SSL*, BIO*, BIO*) noexcept
    void (*SSL_set_connect_state)(SSL*) noexcept
    int (*SSL_do_handshake)(SSL*) noexcept
    int (*SSL_read)(SSL*, void*, int) noexcept
    int (*SSL_write)(SSL*, const void*, int) noexcept
    int (*SSL_shutdown)(SSL*) noexcept
    int (*SSL_get_shutdown)(const SSL*) noexcept
    long (*SSL_get_verify_result)(const SSL*) noexcept
    void* (*SSL_get_peer_cert_chain)(const SSL*) noexcept
    const char* (*SSL_get_version)(const SSL*) noexcept
    # Our own BIO, and words for errors.
    int (*BIO_get_new_index)() noexcept
    BIO_METHOD* (*BIO_meth_new)(int, const char*) noexcept
    int (*BIO_meth_set_write)(BIO_METHOD*, BioWrite) noexcept
    int (*BIO_meth_set_read)(BIO_METHOD*, BioRead) noexcept
    int (*BIO_meth_set_ctrl)(BIO_METHOD*, BioControl) noexcept
    BIO* (*BIO_new)(const BIO_METHOD*) noexcept
    void (*BIO_set_init)(BIO*, int) noexcept
    void (*BIO_set_data)(BIO*, void*) noexcept
    void* (*BIO_get_data)(BIO*) noexcept
    void (*BIO_set_flags)(BIO*, int) noexcept
    void (*BIO_clear_flags)(BIO*, int) noexcept
    unsigned long (*ERR_peek_last_error)() noexcept
    void (*ERR_clear_error)() noexcept
    const char* (*ERR_reason_error_string)(unsigned long) noexcept
    const char* (*X509_verify_cert_error_string)(long) noexcept
    const char* (*OpenSSL_version)(int) noexcept


# The table, filled once per process; NULL where this Python's OpenSSL cannot be reached.
cdef const LibSsl* libssl() except? NULL
