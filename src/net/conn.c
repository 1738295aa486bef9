/* conn.c - the life of one connection: states, time limits, the order of requests. */
#include "net_internal.h"
#include "rehearse/base/clock.h"

static int64_t seconds(int64_t s)
{
    return s * 1000000;
}

/* ---- the core ---- */

void net_core_init(net_core *core, const rh_net_options *o, const rh_net_callbacks *cb, void *user)
{
    *core = (net_core){.cb = *cb, .user = user, .o = *o, .now_us = rh_now_us()};
    net_http_settings(&core->settings);
}

/* ---- states ---- */

void net_conn_init(rh_net_conn *c, net_core *core)
{
    *c = (rh_net_conn){.core = core, .since_us = core->now_us, .heard_us = core->now_us};
    rh_buf_init(&c->in, (size_t)4 << 20);
}

static void tell_over(rh_net_conn *c)
{
    if (!c->over_due)
        return;
    c->over_due = false;
    c->core->cb.over(c->core->user, c);
    c->user = NULL;
}

void net_conn_done(rh_net_conn *c)
{
    tell_over(c);
    net_request_free(c->rq);
    net_ws_free(c->ws);
    c->rq = NULL;
    c->ws = NULL;
    rh_buf_done(&c->in);
    net_out_done(&c->out);
    c->state = NET_GONE;
}

void net_conn_taken(rh_net_conn *c, size_t n)
{
    net_out_sent(&c->out, n);
    c->taken_us = c->core->now_us;
    if (n)
        net_conn_touch(c);
}

void net_conn_acked(rh_net_conn *c, size_t n)
{
    if (n)
        c->taken_us = c->core->now_us;
    c->n_out_window += n;
}

/* ---- bytes in ---- */

static size_t dispatch(rh_net_conn *c, const char *bytes, size_t n)
{
    switch (c->state) {
    case NET_IDLE:
        if (c->close_after)
            return n;
        /* The next request waits until its client takes the replies it has. */
        if (c->out.n > NET_NEXT_UNSENT)
            return 0;
        net_conn_enter(c, NET_HEAD);
        return net_http_feed(c, bytes, n);
    case NET_HEAD:
    case NET_BODY: return net_http_feed(c, bytes, n);
    case NET_WORK: return 0;
    case NET_WS:
    case NET_WS_CLOSING: return net_ws_feed(c, bytes, n);
    case NET_LINGER:
        c->n_window += n;
        if (c->n_window > c->core->o.max_discard_bytes)
            rh_net_close(c);
        return n;
    case NET_FLUSH:
    case NET_GONE: break;
    }
    return n;
}

/* Takes as much as can be taken now; the rest is kept. */
static void take(rh_net_conn *c, const char *bytes, size_t n)
{
    while (n) {
        net_state before = c->state;
        size_t k = dispatch(c, bytes, n);
        bytes += k;
        n -= k;
        if (k == 0 && c->state == before)
            break;
    }
    if (n && rh_buf_add(&c->in, bytes, n) != RH_OK)
        rh_net_close(c);
}

void net_conn_feed(rh_net_conn *c, const char *bytes, size_t n)
{
    if (c->state == NET_GONE)
        return;
    c->heard_us = c->core->now_us;
    if (c->in.len) {
        if (rh_buf_add(&c->in, bytes, n) != RH_OK)
            rh_net_close(c);
        net_conn_touch(c);
        return;
    }
    take(c, bytes, n);
}

void net_conn_eof(rh_net_conn *c)
{
    if (c->eof)
        return;
    c->eof = true;
    c->eof_us = c->core->now_us;
    net_conn_touch(c);
}

static void take_early(rh_net_conn *c)
{
    if (c->state == NET_WS && !c->held)
        (void)net_ws_feed(c, "", 0); /* the frame parser may hold whole frames */
    bool waits = c->state == NET_WORK || (c->held && (c->state == NET_WS || c->state == NET_BODY));
    if (!c->in.len || waits || (c->state == NET_IDLE && c->out.n > NET_NEXT_UNSENT))
        return;
    rh_buf early = c->in;
    rh_buf_init(&c->in, early.max);
    take(c, early.data, early.len);
    rh_buf_done(&early);
}

/* The other end sends no more, and all it sent has been looked at. */
static void handle_eof(rh_net_conn *c)
{
    switch (c->state) {
    case NET_IDLE: c->close_after = true; break;
    case NET_HEAD:
    case NET_BODY: net_http_eof(c); break;
    case NET_WS:
    case NET_WS_CLOSING:
    case NET_LINGER: rh_net_close(c); break;
    case NET_WORK: /* net_conn_tick() counts the time */
    case NET_FLUSH:
    case NET_GONE: break;
    }
}

/* ---- a turn ---- */

/* The reply is complete; a body that can be read to its end is. */
static void end_request(rh_net_conn *c)
{
    net_request *rq = c->rq;
    if (!rq || !rq->ended || (!rq->whole && !c->close_after))
        return;
    tell_over(c);
    net_request_free(rq);
    c->rq = NULL;
    c->held = false;
    if (c->state == NET_GONE)
        return;
    c->served = true;
    if (c->close_after || c->core->draining)
        net_conn_finish(c);
    else
        net_conn_enter(c, NET_IDLE);
}

static void serve_ws(rh_net_conn *c)
{
    net_ws *ws = c->ws;
    while (c->state == NET_WS && ws->want_write && c->out.n < NET_WS_UNSENT) {
        ws->want_write = false;
        c->core->cb.ws_writable(c->core->user, c);
    }
    if (c->state != NET_WS)
        tell_over(c);
}

