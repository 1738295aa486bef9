/* session_end.c - the end of a session: measured, and kept with its report.
 *
 * What was recognised while it ran is measured as it is, with the whole sound for
 * voice, pauses and fillers. The sound is recognised again only where that gives
 * more: with a reference text (decoded by force), and for a recording, which nobody has
 * recognised yet. After a crash the first run's probabilities are gone: the words that were
 * told stand, and are followed in the sound. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include "rehearse/base/alloc.h"
#include "rehearse/session/hearing.h"
#include "rehearse/base/json.h"
#include "rehearse/session/videos.h"
#include "rehearse/store/jobs.h"
#include "rehearse/store/media.h"
#include "session_internal.h"

enum { RATE = RH_ASR_RATE_HZ, EARLIER_SESSIONS = 20, SETTLE_MS = 2000 };

static rh_status add_voice(rh_session *s, const float *samples, size_t n, rh_error *err)
{
    rh_speech_span *spans = NULL;
    size_t n_spans = 0;
    rh_status st = rh_vad_spans(s->models->vad, samples, n, &spans, &n_spans, err);
    for (size_t i = 0; i < n_spans && st == RH_OK; i++)
        st = rh_word_table_voice(&s->said, (float)spans[i].start / RATE, (float)spans[i].end / RATE);
    rh_free(spans);
    return st;
}

/* With the whole sound there is more to be known than each final showed: fillers are looked for again. */
static rh_status measure_heard(rh_session *s, const float *samples, size_t n, const rh_face_track *faces,
                               rh_analysis *out, rh_error *err)
{
    rh_pitch_track track = {0};
    rh_word_table *said = &s->said;
    const char *language = rh_session_language(s);
    double end = said->n_segments ? (double)said->segments[said->n_segments - 1].end : 0;
    if (!*said->language)
        (void)snprintf(said->language, sizeof said->language, "%s", language ? language : "");
    said->fillers_are = s->o.from == RH_SESSION_LEGACY ? RH_FILLERS_CONFIRMED : RH_FILLERS_SOUGHT;
    rh_status st = rh_word_table_question(said, s->o.question, s->o.kind);
    st = st == RH_OK ? add_voice(s, samples, n, err) : rh_fail(err, st, "session: out of memory");
    if (st == RH_OK)
        st = rh_pitch_track_run(&track, samples, n, err);
    rh_contour curves = rh_hearing_curves(&track);
    if (st == RH_OK)
        st = rh_analyse(said, &curves, faces, 0, fmax((double)n / RATE, end), out, err);
    rh_pitch_track_done(&track);
    return st;
}

/* What was told as final, with times from the start of the sound. The texts are the session's. */
static rh_told told_finals(const rh_session *s, rh_told_piece *at)
{
    rh_told told = {.at = at};
    const json_t *segment;
    size_t i;
    json_array_foreach(s->segments, i, segment) {
        at[told.n++] = (rh_told_piece){.start = rh_json_num(segment, "start"),
                                       .end = rh_json_num(segment, "end"),
                                       .text = rh_json_str(segment, "text")};
        told.until = fmax(told.until, fmax(rh_json_num(segment, "heard_to"), rh_json_num(segment, "end")));
    }
    if (s->o.from != RH_SESSION_RECOVERED) /* it has heard all there is */
        told.until = INFINITY;
    return told;
}

/* Recognised, or where words were told, those followed; with a reference text that is followed. */
static rh_status measure_again(rh_session *s, const float *samples, size_t n, const rh_hearing_options *options,
                               rh_analysis *out, rh_error *err)
{
    rh_hearing_options o = *options;
    size_t n_finals = json_array_size(s->segments);
    if (n_finals == 0 || o.reference || s->o.from == RH_SESSION_FILE)
        return rh_analyze_recording(s->models, samples, n, &o, out, err);
    rh_told_piece *at = rh_alloc_array(n_finals, sizeof *at);
    if (!at)
        return rh_fail(err, RH_ERR_NOMEM, "session: out of memory");
    const rh_told told = told_finals(s, at);
    o.told = &told;
    rh_status st = rh_analyze_recording(s->models, samples, n, &o, out, err);
    rh_free(at);
    return st;
}

