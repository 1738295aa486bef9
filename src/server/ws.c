/* ws.c - a WebSocket's life: opening, messages in, replies out, closing. */
#include "ws.h"

#include <stdio.h>
#include <string.h>
#include "http.h"
#include "media_bytes.h"
#include "practice.h"
#include "record.h"
#include "rehearse/alloc.h"
#include "rehearse/clock.h"
#include "status_map.h"

static rh_ws_kind kind_of(rh_route_id id)
{
    switch (id) {
    case RH_ROUTE_WS_VIDEO: return RH_WS_VIDEO;
    case RH_ROUTE_WS_AUDIO: return RH_WS_AUDIO;
    case RH_ROUTE_WS_SESSION: return RH_WS_SESSION;
    default: return RH_WS_COMBINED;
    }
}

static bool flag_is(struct lws *wsi, const char *name, const char *a, const char *b)
{
    char v[16];
    return rh_query_of(wsi, name, v, sizeof v) && (strcmp(v, a) == 0 || strcmp(v, b) == 0);
}

static bool flag_set(struct lws *wsi, const char *name)
{
    return flag_is(wsi, name, "1", "true");
}

static void open_stream(rh_ws *w)
{
    if (w->stream || !w->server->coach)
        return;
    w->stream = rh_stream_new(w->server, w->record);
    w->record = NULL;
}

int rh_ws_open(rh_server *s, struct lws *wsi, rh_pss *pss)
{
    char path[RH_MAX_PATH] = "";
    if (lws_hdr_copy(wsi, path, sizeof path, WSI_TOKEN_GET_URI) <= 0 &&
        lws_hdr_copy(wsi, path, sizeof path, WSI_TOKEN_HTTP_COLON_PATH) <= 0)
        return -1;
    rh_route r = rh_route_match("GET", path, true);
    rh_ws *w = r.id == RH_ROUTE_NONE || r.bad_param ? NULL : rh_calloc(1, sizeof *w);
    if (!w)
        return -1;
    w->server = s;
    w->wsi = wsi;
    w->kind = kind_of(r.id);
    w->annotate = flag_set(wsi, "annotate");
    w->gaze = !flag_is(wsi, "gaze", "0", "false");
    w->fov_deg = rh_query_number_of(wsi, "fov");
    strcpy(w->name, r.param);
    w->client = rh_client_ref(s, r.param);
    w->record = w->kind == RH_WS_SESSION ? NULL : rh_record_ref(s, wsi, r.param);
    open_stream(w); /* else when the models are there */
    w->last_write_us = rh_now_us();
    rh_buf_init(&w->in, (size_t)s->o.config->max_message_kb * 1024 + RH_MESSAGE_SLACK);
    rh_buf_init(&w->out, (size_t)64 << 20);
    rh_conn *c = w->client ? rh_conn_new(s, wsi) : NULL;
    if (!c || (s->coach && !w->stream)) {
        rh_conn_free(s, c);
        s->n_ws++; /* rh_ws_free() takes it off */
        rh_ws_free(w);
        return -1;
    }
    w->id = c->id;
    c->ws = w;
    pss->conn = c;
    s->n_ws++;
    rh_log(RH_LOG_DEBUG, "client %s connected to %s", w->client->name, path);
    return 0;
}

static void free_audio_items(rh_ws *w)
{
    rh_audio_item *item = w->audio_head;
    bool in_job = w->feeding; /* the first one belongs to the job that decodes it */
    while (item) {
        rh_audio_item *next = item->next;
        if (!in_job) {
            rh_message_done(&item->message);
            rh_free(item);
        }
        in_job = false;
        item = next;
    }
}

void rh_ws_free(rh_ws *w)
{
    if (!w)
        return;
    rh_server *s = w->server;
    s->n_ws--;
    rh_practice_detach(w);
    if (w->stream && !w->feeding && !rh_audio_flush(w->stream))
        atomic_store(&w->stream->cancel, true);
    free_audio_items(w);
    rh_slots_drop(w);
    if (w->newest.held)
        rh_message_done(&w->newest.message);
    json_decref(w->ready_result);
    rh_stream_unref(w->stream);
    rh_record_unref(w->record);
    rh_client_unref(s, w->client);
    rh_buf_done(&w->in);
    rh_buf_done(&w->out);
    rh_free(w);
}

/* ---- messages ---- */

static void unusable(rh_ws *w, rh_slot *slot, const char *msg)
{
    slot->plain_error = rh_strdup(msg);
    w->server->count.n_errors++;
}

