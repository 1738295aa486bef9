/* session.c - the life of a session. Its audio half: session_sound.c, its video half:
 * session_faces.c, what both tell live: session_live.c; session_end.c measures the whole. */
#include "rehearse/session/session.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/clock.h"
#include "rehearse/session/hearing.h"
#include "rehearse/base/json.h"
#include "session_internal.h"

enum {
    RATE = RH_ASR_RATE_HZ,
    SETTLE_MS = 8000,     /* between finals of unbroken speech */
    BEGIN_WAIT_MS = 2000, /* for a database that another program holds */
};

static char *copy(const char *text, bool *ok)
{
    char *c = text && *text ? rh_strdup(text) : NULL;
    if (text && *text && !c)
        *ok = false;
    return c;
}

/* Signs that no text has become blanks. */
static char *copy_pasted(const char *text, bool *ok)
{
    char *c = copy(text, ok);
    for (char *s = c; s && *s; s++)
        if (((unsigned char)*s < ' ' && *s != '\n' && *s != '\t') || *s == 0x7f)
            *s = ' ';
    return c;
}

static bool copy_options(rh_session *s, const rh_session_options *o)
{
    bool ok = true;
    s->o = *o;
    s->o.acks = o->acks && s->store && o->token_hash;
    s->o.id = copy(o->id, &ok);
    s->o.person = copy(o->person && *o->person ? o->person : NULL, &ok);
    s->o.client = copy(o->client ? o->client : "me", &ok);
    s->o.question = copy(o->question, &ok);
    s->o.kind = copy(o->kind, &ok);
    s->o.language = copy(o->language, &ok);
    s->o.interview = copy(o->interview, &ok);
    s->o.reference = copy(o->reference, &ok);
    s->o.spool_dir = copy(o->spool_dir, &ok);
    s->o.job_ad = copy_pasted(o->job_ad, &ok);
    s->o.cv = copy_pasted(o->cv, &ok);
    s->o.key_terms = json_deep_copy(o->key_terms);
    s->o.source = copy(o->source, &ok);
    s->o.file_name = copy(o->file_name, &ok);
    if (!(s->o.face_hz > 0))
        s->o.face_hz = 5;
    s->last_face_event = -INFINITY; /* the first picture is told, whenever it comes */
    return ok;
}

json_t *rh_session_meta(const rh_session *s)
{
    json_t *meta = json_pack("{s:s, s:s*, s:s*, s:s*, s:s*, s:s*, s:s*, s:s*}", "client", s->o.client, "person",
                             s->o.person, "question", s->o.question, "kind", s->o.kind, "language", s->o.language,
                             "reference", s->o.reference, "source", s->o.source, "file_name", s->o.file_name);
    if (meta && s->o.interview)
        (void)json_object_update_new(meta, json_pack("{s:s, s:i, s:i}", "interview", s->o.interview, "question_index",
                                                     s->o.question_index, "follow_up", s->o.follow_up));
    if (meta && (s->o.job_ad || s->o.cv || s->o.key_terms))
        (void)json_object_update_new(
            meta, json_pack("{s:s*, s:s*, s:O*}", "job_ad", s->o.job_ad, "cv", s->o.cv, "key_terms", s->o.key_terms));
    if (meta && s->o.keep_media) /* after a crash it is still known */
        json_object_set_new(meta, "keep_media", json_true());
    if (meta && s->o.keep_video)
        json_object_set_new(meta, "keep_video", json_true());
    return meta;
}

/* What an earlier run of the program had kept of this session. */
static void restore(rh_session *s, const json_t *kept)
{
    size_t i, k;
    json_t *seg, *word, *row;
    s->created = rh_json_num(kept, "created");
    json_array_foreach(json_object_get(kept, "segments"), i, seg) {
        json_array_append(s->segments, seg);
        s->n_segments = (int)json_integer_value(json_object_get(seg, "seq")) + 1;
        json_array_foreach(json_object_get(seg, "words"), k, word)
            rh_session_count_word(s, word);
    }
    json_array_foreach(json_object_get(kept, "seconds"), i, row) {
        int t = (int)json_integer_value(json_object_get(row, "t"));
        s->stored_until = t + 1;
        s->now = fmax(s->now, t);
        rh_timeline_restore(&s->timeline, t, row);
    }
    json_array_foreach(json_object_get(kept, "events"), i, row) {
        json_array_append(s->events, row);
        if (strcmp(rh_json_str(row, "kind"), "look_away") == 0)
            rh_timeline_away(&s->timeline, rh_json_num(row, "start"), rh_json_num(row, "end"));
    }
    s->metrics_at = s->now;
    s->whole &= s->n_segments == 0; /* their sounds are known no more */
}