static rh_status measure(rh_session *s, const rh_face_track *faces, const atomic_bool *cancel, rh_analysis *out,
                         rh_error *err)
{
    float *samples = NULL;
    size_t n = 0;
    rh_status st = s->models->asr ? rh_spool_read(&s->spool, 0, SIZE_MAX, &samples, &n, err) : RH_OK;
    if (st == RH_OK && n == 0) {
        st = rh_analyse(NULL, NULL, faces, 0, s->length, out, err);
    } else if (st == RH_OK && s->whole && !s->o.reference) {
        st = measure_heard(s, samples, n, faces, out, err);
    } else if (st == RH_OK) {
        rh_hearing_options o = {.language = rh_session_language(s),
                                .reference = s->o.reference,
                                .question = s->o.question,
                                .question_kind = s->o.kind,
                                .terms = s->terms,
                                .faces = faces,
                                .cancel = cancel,
                                .progress = s->o.progress,
                                .progress_user = s->o.user};
        st = measure_again(s, samples, n, &o, out, err);
    }
    rh_free(samples);
    return st;
}

/* The session as rh_store_get() would give it, whatever the store could take. */
static json_t *as_kept(const rh_session *s)
{
    return json_pack("{s:s, s:f, s:f, s:o, s:O, s:O}", "id", s->o.id, "created", s->created, "duration_s", s->length,
                     "meta", rh_session_meta(s), "segments", s->segments, "events", s->events);
}

static void close_look_away(rh_session *s)
{
    rh_timeline *t = &s->timeline;
    if (t->away_since < 0 || s->now - t->away_since < 1)
        return;
    rh_timeline_away(t, t->away_since, s->now);
    rh_session_keep_event(s, "look_away", t->away_since, s->now, json_pack("{s:s}", "direction", t->away_direction));
}

/* A recording has no finals of its own, and those of a broken session are few: the report's lines
 * are its segments. */
static void keep_segments(rh_session *s, const json_t *lines)
{
    json_t *line;
    size_t i;
    rh_session_kept(s, rh_store_forget_segments(s->store, s->o.id));
    json_array_foreach(lines, i, line)
        rh_session_kept(
            s, rh_store_segment(s->store, s->o.id, (int)i, rh_json_num(line, "start"), rh_json_num(line, "end"), line));
}

static rh_status hear_the_rest(rh_session *s, const atomic_bool *cancel, rh_error *err)
{
    rh_status st = RH_OK;
    if (s->transcriber)
        rh_session_take_heard(s);
    while (s->transcriber && !rh_session_feed_transcriber(s, &st, err) && st == RH_OK) {
        if (cancel && atomic_load(cancel))
            return rh_fail(err, RH_ERR_CANCELED, "canceled");
        st = rh_transcriber_work(s->transcriber, cancel, err);
        rh_session_take_heard(s);
        st = st == RH_AGAIN ? RH_OK : st;
    }
    if (s->transcriber && st == RH_OK) {
        st = rh_transcriber_finish(s->transcriber, cancel, err);
        rh_session_take_heard(s);
    }
    return st;
}

static void keep_sound(rh_session *s, json_t *report, rh_session_lost lost)
{
    char name[RH_SESSION_ID_MAX + 8];
    rh_error err = {0};
    if (!s->o.keep_media || !s->o.spool_dir || s->spool.n == 0)
        return;
    if (rh_spool_keep(&s->spool, s->o.spool_dir, s->o.id, &err) != RH_OK) {
        lost(report, "sound", err.msg);
        return;
    }
    (void)snprintf(name, sizeof name, "%s.wav", s->o.id);
    if (rh_media_keep(s->store, s->o.spool_dir, name, s->o.id, &err) != RH_OK) {
        lost(report, "sound", err.msg);
        return;
    }
    json_object_set_new(report, "media", json_true());
    if (s->store)
        rh_session_kept(s, rh_store_media(s->store, s->o.id, name));
}

/* Keeps the report; one that can't be kept says so, to those who hear it now. */
static rh_status keep_report(rh_session *s, json_t *report, rh_session_lost lost, bool *kept, rh_error *err)
{
    *kept = true;
    if (!s->store)
        return RH_OK;
    if (s->o.job_epoch)
        return rh_store_job_end_session(s->store, s->o.id, s->o.job_epoch, s->length, report, err);
    rh_status st = rh_store_end(s->store, s->o.id, s->length, report);
    if (st == RH_OK)
        st = rh_store_flush(s->store, err);
    else
        (void)rh_fail(err, st, "the report can't be kept: too much waits to be written");
    pthread_mutex_lock(&s->lock);
    bool incomplete = s->not_stored;
    pthread_mutex_unlock(&s->lock);
    *kept = st == RH_OK;
    if (rh_store_standing(s->store, s->o.id) == RH_STANDING_TAKEN)
        return rh_fail(err, RH_ERR_NOTFOUND, "another server goes on with this session");
    if (s->o.from != RH_SESSION_LIVE)
        return st;
    if (st != RH_OK)
        lost(report, "report", err ? err->msg : "the disk is full");
    if (incomplete)
        lost(report, "transcript", "too much waited to be written");
    return RH_OK;
}

