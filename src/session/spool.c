#include "spool.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/file.h"
#include "rehearse/asr/asr.h"
#include "rehearse/base/clock.h"

enum {
    CHUNK = 4096,
    BATCH = 1 << 18, /* samples written at once */
    RETRY_MS = 500,
    PATIENCE_MS = 2000, /* for a slow disk, before the caller is asked to come again */
    MAX_TAIL = RH_SPOOL_WAIT_S * RH_ASR_RATE_HZ,
};

/* ---- the writer ---- */

static void wait_ms(rh_spool *s, int ms)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += ms / 1000;
    until.tv_nsec += ms % 1000 * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000L;
    }
    (void)pthread_cond_timedwait(&s->changed, &s->lock, &until);
}

/* {lock} held but while the disk is written to. False: it takes nothing now. */
static bool write_batch(rh_spool *s, int16_t *batch)
{
    size_t k = s->n_tail < BATCH ? s->n_tail : BATCH, at = s->n_file;
    unsigned cuts = s->n_cuts;
    memcpy(batch, s->tail, k * sizeof *batch);
    pthread_mutex_unlock(&s->lock);
    int why = rh_file_write(s->fd, batch, k * sizeof *batch, (off_t)(at * sizeof *batch)) == RH_OK ? 0 : errno;
    pthread_mutex_lock(&s->lock);
    s->trouble = why;
    if (s->n_cuts != cuts) {
        (void)ftruncate(s->fd, (off_t)(s->n_file * sizeof *batch));
    } else if (!why) {
        s->n_tail -= k;
        s->n_file += k;
        memmove(s->tail, s->tail + k, s->n_tail * sizeof *s->tail);
    }
    pthread_cond_broadcast(&s->changed);
    return !why;
}

/* A file is there after a loss of power only if its folder has been synced too. */
static bool sync_folder(const rh_spool *s)
{
    char dir[sizeof s->path];
    (void)snprintf(dir, sizeof dir, "%s", s->path);
    char *slash = strrchr(dir, '/');
    if (!slash)
        return true;
    *slash = '\0';
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool done = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    return done;
}

/* A sync that failed may have dropped what it was to bring to the disk: a later one would not know of
 * it. So that is written again, from what can still be read. */
static bool write_again(const rh_spool *s, size_t from, size_t until, int16_t *batch)
{
    while (from < until) {
        size_t k = until - from < BATCH ? until - from : BATCH;
        off_t at = (off_t)(from * sizeof *batch);
        if (pread(s->fd, batch, k * sizeof *batch, at) != (ssize_t)(k * sizeof *batch) ||
            rh_file_write(s->fd, batch, k * sizeof *batch, at) != RH_OK)
            return false;
        from += k;
    }
    return true;
}

/* {lock} held but while the disk is at work. */
static void sync_file(rh_spool *s, int16_t *batch)
{
    size_t from = s->n_synced, until = s->n_file;
    unsigned cuts = s->n_cuts;
    bool again = s->sync_failed;
    pthread_mutex_unlock(&s->lock);
    bool done = (!again || (sync_folder(s) && write_again(s, from, until, batch))) && fdatasync(s->fd) == 0;
    int why = done ? 0 : errno;
    pthread_mutex_lock(&s->lock);
    s->synced_us = rh_now_us();
    s->sync_failed = !done;
    s->trouble = why;
    if (done && s->n_cuts == cuts)
        s->n_synced = until;
}

/* {lock} held but while the copy takes something. */
static void copy_file(rh_spool *s, int16_t *batch)
{
    bool more = true;
    while (more && s->n_copied < s->n_file) {
        size_t at = s->n_copied, n = s->n_file - at < RH_SPOOL_PIECE ? s->n_file - at : RH_SPOOL_PIECE;
        unsigned cuts = s->n_cuts;
        pthread_mutex_unlock(&s->lock);
        more = pread(s->fd, batch, n * sizeof *batch, (off_t)(at * sizeof *batch)) == (ssize_t)(n * sizeof *batch) &&
               s->copy.put(s->copy.user, at, batch, n) == RH_OK;
        pthread_mutex_lock(&s->lock);
        if (s->n_cuts != cuts)
            s->copy.cut(s->copy.user, at); /* it may have been given what was just forgotten */
        else if (more)
            s->n_copied = at + n;
    }
    s->synced_us = rh_now_us();
}

