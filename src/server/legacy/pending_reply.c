/* pending_reply.c - replies in the order of the messages they answer. */
#include "rehearse/base/alloc.h"
#include "rehearse/base/clock.h"
#include "legacy.h"

static void part_done(rh_reply_part *part)
{
    json_decref(part->result);
    rh_free(part->error);
    *part = (rh_reply_part){0};
}

static void reply_free(rh_pending_reply *r)
{
    part_done(&r->video);
    part_done(&r->audio);
    rh_free(r->plain_error);
    rh_free(r);
}

rh_pending_reply *rh_pending_reply_add(rh_legacy_socket *l)
{
    rh_pending_reply *r = rh_calloc(1, sizeof *r);
    if (!r)
        return NULL;
    r->seq = ++l->next_seq;
    if (l->tail)
        l->tail->next = r;
    else
        l->head = r;
    l->tail = r;
    l->ws->n_owed++;
    return r;
}

rh_pending_reply *rh_pending_reply_find(rh_legacy_socket *l, uint64_t seq)
{
    rh_pending_reply *r = l->head;
    while (r && r->seq != seq)
        r = r->next;
    return r;
}

static rh_pending_reply *pop(rh_legacy_socket *l)
{
    rh_pending_reply *r = l->head;
    l->head = r->next;
    if (!l->head)
        l->tail = NULL;
    l->ws->n_owed--;
    return r;
}

void rh_pending_replies_drop(rh_legacy_socket *l)
{
    while (l->head)
        reply_free(pop(l));
}

void rh_reply_error(rh_reply_part *part, const char *msg)
{
    part_done(part);
    part->state = RH_REPLY_ERROR;
    part->error = rh_strdup(msg);
}

static bool full(const rh_pending_reply *r)
{
    return r->plain_error || (r->video.state != RH_REPLY_WAITING && r->audio.state != RH_REPLY_WAITING);
}

static json_t *error_object(const char *msg)
{
    json_t *text = json_string(msg ? msg : "out of memory");
    /* What a client sent may stand in the message and not be UTF-8. */
    return json_pack("{s:o}", "error", text ? text : json_string("the message can't be used"));
}

static json_t *one_part(const rh_reply_part *part)
{
    switch (part->state) {
    case RH_REPLY_RESULT: return json_incref(part->result);
    case RH_REPLY_ERROR: return error_object(part->error);
    case RH_REPLY_CLEARED:
        return json_pack("{s:s, s:f, s:f}", "status", "cleared", "buffered_duration", 0.0, "timestamp", rh_unix_time());
    case RH_REPLY_BUFFERING:
        return json_pack("{s:s, s:f, s:f}", "status", "buffering", "buffered_duration", part->buffered_s, "timestamp",
                         rh_unix_time());
    case RH_REPLY_NONE:
    case RH_REPLY_WAITING: break;
    }
    return NULL;
}

static void add_audio(json_t *o, const rh_reply_part *part)
{
    if (part->state == RH_REPLY_RESULT) {
        (void)json_object_set(o, "audio", part->result);
    } else if (part->state == RH_REPLY_ERROR) {
        (void)json_object_set_new(o, "audio_error", json_string(part->error ? part->error : "out of memory"));
    } else if (part->state == RH_REPLY_BUFFERING || part->state == RH_REPLY_CLEARED) {
        bool cleared = part->state == RH_REPLY_CLEARED;
        (void)json_object_set_new(o, "audio_status", json_string(cleared ? "cleared" : "buffering"));
        (void)json_object_set_new(o, "audio_duration", json_real(cleared ? 0 : part->buffered_s));
    }
}

static json_t *serialize(const rh_legacy_socket *l, const rh_pending_reply *r)
{
    if (r->plain_error)
        return error_object(r->plain_error);
    if (!l->wants_video || !l->wants_audio)
        return one_part(r->video.state != RH_REPLY_NONE ? &r->video : &r->audio);
    json_t *o = json_pack("{s:f}", "timestamp", rh_unix_time());
    if (r->video.state == RH_REPLY_RESULT)
        (void)json_object_set(o, "video", r->video.result);
    else if (r->video.state == RH_REPLY_ERROR)
        (void)json_object_set_new(o, "video_error", json_string(r->video.error ? r->video.error : "out of memory"));
    add_audio(o, &r->audio);
    return o;
}

/* The reply is about to be sent: what is ready goes with it. */
static void attach(rh_legacy_socket *l, rh_pending_reply *r)
{
    bool room = r->audio.state == RH_REPLY_BUFFERING || (r->audio.state == RH_REPLY_NONE && l->wants_video);
    if (!l->ready_result || !room || r->plain_error)
        return;
    for (const rh_pending_reply *later = r->next; later; later = later->next)
        if (later->audio.state == RH_REPLY_RESULT)
            return; /* its words came before */
    r->audio.state = RH_REPLY_RESULT;
    r->audio.result = l->ready_result;
    l->ready_result = NULL;
    l->server->count.n_audio_results++;
}

void rh_pending_replies_send(rh_legacy_socket *l)
{
    while (l->head && full(l->head)) {
        rh_pending_reply *r = pop(l);
        attach(l, r);
        if (rh_ws_send_json(l->ws, serialize(l, r), 15) != RH_OK)
            rh_ws_close(l->ws, 1013); /* a reply lost would put all later ones out of step */
        reply_free(r);
    }
    rh_ws_hold_back(l->ws);
}
