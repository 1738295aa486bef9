/* spool.h - the sound of a running session on disk (16-bit, 16 kHz), so that neither
 * memory nor a crash limits a practice. Readable by its owner only.
 *
 * Appending copies into memory; a thread of the spool brings it to the file, usually at
 * once. When the disk is slow or full the sound waits in memory, up to
 * RH_SPOOL_WAIT_S, and is written when that goes again; reading sees both.
 * After rh_spool_sync() what is in the file is brought to the disk itself too, by the same
 * thread, at most every RH_SPOOL_SYNC_MS while sound comes; or it is given to a copy elsewhere.
 * Threads: one at a time, but for rh_spool_trouble() and rh_spool_synced(). */
#ifndef RH_SPOOL_H
#define RH_SPOOL_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "rehearse/base/status.h"

enum {
    RH_SPOOL_PIECE = 16000, /* samples that a copy takes at once, at most */
    RH_SPOOL_WAIT_S = 600,  /* sound that may wait for the disk: 19 MB a session */
    RH_SPOOL_SYNC_MS = 500, /* between two syncs */
};

/* Where the sound goes beside the file, for others to go on with. Called by the writer, but for `cut`, which comes from
 * rh_spool_cut(), and `kept`: any thread. */
typedef struct {
    rh_status (*put)(void *user, size_t at, const int16_t *samples, size_t n); /* RH_OK: it has them */
    void (*cut)(void *user, size_t at);                                        /* what is behind is forgotten */
    size_t (*kept)(void *user);                                                /* samples that are there for good */
    void *user;
} rh_spool_copy;

typedef struct {
    int fd;
    char path[512]; /* "" = a file without a name */
    size_t n;       /* samples held */
    bool locked;    /* `lock` and `changed` are there */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    pthread_t writer;
    bool writing;            /* the thread is there; from the first sound on */
    bool ending, removing;   /* {lock} */
    size_t n_file;           /* {lock} samples in the file */
    int16_t *tail;           /* {lock} [n_tail], behind them */
    size_t n_tail, cap_tail; /* {lock} */
    rh_spool_copy copy;      /* put NULL: there is none */
    size_t n_copied;         /* {lock} samples that it has */
    bool sync;               /* the file is brought to the disk itself; */
    bool sync_failed;        /* {lock} what is not there yet has to be written anew; */
    size_t n_synced;         /* {lock} samples that are there */
    int64_t synced_us;       /* the writer's: when that was done last */
    unsigned n_cuts;         /* {lock} what was being written when this changed does not count */
    int trouble;             /* {lock} errno of a write that failed; 0 = none */
} rh_spool;

void rh_spool_init(rh_spool *s); /* holds nothing; may be closed */
/* Opens <dir>/<id>.pcm and goes on behind what is there (`anew`: forgets it), or a nameless file
 * (`dir` NULL). */
rh_status rh_spool_open(rh_spool *s, const char *dir, const char *id, bool anew, rh_error *err);
/* Right after _open(): syncs what is there and, from now on, what is added. A disk that can't is asked again
 * with the next sound. */
void rh_spool_sync(rh_spool *s);
/* What is added from now on goes to the copy too, as often as it would be synced; it has what is there. Instead of
 * rh_spool_sync(). */
void rh_spool_copy_to(rh_spool *s, const rh_spool_copy *copy);
/* Samples that even a loss of power leaves, in the copy where there is one; 0 without that and rh_spool_sync(). Any
 * thread. */
size_t rh_spool_synced(rh_spool *s);
/* RH_ERR_IO: the disk takes nothing and no more may wait. RH_ERR_LIMIT: it is slow, try again. */
rh_status rh_spool_append(rh_spool *s, const float *samples, size_t n, rh_error *err);
/* Samples from.. as floats, at most `max`; freed with rh_free(). */
rh_status rh_spool_read(rh_spool *s, size_t from, size_t max, float **out, size_t *n_out, rh_error *err);
void rh_spool_cut(rh_spool *s, size_t n); /* forgets what is behind the first n samples */
/* Seconds of sound that wait for the disk; *why: errno of its last refusal, 0 = it is only slow. Any thread. */
double rh_spool_trouble(rh_spool *s, int *why);
/* Writes all of it as a WAV file beside it, <dir>/<id>.wav; all or nothing. */
rh_status rh_spool_keep(rh_spool *s, const char *dir, const char *id, rh_error *err);
/* Closes; `remove` deletes the file, otherwise what waits is written if the disk takes it. */
void rh_spool_close(rh_spool *s, bool remove);

#endif
