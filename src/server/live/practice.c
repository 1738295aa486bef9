#include "practice_internal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/clock.h"

static rh_practice *find(rh_server *s, const char *id)
{
    rh_practice *p = s->practices;
    while (p && (p->ended || strcmp(p->id, id) != 0))
        p = p->next;
    return p;
}

bool rh_practice_runs(rh_server *s, const char *id)
{
    return find(s, id) != NULL;
}

static rh_ws *socket_of(rh_practice *p)
{
    rh_conn *c = rh_conn_find(p->server, p->conn);
    return c ? c->ws : NULL;
}

static void say(rh_ws *w, json_t *take)
{
    char *text = take ? json_dumps(take, JSON_COMPACT | JSON_REAL_PRECISION(12)) : NULL;
    if (text)
        (void)rh_ws_say(w, text, strlen(text));
    free(text);
    json_decref(take);
}

void rh_practice_error(rh_ws *w, const char *msg)
{
    json_t *text = json_string(msg);
    w->server->count.n_errors++;
    say(w, json_pack("{s:s, s:o}", "type", "error", "detail", text ? text : json_string("bad message")));
}

static void refuse(rh_ws *w, const char *msg, int code)
{
    rh_practice_error(w, msg);
    rh_ws_close(w, code);
}

void rh_media_item_free(rh_media_item *item)
{
    if (!item)
        return;
    rh_free(item->raw);
    rh_free(item->x);
    rh_free(item);
}

/* ---- events to the client ---- */

/* Kept events are numbered, so that a client that comes back can say what it has. */
static void keep_event(rh_practice *p, const char *text, size_t n)
{
    char head[40];
    int n_head = snprintf(head, sizeof head, "{\"seq\":%llu,", (unsigned long long)++p->n_seq);
    rh_event *e = rh_alloc(sizeof *e + (size_t)n_head + n);
    if (!e)
        return;
    *e = (rh_event){.seq = p->n_seq, .n = (size_t)n_head + n - 1};
    memcpy(e->text, head, (size_t)n_head);
    memcpy(e->text + n_head, text + 1, n - 1);
    if (p->last_event)
        p->last_event->next = e;
    else
        p->events = e;
    p->last_event = e;
    if (++p->n_events > RH_MAX_EVENTS) {
        rh_event *old = p->events;
        p->events = old->next;
        p->n_events--;
        rh_free(old);
    }
}

static void send_from(rh_practice *p, rh_ws *w, uint64_t seq)
{
    p->next_seq = seq;
    for (rh_event *e = p->events; e; e = e->next)
        if (e->seq >= seq && rh_ws_say(w, e->text, e->n) == RH_OK)
            p->next_seq = e->seq + 1;
}

void rh_practice_deliver(rh_practice *p, const char *text, size_t n, bool keep)
{
    rh_ws *w = socket_of(p);
    if (keep && n > 2) {
        keep_event(p, text, n);
        if (w && p->last_event && p->next_seq == p->n_seq)
            send_from(p, w, p->n_seq);
        return;
    }
    /* What will be said again in a second is not queued for a client that lags. */
    if (w && w->out.len - w->n_out_sent < RH_MAX_OUT_BYTES / 2)
        (void)rh_ws_say(w, text, n);
}

void rh_practice_ready(rh_practice *p, bool resumed)
{
    rh_ws *w = socket_of(p);
    if (!w)
        return;
    say(w, json_pack("{s:s, s:s, s:s, s:I, s:b, s:i}", "type", "ready", "session", p->id, "resume", p->token,
                     "audio_us", (json_int_t)rh_session_audio_us(p->session), "resumed", (int)resumed,
                     "resume_for_s", RH_SESSION_RESUME_S));
    send_from(p, w, p->next_seq);
}

void rh_practice_fault(rh_practice *p, const rh_error *err, int close_code)
{
    rh_ws *w = socket_of(p);
    if (w && close_code)
        refuse(w, err->msg, close_code);
    else if (w)
        rh_practice_error(w, err->msg);
}

/* ---- life ---- */

void rh_practice_over(rh_practice *p, int close_code)
{
    rh_ws *w = socket_of(p);
    p->ended = true;
    if (w) {
        w->practice = NULL;
        w->lane_bytes = 0;
        rh_ws_hold_back(w);
        rh_ws_close(w, close_code);
    }
    p->conn = 0;
}