static void calibrate(rh_ws *w, rh_slot *slot)
{
    if (w->stream)
        atomic_store(&w->stream->calibrate, true);
    slot->video.state = RH_HALF_RESULT;
    slot->video.result = json_pack("{s:s, s:f}", "status", "calibrating", "timestamp", rh_unix_time());
}

/* Both halves may hold media in the same message: the frame gets a message of
 * its own, since it is measured (and freed) at another time. */
static rh_status split_frame(const rh_message *m, rh_message *frame)
{
    char *raw = rh_alloc(m->frame.n + RH_MESSAGE_SLACK);
    if (!raw)
        return RH_ERR_NOMEM;
    memcpy(raw, m->frame.at, m->frame.n);
    *frame = (rh_message){.raw = raw, .n_raw = m->frame.n, .frame = {raw, m->frame.n}};
    return RH_OK;
}

static void take_video(rh_ws *w, rh_slot *slot, rh_message *m, bool share)
{
    rh_message own = {0};
    if (m->frame_fault.code != RH_OK) {
        rh_half_error(&slot->video, m->frame_fault.msg);
    } else if (m->frame.at) {
        slot->video.state = RH_HALF_WAITING;
        if (!share) {
            own = *m;
            *m = (rh_message){0};
        } else if (split_frame(m, &own) != RH_OK) {
            rh_half_error(&slot->video, "out of memory");
            return;
        }
        rh_video_take(w, &own, slot->seq);
    }
}

static void take_audio(rh_ws *w, rh_slot *slot, rh_message *m, size_t n)
{
    if (m->audio_fault.code != RH_OK) {
        rh_half_error(&slot->audio, m->audio_fault.msg);
        return;
    }
    slot->audio.state = RH_HALF_WAITING;
    rh_audio_take(w, m, slot->seq, n);
}

static void dispatch(rh_ws *w, rh_slot *slot, rh_message *m, size_t n)
{
    bool video = w->kind != RH_WS_AUDIO && (m->frame.at || m->frame_fault.code != RH_OK);
    bool audio = w->kind != RH_WS_VIDEO &&
                 (m->audio.at || m->audio_fault.code != RH_OK ||
                  m->command == RH_COMMAND_ANALYZE || m->command == RH_COMMAND_CLEAR);
    if (m->command == RH_COMMAND_CALIBRATE && w->kind != RH_WS_AUDIO) {
        calibrate(w, slot);
        return;
    }
    if (video)
        take_video(w, slot, m, audio);
    if (audio)
        take_audio(w, slot, m, n);
    if (!video && !audio)
        unusable(w, slot, w->kind == RH_WS_VIDEO
                              ? "nothing to do: send {\"frame\": \"data:image/jpeg;base64,...\"}"
                          : w->kind == RH_WS_AUDIO
                              ? "nothing to do: send {\"audio\": \"<base64 of float32>\", "
                                "\"sample_rate\": 16000} or {\"command\": \"analyze\"}"
                              : "nothing to do: send \"frame\", \"audio\" or \"command\"");
}

static void take_for_session(rh_ws *w)
{
    size_t n = w->in.len;
    char *raw = rh_buf_take(&w->in);
    if (raw)
        rh_practice_message_take(w, raw, n, lws_frame_is_binary(w->wsi) != 0);
    else
        rh_ws_close(w, 1013);
    rh_ws_hold_back(w);
}

static void take_message(rh_ws *w)
{
    size_t n = w->in.len;
    rh_error err;
    rh_message m;
    w->server->count.n_messages++;
    if (w->kind == RH_WS_SESSION) {
        take_for_session(w);
        return;
    }
    rh_slot *slot = rh_slot_add(w);
    char *raw = rh_buf_reserve(&w->in, RH_MESSAGE_SLACK) == RH_OK ? rh_buf_take(&w->in) : NULL;
    if (!slot) { /* without a slot no reply: better closed than out of step */
        rh_free(raw);
        rh_ws_close(w, 1013);
    } else if (!raw) {
        unusable(w, slot, "out of memory");
    } else if (rh_message_parse_take(&m, raw, n, &err) != RH_OK) {
        unusable(w, slot, err.msg);
    } else {
        dispatch(w, slot, &m, n);
        rh_message_done(&m);
    }
    rh_slots_flush(w);
}

