/* The floor: what a careful C client needs for an order's round trip over TLS 1.3, with nothing else around it.
 *
 * usage: floor PORT CA_FILE API_KEY API_SECRET blocking|spinning
 * Then per line "COUNT QUIET_US" on stdin: sends COUNT orders one after the other, QUIET_US apart, and writes COUNT
 * triples of int64 to stdout: decided → send(2) entered, → send(2) returned, → reply parsed, all in ns. The first
 * line out is "ready". wire_stamps.c must be preloaded. Keys states are hashed once; one write per order.
 */
#define OPENSSL_SUPPRESS_DEPRECATED /* SHA256_* is the fastest way OpenSSL has: its mid-states can be copied */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { BUFFER_BYTES = 4096, EXPIRY_AHEAD_S = 60, ORDERS_MAX = 1000000 };

extern struct {
    int64_t entered_ns, returned_ns, send_count, sent_bytes;
} wire_stamps __attribute__((weak));

struct order_key {
    SHA256_CTX inner, outer; /* the key's pads, hashed */
};

struct client {
    SSL *ssl;
    int is_spinning;
    struct order_key key;
    char api_key[64];
    char port[8];
    char request[BUFFER_BYTES];
    char reply[BUFFER_BYTES];
    char cl_ord_id[24];
};

static void die(const char *what) {
    perror(what);
    exit(1);
}