static void destroy(rh_practice *p)
{
    while (p->audio_head) {
        rh_media_item *next = p->audio_head->next;
        rh_media_item_free(p->audio_head);
        p->audio_head = next;
    }
    rh_media_item_free(p->frame);
    while (p->events) {
        rh_event *next = p->events->next;
        rh_free(p->events);
        p->events = next;
    }
    rh_resampler_free(p->resampler);
    rh_session_free(p->session);
    json_decref(p->first);
    rh_free(p);
}

void rh_practice_release(rh_practice *p)
{
    if (!p->ended || p->n_jobs)
        return;
    for (rh_practice **at = &p->server->practices; *at; at = &(*at)->next)
        if (*at == p) {
            *at = p->next;
            break;
        }
    destroy(p);
}

void rh_practices_free(rh_server *s)
{
    while (s->practices) {
        rh_practice *next = s->practices->next;
        if (s->practices->discard && s->practices->session && !s->practices->ended)
            (void)rh_session_discard(s->practices->session, NULL); /* promised, and no job could do it any more */
        destroy(s->practices);
        s->practices = next;
    }
}

/* Kept events that were queued but not written are sent again after a resume. */
static void take_back(rh_practice *p, const rh_ws *w)
{
    size_t at = w->n_out_sent;
    while (at + sizeof(uint32_t) < w->out.len) {
        uint32_t n;
        unsigned long long seq;
        memcpy(&n, w->out.data + at, sizeof n);
        at += sizeof n;
        if (n > 8 && sscanf(w->out.data + at, "{\"seq\":%llu,", &seq) == 1 && seq < p->next_seq) {
            p->next_seq = seq;
            return;
        }
        at += n;
    }
}

void rh_practice_detach(rh_ws *w)
{
    rh_practice *p = w->practice;
    if (!p)
        return;
    take_back(p, w);
    w->practice = NULL;
    p->conn = 0;
    p->away_since_us = rh_now_us();
}

void rh_practices_tick(rh_server *s, int64_t now_us)
{
    for (rh_practice *p = s->practices, *next; p; p = next) {
        next = p->next;
        if (!p->conn && p->session && !p->finish_wanted && !rh_stopping(s) &&
            now_us - p->away_since_us > (int64_t)RH_SESSION_RESUME_S * 1000000)
            p->finish_wanted = true; /* nobody came back: the report is made of what there is */
        p->full = false;
        rh_practice_work(p);
        rh_practice_pump(p);
        rh_practice_release(p);
    }
}

bool rh_practice_owes(const rh_ws *w)
{
    const rh_practice *p = w->kind == RH_WS_SESSION ? w->practice : NULL;
    return p && p->finish_wanted && !p->ended;
}

bool rh_practices_busy(const rh_server *s)
{
    for (const rh_practice *p = s->practices; p; p = p->next)
        if (p->n_jobs || p->audio_head || (p->finish_wanted && p->session))
            return true;
    return false;
}

/* ---- messages of the client ---- */

