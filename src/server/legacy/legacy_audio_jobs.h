/* legacy_audio_jobs.h - what a piece of sound goes through on the pools: it is decoded and fed on
 * the media pool and recognised on the speech pool. legacy_audio.c starts both and answers. */
#ifndef RH_LEGACY_AUDIO_JOBS_H
#define RH_LEGACY_AUDIO_JOBS_H

#include "legacy.h"

typedef struct {
    rh_job job;
    rh_legacy_socket *l;
    rh_audio_item *item;
    size_t n_samples; /* at 16 kHz */
    double buffered_s;
    bool due;
    rh_legacy_rest rest;
    rh_error err;
} rh_feed_job;

typedef struct {
    rh_job job;
    rh_legacy_socket *l;
    rh_legacy_part part;
    bool background;
    json_t *result; /* one not sent yet comes with the job; its words are in the new one too */
    double from_s;  /* where it begins; without one, where the last result ended */
    double buffered_s;
    bool due; /* again */
    rh_legacy_rest rest;
    int64_t took_us;
    rh_error err;
} rh_result_job;

/* Pool threads. */
void rh_feed_run(rh_job *base, rh_worker *w);
void rh_result_run(rh_job *base, rh_worker *w);

#endif
