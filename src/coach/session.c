/* session.c - a session's life, its audio half and what it tells live.
 *
 * Sound goes to the spool (16-bit PCM) and to the transcriber; finals become
 * segments in the store at once. session_end.c makes the report of it. */
#include "rehearse/coach/session.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/clock.h"
#include "rehearse/coach/hearing.h"
#include "coach_internal.h"
#include "finals.h"
#include "report_internal.h"
#include "rounding.h"
#include "session_internal.h"

static const double METRICS_EVERY_S = 1.0;
static const double LAG_S = 3.0; /* recognition further behind than this is told */
enum {
    RATE = RH_ASR_RATE_HZ,
    LEVEL_BLOCK = RATE / 10,
    SETTLE_MS = 8000,     /* between finals of unbroken speech */
    BEGIN_WAIT_MS = 2000, /* for a database that another program holds */
};

/* ---- telling ---- */

void rh_session_send(rh_session *s, json_t *event)
{
    if (!event)
        return;
    pthread_mutex_lock(&s->emit_lock);
    if (s->emit)
        s->emit(s->user, event);
    pthread_mutex_unlock(&s->emit_lock);
    json_decref(event);
}

void rh_session_keep_event(rh_session *s, const char *kind, double start, double end, json_t *detail)
{
    if (s->store)
        rh_session_kept(s, rh_store_event(s->store, s->o.id, kind, start, end, detail));
    json_object_set_new(detail, "kind", json_string(kind));
    json_object_set_new(detail, "start", json_real(start));
    json_object_set_new(detail, "end", json_real(end));
    pthread_mutex_lock(&s->lock);
    json_array_append_new(s->events, detail);
    pthread_mutex_unlock(&s->lock);
}

/* {lock} held */
static json_t *metrics_event(const rh_session *s)
{
    const rh_timeline *t = &s->timeline;
    double speech = s->ears ? rh_transcriber_speech_s(s->ears) : 0;
    double looking = rh_timeline_looking(t, 0, s->now + 1);
    json_t *e = json_pack("{s:s, s:f, s:f, s:f, s:i, s:i, s:f, s:i, s:f, s:f}", "type", "metrics", "t",
                          rh_tenth(s->now), "pace_wpm", rh_tenth(rh_timeline_wpm(t, s->now, 30)),
                          "speech_s", rh_tenth(speech), "words", t->n_words, "filler_words_count",
                          t->n_fillers, "fillers_per_minute",
                          rh_tenth(speech > 5 ? t->n_fillers * 60 / speech : 0), "pauses", t->n_pauses,
                          "pause_s", rh_tenth(t->pause_s), "longest_silence_s",
                          rh_tenth(t->last_word_end >= 0 ? fmax(0, s->now - t->last_word_end) : s->now));
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
    double from = s->now - RH_CUE_WINDOW_S;
    int fillers = 0;
    double loudest = 0; /* of the seconds with words; 0 = none */
    for (int i = (int)fmax(0, from); i < t->n_seconds; i++) {
        fillers += t->seconds[i].n_fillers;
        if (t->seconds[i].n_words && (loudest >= 0 || (double)t->seconds[i].level_db > loudest))
            loudest = (double)t->seconds[i].level_db;
    }
    rh_cue_view v = {
        .t = s->now,
        .speaking = speaking,
        .recent_wpm = rh_timeline_wpm(t, s->now, RH_CUE_WINDOW_S),
        .fillers_per_min = fillers * 60.0 / RH_CUE_WINDOW_S,
        .speech_db = loudest,
        .has_video = t->last_face >= 0 && s->now - t->last_face < 5,
        .looking_share = rh_timeline_looking(t, s->now - 10, s->now + 1),
        .away_s = t->last_present >= 0 ? fmax(0, t->last_face - t->last_present) : s->now,
        .answer_s = s->ears ? rh_transcriber_speech_s(s->ears) : 0,
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
        if (!s->store || s->stored_until >= s->timeline.n_seconds)
            continue;
        json_t *row = rh_second_to_json(&s->timeline.seconds[s->stored_until]);
        s->not_stored |= rh_store_second(s->store, s->o.id, s->stored_until, row) != RH_OK;
        json_decref(row);
    }
    if (s->o.live && s->now - s->metrics_at >= METRICS_EVERY_S) {
        s->metrics_at = s->now;
        metrics = metrics_event(s);
        cue = cue_due(s, speaking);
    }
    pthread_mutex_unlock(&s->lock);
    rh_session_send(s, metrics);
    if (!cue)
        return;
    rh_session_keep_event(s, "cue", now, now, json_pack("{s:s, s:s}", "cue", cue->kind, "text", cue->text));
    rh_session_send(s, json_pack("{s:s, s:f, s:s, s:s}", "type", "cue", "t", rh_tenth(now), "kind",
                                 cue->kind, "text", cue->text));
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
    s->o.emit = NULL;
    if (!(s->o.face_hz > 0))
        s->o.face_hz = 5;
    return ok;
}

