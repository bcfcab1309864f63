/* Preloaded into every client of the round-trip benchmark: notes when its request entered and left send(2).
 *
 * All clients are stamped by this one file, so that no client's own clock reading flatters it. A client zeroes the
 * stamps before it decides and reads them after the reply. Costs two clock readings (about 50 ns) per send.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { REQUEST_BYTES_MIN = 64 }; /* below: wake-up bytes of event loops */

struct wire_stamps {
    int64_t entered_ns; /* the first send since the client zeroed this */
    int64_t returned_ns; /* the last one */
    int64_t send_count;
    int64_t sent_bytes;
};

__attribute__((visibility("default"))) struct wire_stamps wire_stamps;

static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_writev)(int, const struct iovec *, int);
static ssize_t (*real_send)(int, const void *, size_t, int);
static ssize_t (*real_sendmsg)(int, const struct msghdr *, int);

__attribute__((constructor)) static void find_real_functions(void) {
    *(void **)&real_write = dlsym(RTLD_NEXT, "write");
    *(void **)&real_writev = dlsym(RTLD_NEXT, "writev");
    *(void **)&real_send = dlsym(RTLD_NEXT, "send");
    *(void **)&real_sendmsg = dlsym(RTLD_NEXT, "sendmsg");
}

static int64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static ssize_t stamped(int64_t entered_ns, ssize_t sent) {
    if (sent >= REQUEST_BYTES_MIN) {
        wire_stamps.returned_ns = now_ns();
        if (!wire_stamps.entered_ns) wire_stamps.entered_ns = entered_ns;
        wire_stamps.send_count += 1;
        wire_stamps.sent_bytes += sent;
    }
    return sent;
}

ssize_t write(int fd, const void *data, size_t count) {
    int64_t entered_ns = now_ns();
    return stamped(entered_ns, real_write(fd, data, count));
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    int64_t entered_ns = now_ns();
    return stamped(entered_ns, real_writev(fd, parts, count));
}

ssize_t send(int fd, const void *data, size_t count, int flags) {
    int64_t entered_ns = now_ns();
    return stamped(entered_ns, real_send(fd, data, count, flags));
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
    int64_t entered_ns = now_ns();
    return stamped(entered_ns, real_sendmsg(fd, message, flags));
}
