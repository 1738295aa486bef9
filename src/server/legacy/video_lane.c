/* video_lane.c - one frame of a client is measured, the newest waits; a frame
 * that gives way is answered with the reading of the next that could be measured.
 * Where none can that came later, it is measured itself. */
#include <string.h>
#include "media_bytes.h"
#include "record.h"
#include "rehearse/base/alloc.h"
#include "rehearse/base/clock.h"
#include "rehearse/report/analysis_json.h"
#include "legacy.h"

typedef struct {
    rh_job job;
    rh_stream *stream;
    rh_message message;
    uint64_t seq;
    int64_t t_us;
    bool annotate, gaze;
    float fov_deg;
    json_t *reading;
    rh_error err;
} video_job;

static rh_status new_tracker(video_job *j)
{
    rh_face_options o = rh_face_options_default();
    o.gaze = j->gaze;
    o.fov_deg = j->fov_deg;
    return rh_face_tracker_new(&j->stream->tracker, j->stream->models->faces, &o, &j->err);
}

static rh_status measure(video_job *j)
{
    rh_stream *st = j->stream;
    uint8_t *bytes, *spare = NULL;
    size_t n;
    rh_face face;
    rh_status s = rh_decode_media(&j->message, j->message.frame, &bytes, &n, &spare, &j->err);
    if (s == RH_OK && n == 0)
        s = rh_fail(&j->err, RH_ERR_INVAL, "the frame is empty: send a JPEG, PNG or WebP picture");
    if (s == RH_OK && !st->tracker)
        s = new_tracker(j);
    if (s == RH_OK) {
        if (atomic_exchange(&st->calibrate, false))
            rh_face_tracker_calibrate(st->tracker);
        st->last_t_us = j->t_us > st->last_t_us ? j->t_us : st->last_t_us + 1;
        s = rh_face_tracker_push_bytes(st->tracker, bytes, n, st->last_t_us, &face, &j->err);
    }
    if (s == RH_OK) {
        rh_record_face(st->record, &face, j->t_us);
        j->reading = rh_face_json(&face, rh_unix_time(), &j->err);
        if (!j->reading)
            s = rh_fail(&j->err, RH_ERR_NOMEM, "out of memory");
        else if (j->annotate)
            s = rh_annotate_reading(bytes, n, &face, j->reading, &j->err);
    }
    rh_free(spare);
    return s;
}

static void video_run(rh_job *base, rh_worker *w)
{
    (void)w;
    video_job *j = (video_job *)base;
    if (!atomic_load(&j->stream->cancel) && measure(j) != RH_OK) {
        json_decref(j->reading);
        j->reading = NULL;
    }
    rh_message_done(&j->message);
}

static void fill(rh_half *half, const video_job *j, bool skipped)
{
    if (!j->reading) {
        rh_half_error(half, j->err.msg);
        return;
    }
    half->state = RH_HALF_RESULT;
    half->result = skipped ? json_copy(j->reading) : json_incref(j->reading);
    if (skipped) {
        (void)json_object_set_new(half->result, "skipped", json_true());
        (void)json_object_del(half->result, "warning"); /* of another picture */
    }
}

/* The frame of the job and, where it could be measured, those that gave way to it. */
static void answer(rh_ws *w, const video_job *j)
{
    for (rh_slot *slot = w->head; slot && slot->seq <= j->seq; slot = slot->next) {
        if (slot->video.state != RH_HALF_WAITING)
            continue;
        if (slot->seq == j->seq || (slot->overtaken && j->reading)) {
            fill(&slot->video, j, slot->seq != j->seq);
            w->server->count.n_frames_skipped += slot->seq != j->seq;
        }
    }
}

/* Those that gave way, from `item` on, are not wanted. */
static void drop_gone(rh_frame_item **item)
{
    rh_frame_item *next = *item;
    *item = NULL;
    for (rh_frame_item *i = next; i; i = next) {
        next = i->next;
        rh_message_done(&i->message);
        rh_free(i);
    }
}

