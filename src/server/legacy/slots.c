/* slots.c - replies in the order of the messages they answer. */
#include <stdlib.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/clock.h"
#include "legacy.h"

rh_slot *rh_slot_add(rh_ws *w)
{
    rh_slot *slot = rh_calloc(1, sizeof *slot);
    if (!slot)
        return NULL;
    slot->seq = ++w->next_seq;
    if (w->tail)
        w->tail->next = slot;
    else
        w->head = slot;
    w->tail = slot;
    w->n_slots++;
    return slot;
}

rh_slot *rh_slot_find(rh_ws *w, uint64_t seq)
{
    rh_slot *slot = w->head;
    while (slot && slot->seq != seq)
        slot = slot->next;
    return slot;
}

void rh_half_error(rh_half *half, const char *msg)
{
    rh_half_done(half);
    half->state = RH_HALF_ERROR;
    half->error = rh_strdup(msg);
}

bool rh_slot_full(const rh_slot *slot)
{
    return slot->plain_error ||
           (slot->video.state != RH_HALF_WAITING && slot->audio.state != RH_HALF_WAITING);
}

static json_t *error_object(const char *msg)
{
    json_t *text = json_string(msg ? msg : "out of memory");
    /* What a client sent may stand in the message and not be UTF-8. */
    return json_pack("{s:o}", "error", text ? text : json_string("the message can't be used"));
}

static json_t *one_half(const rh_half *half)
{
    switch (half->state) {
    case RH_HALF_RESULT: return json_incref(half->result);
    case RH_HALF_ERROR: return error_object(half->error);
    case RH_HALF_CLEARED:
        return json_pack("{s:s, s:f, s:f}", "status", "cleared", "buffered_duration", 0.0,
                         "timestamp", rh_unix_time());
    case RH_HALF_BUFFERING:
        return json_pack("{s:s, s:f, s:f}", "status", "buffering", "buffered_duration",
                         half->buffered_s, "timestamp", rh_unix_time());
    case RH_HALF_NONE:
    case RH_HALF_WAITING: break;
    }
    return NULL;
}

static void add_audio(json_t *o, const rh_half *half)
{
    if (half->state == RH_HALF_RESULT) {
        (void)json_object_set(o, "audio", half->result);
    } else if (half->state == RH_HALF_ERROR) {
        (void)json_object_set_new(o, "audio_error", json_string(half->error ? half->error : "out of memory"));
    } else if (half->state == RH_HALF_BUFFERING || half->state == RH_HALF_CLEARED) {
        bool cleared = half->state == RH_HALF_CLEARED;
        (void)json_object_set_new(o, "audio_status", json_string(cleared ? "cleared" : "buffering"));
        (void)json_object_set_new(o, "audio_duration", json_real(cleared ? 0 : half->buffered_s));
    }
}

json_t *rh_slot_reply(const rh_socket_kind *kind, const rh_slot *slot)
{
    if (slot->plain_error)
        return error_object(slot->plain_error);
    if (!kind->video || !kind->audio)
        return one_half(slot->video.state != RH_HALF_NONE ? &slot->video : &slot->audio);
    json_t *o = json_pack("{s:f}", "timestamp", rh_unix_time());
    if (slot->video.state == RH_HALF_RESULT)
        (void)json_object_set(o, "video", slot->video.result);
    else if (slot->video.state == RH_HALF_ERROR)
        (void)json_object_set_new(o, "video_error", json_string(slot->video.error ? slot->video.error : "out of memory"));
    add_audio(o, &slot->audio);
    return o;
}

/* The reply is about to be sent: what is ready goes with it. */
static void attach(rh_ws *w, rh_slot *slot)
{
    bool room = slot->audio.state == RH_HALF_BUFFERING ||
                (slot->audio.state == RH_HALF_NONE && w->kind->video);
    if (!w->ready_result || !room || slot->plain_error)
        return;
    for (const rh_slot *later = slot->next; later; later = later->next)
        if (later->audio.state == RH_HALF_RESULT)
            return; /* its words came before */
    slot->audio.state = RH_HALF_RESULT;
    slot->audio.result = w->ready_result;
    w->ready_result = NULL;
    w->server->count.n_audio_results++;
}

void rh_slots_flush(rh_ws *w)
{
    while (w->head && rh_slot_full(w->head)) {
        rh_slot *slot = w->head;
        w->head = slot->next;
        if (!w->head)
            w->tail = NULL;
        w->n_slots--;
        attach(w, slot);
        json_t *reply = rh_slot_reply(w->kind, slot);
        char *text = reply ? json_dumps(reply, JSON_COMPACT | JSON_REAL_PRECISION(15)) : NULL;
        if (!text || rh_ws_say(w, text, strlen(text)) != RH_OK)
            rh_ws_close(w, 1013); /* a reply lost would put all later ones out of step */
        free(text);
        json_decref(reply);
        rh_slot_free(slot);
    }
    if (w->out.len > w->n_out_sent || w->close_code)
        rh_net_ws_want_write(w->net);
    rh_ws_hold_back(w);
}