static void new_token(char *out)
{
    unsigned char bytes[RH_TOKEN_LEN / 2];
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        abort(); /* a guessable token is worse than none */
    for (size_t i = 0; i < sizeof bytes; i++)
        (void)snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

static void attach(rh_practice *p, rh_ws *w)
{
    p->conn = w->id;
    w->practice = p;
    w->lane_bytes = p->audio_bytes;
}

static void resume(rh_practice *p, rh_ws *w, const rh_start_message *start)
{
    if (!start->resume || strcmp(start->resume, p->token) != 0) {
        refuse(w, "this session is open elsewhere: go on with its resume token, or choose another id", 1008);
        return;
    }
    rh_ws *old = socket_of(p);
    if (old) { /* its end of the line has not noticed yet */
        take_back(p, old);
        old->practice = NULL;
        rh_ws_close(old, 1008);
    }
    attach(p, w);
    p->rate_hz = start->rate_hz;
    if (start->has_last_seq)
        p->next_seq = start->last_seq + 1;
    if (p->session)
        rh_practice_ready(p, true);
}

static void begin(rh_ws *w, json_t *first)
{
    rh_server *s = w->server;
    rh_start_message start;
    rh_error err;
    char code[RH_ASR_LANG_LEN];
    rh_practice *p = find(s, w->name);
    if (w->practice) {
        rh_practice_error(w, "the session has started already");
    } else if (!rh_ready(s)) {
        refuse(w, "the models are still loading: try again in a second", 1013);
    } else if (rh_start_message_read(&start, first, &err) != RH_OK) {
        refuse(w, err.msg, 1008);
    } else if (!p && start.language && rh_coach_asr(s->coach) &&
               rh_asr_model_language(rh_coach_asr(s->coach), start.language, code, &err) != RH_OK) {
        refuse(w, err.msg, 1008);
    } else if (p) {
        resume(p, w, &start);
    } else if (!(p = rh_calloc(1, sizeof *p))) {
        refuse(w, "out of memory", 1013);
    } else {
        p->server = s;
        strcpy(p->id, w->name);
        new_token(p->token);
        p->first = json_incref(first);
        p->start = start;
        p->rate_hz = start.rate_hz;
        p->next_seq = 1;
        p->next = s->practices;
        s->practices = p;
        attach(p, w);
        rh_practice_open(p);
        rh_practice_release(p);
    }
}

static void discard(rh_practice *p)
{
    while (p->audio_head && p->audio_head->next && !p->feeding) { /* nobody wants them recognised */
        rh_media_item *next = p->audio_head->next;
        p->audio_bytes -= p->audio_head->n;
        rh_media_item_free(p->audio_head);
        p->audio_head = next;
    }
    p->discard = p->finish_wanted = true;
    rh_practice_pump(p);
}

bool rh_practice_discard(rh_server *s, const char *id)
{
    rh_practice *p = find(s, id);
    if (p)
        discard(p);
    return p != NULL;
}

static void text_message(rh_ws *w, const char *raw, size_t n)
{
    json_error_t why;
    json_t *m = json_loadb(raw, n, 0, &why);
    const char *type = json_string_value(json_object_get(m, "type"));
    if (!m) {
        char msg[JSON_ERROR_TEXT_LENGTH + 40];
        (void)snprintf(msg, sizeof msg, "the message is no JSON: %s", why.text);
        rh_practice_error(w, msg);
    } else if (!type) {
        rh_practice_error(w, "send JSON with a \"type\": start, command, finish, discard");
    } else if (strcmp(type, "start") == 0) {
        begin(w, m);
    } else if (!w->practice) {
        rh_practice_error(w, "begin with {\"type\":\"start\",\"sample_rate\":16000}");
    } else if (strcmp(type, "finish") == 0) {
        w->practice->finish_wanted = true;
        rh_practice_pump(w->practice);
    } else if (strcmp(type, "discard") == 0) {
        discard(w->practice);
    } else if (strcmp(type, "command") == 0) {
        const char *c = json_string_value(json_object_get(m, "command"));
        if (c && strcmp(c, "calibrate") == 0)
            atomic_store(&w->practice->calibrate, true);
        else
            rh_practice_error(w, "unknown command: \"calibrate\" exists");
    } else {
        rh_practice_error(w, "unknown type: start, command, finish and discard exist");
    }
    json_decref(m);
}

/* Takes `raw` when it returns true. */
static bool media_message(rh_ws *w, char *raw, size_t n)
{
    rh_practice *p = w->practice;
    int type;
    int64_t t_us;
    rh_error err;
    if (!p || p->finish_wanted) {
        rh_practice_error(w, p ? "the session is finishing" : "begin with {\"type\":\"start\"}");
        return false;
    }
    if (rh_media_head(raw, n, &type, &t_us, &err) != RH_OK) {
        rh_practice_error(w, err.msg);
        return false;
    }
    rh_media_item *item = rh_calloc(1, sizeof *item);
    if (!item) {
        rh_practice_error(w, "out of memory");
        return false;
    }
    *item = (rh_media_item){.raw = raw, .n = n, .t_us = t_us};
    if (type == RH_MEDIA_JPEG) {
        w->server->count.n_frames_skipped += p->frame != NULL;
        rh_media_item_free(p->frame);
        p->frame = item;
    } else {
        if (p->audio_tail)
            p->audio_tail->next = item;
        else
            p->audio_head = item;
        p->audio_tail = item;
        p->audio_bytes += n;
        w->lane_bytes = p->audio_bytes;
    }
    rh_practice_pump(p);
    return true;
}

void rh_practice_message_take(rh_ws *w, char *raw, size_t n, bool binary)
{
    bool taken = false;
    if (binary)
        taken = media_message(w, raw, n);
    else
        text_message(w, raw, n);
    if (!taken)
        rh_free(raw);
}
