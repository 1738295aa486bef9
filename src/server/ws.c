/* ws.c - a WebSocket's life: opening, messages in, replies out, closing. */
#include "ws.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "forwarded.h"
#include "http.h"
#include "message.h"
#include "rehearse/base/alloc.h"
#include "rehearse/base/clock.h"
#include "status_map.h"

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
    const rh_socket_kind *kind = r.row->socket;
    if (r.bad_param || (kind->name_good && !kind->name_good(r.param))) {
        *why = kind->name_rule;
        return 400;
    }
    rh_person who;
    int refused = rh_http_access(s, net, &who, why);
    if (refused && !r.open)
        return refused;
    if (!r.open && !rh_route_allows(r.row, &who, why))
        return 403;
    if (rh_stopping(s)) {
        *why = "the server is stopping";
        return 503;
    }
    int not_now = kind->admit ? kind->admit(s, r.param, why) : 0;
    if (not_now)
        return not_now;
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
    w->stranger = rh_http_access(s, net, &w->who, &why) != 0;
    strcpy(w->name, r.param);
    w->opened_us = w->last_write_us = rh_now_us();
    rh_buf_init(&w->in, (size_t)s->o.config->max_message_kb * 1024 + RH_MESSAGE_SLACK);
    rh_buf_init(&w->out, (size_t)64 << 20);
    s->n_ws++; /* rh_ws_free() takes both off */
    s->n_strangers += w->stranger;
    bool opened = !w->kind->open || w->kind->open(w);
    rh_conn *c = opened ? rh_conn_new(s, net) : NULL;
    if (!c) {
        rh_ws_free(w);
        return false;
    }
    w->id = c->id;
    c->ws = w;
    rh_net_set_user(net, c);
    char address[RH_ADDRESS_MAX];
    rh_forwarded_address(address, &s->proxies, net);
    rh_log(RH_LOG_DEBUG, "client %s connected to %s from %s", w->name, path, address);
    return true;
}

void rh_ws_free(rh_ws *w)
{
    if (!w)
        return;
    rh_server *s = w->server;
    s->n_ws--;
    s->n_strangers -= w->stranger;
    w->kind->gone(w);
    rh_buf_done(&w->in);
    rh_buf_done(&w->out);
    rh_free(w);
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
    (void)snprintf(msg, sizeof msg,
                   "the message is larger than %d KB: send smaller pictures or shorter "
                   "pieces of audio",
                   w->server->o.config->max_message_kb);
    w->kind->too_large(w, msg);
    w->skipping = false;
    w->n_skipped = 0;
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
    if (!piece->last)
        return;
    size_t n_message = w->in.len;
    char *raw = rh_buf_reserve(&w->in, RH_MESSAGE_SLACK) == RH_OK ? rh_buf_take(&w->in) : NULL;
    w->server->count.n_messages++;
    w->kind->message(w, raw, n_message, piece->binary);
}

/* ---- replies ---- */

/* One reply in `out`: its length, the text. */
static rh_status queue_text(rh_ws *w, const char *text, size_t n)
{
    uint32_t len = (uint32_t)n;
    rh_status st = rh_buf_reserve(&w->out, sizeof len + n);
    if (st == RH_OK)
        st = rh_buf_add(&w->out, &len, sizeof len);
    return st == RH_OK ? rh_buf_add(&w->out, text, n) : st;
}

rh_status rh_ws_send(rh_ws *w, const char *text, size_t n)
{
    if (w->out.len == w->n_out_sent)
        w->last_write_us = rh_now_us();
    rh_status st = queue_text(w, text, n);
    rh_net_ws_want_write(w->net);
    return st;
}

rh_status rh_ws_send_json(rh_ws *w, json_t *take, size_t digits)
{
    char *text = take ? json_dumps(take, JSON_COMPACT | JSON_REAL_PRECISION(digits)) : NULL;
    rh_status st = text ? rh_ws_send(w, text, strlen(text)) : RH_ERR_NOMEM;
    free(text);
    json_decref(take);
    return st;
}

void rh_ws_hold_back(rh_ws *w)
{
    size_t out = w->out.len - w->n_out_sent;
    bool full = w->n_owed >= RH_MAX_OWED || w->work_bytes >= RH_MAX_LANE_BYTES || out >= RH_MAX_OUT_BYTES;
    bool low = w->n_owed <= RH_MAX_OWED / 2 && w->work_bytes <= RH_MAX_LANE_BYTES / 2 && out <= RH_MAX_OUT_BYTES / 2;
    if (full && !w->held_back) {
        w->held_back = true;
        w->server->count.n_held_back++;
        rh_net_hold(w->net, true);
    } else if (low && w->held_back) {
        w->held_back = false;
        rh_net_hold(w->net, false);
    }
}

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
    static const struct {
        int code;
        const char *why;
    } reasons[] = {{1000, "done"},   {1001, "the server is stopping"}, {1008, "not possible here"}, {1009, "too large"},
                   {1011, "failed"}, {1012, "service restart"},        {1013, "try again later"}};
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (reasons[i].code == code)
            return reasons[i].why;
    return "";
}

/* All that was answered is written. */
static bool idle(const rh_ws *w)
{
    return !w->n_owed && w->out.len == w->n_out_sent;
}

void rh_ws_writable(rh_ws *w)
{
    if (w->n_out_sent < w->out.len) {
        write_one(w);
        rh_ws_hold_back(w);
        if (w->n_out_sent < w->out.len || w->close_code) /* else a turn of the loop for nothing */
            rh_net_ws_want_write(w->net);
    } else if (w->close_code && idle(w)) {
        rh_net_ws_close(w->net, w->close_code, reason_of(w->close_code));
    }
}

bool rh_ws_promised(const rh_ws *w)
{
    return w->kind->owes && w->kind->owes(w);
}

bool rh_ws_owes(const rh_ws *w)
{
    return !idle(w) || rh_ws_promised(w);
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
        rh_log(RH_LOG_INFO, "client %s takes no replies: closed", w->name);
        rh_net_close(w->net);
        return;
    }
    w->kind->tick(w);
}
