/* live_socket.c - messages of a socket of /v1/session, and sessions as time goes by. */
#include "live_session_internal.h"

#include <stdlib.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/clock.h"
#include "rehearse/base/random.h"
#include "server/session_recovery.h"

/* Kept events that were queued but not written are sent again after a resume. */
static void take_back(rh_live_session *p, const rh_ws *w)
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

static void discard(rh_live_session *p)
{
    while (p->audio_head && p->audio_head->next && !(p->jobs & RH_LIVE_FEEDS)) { /* nobody wants them recognised */
        rh_media_item *next = p->audio_head->next;
        p->audio_bytes -= p->audio_head->n;
        rh_media_item_free(p->audio_head);
        p->audio_head = next;
    }
    p->discard = true;
    rh_live_session_go_on(p, RH_LIVE_FINISHING);
    rh_live_session_schedule(p);
}

void rh_live_sessions_tick(rh_server *s, int64_t now_us)
{
    for (rh_live_session *p = s->live_sessions, *next; p; p = next) {
        next = p->next;
        if (p->state != RH_LIVE_ENDED && rh_live_session_stands(p, RH_STANDING_TAKEN))
            rh_live_session_lose(p);
        else if (p->state < RH_LIVE_ENDING && rh_live_session_stands(p, RH_STANDING_DELETED))
            discard(p); /* somebody asked another server to */
        if (!p->conn && p->session && !rh_stopping(s) &&
            now_us - p->away_since_us > (int64_t)RH_SESSION_RESUME_S * 1000000)
            rh_live_session_go_on(p, RH_LIVE_FINISHING); /* nobody came back: the report is made of what there is */
        p->full = false;
        rh_live_session_work(p);
        rh_live_session_schedule(p);
        if (p->acks) {
            rh_live_session_send_on(p); /* what waits for a store that takes nothing is told after all */
            rh_live_session_ack(p, now_us);
            rh_live_session_drain(p, now_us);
        }
        rh_live_session_release(p);
    }
}

bool rh_live_sessions_busy(const rh_server *s)
{
    for (const rh_live_session *p = s->live_sessions; p; p = p->next)
        if (p->jobs || p->audio_head || (p->state != RH_LIVE_RUNNING && p->session))
            return true;
    return false;
}

/* ---- messages of the client ---- */

static void new_token(char *out)
{
    if (!rh_random_hex(out, RH_TOKEN_LEN / 2))
        abort(); /* a guessable token is worse than none */
}

static void attach(rh_live_session *p, rh_ws *w)
{
    p->conn = w->id;
    w->state = p;
    w->work_bytes = p->audio_bytes;
}

static void resume(rh_live_session *p, rh_ws *w, const rh_start_message *start)
{
    if (!start->resume || strcmp(start->resume, p->token) != 0 || strcmp(p->person, w->who.name) != 0) {
        rh_live_session_refuse(w, "this session is open elsewhere: go on with its resume token, or choose another id",
                               1008);
        return;
    }
    rh_ws *old = rh_live_session_socket(p);
    if (old) { /* its end of the line has not noticed yet */
        take_back(p, old);
        old->state = NULL;
        rh_ws_close(old, 1008);
    }
    attach(p, w);
    p->rate_hz = start->rate_hz;
    p->tell_acks = start->acks;
    p->anew = true;
    if (start->has_last_seq)
        p->next_seq = (start->last_seq < p->n_seq ? start->last_seq : p->n_seq) + 1;
    if (p->session)
        rh_live_session_ready(p, true, rh_session_audio_us(p->session));
}