json_t *rh_session_meta(const rh_session *s)
{
    json_t *meta = json_pack("{s:s, s:s*, s:s*, s:s*, s:s*, s:s*}", "client", s->o.client, "question",
                             s->o.question, "kind", s->o.kind, "language", s->o.language, "reference",
                             s->o.reference, "source", s->o.source);
    if (meta && s->o.keep_media) /* after a crash it is still known */
        json_object_set_new(meta, "keep_media", json_true());
    return meta;
}

bool rh_session_is_filler(const json_t *word)
{
    return json_object_get(word, "filler") != NULL;
}

/* What an earlier run of the program had kept of this session. */
static void restore(rh_session *s, const json_t *kept)
{
    size_t i, k;
    json_t *seg, *word, *row;
    double end = 0;
    s->created = rh_json_num(kept, "created");
    json_array_foreach(json_object_get(kept, "segments"), i, seg)
    {
        json_array_append(s->segments, seg);
        end = fmax(end, rh_json_num(seg, "end"));
        s->n_segments = (int)json_integer_value(json_object_get(seg, "seq")) + 1;
        json_array_foreach(json_object_get(seg, "words"), k, word)
            rh_timeline_word(&s->timeline, rh_json_num(word, "start"), rh_json_num(word, "end"),
                             rh_session_is_filler(word));
    }
    json_array_foreach(json_object_get(kept, "seconds"), i, row)
    {
        int t = (int)json_integer_value(json_object_get(row, "t"));
        s->stored_until = t + 1;
        s->now = fmax(s->now, t);
    }
    json_array_foreach(json_object_get(kept, "events"), i, row)
        json_array_append(s->events, row);
    s->metrics_at = s->now;
    s->whole = s->n_segments == 0 && !s->o.recovered; /* their sounds are known no more */
    s->heard_from = (size_t)(end * RATE);
    if (s->heard_from > s->spool.n)
        s->heard_from = s->spool.n;
}

/* "auto" listens and decides; without any it is the coach's. */
const char *rh_session_language(const rh_session *s)
{
    const char *l = s->o.language ? s->o.language : s->coach->language;
    return *l && strcmp(l, "auto") != 0 ? l : NULL;
}

static rh_status start_ears(rh_session *s, rh_error *err)
{
    rh_asr_model *asr = rh_coach_recogniser(s->coach);
    const rh_vad_model *vad = rh_coach_vad(s->coach);
    if (!asr || !vad || s->o.recorded || s->o.recovered || s->o.told)
        return RH_OK; /* pictures alone, or recognised at its end or elsewhere */
    rh_transcriber_options o = rh_transcriber_options_default();
    o.language = rh_session_language(s);
    o.partials = s->o.live;
    o.verbatim = s->o.live;
    o.settle_ms = s->o.live ? SETTLE_MS : 0;
    s->n_fed = s->heard_from;
    return rh_transcriber_new(&s->ears, asr, vad, &o, err);
}

