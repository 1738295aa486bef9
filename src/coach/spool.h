/* spool.h - the sound of a running session on disk (16-bit, 16 kHz), so that
 * neither memory nor a crash limits a practice. Readable by its owner only.
 * Threads: one at a time. */
#ifndef RH_SPOOL_H
#define RH_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "rehearse/status.h"

typedef struct {
    int fd;
    char path[512];  /* "" = a file without a name */
    size_t n;        /* samples held */
} rh_spool;

/* Opens <dir>/<id>.pcm and goes on behind what is there, or a nameless file (`dir` NULL). */
rh_status rh_spool_open(rh_spool *s, const char *dir, const char *id, rh_error *err);
rh_status rh_spool_append(rh_spool *s, const float *samples, size_t n, rh_error *err);
/* Samples from..n as floats; freed with rh_free(). */
rh_status rh_spool_read(const rh_spool *s, size_t from, float **out, size_t *n_out, rh_error *err);
void rh_spool_cut(rh_spool *s, size_t n); /* forgets what is behind the first n samples */
/* Writes all of it as a WAV file beside it, <dir>/<id>.wav. */
rh_status rh_spool_keep(const rh_spool *s, const char *dir, const char *id, rh_error *err);
/* Closes; `remove` deletes the file. */
void rh_spool_close(rh_spool *s, bool remove);

#endif
