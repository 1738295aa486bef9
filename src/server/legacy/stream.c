/* stream.c - tracker, resampler and live recognition of one connection. */
#include "record.h"
#include "rehearse/base/alloc.h"
#include "legacy.h"

rh_stream *rh_stream_new(rh_server *s, rh_record *record)
{
    rh_stream *st = rh_calloc(1, sizeof *st);
    if (!st) {
        rh_record_unref(record);
        return NULL;
    }
    st->refs = 1;
    st->server = s;
    st->models = s->models;
    st->record = record;
    atomic_init(&st->cancel, false);
    atomic_init(&st->calibrate, false);
    pthread_mutex_init(&st->waiting_lock, NULL);
    pthread_mutex_init(&st->live_lock, NULL);
    st->next = s->streams;
    s->streams = st;
    return st;
}

void rh_stream_unref(rh_stream *st)
{
    if (!st || --st->refs > 0)
        return;
    for (rh_stream **at = &st->server->streams; *at; at = &(*at)->next)
        if (*at == st) {
            *at = st->next;
            break;
        }
    rh_face_tracker_free(st->tracker);
    rh_resampler_free(st->resampler);
    rh_listener_free(st->live);
    rh_sound_source_free(st->source);
    rh_record_unref(st->record);
    rh_free(st->waiting);
    pthread_mutex_destroy(&st->live_lock);
    pthread_mutex_destroy(&st->waiting_lock);
    rh_free(st);
}

void rh_streams_cancel(rh_server *s)
{
    for (rh_stream *st = s->streams; st; st = st->next)
        atomic_store(&st->cancel, true);
}