static void turn(rh_net_conn *c)
{
    end_request(c);
    take_early(c);
    if (c->ws)
        serve_ws(c);
    if (c->eof && !c->in.len)
        handle_eof(c);
    if (c->state == NET_IDLE && (c->close_after || (c->core->draining && c->served)))
        net_conn_finish(c);
    if (c->state == NET_FLUSH && !c->out.n && !c->wire_full) {
        net_conn_enter(c, c->eof ? NET_GONE : NET_LINGER);
        c->want_shut = true;
    }
    if (c->state == NET_GONE)
        tell_over(c);
}

bool net_core_turn(net_core *core, void (*after)(rh_net_conn *c))
{
    rh_net_conn *list = core->dirty;
    core->dirty = NULL;
    while (list) {
        rh_net_conn *c = list;
        list = c->next_dirty;
        c->dirty = false;
        turn(c);
        after(c); /* may free it */
    }
    return core->dirty != NULL;
}

/* ---- time ---- */

static bool rate_kept(int64_t now, int64_t *window_us, size_t *n)
{
    if (now - *window_us < seconds(NET_RATE_S))
        return true;
    bool kept = *n >= NET_RATE_BYTES;
    *window_us = now;
    *n = 0;
    return kept;
}

static void give_up(rh_net_conn *c, const char *why)
{
    c->close_after = true;
    if (!c->rq || c->rq->replied) {
        rh_net_close(c);
        return;
    }
    (void)rh_net_reply_error(c, 408, why);
}

static void tick_out(rh_net_conn *c, int64_t now)
{
    int64_t most = c->state == NET_WS_CLOSING ? NET_CLOSE_S : NET_STUCK_S;
    if (!c->out.n || c->state == NET_WS)
        return;
    if (now - c->taken_us > seconds(most) ||
        (now - c->out_window_us >= 2 * seconds(NET_RATE_S) && !rate_kept(now, &c->out_window_us, &c->n_out_window)))
        rh_net_close(c);
}

void net_conn_tick(rh_net_conn *c)
{
    int64_t now = c->core->now_us, age = now - c->since_us;
    tick_out(c, now);
    switch (c->state) {
    case NET_IDLE:
        if (!c->out.n && age > seconds(NET_IDLE_S))
            net_conn_finish(c);
        break;
    case NET_HEAD:
        if (age > seconds(NET_HEAD_S))
            give_up(c, "the request's headers took longer than 20 s");
        break;
    case NET_BODY:
        if (age > seconds(NET_BODY_S))
            give_up(c, "the body took longer than 4 hours");
        else if (c->held) /* it is we who wait */
            c->window_us = now;
        else if (!rate_kept(now, &c->window_us, &c->n_window))
            give_up(c, "the body came slower than 1 KB/s: send it in one go");
        break;
    case NET_WORK:
        if (c->eof && now - c->eof_us > seconds(NET_HALF_OPEN_S) && !c->rq->replied)
            rh_net_close(c);
        break;
    case NET_LINGER:
        if (age > seconds(NET_LINGER_S) || (age > seconds(NET_QUIET_S) && now - c->heard_us > seconds(NET_QUIET_S)))
            rh_net_close(c);
        break;
    case NET_WS:
    case NET_WS_CLOSING: net_ws_tick(c); break;
    case NET_FLUSH:
    case NET_GONE: break;
    }
}

/* ---- what the carrier asks ---- */

bool net_conn_reads(const rh_net_conn *c)
{
    if (c->eof || c->in.len)
        return false;
    switch (c->state) {
    case NET_IDLE: return c->out.n <= NET_NEXT_UNSENT;
    case NET_HEAD:
    case NET_WORK:
    case NET_LINGER: return true;
    case NET_BODY: return !c->held;
    case NET_WS: return !c->held && c->out.n < c->core->o.max_unsent_bytes;
    case NET_WS_CLOSING: return true;
    case NET_FLUSH:
    case NET_GONE: break;
    }
    return false;
}

bool net_conn_busy(const rh_net_conn *c)
{
    return c->out.n || (c->state != NET_IDLE && c->state != NET_HEAD && c->state != NET_GONE);
}

int64_t net_conn_idleness(const rh_net_conn *c)
{
    int64_t now = c->core->now_us, age = now - c->since_us + 1;
    const int64_t grade = (int64_t)1 << 50;
    switch (c->state) {
    case NET_LINGER: return 4 * grade + age;
    case NET_IDLE: return c->out.n ? 0 : 3 * grade + age;
    case NET_HEAD: return 2 * grade + age;
    case NET_BODY: /* 4 KB/s tell a slow line from a drip */
        return c->rq && (int64_t)c->rq->n_raw < 4096 + age / 250 ? grade + age : 0;
    case NET_FLUSH: return now - c->taken_us > seconds(NET_CLOSE_S) ? age : 0;
    case NET_WORK:
    case NET_WS:
    case NET_WS_CLOSING:
    case NET_GONE: break;
    }
    return 0;
}

/* ---- small questions ---- */

void rh_net_set_user(rh_net_conn *c, void *user)
{
    c->user = user;
}

void *rh_net_user(const rh_net_conn *c)
{
    return c->user;
}

const char *rh_net_peer(const rh_net_conn *c)
{
    return c->peer;
}

void rh_net_hold(rh_net_conn *c, bool hold)
{
    c->held = hold;
    net_conn_touch(c);
}