static void begin(rh_ws *w, json_t *first)
{
    rh_server *s = w->server;
    rh_start_message start;
    rh_error err;
    char code[RH_ASR_LANG_LEN];
    rh_live_session *p = rh_live_session_find(s, w->name);
    if (w->state) {
        rh_live_session_error(w, "the session has started already");
    } else if (!rh_ready(s)) {
        rh_live_session_refuse(w, "the models are still loading: try again in a second", 1013);
    } else if (rh_start_message_read(&start, first, &err) != RH_OK) {
        rh_live_session_refuse(w, err.msg, 1008);
    } else if (!p && start.language && s->models->asr &&
               rh_asr_model_language(s->models->asr, start.language, code, &err) != RH_OK) {
        rh_live_session_refuse(w, err.msg, 1008);
    } else if (!p && rh_live_session_leaves(s, w->name)) {
        rh_live_session_refuse(w, "another server had the session a moment ago: try again in a second", 1013);
    } else if (!p && rh_session_is_recovered(s, w->name)) {
        rh_live_session_refuse(w, "the session's report is being made: try again in a second", 1013);
    } else if (p) {
        resume(p, w, &start);
    } else if (!(p = rh_calloc(1, sizeof *p))) {
        rh_live_session_refuse(w, "out of memory", 1013);
    } else {
        p->server = s;
        pthread_mutex_init(&p->recognising, NULL);
        strcpy(p->id, w->name);
        strcpy(p->person, w->who.name);
        /* Of a session that an earlier run had the client brings it: whether rightly shows when it is opened. */
        if (start.resume && strlen(start.resume) == RH_TOKEN_LEN)
            memcpy(p->token, start.resume, RH_TOKEN_LEN);
        else
            new_token(p->token);
        p->first = json_incref(first);
        p->start = start;
        p->rate_hz = start.rate_hz;
        p->next_seq = 1;
        p->tell_acks = start.acks;
        p->next = s->live_sessions;
        s->live_sessions = p;
        attach(p, w);
        rh_live_session_open(p);
        rh_live_session_release(p);
    }
}

bool rh_live_session_discard(rh_server *s, const char *id, const rh_person *who)
{
    rh_live_session *p = rh_live_session_find(s, id);
    if (!p || !rh_person_may(who, p->person))
        return false;
    discard(p);
    return true;
}

void rh_live_sessions_discard(rh_server *s, const char *interview, const rh_person *who)
{
    for (rh_live_session *p = s->live_sessions; p; p = p->next)
        if (p->start.interview && strcmp(p->start.interview, interview) == 0 && rh_person_may(who, p->person))
            discard(p);
}

static void queue(rh_live_session *p, rh_ws *w, rh_media_item *item)
{
    if (p->audio_tail)
        p->audio_tail->next = item;
    else
        p->audio_head = item;
    p->audio_tail = item;
    p->audio_bytes += item->n;
    w->work_bytes = p->audio_bytes;
}

/* Behind the sound that was sent before. `n`: bytes of the message. */
static void tell_session(rh_live_session *p, rh_ws *w, rh_item_kind kind, size_t n)
{
    rh_media_item *item = p->state == RH_LIVE_RUNNING ? rh_calloc(1, sizeof *item) : NULL;
    if (!item) {
        rh_live_session_error(w, p->state == RH_LIVE_RUNNING ? "out of memory" : "the session is finishing");
        return;
    }
    item->kind = kind;
    item->n = n;
    queue(p, w, item);
    rh_live_session_schedule(p);
}

static void interviewer_message(rh_live_session *p, rh_ws *w, const json_t *m, size_t n)
{
    const json_t *speaking = json_object_get(m, "speaking");
    if (json_is_boolean(speaking))
        tell_session(p, w, json_is_true(speaking) ? RH_ITEM_INTERVIEWER_SPEAKS : RH_ITEM_INTERVIEWER_SILENT, n);
    else
        rh_live_session_error(w, "interviewer: speaking must be true or false");
}

