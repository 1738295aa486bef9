/* socket_faults.c - preloaded into a server: its sockets to clients fail as systems let them fail now and then.
 *
 * REHEARSE_TEST_SOCKET_FAULTS="SEED SHORT EINTR RESET EMFILE": one call in so many (0 = none) takes or gives fewer bytes than
 * it could, is interrupted, finds its connection reset, finds no descriptor. Only accepted connections are meant: what else
 * the process opens is left alone. */
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST = 4096 };
static atomic_bool ours[MOST];
static atomic_uint_fast64_t state;
static unsigned one_in[4]; /* short, EINTR, reset, EMFILE */

__attribute__((constructor)) static void begin(void)
{
    unsigned seed = 1;
    const char *text = getenv("REHEARSE_TEST_SOCKET_FAULTS");
    if (text && sscanf(text, "%u %u %u %u %u", &seed, &one_in[0], &one_in[1], &one_in[2], &one_in[3]) != 5)
        abort();
    atomic_store(&state, seed);
}

static uint64_t number(void)
{
    uint64_t z = atomic_fetch_add(&state, 0x9e3779b97f4a7c15u) + 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static bool chance(int which)
{
    return one_in[which] && number() % one_in[which] == 0;
}

/* Whether a call on a client's socket fails, with errno; *n may become less. */
static bool fails(int fd, size_t *n)
{
    if (fd < 0 || fd >= MOST || !atomic_load(&ours[fd]))
        return false;
    if (chance(2)) {
        shutdown(fd, SHUT_RDWR); /* and the other side sees it */
        errno = ECONNRESET;
        return true;
    }
    if (chance(1)) {
        errno = EINTR;
        return true;
    }
    if (*n > 1 && chance(0))
        *n = 1 + number() % (*n - 1);
    return false;
}

int accept4(int fd, struct sockaddr *a, socklen_t *n, int flags)
{
    int (*real)(int, struct sockaddr *, socklen_t *, int) =
        (int (*)(int, struct sockaddr *, socklen_t *, int))dlsym(RTLD_NEXT, "accept4");
    if (chance(3)) {
        errno = EMFILE;
        return -1;
    }
    int got = real(fd, a, n, flags);
    if (got >= 0 && got < MOST)
        atomic_store(&ours[got], true);
    return got;
}

int close(int fd)
{
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "close");
    if (fd >= 0 && fd < MOST)
        atomic_store(&ours[fd], false);
    return real(fd);
}

ssize_t recv(int fd, void *to, size_t n, int flags)
{
    ssize_t (*real)(int, void *, size_t, int) = (ssize_t(*)(int, void *, size_t, int))dlsym(RTLD_NEXT, "recv");
    return fails(fd, &n) ? -1 : real(fd, to, n, flags);
}

ssize_t send(int fd, const void *from, size_t n, int flags)
{
    ssize_t (*real)(int, const void *, size_t, int) =
        (ssize_t(*)(int, const void *, size_t, int))dlsym(RTLD_NEXT, "send");
    return fails(fd, &n) ? -1 : real(fd, from, n, flags);
}

ssize_t sendmsg(int fd, const struct msghdr *m, int flags)
{
    ssize_t (*real)(int, const struct msghdr *, int) =
        (ssize_t(*)(int, const struct msghdr *, int))dlsym(RTLD_NEXT, "sendmsg");
    struct msghdr less = *m;
    struct iovec first = m->msg_iovlen ? m->msg_iov[0] : (struct iovec){0};
    size_t n = first.iov_len;
    if (fails(fd, &n))
        return -1;
    if (n < first.iov_len) {
        first.iov_len = n;
        less.msg_iov = &first;
        less.msg_iovlen = 1;
    }
    return real(fd, &less, flags);
}
