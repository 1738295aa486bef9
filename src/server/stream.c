/* stream.c - tracker, resampler and live recognition of one connection. */
#include "rehearse/alloc.h"
#include "ws.h"

rh_stream *rh_stream_new(rh_coach *c)
{
    rh_stream *st = rh_calloc(1, sizeof *st);
    if (!st)
        return NULL;
    st->refs = 1;
    st->coach = c;
    atomic_init(&st->cancel, false);
    atomic_init(&st->calibrate, false);
    pthread_mutex_init(&st->waiting_lock, NULL);
    pthread_mutex_init(&st->live_lock, NULL);
    return st;
}

void rh_stream_unref(rh_stream *st)
{
    if (!st || --st->refs > 0)
        return;
    rh_face_tracker_free(st->tracker);
    rh_resampler_free(st->resampler);
    rh_live_audio_free(st->live);
    rh_free(st->waiting);
    pthread_mutex_destroy(&st->live_lock);
    pthread_mutex_destroy(&st->waiting_lock);
    rh_free(st);
}