static void text_message(rh_ws *w, const char *raw, size_t n)
{
    json_error_t why;
    json_t *m = json_loadb(raw, n, 0, &why);
    const char *type = json_string_value(json_object_get(m, "type"));
    rh_live_session *p = w->state;
    if (!m) {
        char msg[JSON_ERROR_TEXT_LENGTH + 40];
        (void)snprintf(msg, sizeof msg, "the message is no JSON: %s", why.text);
        rh_live_session_error(w, msg);
    } else if (!type) {
        rh_live_session_error(w, "send JSON with a \"type\": start, command, interviewer, turn.end, finish, discard");
    } else if (strcmp(type, "start") == 0) {
        begin(w, m);
    } else if (!p) {
        rh_live_session_error(w, "begin with {\"type\":\"start\",\"sample_rate\":16000}");
    } else if (strcmp(type, "finish") == 0) {
        rh_live_session_go_on(p, RH_LIVE_FINISHING);
        rh_live_session_schedule(p);
    } else if (strcmp(type, "discard") == 0) {
        discard(p);
    } else if (strcmp(type, "interviewer") == 0) {
        interviewer_message(p, w, m, n);
    } else if (strcmp(type, "turn.end") == 0) {
        if (p->start.turns)
            tell_session(p, w, RH_ITEM_TURN_END, n);
        else
            rh_live_session_error(w, "turn.end: this session has no turns; start it with \"turns\": true");
    } else if (strcmp(type, "command") == 0) {
        const char *c = json_string_value(json_object_get(m, "command"));
        if (c && strcmp(c, "calibrate") == 0)
            atomic_store(&p->calibrate, true);
        else
            rh_live_session_error(w, "unknown command: \"calibrate\" exists");
    } else {
        rh_live_session_error(w, "unknown type: start, command, interviewer, turn.end, finish and discard exist");
    }
    json_decref(m);
}

/* Takes `raw` when it returns true. */
static bool media_message(rh_ws *w, char *raw, size_t n)
{
    rh_live_session *p = w->state;
    int type;
    int64_t t_us;
    rh_error err;
    if (!p || p->state != RH_LIVE_RUNNING) {
        rh_live_session_error(w, p ? "the session is finishing" : "begin with {\"type\":\"start\"}");
        return false;
    }
    if (rh_media_head(raw, n, &type, &t_us, &err) != RH_OK) {
        rh_live_session_error(w, err.msg);
        return false;
    }
    rh_media_item *item = rh_calloc(1, sizeof *item);
    if (!item) {
        rh_live_session_error(w, "out of memory");
        return false;
    }
    *item = (rh_media_item){.raw = raw, .n = n, .t_us = t_us, .anew = type != RH_MEDIA_JPEG && p->anew};
    p->anew &= !item->anew;
    if (type == RH_MEDIA_JPEG) {
        w->server->count.n_frames_skipped += p->frame != NULL;
        rh_media_item_free(p->frame);
        p->frame = item;
    } else {
        queue(p, w, item);
    }
    rh_live_session_schedule(p);
    return true;
}

static void detach(rh_ws *w)
{
    rh_live_session *p = w->state;
    if (!p)
        return;
    take_back(p, w);
    w->state = NULL;
    p->conn = 0;
    p->away_since_us = rh_now_us();
}

static bool owes(const rh_ws *w)
{
    const rh_live_session *p = w->state;
    bool drains = p && rh_stopping(p->server) && rh_live_session_acknowledged(p) && !w->close_code;
    return p && p->state != RH_LIVE_ENDED && (p->state != RH_LIVE_RUNNING || drains);
}

static void message(rh_ws *w, char *raw, size_t n, bool binary)
{
    bool taken = false;
    if (!raw)
        rh_ws_close(w, 1013);
    else if (binary)
        taken = media_message(w, raw, n);
    else
        text_message(w, raw, n);
    if (!taken)
        rh_free(raw);
    rh_ws_hold_back(w);
}

/* What can't be kept is not begun where another server can. */
static int admit(rh_server *s, const char *name, const char **why)
{
    bool fine = !s->store || !rh_store_is_shared(s->store) || rh_store_health(s->store, NULL) == RH_OK;
    *why = "the database can't be reached: no session can begin just now, try again in a moment";
    return fine || rh_live_session_find(s, name) ? 0 : 503;
}

const rh_socket_kind rh_socket_live = {.name_good = rh_session_id_valid,
                                       .name_rule = "the session id must have 1 to 64 of A-Z a-z 0-9 - _ .",
                                       .admit = admit,
                                       .message = message,
                                       .too_large = rh_live_session_error,
                                       .tick = rh_ws_hold_back,
                                       .owes = owes,
                                       .gone = detach};
