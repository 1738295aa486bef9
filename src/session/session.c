/* session.c - a session's life and what it tells live. Its audio half: session_sound.c, its video half:
 * session_faces.c; session_end.c makes the report. */
#include "rehearse/session/session.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/clock.h"
#include "rehearse/session/hearing.h"
#include "rehearse/base/json.h"
#include "session_internal.h"

static const double METRICS_EVERY_S = 1.0;
enum {
    RATE = RH_ASR_RATE_HZ,
    SETTLE_MS = 8000,     /* between finals of unbroken speech */
    BEGIN_WAIT_MS = 2000, /* for a database that another program holds */
};

/* ---- telling ---- */

/* {lock} held */
static json_t *metrics_event(const rh_session *s)
{
    const rh_timeline *t = &s->timeline;
    double speech = s->transcriber ? rh_transcriber_speech_s(s->transcriber) : 0;
    double looking = rh_timeline_looking(t, 0, s->now + 1);
    const rh_tongue *tongue = rh_tongue_of(s->said.language);
    float pace = (float)rh_timeline_wpm(t, s->now, 30);
    json_t *e = json_pack("{s:s, s:f, s:f, s:f, s:i, s:i, s:f, s:i, s:f, s:f}", "type", "metrics", "t",
                          rh_tenth(s->now), "pace_wpm", rh_tenth((double)rh_tongue_pace_wpm(tongue, pace)), "speech_s",
                          rh_tenth(speech), "words", t->n_words, "filler_words_count", t->n_fillers,
                          "fillers_per_minute", rh_tenth(speech > 5 ? t->n_fillers * 60 / speech : 0), "pauses",
                          t->n_pauses, "pause_s", rh_tenth(t->pause_s), "longest_silence_s",
                          rh_tenth(t->last_word_end >= 0 ? fmax(0, s->now - t->last_word_end) : s->now));
    if (tongue->by_characters)
        json_object_set_new(e, "characters_per_minute", rh_rounded((double)pace, 10));
    if (looking >= 0) {
        json_object_set_new(e, "eye_contact", json_real(rh_tenth(100 * looking)));
        double recent = rh_timeline_looking(t, s->now - 8, s->now + 1);
        json_object_set_new(e, "eye_contact_now", json_real(rh_tenth(100 * fmax(0, recent))));
    }
    return e;
}

/* {lock} held */
static const rh_cue *cue_due(rh_session *s, bool speaking)
{
    const rh_timeline *t = &s->timeline;
    /* Words are final some seconds after they were said: what counts is the stretch up to the last. */
    double heard = t->last_word_end >= 0 ? fmin(t->last_word_end, s->now) : 0, from = heard - RH_CUE_WINDOW_S;
    int fillers = 0;
    double loudest = 0; /* of the seconds with words; 0 = none */
    for (int i = (int)fmax(0, from); i < t->n_bins; i++) {
        fillers += t->bins[i].n_fillers;
        if (t->bins[i].n_words && (loudest >= 0 || (double)t->bins[i].level_db > loudest))
            loudest = (double)t->bins[i].level_db;
    }
    rh_cue_view v = {
        .t = s->now,
        .speaking = speaking,
        .recent_wpm = (double)rh_tongue_english_pace(rh_tongue_of(s->said.language),
                                                     (float)rh_timeline_wpm(t, heard, RH_CUE_WINDOW_S)),
        .fillers_per_min = fillers > 2 ? fillers * 60.0 / RH_CUE_WINDOW_S : 0,
        .speech_db = loudest,
        .has_video = t->last_face >= 0 && s->now - t->last_face < 5,
        .looking_share = rh_timeline_looking(t, s->now - RH_CUE_WINDOW_S, s->now + 1),
        .away_s = t->last_present >= 0 ? fmax(0, t->last_face - t->last_present) : s->now,
        .answer_s = s->transcriber ? rh_transcriber_speech_s(s->transcriber) : 0,
    };
    return rh_cue_next(&s->cues, &v);
}

void rh_session_advance(rh_session *s, double t, bool speaking)
{
    json_t *metrics = NULL;
    const rh_cue *cue = NULL;
    pthread_mutex_lock(&s->lock);
    if (t > s->now)
        s->now = t;
    double now = s->now;
    /* Seconds that have passed are kept; a word may still come late, so they merge. */
    for (; s->stored_until < (int)s->now; s->stored_until++) {
        if (!s->store || s->stored_until >= s->timeline.n_bins)
            continue;
        json_t *row = rh_timeline_bin_json(&s->timeline.bins[s->stored_until]);
        s->not_stored |= rh_store_second(s->store, s->o.id, s->stored_until, row) != RH_OK;
        json_decref(row);
    }
    if (s->o.from == RH_SESSION_LIVE && s->now - s->metrics_at >= METRICS_EVERY_S) {
        s->metrics_at = s->now;
        metrics = metrics_event(s);
        cue = cue_due(s, speaking);
    } else if (s->o.from == RH_SESSION_LIVE && !speaking) {
        cue = cue_due(s, false); /* a pause may be short */
    }
    pthread_mutex_unlock(&s->lock);
    rh_session_send(s, metrics);
    if (!cue)
        return;
    rh_session_keep_event(s, "cue", now, now, json_pack("{s:s, s:s}", "cue", cue->kind, "text", cue->text));
    rh_session_send(
        s, json_pack("{s:s, s:f, s:s, s:s}", "type", "cue", "t", rh_tenth(now), "kind", cue->kind, "text", cue->text));
}

/* ---- life ---- */