/* Goes on with a session of the store, if it is there and may be gone on with. */
static rh_status go_on(rh_session *s, const json_t *kept, rh_error *err)
{
    const char *state = rh_json_str(kept, "state");
    if (s->o.recorded && strcmp(state, "analysing") == 0) {
        s->created = rh_json_num(kept, "created");
        return RH_OK;
    }
    if (s->o.recorded || strcmp(state, "live") != 0)
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
    rh_status st = meta ? RH_OK : rh_fail(err, RH_ERR_INVAL, "client, question, kind, language and reference must be UTF-8 text");
    if (st == RH_OK && s->store && rh_store_get(s->store, s->o.id, &kept, NULL) != RH_OK)
        kept = NULL;
    if (st == RH_OK)
        st = rh_spool_open(&s->spool, s->o.spool_dir, s->o.id, s->o.recorded, err);
    if (st == RH_OK && kept)
        st = go_on(s, kept, err);
    if (st == RH_OK && s->store && !(kept && s->o.recorded)) { /* a recording has its row already */
        st = rh_store_begin(s->store, s->o.id, s->created, meta);
        if (st != RH_OK)
            (void)rh_fail(err, st, "the session can't be kept: %s",
                          st == RH_ERR_LIMIT ? "too much waits to be written" : rh_status_name(st));
    }
    json_decref(meta);
    json_decref(kept);
    if (st == RH_OK && s->store && s->o.live)
        settle(s);
    return st == RH_OK ? start_ears(s, err) : st;
}

rh_status rh_session_new(rh_session **out, rh_coach *c, rh_store *store,
                         const rh_session_options *o, rh_error *err)
{
    if (!rh_session_id_valid(o->id))
        return rh_fail(err, RH_ERR_INVAL,
                       "a session id has up to %d letters, digits, '-', '_' and '.'",
                       RH_SESSION_ID_MAX);
    rh_session *s = rh_calloc(1, sizeof *s);
    if (!s)
        return rh_fail(err, RH_ERR_NOMEM, "session: out of memory");
    s->coach = c;
    s->store = store;
    s->created = rh_unix_time();
    rh_spool_init(&s->spool);
    s->last_frame_us = -1;
    s->whole = true;
    s->said.fillers_are = RH_FILLERS_KNOWN;
    if (c->asr)
        rh_hearing_model_name(c->asr, s->said.model);
    s->segments = json_array();
    s->events = json_array();
    s->emit = o->emit;
    s->user = o->user;
    pthread_mutex_init(&s->lock, NULL);
    pthread_mutex_init(&s->feed_lock, NULL);
    pthread_mutex_init(&s->emit_lock, NULL);
    rh_timeline_init(&s->timeline);
    rh_cue_state_init(&s->cues);
    rh_status st = copy_options(s, o) && s->segments ? begin(s, err)
                                                     : rh_fail(err, RH_ERR_NOMEM, "session: out of memory");
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
    rh_transcriber_free(s->ears);
    rh_face_tracker_free(s->eyes);
    rh_spool_close(&s->spool, false);
    rh_timeline_done(&s->timeline);
    rh_word_table_done(&s->said);
    json_decref(s->segments);
    json_decref(s->events);
    const char *strings[] = {s->o.id,       s->o.client,    s->o.question, s->o.kind,
                             s->o.language, s->o.reference, s->o.spool_dir, s->o.source};
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++)
        rh_free((char *)(uintptr_t)strings[i]); /* ours: copied by copy_options() */
    pthread_mutex_destroy(&s->lock);
    pthread_mutex_destroy(&s->feed_lock);
    pthread_mutex_destroy(&s->emit_lock);
    rh_free(s);
}

/* ---- hearing ---- */

static double level_of(const float *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)x[i] * (double)x[i];
    return 10 * log10(sum / (double)(n ? n : 1) + 1e-10);
}

static void note_level(rh_session *s, const float *x, size_t n, double t)
{
    pthread_mutex_lock(&s->lock);
    for (size_t at = 0; at < n; at += LEVEL_BLOCK) {
        size_t k = n - at < LEVEL_BLOCK ? n - at : LEVEL_BLOCK;
        double db = level_of(x + at, k);
        rh_second *sec = rh_timeline_at(&s->timeline, t + (double)at / RATE);
        if (sec && (sec->level_db >= 0 || db > (double)sec->level_db))
            sec->level_db = (float)fmin(db, -0.1);
    }
    pthread_mutex_unlock(&s->lock);
}