/* "auto" listens and decides; without any it is the model set's. */
const char *rh_session_language(const rh_session *s)
{
    const char *l = s->o.language ? s->o.language : s->models->language;
    return *l && strcmp(l, "auto") != 0 ? l : NULL;
}

static rh_status start_transcriber(rh_session *s, rh_error *err)
{
    rh_asr_model *asr = s->models->asr;
    const rh_vad_model *vad = s->models->vad;
    if (!asr || !vad || s->o.from != RH_SESSION_LIVE)
        return RH_OK; /* pictures alone, or recognised at its end or elsewhere */
    rh_transcriber_options o = rh_transcriber_options_default();
    o.language = rh_session_language(s);
    o.verbatim = true;
    o.sounds = true;
    o.expected = true;
    o.joined = true;
    o.settle_ms = SETTLE_MS;
    o.terms = s->terms;
    o.give_way = s->o.give_way;
    o.give_way_user = s->o.user;
    char *said = rh_session_said(s, &o.said_from_s, &o.said_s);
    o.said = said;
    s->n_fed = s->heard_from;
    rh_status st = rh_transcriber_new(&s->transcriber, asr, vad, &o, err);
    rh_free(said);
    return st;
}

static void take_text(const char **to, const json_t *meta, const char *key)
{
    const char *text = rh_json_str(meta, key);
    if (!*to && *text)
        *to = rh_strdup(text); /* without memory the session goes on without it */
}

/* A client that comes back need not send its texts again. */
static void restore_expected(rh_session *s, const json_t *meta)
{
    take_text(&s->o.job_ad, meta, "job_ad");
    take_text(&s->o.cv, meta, "cv");
    if (!s->o.key_terms)
        s->o.key_terms = json_deep_copy(json_object_get(meta, "key_terms"));
}

/* Goes on with a session of the store, if it is there and may be gone on with. */
static rh_status go_on(rh_session *s, const json_t *kept, rh_error *err)
{
    const char *state = rh_json_str(kept, "state");
    bool file = s->o.from == RH_SESSION_FILE;
    if (file && strcmp(state, "analysing") == 0) {
        s->created = rh_json_num(kept, "created");
        return RH_OK;
    }
    if (file || strcmp(state, "live") != 0)
        return rh_fail(err, RH_ERR_INVAL, "session \"%s\" has ended: choose another id", s->o.id);
    restore(s, kept);
    restore_expected(s, json_object_get(kept, "meta"));
    return RH_OK;
}

/* Who is told that a session has begun finds it after a crash. A database that somebody else holds
 * stops no practice: it goes on in memory, and rh_session_watch_storage() tells the person. */
static void settle(rh_session *s)
{
    int64_t from = rh_now_us();
    if (rh_store_flush_within(s->store, BEGIN_WAIT_MS, NULL) != RH_OK)
        s->storage_bad_us = from;
}

static rh_status hold(rh_session *s, rh_error *err)
{
    rh_status st = s->o.acks ? rh_store_receipt_new(&s->receipt, s->o.durable, s->o.user) : RH_OK;
    rh_session_told(s, s->o.told);
    rh_session_restore_turn(s, s->o.told);
    if (st == RH_OK)
        st = rh_store_hold(s->store, s->o.id, s->o.token_hash, s->n_told, s->receipt);
    s->o.told = NULL;
    s->o.token_hash = NULL; /* both were the caller's */
    return st == RH_OK ? st : rh_fail(err, st, "the session can't be kept: too much waits to be written");
}