static void drop_older(rh_ws *w, uint64_t seq)
{
    rh_frame_item **i = &w->gone;
    while (*i && (*i)->seq > seq)
        i = &(*i)->next;
    drop_gone(i);
}

/* The frame that waited gives way. Of many the latest are kept. */
static void give_way(rh_ws *w)
{
    rh_slot *slot = rh_slot_find(w, w->newest.seq);
    rh_frame_item *item = rh_alloc(sizeof *item), **i = &w->gone;
    size_t bytes = 0;
    if (slot)
        slot->overtaken = true;
    if (!item) {
        rh_message_done(&w->newest.message);
        drop_gone(&w->gone); /* the older ones come after it */
        return;
    }
    *item = w->newest;
    item->next = w->gone;
    w->gone = item;
    while (*i && bytes + (*i)->message.n_raw <= RH_MAX_GONE_BYTES) {
        bytes += (*i)->message.n_raw;
        i = &(*i)->next;
    }
    drop_gone(i);
}

/* The last frame was of no use. One that gave way is measured after all; when none is
 * left, those given up before have no answer but an error. */
static void turn_back(rh_ws *w, uint64_t seq)
{
    if (w->newest.held)
        return; /* it answers for them */
    rh_frame_item *item = w->gone;
    if (item) {
        w->newest = *item;
        w->gone = item->next;
        rh_free(item);
        return;
    }
    for (rh_slot *slot = w->head; slot && slot->seq < seq; slot = slot->next)
        if (slot->overtaken && slot->video.state == RH_HALF_WAITING)
            rh_half_error(&slot->video, "this frame gave way to newer ones, and none of them could be measured: send it again");
}

static void video_done(rh_server *s, rh_job *base)
{
    video_job *j = (video_job *)base;
    rh_conn *c = rh_conn_find(s, base->conn);
    s->count.n_frames++;
    if (c && c->ws) {
        rh_ws *w = c->ws;
        w->video_running = false;
        w->client->n_frames++;
        rh_histogram_add(&s->count.video_latency, (double)(rh_now_us() - j->t_us) / 1e6);
        answer(w, j);
        if (j->reading)
            drop_older(w, j->seq);
        else
            turn_back(w, j->seq);
        rh_video_pump(w);
        rh_slots_flush(w);
    }
    json_decref(j->reading);
    rh_message_done(&j->message);
    rh_stream_unref(j->stream);
    rh_free(j);
}

void rh_video_pump(rh_ws *w)
{
    if (w->video_running || !w->newest.held || !w->stream)
        return;
    video_job *j = rh_calloc(1, sizeof *j);
    if (!j)
        return; /* tried again with the next frame */
    j->job = (rh_job){.run = video_run, .done = video_done, .conn = w->id};
    j->stream = w->stream;
    j->message = w->newest.message;
    j->seq = w->newest.seq;
    j->t_us = w->newest.t_us;
    j->annotate = w->annotate;
    j->gaze = w->gaze;
    j->fov_deg = w->fov_deg;
    if (rh_pool_submit(w->server->media, &j->job) != RH_OK) {
        rh_free(j);
        return;
    }
    w->newest = (rh_frame_item){0};
    w->stream->refs++;
    w->video_running = true;
}

void rh_video_forget(rh_ws *w)
{
    if (w->newest.held)
        rh_message_done(&w->newest.message);
    w->newest = (rh_frame_item){0};
    drop_gone(&w->gone);
}

void rh_video_take(rh_ws *w, rh_message *m, uint64_t seq)
{
    if (w->newest.held)
        give_way(w);
    w->newest = (rh_frame_item){NULL, true, *m, seq, rh_now_us()};
    *m = (rh_message){0};
    rh_video_pump(w);
    if (w->audio_head && w->audio_head->seq < seq)
        rh_audio_release(w, w->head_buffered_s);
}