static int64_t clock_ns(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static char *put(char *to, const char *text, size_t count) {
    memcpy(to, text, count);
    return to + count;
}
#define PUT(to, literal) put(to, literal, sizeof literal - 1)

static char *put_digits(char *to, uint64_t value, int width) { /* width 0: as many as needed */
    char digits[20];
    int count = 0;
    do digits[count++] = (char)('0' + value % 10), value /= 10;
    while (value || count < width);
    while (count) *to++ = digits[--count];
    return to;
}

static void make_key(struct order_key *key, const char *secret) {
    unsigned char pad[SHA256_CBLOCK] = {0};
    memcpy(pad, secret, strlen(secret));
    for (int i = 0; i < SHA256_CBLOCK; i++) pad[i] ^= 0x36;
    SHA256_Init(&key->inner), SHA256_Update(&key->inner, pad, sizeof pad);
    for (int i = 0; i < SHA256_CBLOCK; i++) pad[i] ^= 0x36 ^ 0x5c;
    SHA256_Init(&key->outer), SHA256_Update(&key->outer, pad, sizeof pad);
}

static char *put_signature(char *to, SHA256_CTX *inner, const struct order_key *key) {
    static const char hex[] = "0123456789abcdef";
    unsigned char digest[SHA256_DIGEST_LENGTH];
    SHA256_CTX outer = key->outer;
    SHA256_Final(digest, inner);
    SHA256_Update(&outer, digest, sizeof digest);
    SHA256_Final(digest, &outer);
    for (size_t i = 0; i < sizeof digest; i++) *to++ = hex[digest[i] >> 4], *to++ = hex[digest[i] & 15];
    return to;
}

static size_t encode(struct client *client, uint64_t number, int64_t wall_s) {
    static const char path[] = "/g-orders/create";
    char *to = client->request, expiry[10];
    SHA256_CTX inner = client->key.inner;

    to = PUT(to, "PUT /g-orders/create?");
    char *query = to;
    to = PUT(to, "symbol=BTCUSDT&side=Buy&posSide=Merged&ordType=Limit&timeInForce=GoodTillCancel");
    to = PUT(to, "&reduceOnly=false&clOrdID=");
    put_digits(put(client->cl_ord_id, "floor", 5), number, 15);
    to = put(to, client->cl_ord_id, 20);
    to = put_digits(PUT(to, "&orderQtyRq=0.0"), 10 + number % 90, 0);
    to = put_digits(PUT(to, "&priceRp="), 61250 + number % 100, 0);
    to = put_digits(PUT(to, "."), number % 10, 0);
    put_digits(expiry, (uint64_t)(wall_s + EXPIRY_AHEAD_S), 10);
    SHA256_Update(&inner, path, sizeof path - 1);
    SHA256_Update(&inner, query, (size_t)(to - query));
    SHA256_Update(&inner, expiry, sizeof expiry);
    to = PUT(to, " HTTP/1.1\r\nHost: 127.0.0.1:");
    to = put(to, client->port, strlen(client->port));
    to = PUT(to, "\r\nx-phemex-access-token: ");
    to = put(to, client->api_key, strlen(client->api_key));
    to = put(PUT(to, "\r\nContent-Length: 0\r\nx-phemex-request-expiry: "), expiry, sizeof expiry);
    to = put_signature(PUT(to, "\r\nx-phemex-request-signature: "), &inner, &client->key);
    to = PUT(to, "\r\n\r\n");
    return (size_t)(to - client->request);
}

/* 1: the whole reply is here and it acknowledges our order; 0: more must come. */
static int parse(struct client *client, size_t count) {
    client->reply[count] = 0;
    char *body = strstr(client->reply, "\r\n\r\n");
    if (!body) return 0;
    char *length = strstr(client->reply, "Content-Length: ");
    if (!length || length > body) die("reply without Content-Length");
    body += 4;
    if (count < (size_t)(body - client->reply) + strtoul(length + 16, NULL, 10)) return 0;
    char *echoed = strstr(body, "\"clOrdID\":\""), *order_id = strstr(body, "\"orderID\":\"");
    if (memcmp(client->reply, "HTTP/1.1 200", 12) || memcmp(body, "{\"code\":0,", 10)) die("order refused");
    if (!order_id || !echoed || memcmp(echoed + 11, client->cl_ord_id, 20)) die("reply to another order");
    return 1;
}

static void read_reply(struct client *client) {
    size_t count = 0;
    do {
        int got = SSL_read(client->ssl, client->reply + count, (int)(BUFFER_BYTES - 1 - count));
        if (got > 0) count += (size_t)got;
        else if (SSL_get_error(client->ssl, got) != SSL_ERROR_WANT_READ) die("connection lost");
    } while (!count || !parse(client, count));
}

static void wait_us(struct client *client, int64_t quiet_us) {
    if (!quiet_us) return;
    if (!client->is_spinning) {
        struct timespec quiet = {0, quiet_us * 1000};
        clock_nanosleep(CLOCK_MONOTONIC, 0, &quiet, NULL);
        return;
    }
    int64_t until_ns = clock_ns(CLOCK_MONOTONIC) + quiet_us * 1000;
    while (clock_ns(CLOCK_MONOTONIC) < until_ns) SSL_read(client->ssl, client->reply, BUFFER_BYTES);
}

static void send_order(struct client *client, uint64_t number, int64_t *triple) {
    wire_stamps.entered_ns = 0;
    int64_t decided_ns = clock_ns(CLOCK_MONOTONIC);
    size_t count = encode(client, number, clock_ns(CLOCK_REALTIME) / 1000000000);
    if (SSL_write(client->ssl, client->request, (int)count) != (int)count) die("SSL_write");
    read_reply(client);
    triple[2] = clock_ns(CLOCK_MONOTONIC) - decided_ns;
    triple[0] = wire_stamps.entered_ns - decided_ns;
    triple[1] = wire_stamps.returned_ns - decided_ns;
}

static SSL *connect_tls(const char *port, const char *ca_file) {
    struct sockaddr_in peer = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
    int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
    inet_pton(AF_INET, "127.0.0.1", &peer.sin_addr);
    if (connect(fd, (struct sockaddr *)&peer, sizeof peer)) die("connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    if (SSL_CTX_load_verify_locations(context, ca_file, NULL) != 1) die("CA file");
    SSL *ssl = SSL_new(context);
    SSL_set_fd(ssl, fd);
    if (SSL_connect(ssl) != 1) die("TLS handshake");
    return ssl;
}

int main(int argc, char **argv) {
    if (argc != 6 || !&wire_stamps) die("usage: LD_PRELOAD=wire_stamps.so floor PORT CA_FILE KEY SECRET MODE");
    if (strlen(argv[4]) > SHA256_CBLOCK) die("secret longer than one SHA-256 block");
    static struct client client;
    static int64_t triples[ORDERS_MAX][3];
    snprintf(client.port, sizeof client.port, "%s", argv[1]);
    snprintf(client.api_key, sizeof client.api_key, "%s", argv[3]);
    make_key(&client.key, argv[4]);
    client.ssl = connect_tls(argv[1], argv[2]);
    client.is_spinning = !strcmp(argv[5], "spinning");
    if (client.is_spinning) fcntl(SSL_get_fd(client.ssl), F_SETFL, O_NONBLOCK);

    puts("ready"), fflush(stdout);
    unsigned long count, number = 0;
    long quiet_us;
    while (scanf("%lu %ld", &count, &quiet_us) == 2 && count <= ORDERS_MAX) {
        for (unsigned long i = 0; i < count; i++) {
            wait_us(&client, quiet_us);
            send_order(&client, number++, triples[i]);
        }
        fwrite(triples, sizeof triples[0], count, stdout), fflush(stdout);
    }
    return 0;
}
