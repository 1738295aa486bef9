/* live.c - the WebSocket of /v1/session/{id}: JSON texts with "type", binary
 * messages of media (1 = JPEG, 2 = 16-bit PCM, 3 = float PCM, then the client's
 * time in microseconds as 8 little-endian bytes). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "practice.h"
#include "rehearse/alloc.h"
#include "rehearse/clock.h"

enum { KIND_PICTURE = 1, KIND_PCM16 = 2, KIND_FLOAT = 3, HEAD_BYTES = 9, OUT_BYTES = 16 << 20 };

struct rh_live {
    rh_server *server;
    struct lws *wsi;
    uint64_t id; /* of its connection */
    char session[RH_SESSION_ID_MAX + 1];
    rh_practice *practice; /* NULL before "start" and after the end */
    rh_buf in;
    bool in_binary;
    rh_buf out; /* texts, each with its length in front and LWS_PRE room */
    size_t n_out_sent;
    int64_t last_write_us;
    int close_code;
    bool held_back;
};

int rh_live_open(rh_server *s, struct lws *wsi, rh_pss *pss, const char *id)
{
    rh_live *l = rh_calloc(1, sizeof *l);
    rh_conn *c = l ? rh_conn_new(s, wsi) : NULL;
    if (!c) {
        rh_free(l);
        return -1;
    }
    l->server = s;
    l->wsi = wsi;
    l->id = c->id;
    l->last_write_us = rh_now_us();
    (void)snprintf(l->session, sizeof l->session, "%.*s", RH_SESSION_ID_MAX, id);
    rh_buf_init(&l->in, (size_t)s->o.config->max_message_kb * 1024);
    rh_buf_init(&l->out, OUT_BYTES);
    c->live = l;
    pss->conn = c;
    s->n_ws++;
    return 0;
}

void rh_live_free(rh_live *l)
{
    if (!l)
        return;
    l->server->n_ws--;
    if (l->practice)
        rh_practice_attach(l->practice, NULL);
    rh_buf_done(&l->in);
    rh_buf_done(&l->out);
    rh_free(l);
}

/* ---- out ---- */

void rh_live_send(rh_live *l, const char *text)
{
    static const char room[LWS_PRE];
    uint32_t n = (uint32_t)strlen(text);
    if (rh_buf_reserve(&l->out, sizeof n + LWS_PRE + n) != RH_OK) {
        rh_live_close(l, 1013); /* it takes nothing; it may resume */
        return;
    }
    (void)rh_buf_add(&l->out, &n, sizeof n);
    (void)rh_buf_add(&l->out, room, sizeof room);
    (void)rh_buf_add(&l->out, text, n);
    lws_callback_on_writable(l->wsi);
}

static void send_error(rh_live *l, const char *detail)
{
    json_t *e = json_pack("{s:s, s:s}", "type", "error", "detail", detail);
    char *text = e ? json_dumps(e, JSON_COMPACT) : NULL;
    if (text)
        rh_live_send(l, text);
    free(text);
    json_decref(e);
    l->server->count.n_errors++;
}

int rh_live_writable(rh_live *l)
{
    if (l->n_out_sent < l->out.len) {
        uint32_t n;
        char *at = l->out.data + l->n_out_sent;
        memcpy(&n, at, sizeof n);
        l->n_out_sent += sizeof n + LWS_PRE + n;
        l->last_write_us = rh_now_us();
        if (lws_write(l->wsi, (unsigned char *)at + sizeof n + LWS_PRE, n, LWS_WRITE_TEXT) < (int)n)
            return -1;
        if (l->n_out_sent == l->out.len) {
            rh_buf_clear(&l->out);
            l->n_out_sent = 0;
        }
        lws_callback_on_writable(l->wsi);
        return 0;
    }
    if (!l->close_code)
        return 0;
    lws_close_reason(l->wsi, (enum lws_close_status)l->close_code, NULL, 0);
    return -1;
}

void rh_live_leave(rh_live *l)
{
    l->practice = NULL;
}

void rh_live_close(rh_live *l, int code)
{
    if (l->practice)
        rh_practice_attach(l->practice, NULL);
    l->practice = NULL;
    if (!l->close_code)
        l->close_code = code;
    lws_callback_on_writable(l->wsi);
}

void rh_live_hold_back(rh_live *l, bool hold)
{
    if (l->held_back != hold) {
        l->held_back = hold;
        lws_rx_flow_control(l->wsi, hold ? 0 : 1);
    }
}

void rh_live_tick(rh_live *l, int64_t now_us)
{
    if (l->n_out_sent < l->out.len && now_us - l->last_write_us > (int64_t)RH_STALLED_S * 1000000)
        lws_set_timeout(l->wsi, PENDING_TIMEOUT_CLOSE_SEND, LWS_TO_KILL_ASYNC);
    if (l->held_back)
        lws_validity_confirmed(l->wsi);
}