void rh_session_whole_done(rh_session_whole *w)
{
    json_decref(w->kept);
    json_decref(w->earlier);
    rh_analysis_done(&w->analysis);
    *w = (rh_session_whole){0};
}

rh_status rh_session_measure(rh_session *s, const atomic_bool *cancel, rh_session_whole *out, rh_error *err)
{
    if (cancel && atomic_load(cancel))
        return rh_fail(err, RH_ERR_CANCELED, "canceled");
    *out = (rh_session_whole){0};
    rh_face_track faces = {0};
    rh_status st = hear_the_rest(s, cancel, err);
    if (st != RH_OK)
        return st;
    s->length = fmax((double)s->spool.n / RATE, s->now);
    rh_session_advance(s, floor(s->length) + 1);
    close_look_away(s);
    st = rh_timeline_faces(&s->timeline, s->length, &faces);
    st = st == RH_OK ? measure(s, &faces, cancel, &out->analysis, err) : rh_fail(err, st, "session: out of memory");
    rh_face_track_done(&faces);
    if (st == RH_OK && !(out->kept = as_kept(s)))
        st = rh_fail(err, RH_ERR_NOMEM, "session: out of memory");
    if (st != RH_OK) {
        rh_session_whole_done(out);
        return st;
    }
    rh_session_go_on(s, RH_SESSION_MEASURED);
    json_t *pasted = rh_session_pasted(s);
    if (pasted)
        json_object_set_new(out->kept, "pasted", pasted);
    if (s->store)
        (void)rh_store_list(s->store,
                            &(rh_store_whose){.person = s->o.person ? s->o.person : "", .client = s->o.client},
                            (rh_store_page){.limit = EARLIER_SESSIONS, .before = s->created}, &out->earlier, NULL);
    return RH_OK;
}

static void end(rh_session *s, bool forget_sound)
{
    rh_session_go_on(s, RH_SESSION_CLOSED);
    rh_spool_close(&s->spool, forget_sound);
}

rh_status rh_session_close(rh_session *s, json_t *report, rh_session_lost lost, rh_error *err)
{
    bool kept = true;
    if ((s->o.from == RH_SESSION_FILE || s->o.from == RH_SESSION_RECOVERED) && s->store)
        keep_segments(s, json_object_get(report, "transcript"));
    keep_sound(s, report, lost);
    if (s->o.keep_video)
        rh_videos_finish(s->o.spool_dir, s->o.id);
    rh_status st = keep_report(s, report, lost, &kept, err);
    if (st != RH_OK)
        return st;
    end(s, kept);
    rh_session_send(s, json_pack("{s:s, s:O}", "type", "report", "report", report));
    if (s->receipt) /* who is told that there is a report finds it, whatever happens */
        (void)rh_store_flush_within(s->store, SETTLE_MS, NULL);
    return RH_OK;
}

const char *rh_session_id(const rh_session *s)
{
    return s->o.id;
}

double rh_session_length_s(const rh_session *cs)
{
    rh_session *s = (rh_session *)(uintptr_t)cs; /* the locks are no part of its value */
    pthread_mutex_lock(&s->lock);
    double pictures = s->now;
    pthread_mutex_unlock(&s->lock);
    return fmax(pictures, (double)rh_session_audio_us(s) / 1e6);
}

void rh_session_rest(rh_session *s)
{
    end(s, false);
}

void rh_session_leave(rh_session *s)
{
    end(s, true);
}

rh_status rh_session_discard(rh_session *s, rh_error *err)
{
    rh_status st = s->store ? rh_store_delete(s->store, s->o.id, NULL, err) : RH_OK;
    if (st != RH_OK && st != RH_ERR_NOTFOUND) /* not there: it was deleted otherwise */
        return st;
    end(s, true);
    if (s->o.keep_video)
        rh_videos_remove(s->o.spool_dir, s->o.id);
    return RH_OK;
}