static rh_status begin(rh_session *s, rh_error *err)
{
    json_t *kept = NULL, *meta = rh_session_meta(s);
    bool shared = rh_session_shared(s);
    rh_status st =
        meta ? RH_OK : rh_fail(err, RH_ERR_INVAL, "client, question, kind, language and reference must be UTF-8 text");
    if (st == RH_OK && s->store) {
        rh_status got = rh_store_get(s->store, s->o.id, &kept, err);
        if (got != RH_OK)
            kept = NULL;
        if (s->o.told && got != RH_OK) /* it is there, and goes on from nothing else */
            st = got;
    }
    if (st == RH_OK && !s->o.unkept)
        st = rh_spool_open(&s->spool, s->o.spool_dir, s->o.id, shared || s->o.from == RH_SESSION_FILE, err);
    if (st == RH_OK && s->o.acks && !shared)
        rh_spool_sync(&s->spool);
    if (st == RH_OK && shared && kept)
        st = rh_session_fetch_sound(s, err);
    if (st == RH_OK && kept)
        st = go_on(s, kept, err);
    bool has_row = s->o.from == RH_SESSION_FILE && (kept || s->o.job_epoch); /* a recording */
    if (st == RH_OK && s->store && !has_row) {
        st = rh_store_begin(s->store, s->o.id, s->created, meta);
        if (st != RH_OK)
            (void)rh_fail(err, st, "the session can't be kept: %s",
                          st == RH_ERR_LIMIT ? "too much waits to be written" : rh_status_name(st));
    }
    if (st == RH_OK && s->store && s->o.token_hash)
        st = hold(s, err);
    if (st == RH_OK && shared)
        rh_session_copy_sound(s);
    json_decref(meta);
    json_decref(kept);
    if (st == RH_OK && s->store && s->o.from == RH_SESSION_LIVE)
        settle(s);
    if (st == RH_OK && s->models->asr && s->o.from != RH_SESSION_LEGACY)
        st = rh_session_find_terms(s, err);
    return st == RH_OK ? start_transcriber(s, err) : st;
}

rh_status rh_session_new(rh_session **out, const rh_model_set *m, rh_store *store, const rh_session_options *o,
                         rh_error *err)
{
    if (!rh_session_id_valid(o->id))
        return rh_fail(err, RH_ERR_INVAL, "a session id has up to %d letters, digits, '-', '_' and '.'",
                       RH_SESSION_ID_MAX);
    rh_session *s = rh_calloc(1, sizeof *s);
    if (!s)
        return rh_fail(err, RH_ERR_NOMEM, "session: out of memory");
    s->models = m;
    s->store = store;
    s->created = rh_unix_time();
    rh_spool_init(&s->spool);
    s->whole = o->from == RH_SESSION_LIVE || o->from == RH_SESSION_LEGACY;
    s->said.fillers_are = RH_FILLERS_KNOWN;
    if (m->asr)
        rh_hearing_model_name(m->asr, s->said.model);
    s->segments = json_array();
    s->events = json_array();
    pthread_mutex_init(&s->lock, NULL);
    pthread_mutex_init(&s->feed_lock, NULL);
    pthread_mutex_init(&s->emit_lock, NULL);
    pthread_mutex_init(&s->ending.lock, NULL);
    rh_timeline_init(&s->timeline);
    rh_cue_state_init(&s->cues);
    rh_turns_init(&s->turns, o->patience_s > 0 ? o->patience_s : RH_TURN_PATIENCE_S);
    s->interviewer_end = -1;
    rh_status st =
        copy_options(s, o) && s->segments ? begin(s, err) : rh_fail(err, RH_ERR_NOMEM, "session: out of memory");
    if (st != RH_OK)
        rh_session_free(s);
    else
        *out = s;
    return st;
}

void rh_session_free(rh_session *s)
{
    if (!s)
        return;
    rh_transcriber_free(s->transcriber);
    rh_face_tracker_free(s->camera.tracker);
    rh_legacy_sources_free(s);
    rh_spool_close(&s->spool, false); /* what it still gives to the store is for the receipt */
    rh_store_receipt_free(s->receipt);
    if (s->store && s->o.id)
        rh_store_release(s->store, s->o.id);
    rh_timeline_done(&s->timeline);
    rh_word_table_done(&s->said);
    json_decref(s->segments);
    json_decref(s->events);
    const char *strings[] = {s->o.id,        s->o.client,    s->o.question, s->o.kind,      s->o.language,
                             s->o.reference, s->o.spool_dir, s->o.source,   s->o.file_name, s->o.interview,
                             s->o.job_ad,    s->o.cv,        s->o.person};
    json_decref((json_t *)(uintptr_t)s->o.key_terms);
    rh_terms_free(s->terms);
    rh_free(s->ending.sound);
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++)
        rh_free((char *)(uintptr_t)strings[i]); /* ours: copied by copy_options() */
    pthread_mutex_destroy(&s->lock);
    pthread_mutex_destroy(&s->feed_lock);
    pthread_mutex_destroy(&s->emit_lock);
    pthread_mutex_destroy(&s->ending.lock);
    rh_free(s);
}
