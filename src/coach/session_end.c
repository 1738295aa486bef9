/* session_end.c - the end of a session: measured, reported, kept.
 *
 * What was recognised while it ran is measured as it is, with the whole sound for
 * voice, pauses and fillers. The sound is recognised again only where that gives
 * more: with a reference text (decoded by force), after a crash (the first run's
 * probabilities are gone), and for a recording, which nobody has recognised yet. */
#include <math.h>
#include <stdio.h>
#include "coach_internal.h"
#include "measure.h"
#include "rehearse/alloc.h"
#include "rehearse/buf.h"
#include "rehearse/report.h"
#include "report_internal.h"
#include "session_internal.h"

enum { RATE = RH_ASR_RATE_HZ, EARLIER_SESSIONS = 20, MAX_TEXT = 4 << 20 };

static char *joined(const json_t *segments)
{
    rh_buf b;
    json_t *seg;
    size_t i;
    rh_buf_init(&b, MAX_TEXT);
    (void)rh_buf_puts(&b, "");
    json_array_foreach(segments, i, seg)
    {
        if (i)
            (void)rh_buf_puts(&b, " ");
        (void)rh_buf_puts(&b, rh_json_str(seg, "text"));
    }
    char *text = rh_buf_take(&b);
    rh_buf_done(&b);
    return text;
}

static rh_status measure_heard(rh_session *s, const float *samples, size_t n, json_t **analysis,
                               rh_error *err)
{
    char *text = joined(s->segments);
    const char *language = *s->heard_language ? s->heard_language : rh_session_language(s);
    rh_status st = rh_measure_heard(s->coach, &s->table, &s->second, text ? text : "", language, samples, n,
                                    analysis, err);
    rh_free(text);
    return st;
}

static rh_status measure(rh_session *s, const atomic_bool *cancel, json_t **analysis, rh_error *err)
{
    float *samples = NULL;
    size_t n = 0;
    bool heard = s->whole && !s->o.reference && !s->o.recorded;
    rh_status st = rh_spool_read(&s->spool, 0, &samples, &n, err);
    if (st == RH_OK && n > 0 && heard) {
        st = measure_heard(s, samples, n, analysis, err);
    } else if (st == RH_OK && n > 0) {
        rh_analyze_options o = {.language = rh_session_language(s), .reference = s->o.reference,
                                .cancel = cancel, .progress = s->o.progress,
                                .progress_user = s->o.user};
        st = rh_coach_analyze_audio(s->coach, samples, n, &o, analysis, err);
    }
    rh_free(samples);
    return st;
}

/* The session as the store would give it, also when there is no store. */
static json_t *as_kept(rh_session *s)
{
    json_t *kept = NULL;
    if (s->store && rh_store_get(s->store, s->o.id, &kept, NULL) == RH_OK)
        return kept;
    json_t *seconds = json_array();
    for (int i = 0; i < s->timeline.n_seconds; i++) {
        json_t *row = rh_second_to_json(&s->timeline.seconds[i]);
        json_object_set_new(row, "t", json_integer(i));
        json_array_append_new(seconds, row);
    }
    return json_pack("{s:s, s:f, s:o, s:O, s:O, s:o}", "id", s->o.id, "created", s->created, "meta",
                     rh_session_meta(s), "segments", s->segments, "events", s->events, "seconds", seconds);
}

static void close_look_away(rh_session *s)
{
    const rh_timeline *t = &s->timeline;
    if (t->away_since >= 0 && s->now - t->away_since >= 1)
        rh_session_keep_event(s, "look_away", t->away_since, s->now,
                              json_pack("{s:s}", "direction", t->away_direction));
}

/* A recording has no finals of its own: the report's lines are its segments. */
static void keep_segments(rh_session *s, const json_t *lines)
{
    json_t *line;
    size_t i;
    json_array_foreach(lines, i, line)
        (void)rh_store_segment(s->store, s->o.id, s->n_segments++, rh_json_num(line, "start"),
                               rh_json_num(line, "end"), line);
}

rh_status rh_session_finish(rh_session *s, const atomic_bool *cancel, json_t **report, rh_error *err)
{
    json_t *analysis = NULL, *earlier = NULL, *made = NULL;
    rh_status st = s->ears ? rh_transcriber_finish(s->ears, cancel, err) : RH_OK;
    if (s->ears)
        rh_session_take_heard(s);
    if (st == RH_OK && rh_coach_recogniser(s->coach))
        st = measure(s, cancel, &analysis, err);
    if (st != RH_OK)
        return st;
    double length = fmax((double)s->spool.n / RATE, s->now);
    rh_session_advance(s, floor(length) + 1, false);
    close_look_away(s);
    json_t *kept = as_kept(s);
    json_object_set_new(kept, "duration_s", json_real(length));
    if (s->store)
        (void)rh_store_list(s->store, s->o.client, EARLIER_SESSIONS, s->created, &earlier, NULL);
    st = rh_report_build(kept, analysis, earlier, &made, err);
    if (st == RH_OK && s->o.recorded && s->store)
        keep_segments(s, json_object_get(made, "transcript"));
    if (st == RH_OK && s->o.keep_media && s->o.spool_dir && s->spool.n > 0 &&
        rh_spool_keep(&s->spool, s->o.spool_dir, s->o.id, err) == RH_OK) {
        char name[RH_SESSION_ID_MAX + 8];
        (void)snprintf(name, sizeof name, "%s.wav", s->o.id);
        json_object_set_new(made, "media", json_true());
        if (s->store)
            (void)rh_store_media(s->store, s->o.id, name);
    }
    if (st == RH_OK && s->store) {
        st = rh_store_end(s->store, s->o.id, length, made);
        if (st == RH_OK)
            st = rh_store_flush(s->store, err);
    }
    json_decref(kept);
    json_decref(analysis);
    json_decref(earlier);
    if (st != RH_OK) {
        json_decref(made);
        return st;
    }
    rh_spool_close(&s->spool, true);
    rh_session_send(s, json_pack("{s:s, s:O}", "type", "report", "report", made));
    *report = made;
    return RH_OK;
}

double rh_session_length_s(const rh_session *cs)
{
    rh_session *s = (rh_session *)(uintptr_t)cs; /* the locks are no part of its value */
    pthread_mutex_lock(&s->lock);
    double pictures = s->now;
    pthread_mutex_unlock(&s->lock);
    return fmax(pictures, (double)rh_session_audio_us(s) / 1e6);
}

void rh_session_discard(rh_session *s)
{
    json_t *media = NULL;
    if (s->store)
        (void)rh_store_delete(s->store, s->o.id, &media, NULL);
    json_decref(media);
    rh_spool_close(&s->spool, true);
}