static char *copy(const char *text, bool *ok)
{
    char *c = text && *text ? rh_strdup(text) : NULL;
    if (text && *text && !c)
        *ok = false;
    return c;
}

static bool copy_options(rh_session *s, const rh_session_options *o)
{
    bool ok = true;
    s->o = *o;
    s->o.id = copy(o->id, &ok);
    s->o.client = copy(o->client ? o->client : "me", &ok);
    s->o.question = copy(o->question, &ok);
    s->o.kind = copy(o->kind, &ok);
    s->o.language = copy(o->language, &ok);
    s->o.reference = copy(o->reference, &ok);
    s->o.spool_dir = copy(o->spool_dir, &ok);
    s->o.source = copy(o->source, &ok);
    s->o.file_name = copy(o->file_name, &ok);
    if (!(s->o.face_hz > 0))
        s->o.face_hz = 5;
    s->last_face_event = -INFINITY; /* the first picture is told, whenever it comes */
    return ok;
}

json_t *rh_session_meta(const rh_session *s)
{
    json_t *meta = json_pack("{s:s, s:s*, s:s*, s:s*, s:s*, s:s*, s:s*}", "client", s->o.client, "question",
                             s->o.question, "kind", s->o.kind, "language", s->o.language, "reference", s->o.reference,
                             "source", s->o.source, "file_name", s->o.file_name);
    if (meta && s->o.keep_media) /* after a crash it is still known */
        json_object_set_new(meta, "keep_media", json_true());
    return meta;
}

bool rh_session_is_filler(const json_t *word)
{
    return json_object_get(word, "filler") != NULL;
}

int rh_session_units(const rh_session *s, const json_t *word)
{
    const char *language = *s->said.language ? s->said.language : s->o.language;
    const rh_tongue *t = rh_tongue_of(language);
    return t->by_characters ? rh_tongue_units(t, rh_json_str(word, "word")) : 1;
}

/* What an earlier run of the program had kept of this session. */
static void restore(rh_session *s, const json_t *kept)
{
    size_t i, k;
    json_t *seg, *word, *row;
    double end = 0;
    s->created = rh_json_num(kept, "created");
    json_array_foreach(json_object_get(kept, "segments"), i, seg) {
        json_array_append(s->segments, seg);
        end = fmax(end, rh_json_num(seg, "end"));
        s->n_segments = (int)json_integer_value(json_object_get(seg, "seq")) + 1;
        json_array_foreach(json_object_get(seg, "words"), k, word)
            rh_timeline_word(&s->timeline, rh_json_num(word, "start"), rh_json_num(word, "end"),
                             rh_session_units(s, word), rh_session_is_filler(word));
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
    s->heard_from = (size_t)(end * RATE);
    if (s->heard_from > s->spool.n)
        s->heard_from = s->spool.n;
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
    o.settle_ms = SETTLE_MS;
    s->n_fed = s->heard_from;
    return rh_transcriber_new(&s->transcriber, asr, vad, &o, err);
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

static rh_status begin(rh_session *s, rh_error *err)
{
    json_t *kept = NULL, *meta = rh_session_meta(s);
    rh_status st =
        meta ? RH_OK : rh_fail(err, RH_ERR_INVAL, "client, question, kind, language and reference must be UTF-8 text");
    if (st == RH_OK && s->store && rh_store_get(s->store, s->o.id, &kept, NULL) != RH_OK)
        kept = NULL;
    if (st == RH_OK)
        st = rh_spool_open(&s->spool, s->o.spool_dir, s->o.id, s->o.from == RH_SESSION_FILE, err);
    if (st == RH_OK && kept)
        st = go_on(s, kept, err);
    if (st == RH_OK && s->store && !(kept && s->o.from == RH_SESSION_FILE)) { /* a recording has its row already */
        st = rh_store_begin(s->store, s->o.id, s->created, meta);
        if (st != RH_OK)
            (void)rh_fail(err, st, "the session can't be kept: %s",
                          st == RH_ERR_LIMIT ? "too much waits to be written" : rh_status_name(st));
    }
    json_decref(meta);
    json_decref(kept);
    if (st == RH_OK && s->store && s->o.from == RH_SESSION_LIVE)
        settle(s);
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
    s->last_frame_us = -1;
    s->whole = o->from == RH_SESSION_LIVE || o->from == RH_SESSION_LEGACY;
    s->said.fillers_are = RH_FILLERS_KNOWN;
    if (m->asr)
        rh_hearing_model_name(m->asr, s->said.model);
    s->segments = json_array();
    s->events = json_array();
    pthread_mutex_init(&s->lock, NULL);
    pthread_mutex_init(&s->feed_lock, NULL);
    pthread_mutex_init(&s->emit_lock, NULL);
    rh_timeline_init(&s->timeline);
    rh_cue_state_init(&s->cues);
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
    rh_face_tracker_free(s->tracker);
    rh_spool_close(&s->spool, false);
    rh_timeline_done(&s->timeline);
    rh_word_table_done(&s->said);
    json_decref(s->segments);
    json_decref(s->events);
    const char *strings[] = {s->o.id,        s->o.client,    s->o.question, s->o.kind,     s->o.language,
                             s->o.reference, s->o.spool_dir, s->o.source,   s->o.file_name};
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++)
        rh_free((char *)(uintptr_t)strings[i]); /* ours: copied by copy_options() */
    pthread_mutex_destroy(&s->lock);
    pthread_mutex_destroy(&s->feed_lock);
    pthread_mutex_destroy(&s->emit_lock);
    rh_free(s);
}
