#include "spool.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "rehearse/alloc.h"
#include "rehearse/asr.h"

enum { CHUNK = 4096 };

rh_status rh_spool_open(rh_spool *s, const char *dir, const char *id, rh_error *err)
{
    rh_spool o = {.fd = -1};
    if (dir) {
        (void)mkdir(dir, 0700); /* an error shows at the next line */
        (void)snprintf(o.path, sizeof o.path, "%s/%s.pcm", dir, id);
        o.fd = open(o.path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    } else {
        char name[] = "/tmp/rehearse-XXXXXX";
        o.fd = mkostemp(name, O_CLOEXEC | O_APPEND);
        if (o.fd >= 0)
            unlink(name);
    }
    struct stat st;
    if (o.fd < 0 || fstat(o.fd, &st) != 0) {
        if (o.fd >= 0)
            close(o.fd);
        return rh_fail(err, RH_ERR_IO, "the session's sound cannot be kept in %.120s: %s",
                       dir ? dir : "/tmp", strerror(errno));
    }
    o.n = (size_t)st.st_size / 2;
    if (st.st_size % 2 && ftruncate(o.fd, st.st_size - 1) != 0) /* killed in mid-write */
        o.n = 0;
    *s = o;
    return RH_OK;
}

static rh_status write_all(int fd, const void *bytes, size_t n)
{
    const char *p = bytes;
    while (n > 0) {
        ssize_t w = write(fd, p, n);
        if (w < 0 && errno == EINTR)
            continue;
        if (w <= 0)
            return RH_ERR_IO;
        p += w;
        n -= (size_t)w;
    }
    return RH_OK;
}

rh_status rh_spool_append(rh_spool *s, const float *samples, size_t n, rh_error *err)
{
    int16_t pcm[CHUNK];
    while (n > 0) {
        size_t k = n < CHUNK ? n : CHUNK;
        for (size_t i = 0; i < k; i++)
            pcm[i] = (int16_t)lrintf(fmaxf(-1.0f, fminf(1.0f, samples[i])) * 32767.0f);
        if (write_all(s->fd, pcm, k * sizeof *pcm) != RH_OK)
            return rh_fail(err, RH_ERR_IO, "the session's sound cannot be written: %s", strerror(errno));
        s->n += k;
        samples += k;
        n -= k;
    }
    return RH_OK;
}

rh_status rh_spool_read(const rh_spool *s, size_t from, float **out, size_t *n_out, rh_error *err)
{
    size_t n = from < s->n ? s->n - from : 0;
    float *samples = rh_alloc_array(n ? n : 1, sizeof *samples);
    if (!samples)
        return rh_fail(err, RH_ERR_NOMEM, "session: out of memory");
    int16_t pcm[CHUNK];
    for (size_t done = 0; done < n;) {
        size_t k = n - done < CHUNK ? n - done : CHUNK;
        if (pread(s->fd, pcm, k * 2, (off_t)((from + done) * 2)) != (ssize_t)(k * 2)) {
            rh_free(samples);
            return rh_fail(err, RH_ERR_IO, "the session's sound cannot be read: %s", strerror(errno));
        }
        for (size_t i = 0; i < k; i++)
            samples[done + i] = (float)pcm[i] / 32767.0f;
        done += k;
    }
    *out = samples;
    *n_out = n;
    return RH_OK;
}

void rh_spool_cut(rh_spool *s, size_t n)
{
    if (n < s->n && ftruncate(s->fd, (off_t)(n * 2)) == 0)
        s->n = n;
}

static void put32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> (8 * i));
}

rh_status rh_spool_keep(const rh_spool *s, const char *dir, const char *id, rh_error *err)
{
    /* RIFF header of 16-bit mono PCM at 16 kHz; the two sizes follow. */
    uint8_t head[44] = "RIFF....WAVEfmt \x10\0\0\0\1\0\1\0....\0\0\0\0\2\0\x10\0data";
    uint32_t bytes = (uint32_t)(s->n * 2);
    put32(head + 4, 36 + bytes);
    put32(head + 24, RH_ASR_RATE_HZ);
    put32(head + 28, RH_ASR_RATE_HZ * 2);
    put32(head + 40, bytes);
    char path[600];
    (void)snprintf(path, sizeof path, "%s/%s.wav", dir, id);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return rh_fail(err, RH_ERR_IO, "the recording cannot be kept: %s", strerror(errno));
    rh_status st = write_all(fd, head, sizeof head);
    char chunk[CHUNK * 2];
    for (off_t at = 0; st == RH_OK && at < (off_t)bytes;) {
        ssize_t got = pread(s->fd, chunk, sizeof chunk, at);
        st = got > 0 ? write_all(fd, chunk, (size_t)got) : RH_ERR_IO;
        at += got;
    }
    close(fd);
    if (st != RH_OK)
        unlink(path);
    return st == RH_OK ? st : rh_fail(err, st, "the recording cannot be kept: disk full?");
}

void rh_spool_close(rh_spool *s, bool remove_file)
{
    if (s->fd < 0)
        return;
    close(s->fd);
    s->fd = -1;
    if (remove_file && s->path[0])
        unlink(s->path);
}
