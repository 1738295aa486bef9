/* ws.c - a WebSocket's life: opening, messages in, replies out, closing. */
#include "ws.h"

#include <stdio.h>
#include <string.h>
#include "http.h"
#include "server/legacy/media_bytes.h"
#include "server/live/practice.h"
#include "server/legacy/record.h"
#include "rehearse/base/alloc.h"
#include "rehearse/base/clock.h"
#include "status_map.h"

static bool flag_is(const rh_net_conn *net, const char *name, const char *a, const char *b)
{
    char v[16];
    return rh_net_query(net, name, v, sizeof v) && (strcmp(v, a) == 0 || strcmp(v, b) == 0);
}

static bool flag_set(const rh_net_conn *net, const char *name)
{
    return flag_is(net, name, "1", "true");
}

static void open_stream(rh_ws *w)
{
    if (w->stream || !w->server->coach)
        return;
    w->stream = rh_stream_new(w->server, w->record);
    w->record = NULL;
}

/* A socket that has said nothing for QUIET_S is closed when somebody else wants its place. */
static bool make_place(rh_server *s)
{
    enum { QUIET_S = 30 };
    rh_ws *oldest = NULL;
    for (int i = 0; i < s->n_conns; i++) {
        rh_ws *w = s->conns[i].ws;
        if (w && !w->spoke && !w->close_code && (!oldest || w->opened_us < oldest->opened_us))
            oldest = w;
    }
    if (!oldest || rh_now_us() - oldest->opened_us < (int64_t)QUIET_S * 1000000)
        return false;
    rh_ws_close(oldest, 1013);
    return true;
}

int rh_ws_admit(rh_server *s, const rh_net_conn *net, const char **why)
{
    int most = s->o.config->max_clients;
    rh_route r = rh_route_match(s->routes, "GET", rh_net_path(net), true);
    if (!r.row) {
        *why = "no such WebSocket: /ws/video/{client_id}, /ws/audio/{client_id}, /ws/combined/{client_id} "
               "and /v1/session/{session_id} exist";
        return 404;
    }
    bool live = r.row->socket == RH_WS_SESSION;
    if (r.bad_param || (live && !rh_session_id_valid(r.param))) {
        *why = live ? "the session id must have 1 to 64 of A-Z a-z 0-9 - _ ."
                                           : "the client id must have 1 to 128 bytes of printable UTF-8";
        return 400;
    }
    int refused = rh_http_access(s, net, why);
    if (refused && !r.open)
        return refused;
    if (rh_stopping(s)) {
        *why = "the server is stopping";
        return 503;
    }
    *why = "too many clients: try again later or raise max_clients";
    /* Pages from elsewhere may fill half of the places, so that the own page finds one. */
    if (refused && s->n_strangers >= (most + 1) / 2)
        return 429;
    return s->n_ws >= most && !make_place(s) ? 429 : 0;
}