rh_status rh_session_take_sound(rh_session *s, const float *x, size_t n, rh_error *err)
{
    double t = (double)s->spool.n / RATE;
    if (t + (double)n / RATE > RH_SESSION_MAX_S)
        return rh_fail(err, RH_ERR_LIMIT, "a session may last %d minutes: finish it and start another",
                       RH_SESSION_MAX_S / 60);
    for (size_t i = 0; i < n; i++)
        if (!isfinite(x[i]))
            return rh_fail(err, RH_ERR_INVAL, "sample %zu is not a finite number", i);
    bool caught_up = s->ears && s->n_fed == s->spool.n;
    rh_status st = rh_spool_append(&s->spool, x, n, err);
    if (st != RH_OK)
        return st;
    note_level(s, x, n, t);
    /* Where the ears are far behind they take it from the spool, when they come so far. */
    if (caught_up && rh_transcriber_feed(s->ears, x, n, NULL) == RH_OK)
        s->n_fed = s->spool.n;
    return RH_OK;
}

bool rh_session_feed_ears(rh_session *s, rh_status *st, rh_error *err)
{
    enum { PIECE = 20 * RATE };
    *st = RH_OK;
    pthread_mutex_lock(&s->feed_lock);
    while (*st == RH_OK && s->n_fed < s->spool.n) {
        float *x = NULL;
        size_t n = 0;
        *st = rh_spool_read(&s->spool, s->n_fed, PIECE, &x, &n, err);
        if (*st == RH_OK)
            *st = rh_transcriber_feed(s->ears, x, n, err);
        if (*st == RH_OK)
            s->n_fed += n;
        rh_free(x);
    }
    bool all = s->n_fed == s->spool.n;
    pthread_mutex_unlock(&s->feed_lock);
    if (*st == RH_ERR_LIMIT) /* they have enough for now */
        *st = RH_OK;
    return all;
}

rh_status rh_session_take_silence(rh_session *s, size_t until, rh_error *err)
{
    static const float silence[RATE / 10];
    rh_status st = RH_OK;
    while (st == RH_OK && until > s->spool.n) {
        size_t gap = until - s->spool.n;
        st = rh_session_take_sound(s, silence, gap < RATE / 10 ? gap : RATE / 10, err);
    }
    return st;
}

rh_status rh_session_feed(rh_session *s, const float *samples, size_t n, int64_t t_us,
                          rh_error *err)
{
    if (t_us < 0 || t_us > (int64_t)RH_SESSION_MAX_S * 1000000)
        return rh_fail(err, RH_ERR_INVAL, "time %lld us is outside the session", (long long)t_us);
    pthread_mutex_lock(&s->feed_lock);
    rh_status st = RH_OK;
    size_t at = (size_t)((double)t_us * RATE / 1e6 + 0.5);
    /* A client's clock of samples is exact; a few samples of rounding are not a gap. */
    const size_t slack = RATE / 100;
    if (at + slack < s->spool.n) {
        size_t have = s->spool.n - at;
        size_t skip = have < n ? have : n;
        samples += skip;
        n -= skip;
    }
    if (at > s->spool.n + slack)
        st = rh_session_take_silence(s, at, err);
    if (st == RH_OK && n > 0)
        st = rh_session_take_sound(s, samples, n, err);
    pthread_mutex_unlock(&s->feed_lock);
    return st;
}

int64_t rh_session_audio_us(const rh_session *cs)
{
    rh_session *s = (rh_session *)(uintptr_t)cs; /* the lock is no part of its value */
    pthread_mutex_lock(&s->feed_lock);
    int64_t us = (int64_t)((double)s->spool.n * 1e6 / RATE);
    pthread_mutex_unlock(&s->feed_lock);
    return us;
}