/* {lock} held: waits for something to write, or for the time of the next sync or copy. */
static void wait_for_work(rh_spool *s, int16_t *batch)
{
    bool due = s->copy.put ? s->n_copied < s->n_file : s->sync && s->n_synced < s->n_file;
    if (!due || !batch) {
        pthread_cond_wait(&s->changed, &s->lock);
        return;
    }
    int64_t left_ms = RH_SPOOL_SYNC_MS - (rh_now_us() - s->synced_us) / 1000;
    if (left_ms > 0)
        wait_ms(s, (int)left_ms);
    else if (s->copy.put)
        copy_file(s, batch);
    else
        sync_file(s, batch);
}

static void *write_tail(void *arg)
{
    rh_spool *s = arg;
    int16_t *batch = rh_alloc_array(BATCH, sizeof *batch);
    pthread_mutex_lock(&s->lock);
    while (!s->ending) {
        if (s->n_tail == 0)
            wait_for_work(s, batch);
        else if (!batch || !write_batch(s, batch))
            wait_ms(s, RETRY_MS);
        if (!batch)
            batch = rh_alloc_array(BATCH, sizeof *batch);
    }
    while (batch && s->n_tail > 0 && write_batch(s, batch))
        continue;
    if (batch && s->copy.put && !s->removing)
        copy_file(s, batch);
    pthread_mutex_unlock(&s->lock);
    rh_free(batch);
    return NULL;
}

/* ---- opening and adding ---- */

void rh_spool_init(rh_spool *s)
{
    *s = (rh_spool){.fd = -1};
}

rh_status rh_spool_open(rh_spool *s, const char *dir, const char *id, bool anew, rh_error *err)
{
    rh_spool_init(s);
    if (dir) {
        (void)mkdir(dir, 0700); /* an error shows at the next line */
        (void)snprintf(s->path, sizeof s->path, "%s/%s.pcm", dir, id);
        s->fd = open(s->path, O_RDWR | O_CREAT | (anew ? O_TRUNC : 0) | O_CLOEXEC | O_NOFOLLOW, 0600);
    } else {
        char name[] = "/tmp/rehearse-XXXXXX";
        s->fd = mkostemp(name, O_CLOEXEC);
        if (s->fd >= 0)
            unlink(name);
    }
    struct stat st;
    if (s->fd < 0 || fstat(s->fd, &st) != 0) {
        int why = errno;
        if (s->fd >= 0)
            close(s->fd);
        s->fd = -1;
        return rh_fail(err, RH_ERR_IO, "the session's sound cannot be kept in %.100s: %s", dir ? dir : "/tmp",
                       strerror(why));
    }
    s->n = s->n_file = (size_t)st.st_size / sizeof *s->tail; /* half a sample of a killed writer is overwritten */
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->changed, NULL);
    s->locked = true;
    return RH_OK;
}

static rh_status start_writer(rh_spool *s, rh_error *err)
{
    if (s->writing)
        return RH_OK;
    int e = pthread_create(&s->writer, NULL, write_tail, s);
    s->writing = e == 0;
    return e ? rh_fail(err, RH_ERR_NOMEM, "session: no thread to write its sound: %s", strerror(e)) : RH_OK;
}

