/* legacy_video.c - one frame of a client is measured, the newest waits; a frame
 * that gives way is answered with the reading of the next that could be measured.
 * Where none can that came later, it is measured itself. */
#include <string.h>
#include "server/media_bytes.h"
#include "rehearse/base/alloc.h"
#include "rehearse/base/clock.h"
#include "rehearse/report/analysis_json.h"
#include "legacy.h"

typedef struct {
    rh_job job;
    rh_legacy_socket *l;
    rh_message message;
    uint64_t seq;
    int64_t t_us;
    json_t *reading;
    rh_error err;
} video_job;

static rh_status measure(video_job *j)
{
    rh_legacy_socket *l = j->l;
    uint8_t *bytes, *spare = NULL;
    size_t n;
    rh_face face;
    rh_status s = rh_decode_media(&j->message, j->message.frame, &bytes, &n, &spare, &j->err);
    if (s == RH_OK && n == 0)
        s = rh_fail(&j->err, RH_ERR_INVAL, "the frame is empty: send a JPEG, PNG or WebP picture");
    if (s == RH_OK)
        s = rh_legacy_session_source(l->session, &l->source, &l->faces, &j->err);
    if (s == RH_OK)
        s = rh_legacy_source_frame(l->source, bytes, n, rh_legacy_session_time(l->session, j->t_us),
                                   atomic_exchange(&l->calibrate, false), &face, &j->err);
    if (s == RH_OK) {
        j->reading = rh_face_json(&face, rh_unix_time(), &j->err);
        if (!j->reading)
            s = rh_fail(&j->err, RH_ERR_NOMEM, "out of memory");
        else if (j->l->annotate)
            s = rh_annotate_reading(bytes, n, &face, j->reading, &j->err);
    }
    rh_free(spare);
    return s;
}

static void video_run(rh_job *base, rh_worker *w)
{
    (void)w;
    video_job *j = (video_job *)base;
    if (!atomic_load(&j->l->cancel) && measure(j) != RH_OK) {
        json_decref(j->reading);
        j->reading = NULL;
    }
    rh_message_done(&j->message);
}

static void fill(rh_reply_part *part, const video_job *j, bool skipped)
{
    if (!j->reading) {
        rh_reply_error(part, j->err.msg);
        return;
    }
    part->state = RH_REPLY_RESULT;
    part->result = skipped ? json_copy(j->reading) : json_incref(j->reading);
    if (skipped) {
        (void)json_object_set_new(part->result, "skipped", json_true());
        (void)json_object_del(part->result, "warning"); /* of another picture */
    }
}

/* The frame of the job and, where it could be measured, those that gave way to it. */
static void answer(rh_legacy_socket *l, const video_job *j)
{
    for (rh_pending_reply *r = l->head; r && r->seq <= j->seq; r = r->next) {
        if (r->video.state != RH_REPLY_WAITING)
            continue;
        if (r->seq == j->seq || (r->overtaken && j->reading)) {
            fill(&r->video, j, r->seq != j->seq);
            l->server->count.n_frames_skipped += r->seq != j->seq;
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

static void drop_older(rh_legacy_socket *l, uint64_t seq)
{
    rh_frame_item **i = &l->gone;
    while (*i && (*i)->seq > seq)
        i = &(*i)->next;
    drop_gone(i);
}

/* The frame that waited gives way. Of many the latest are kept. */
static void give_way(rh_legacy_socket *l)
{
    rh_pending_reply *r = rh_pending_reply_find(l, l->newest.seq);
    rh_frame_item *item = rh_alloc(sizeof *item), **i = &l->gone;
    size_t bytes = 0;
    if (r)
        r->overtaken = true;
    if (!item) {
        rh_message_done(&l->newest.message);
        drop_gone(&l->gone); /* the older ones come after it */
        return;
    }
    *item = l->newest;
    item->next = l->gone;
    l->gone = item;
    while (*i && bytes + (*i)->message.n_raw <= RH_MAX_GONE_BYTES) {
        bytes += (*i)->message.n_raw;
        i = &(*i)->next;
    }
    drop_gone(i);
}

/* The last frame was of no use. One that gave way is measured after all; when none is
 * left, those given up before have no answer but an error. */
static void turn_back(rh_legacy_socket *l, uint64_t seq)
{
    if (l->newest.held)
        return; /* it answers for them */
    rh_frame_item *item = l->gone;
    if (item) {
        l->newest = *item;
        l->gone = item->next;
        rh_free(item);
        return;
    }
    for (rh_pending_reply *r = l->head; r && r->seq < seq; r = r->next)
        if (r->overtaken && r->video.state == RH_REPLY_WAITING)
            rh_reply_error(&r->video,
                           "this frame gave way to newer ones, and none of them could be measured: send it again");
}

static void video_done(rh_server *s, rh_job *base)
{
    video_job *j = (video_job *)base;
    rh_legacy_socket *l = j->l;
    s->count.n_frames++;
    l->video_running = false;
    if (l->ws) {
        rh_histogram_add(&s->count.video_latency, (double)(rh_now_us() - j->t_us) / 1e6);
        answer(l, j);
        if (j->reading)
            drop_older(l, j->seq);
        else
            turn_back(l, j->seq);
        rh_video_schedule(l);
        rh_pending_replies_send(l);
    }
    json_decref(j->reading);
    rh_message_done(&j->message);
    rh_legacy_unref(l);
    rh_free(j);
}

void rh_video_schedule(rh_legacy_socket *l)
{
    if (l->video_running || !l->newest.held || !l->server->models)
        return;
    video_job j = {.job = {.run = video_run, .done = video_done},
                   .l = l,
                   .message = l->newest.message,
                   .seq = l->newest.seq,
                   .t_us = l->newest.t_us};
    if (!rh_pool_start(l->server->media, &j, sizeof j))
        return; /* tried again with the next frame */
    l->newest = (rh_frame_item){0};
    l->refs++;
    l->video_running = true;
}

void rh_video_forget(rh_legacy_socket *l)
{
    if (l->newest.held)
        rh_message_done(&l->newest.message);
    l->newest = (rh_frame_item){0};
    drop_gone(&l->gone);
}

void rh_video_enqueue(rh_legacy_socket *l, rh_message *m, uint64_t seq)
{
    if (l->newest.held)
        give_way(l);
    l->newest = (rh_frame_item){NULL, true, *m, seq, rh_now_us()};
    *m = (rh_message){0};
    rh_video_schedule(l);
    if (l->audio_head && l->audio_head->seq < seq)
        rh_audio_release(l, l->head_buffered_s);
}