json_t *rh_session_keep_segment(rh_session *s, size_t segment, double offset_s)
{
    const rh_speech_segment *said = &s->said.segments[segment];
    double start = offset_s + (double)said->start, end = offset_s + (double)said->end;
    json_t *w, *words = rh_finals_words(&s->said, segment, offset_s);
    json_t *kept = json_pack("{s:s, s:o}", "text", said->text, "words", words);
    size_t i;
    pthread_mutex_lock(&s->lock);
    json_array_foreach(words, i, w)
        rh_timeline_word(&s->timeline, rh_json_num(w, "start"), rh_json_num(w, "end"),
                         rh_session_is_filler(w));
    pthread_mutex_unlock(&s->lock);
    if (s->store)
        rh_session_kept(s, rh_store_segment(s->store, s->o.id, s->n_segments, start, end, kept));
    json_object_set_new(kept, "start", json_real(start));
    json_object_set_new(kept, "end", json_real(end));
    json_array_append_new(s->segments, kept);
    s->n_segments++;
    return kept;
}

static bool says_anything(const rh_heard *h)
{
    const char *text = h->transcript->text;
    return text && text[strspn(text, " ")];
}

static void tell_transcript(rh_session *s, const char *type, const json_t *segment)
{
    json_t *event = json_copy((json_t *)(uintptr_t)segment);
    json_object_set_new(event, "type", json_string(type));
    rh_session_send(s, event);
}

static void heard_final(rh_session *s, const rh_heard *h, double offset)
{
    if (says_anything(h) && rh_finals_add(&s->said, h) == RH_OK)
        tell_transcript(s, "transcript.final", rh_session_keep_segment(s, s->said.n_segments - 1, offset));
    else if (says_anything(h))
        s->whole = false;
    else if (s->partial_shown)
        rh_session_send(s, json_pack("{s:s, s:s, s:f, s:f, s:[]}", "type", "transcript.final", "text", "", "start",
                                     offset + (double)h->start, "end", offset + (double)h->end, "words"));
}

static void heard_partial(rh_session *s, const rh_heard *h, double offset)
{
    rh_word_table part = {0};
    const rh_transcript *t = h->transcript;
    if (rh_word_table_segment(&part, h->start, h->end, t->text ? t->text : "") == RH_OK &&
        rh_hearing_words(&part, RH_WORDS_CLEAN, t, 0, t->n_words, 0) == RH_OK)
        rh_session_send(s, json_pack("{s:s, s:s, s:f, s:f, s:o}", "type", "transcript.partial", "text",
                                     part.segments[0].text, "start", offset + (double)h->start, "end",
                                     offset + (double)h->end, "words", rh_finals_words(&part, 0, offset)));
    rh_word_table_done(&part);
}

void rh_session_take_heard(rh_session *s)
{
    rh_heard h;
    double offset = (double)s->heard_from / RATE;
    while (rh_transcriber_next(s->ears, &h) == RH_OK) {
        if (h.final)
            heard_final(s, &h, offset);
        else if (s->o.live)
            heard_partial(s, &h, offset);
        s->partial_shown = !h.final && says_anything(&h);
    }
}

rh_status rh_session_work(rh_session *s, rh_error *err)
{
    rh_session_watch_storage(s);
    if (!s->ears)
        return RH_AGAIN;
    rh_status st;
    (void)rh_session_feed_ears(s, &st, err);
    if (st == RH_OK)
        st = rh_transcriber_work(s->ears, NULL, err);
    rh_session_take_heard(s);
    pthread_mutex_lock(&s->feed_lock);
    double fed = (double)s->spool.n / RATE, unfed = (double)(s->spool.n - s->n_fed) / RATE;
    pthread_mutex_unlock(&s->feed_lock);
    double behind = rh_transcriber_behind_s(s->ears) + unfed;
    if (s->o.live && behind > LAG_S && fed - s->lag_told_at >= METRICS_EVERY_S) {
        s->lag_told_at = fed;
        rh_session_send(s, json_pack("{s:s, s:f}", "type", "lag", "seconds", rh_tenth(behind)));
    }
    rh_session_advance(s, fed - behind,
                       rh_transcriber_speaking(s->ears));
    return st;
}