/* {lock} held */
static rh_status make_room(rh_spool *s, size_t n, rh_error *err)
{
    if (s->n_tail + n > MAX_TAIL && n > BATCH && !s->trouble) /* a recording; live sound comes again */
        wait_ms(s, PATIENCE_MS);
    if (s->n_tail + n > MAX_TAIL)
        return s->trouble
                   ? rh_fail(err, RH_ERR_IO, "%d minutes of sound wait for the disk, which takes no more: %s",
                             RH_SPOOL_WAIT_S / 60, strerror(s->trouble))
                   : rh_fail(err, RH_ERR_LIMIT, "%d minutes of sound wait for a slow disk", RH_SPOOL_WAIT_S / 60);
    if (s->n_tail + n <= s->cap_tail)
        return RH_OK;
    size_t cap = (s->n_tail + n) * 2 < 1 << 16 ? 1 << 16 : (s->n_tail + n) * 2;
    int16_t *p = rh_realloc(s->tail, cap * sizeof *p);
    if (!p)
        return rh_fail(err, RH_ERR_NOMEM, "session: out of memory");
    s->tail = p;
    s->cap_tail = cap;
    return RH_OK;
}

rh_status rh_spool_append(rh_spool *s, const float *samples, size_t n, rh_error *err)
{
    rh_status st = start_writer(s, err);
    while (n > 0 && st == RH_OK) {
        size_t k = n < MAX_TAIL / 2 ? n : MAX_TAIL / 2;
        pthread_mutex_lock(&s->lock);
        st = make_room(s, k, err);
        for (size_t i = 0; st == RH_OK && i < k; i++)
            s->tail[s->n_tail + i] = (int16_t)lrintf(fmaxf(-1.0f, fminf(1.0f, samples[i])) * 32767.0f);
        if (st == RH_OK) {
            s->n_tail += k;
            s->n += k;
            pthread_cond_broadcast(&s->changed);
        }
        pthread_mutex_unlock(&s->lock);
        samples += k;
        n -= k;
    }
    return st;
}

void rh_spool_sync(rh_spool *s)
{
    s->sync = true;
    s->sync_failed = !sync_folder(s) || fdatasync(s->fd) != 0;
    s->trouble = s->sync_failed ? errno : 0;
    s->n_synced = s->sync_failed ? 0 : s->n_file;
    s->synced_us = rh_now_us();
}

void rh_spool_copy_to(rh_spool *s, const rh_spool_copy *copy)
{
    pthread_mutex_lock(&s->lock);
    s->copy = *copy;
    s->n_copied = s->n;
    s->synced_us = rh_now_us();
    pthread_mutex_unlock(&s->lock);
}

size_t rh_spool_synced(rh_spool *s)
{
    if (!s->locked)
        return 0;
    if (s->copy.put)
        return s->copy.kept(s->copy.user);
    pthread_mutex_lock(&s->lock);
    size_t n = s->n_synced;
    pthread_mutex_unlock(&s->lock);
    return n;
}

double rh_spool_trouble(rh_spool *s, int *why)
{
    *why = 0;
    if (!s->locked)
        return 0;
    pthread_mutex_lock(&s->lock);
    *why = s->trouble;
    double waiting = (double)s->n_tail / RH_ASR_RATE_HZ;
    pthread_mutex_unlock(&s->lock);
    return waiting;
}

/* ---- reading ---- */

static rh_status read_file(const rh_spool *s, size_t from, float *out, size_t n, rh_error *err)
{
    int16_t pcm[CHUNK];
    for (size_t done = 0; done < n;) {
        size_t k = n - done < CHUNK ? n - done : CHUNK;
        ssize_t got = pread(s->fd, pcm, k * sizeof *pcm, (off_t)((from + done) * sizeof *pcm));
        if (got < 0 && errno == EINTR)
            continue;
        if (got != (ssize_t)(k * sizeof *pcm))
            return rh_fail(err, RH_ERR_IO, "the session's sound cannot be read: %s",
                           got < 0 ? strerror(errno) : "the file is shorter than it was");
        for (size_t i = 0; i < k; i++)
            out[done + i] = (float)pcm[i] / 32767.0f;
        done += k;
    }
    return RH_OK;
}