/* ---- in ---- */

static void start(rh_live *l, json_t *m)
{
    rh_error err;
    const char *token = json_string_value(json_object_get(m, "resume"));
    rh_practice *p = rh_practice_find(l->server, l->session);
    if (l->practice) {
        send_error(l, "the session has started already");
    } else if (!l->server->coach) {
        send_error(l, "the models are still loading: try again in a second");
        rh_live_close(l, 1013);
    } else if (!p) { /* new, or one that an earlier run of the program had kept */
        if (rh_practice_new(&l->practice, l->server, l->session, m, &err) != RH_OK)
            send_error(l, err.msg);
        else
            l->practice->live = l;
    } else if (!token || strcmp(token, p->token) != 0) {
        send_error(l, "a session of this id is running: choose another id, or resume it with its token");
        rh_live_close(l, 1008);
    } else {
        if (p->live) /* the old connection has not noticed yet that it is dead */
            rh_live_close(p->live, 1001);
        l->practice = p;
        rh_practice_attach(p, l);
    }
}

static void take_text(rh_live *l)
{
    json_error_t where;
    json_t *m = json_loadb(l->in.data ? l->in.data : "", l->in.len, JSON_REJECT_DUPLICATES, &where);
    const char *type = json_string_value(json_object_get(m, "type"));
    const char *command = json_string_value(json_object_get(m, "command"));
    if (!json_is_object(m))
        send_error(l, "a text message must be a JSON object with \"type\"");
    else if (type && strcmp(type, "start") == 0)
        start(l, m);
    else if (!l->practice)
        send_error(l, "send {\"type\":\"start\"} first");
    else if (type && strcmp(type, "finish") == 0)
        rh_practice_finish(l->practice);
    else if (type && strcmp(type, "command") == 0 && command && strcmp(command, "calibrate") == 0)
        l->practice->calibrate = true;
    else
        send_error(l, "unknown \"type\": start, command (calibrate) and finish are known");
    json_decref(m);
}

static void take_sound(rh_live *l, bool is_float, int64_t t_us, const char *bytes, size_t n)
{
    if (n == 0 || n % (is_float ? 4 : 2) != 0) {
        send_error(l, "sound must be whole samples: 2 bytes each in kind 2, 4 in kind 3");
        return;
    }
    rh_sound *s = rh_alloc(sizeof *s + n);
    if (!s) {
        send_error(l, "out of memory: this piece of sound was not taken");
        return;
    }
    *s = (rh_sound){.t_us = t_us, .n = n, .is_float = is_float};
    memcpy(s->bytes, bytes, n);
    l->server->count.audio_s += (double)n / (is_float ? 4 : 2) / l->practice->rate_hz;
    rh_practice_sound(l->practice, s);
}

static void take_binary(rh_live *l)
{
    if (!l->practice) {
        send_error(l, "send {\"type\":\"start\"} first");
        return;
    }
    if (l->in.len < HEAD_BYTES) {
        send_error(l, "a binary message begins with its kind and 8 bytes of time");
        return;
    }
    const unsigned char *head = (const unsigned char *)l->in.data;
    uint64_t us = 0;
    for (int i = 7; i >= 0; i--)
        us = us << 8 | head[1 + i];
    const char *payload = l->in.data + HEAD_BYTES;
    size_t n = l->in.len - HEAD_BYTES;
    if (us > (uint64_t)RH_SESSION_MAX_S * 1000000) {
        send_error(l, "the time is outside the session: count microseconds from its start");
    } else if (head[0] == KIND_PCM16 || head[0] == KIND_FLOAT) {
        take_sound(l, head[0] == KIND_FLOAT, (int64_t)us, payload, n);
    } else if (head[0] == KIND_PICTURE) {
        char *picture = n ? rh_alloc(n) : NULL;
        if (picture) {
            memcpy(picture, payload, n);
            rh_practice_picture(l->practice, picture, n, (int64_t)us);
        } else {
            send_error(l, "the picture is empty");
        }
    } else {
        send_error(l, "unknown kind: 1 is a JPEG picture, 2 is 16-bit PCM, 3 is float PCM");
    }
}

int rh_live_receive(rh_live *l, const char *bytes, size_t n)
{
    if (l->close_code || l->server->stopping)
        return 0;
    if (lws_is_first_fragment(l->wsi)) {
        rh_buf_clear(&l->in);
        l->in_binary = lws_frame_is_binary(l->wsi);
    }
    if (rh_buf_add(&l->in, bytes, n) != RH_OK) {
        send_error(l, "the message is too large");
        rh_live_close(l, 1009);
        return 0;
    }
    if (lws_remaining_packet_payload(l->wsi) || !lws_is_final_fragment(l->wsi))
        return 0;
    l->server->count.n_messages++;
    if (l->in_binary)
        take_binary(l);
    else
        take_text(l);
    rh_buf_clear(&l->in);
    return 0;
}