bool rh_ws_open(rh_server *s, rh_net_conn *net)
{
    const char *why, *path = rh_net_path(net);
    rh_route r = rh_route_match(s->routes, "GET", path, true);
    rh_ws *w = !r.row || r.bad_param ? NULL : rh_calloc(1, sizeof *w);
    if (!w)
        return false;
    w->server = s;
    w->net = net;
    w->kind = r.row->socket;
    w->annotate = flag_set(net, "annotate");
    w->gaze = !flag_is(net, "gaze", "0", "false");
    w->fov_deg = rh_query_number_of(net, "fov");
    w->stranger = rh_http_access(s, net, &why) != 0;
    strcpy(w->name, r.param);
    w->client = rh_client_ref(s, r.param);
    w->record = w->kind == RH_WS_SESSION ? NULL : rh_record_ref(s, net, r.param);
    open_stream(w); /* else when the models are there */
    w->opened_us = w->last_write_us = rh_now_us();
    rh_buf_init(&w->in, (size_t)s->o.config->max_message_kb * 1024 + RH_MESSAGE_SLACK);
    rh_buf_init(&w->out, (size_t)64 << 20);
    s->n_ws++; /* rh_ws_free() takes both off */
    s->n_strangers += w->stranger;
    rh_conn *c = w->client ? rh_conn_new(s, net) : NULL;
    if (!c || (s->coach && !w->stream)) {
        if (c)
            *c = (rh_conn){0};
        rh_ws_free(w);
        return false;
    }
    w->id = c->id;
    c->ws = w;
    rh_net_set_user(net, c);
    rh_log(RH_LOG_DEBUG, "client %s connected to %s", w->client->name, path);
    return true;
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
    s->n_strangers -= w->stranger;
    rh_practice_detach(w);
    if (w->stream && !w->feeding && !rh_audio_flush(w->stream))
        atomic_store(&w->stream->cancel, true);
    free_audio_items(w);
    rh_slots_drop(w);
    rh_video_forget(w);
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

static void take_for_session(rh_ws *w, bool binary)
{
    size_t n = w->in.len;
    char *raw = rh_buf_take(&w->in);
    if (raw)
        rh_practice_message_take(w, raw, n, binary);
    else
        rh_ws_close(w, 1013);
    rh_ws_hold_back(w);
}

static void take_message(rh_ws *w, bool binary)
{
    size_t n = w->in.len;
    rh_error err;
    rh_message m;
    w->server->count.n_messages++;
    if (w->kind == RH_WS_SESSION) {
        take_for_session(w, binary);
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

static void skip(rh_ws *w, size_t n, bool last)
{
    w->n_skipped += n;
    if (w->n_skipped > RH_MAX_SKIPPED_BYTES) {
        rh_ws_close(w, rh_status_close(RH_ERR_LIMIT));
        return;
    }
    if (!last)
        return;
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
}

void rh_ws_receive(rh_ws *w, const char *bytes, size_t n, const rh_net_piece *piece)
{
    size_t rest = piece->n_rest, room = w->in.max - RH_MESSAGE_SLACK;
    if (w->close_code || rh_stopping(w->server))
        return;
    w->spoke = true;
    if (w->skipping) {
        skip(w, n, piece->last);
        return;
    }
    if (n > room || w->in.len > room - n || rest > room - n - w->in.len) {
        w->skipping = true;
        rh_buf_done(&w->in);
        skip(w, n, piece->last);
        return;
    }
    if (rh_buf_reserve(&w->in, n + (rest < (1 << 20) ? rest : 0) + RH_MESSAGE_SLACK) != RH_OK ||
        rh_buf_add(&w->in, bytes, n) != RH_OK) {
        rh_ws_close(w, 1013);
        return;
    }
    if (piece->last)
        take_message(w, piece->binary);
}

/* ---- replies ---- */

static void write_one(rh_ws *w)
{
    uint32_t n;
    const char *at = w->out.data + w->n_out_sent;
    memcpy(&n, at, sizeof n);
    w->n_out_sent += sizeof n + n;
    w->last_write_us = rh_now_us();
    (void)rh_net_ws_text(w->net, at + sizeof n, n);
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
}

static const char *reason_of(int code)
{
    static const struct { int code; const char *why; } reasons[] = {
        {1000, "done"}, {1001, "the server is stopping"}, {1008, "not possible here"},
        {1009, "too large"}, {1011, "failed"}, {1013, "try again later"}};
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (reasons[i].code == code)
            return reasons[i].why;
    return "";
}

void rh_ws_writable(rh_ws *w)
{
    if (w->n_out_sent < w->out.len) {
        write_one(w);
        rh_ws_hold_back(w);
        if (w->n_out_sent < w->out.len || w->close_code) /* else a turn of the loop for nothing */
            rh_net_ws_want_write(w->net);
    } else if (w->close_code && rh_ws_idle(w)) {
        rh_net_ws_close(w->net, w->close_code, reason_of(w->close_code));
    }
}

bool rh_ws_idle(const rh_ws *w)
{
    return !w->head && w->out.len == w->n_out_sent;
}

void rh_ws_close(rh_ws *w, int code)
{
    if (!w->close_code)
        w->close_code = code;
    rh_net_ws_want_write(w->net);
}

void rh_ws_tick(rh_ws *w, int64_t now_us)
{
    bool owes_text = w->n_out_sent < w->out.len;
    if (owes_text && now_us - w->last_write_us > (int64_t)RH_STALLED_S * 1000000) {
        rh_log(RH_LOG_INFO, "client %s takes no replies: closed", w->client->name);
        rh_net_close(w->net);
        return;
    }
    if (w->kind == RH_WS_SESSION) {
        rh_ws_hold_back(w);
        return;
    }
    open_stream(w);
    rh_video_pump(w);
    rh_audio_pump(w);
    rh_slots_flush(w);
}