rh_status rh_spool_read(rh_spool *s, size_t from, size_t max, float **out, size_t *n_out, rh_error *err)
{
    size_t n = from < s->n ? s->n - from : 0;
    if (n > max)
        n = max;
    float *samples = rh_alloc_array(n ? n : 1, sizeof *samples);
    if (!samples)
        return rh_fail(err, RH_ERR_NOMEM, "session: out of memory");
    pthread_mutex_lock(&s->lock);
    size_t n_file = from >= s->n_file ? 0 : s->n_file - from < n ? s->n_file - from : n;
    for (size_t i = n_file; i < n; i++)
        samples[i] = (float)s->tail[from + i - s->n_file] / 32767.0f;
    pthread_mutex_unlock(&s->lock);
    rh_status st = read_file(s, from, samples, n_file, err); /* what is in the file stays there */
    if (st != RH_OK) {
        rh_free(samples);
        return st;
    }
    *out = samples;
    *n_out = n;
    return RH_OK;
}

void rh_spool_cut(rh_spool *s, size_t n)
{
    if (n >= s->n)
        return;
    pthread_mutex_lock(&s->lock);
    if (n >= s->n_file) {
        s->n_tail = n - s->n_file;
    } else {
        s->n_tail = 0;
        s->n_file = n;
        (void)ftruncate(s->fd, (off_t)(n * sizeof *s->tail)); /* else it is overwritten */
    }
    if (s->n_synced > n)
        s->n_synced = n;
    if (s->n_copied > n) {
        s->n_copied = n;
        s->copy.cut(s->copy.user, n);
    }
    s->n_cuts++;
    s->n = n;
    pthread_mutex_unlock(&s->lock);
}

/* ---- the end ---- */

static void put32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> (8 * i));
}

static rh_status write_wav(rh_spool *s, int fd, rh_error *err)
{
    /* RIFF header of 16-bit mono PCM at 16 kHz; the two sizes follow. */
    uint8_t head[44] = "RIFF....WAVEfmt \x10\0\0\0\1\0\1\0....\0\0\0\0\2\0\x10\0data";
    uint32_t bytes = (uint32_t)(s->n * 2);
    put32(head + 4, 36 + bytes);
    put32(head + 24, RH_ASR_RATE_HZ);
    put32(head + 28, RH_ASR_RATE_HZ * 2);
    put32(head + 40, bytes);
    rh_status st = rh_file_write(fd, head, sizeof head, 0);
    int16_t pcm[CHUNK];
    for (size_t at = 0; st == RH_OK && at < s->n;) {
        float *x = NULL;
        size_t n = 0;
        st = rh_spool_read(s, at, CHUNK, &x, &n, err);
        for (size_t i = 0; st == RH_OK && i < n; i++)
            pcm[i] = (int16_t)lrintf(x[i] * 32767.0f);
        if (st == RH_OK)
            st = rh_file_write(fd, pcm, n * sizeof *pcm, (off_t)(sizeof head + at * sizeof *pcm));
        rh_free(x);
        at += n;
    }
    return st;
}

rh_status rh_spool_keep(rh_spool *s, const char *dir, const char *id, rh_error *err)
{
    char path[600];
    (void)snprintf(path, sizeof path, "%s/%s.wav", dir, id);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return rh_fail(err, RH_ERR_IO, "the recording cannot be kept: %s", strerror(errno));
    rh_status st = write_wav(s, fd, err);
    int why = errno;
    if (close(fd) != 0 && st == RH_OK) {
        st = RH_ERR_IO;
        why = errno;
    }
    if (st != RH_OK)
        unlink(path);
    return st == RH_OK ? st : rh_fail(err, st, "the recording cannot be kept: %s", strerror(why));
}

void rh_spool_close(rh_spool *s, bool remove_file)
{
    if (!s->locked)
        return;
    pthread_mutex_lock(&s->lock);
    s->ending = true;
    s->removing = remove_file;
    if (remove_file)
        s->n_tail = 0;
    s->n_cuts += remove_file;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
    if (s->writing)
        pthread_join(s->writer, NULL);
    close(s->fd);
    if (remove_file && s->path[0])
        unlink(s->path);
    rh_free(s->tail);
    pthread_cond_destroy(&s->changed);
    pthread_mutex_destroy(&s->lock);
    s->fd = -1;
    s->locked = s->writing = false;
    s->tail = NULL; /* how long it was can still be asked */
}