static int skip(rh_ws *w, size_t n, bool last)
{
    w->n_skipped += n;
    if (w->n_skipped > RH_MAX_SKIPPED_BYTES) {
        rh_ws_close(w, rh_status_close(RH_ERR_LIMIT));
        return 0;
    }
    if (!last)
        return 0;
    char msg[160];
    (void)snprintf(msg, sizeof msg, "the message is larger than %d KB: send smaller pictures or shorter "
                   "pieces of audio", w->server->o.config->max_message_kb);
    rh_slot *slot = w->kind == RH_WS_SESSION ? NULL : rh_slot_add(w);
    if (slot)
        unusable(w, slot, msg);
    else if (w->kind == RH_WS_SESSION)
        rh_practice_error(w, msg);
    else
        rh_ws_close(w, 1013);
    w->skipping = false;
    w->n_skipped = 0;
    rh_slots_flush(w);
    return 0;
}

int rh_ws_receive(rh_ws *w, const char *bytes, size_t n)
{
    size_t rest = lws_remaining_packet_payload(w->wsi);
    bool last = rest == 0 && lws_is_final_fragment(w->wsi);
    size_t room = w->in.max - RH_MESSAGE_SLACK;
    if (w->close_code || rh_stopping(w->server))
        return 0;
    if (w->skipping)
        return skip(w, n, last);
    if (n > room || w->in.len > room - n || rest > room - n - w->in.len) {
        w->skipping = true;
        rh_buf_done(&w->in);
        return skip(w, n, last);
    }
    if (rh_buf_reserve(&w->in, n + (rest < (1 << 20) ? rest : 0) + RH_MESSAGE_SLACK) != RH_OK ||
        rh_buf_add(&w->in, bytes, n) != RH_OK) {
        rh_ws_close(w, 1013);
        return 0;
    }
    if (last)
        take_message(w);
    return 0;
}

/* ---- replies ---- */

static int write_one(rh_ws *w)
{
    uint32_t n;
    char *at = w->out.data + w->n_out_sent;
    memcpy(&n, at, sizeof n);
    unsigned char *text = (unsigned char *)at + sizeof n + LWS_PRE;
    w->n_out_sent += sizeof n + LWS_PRE + n;
    w->last_write_us = rh_now_us();
    if (lws_write(w->wsi, text, n, LWS_WRITE_TEXT) < (int)n)
        return -1;
    if (w->n_out_sent == w->out.len) {
        if (w->out.cap > (256u << 10))
            rh_buf_done(&w->out);
        else
            rh_buf_clear(&w->out);
        w->n_out_sent = 0;
    } else if (w->n_out_sent > (256u << 10)) {
        memmove(w->out.data, w->out.data + w->n_out_sent, w->out.len - w->n_out_sent);
        w->out.len -= w->n_out_sent;
        w->n_out_sent = 0;
    }
    return 0;
}

int rh_ws_writable(rh_ws *w)
{
    if (w->n_out_sent < w->out.len) {
        if (write_one(w) < 0)
            return -1;
        rh_ws_hold_back(w);
        if (w->n_out_sent < w->out.len || w->close_code) /* else a turn of the loop for nothing */
            lws_callback_on_writable(w->wsi);
        return 0;
    }
    if (w->close_code && rh_ws_idle(w)) {
        static const struct { int code; const char *why; } reasons[] = {
            {1000, "done"}, {1001, "the server is stopping"}, {1008, "not possible here"},
            {1009, "too large"}, {1011, "failed"}, {1013, "try again later"}};
        const char *why = "";
        for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
            if (reasons[i].code == w->close_code)
                why = reasons[i].why;
        lws_close_reason(w->wsi, (enum lws_close_status)w->close_code, (unsigned char *)(uintptr_t)why,
                         strlen(why));
        return -1;
    }
    return 0;
}

bool rh_ws_idle(const rh_ws *w)
{
    return !w->head && w->out.len == w->n_out_sent;
}

void rh_ws_close(rh_ws *w, int code)
{
    if (!w->close_code)
        w->close_code = code;
    lws_callback_on_writable(w->wsi);
}

void rh_ws_tick(rh_ws *w, int64_t now_us)
{
    bool owes_text = w->n_out_sent < w->out.len;
    if (owes_text && now_us - w->last_write_us > (int64_t)RH_STALLED_S * 1000000) {
        rh_log(RH_LOG_INFO, "client %s takes no replies: closed", w->client->name);
        lws_set_timeout(w->wsi, PENDING_TIMEOUT_CLOSE_SEND, LWS_TO_KILL_ASYNC);
    }
    if (w->held_back) /* its pongs are not read: it counts as alive by its replies */
        lws_validity_confirmed(w->wsi);
    if (w->kind == RH_WS_SESSION) {
        rh_ws_hold_back(w);
        return;
    }
    open_stream(w);
    rh_video_pump(w);
    rh_audio_pump(w);
    rh_slots_flush(w);
}
