/* session_live.c - what is told while a session runs, as its time goes on: metrics and cues. */
#include <math.h>
#include "rehearse/base/json.h"
#include "session_internal.h"

static const double METRICS_EVERY_S = 1.0;
static const double PAUSE_S = 0.25;           /* so much silence is one: cues may come */
enum { ENOUGH_VOICE = 4 * RH_CONTOUR_PER_S }; /* steps */

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
static rh_cue_view cue_view(const rh_session *s, bool speaking)
{
    const rh_timeline *t = &s->timeline;
    /* Words are final some seconds after they were said: what counts is the stretch up to the last. */
    double heard = t->last_word_end >= 0 ? fmin(t->last_word_end, s->now) : 0, from = heard - RH_CUE_WINDOW_S;
    double loudest = 0; /* of the seconds with words; 0 = none */
    for (int i = (int)fmax(0, from); i < t->n_bins; i++)
        if (t->bins[i].n_words && (loudest >= 0 || (double)t->bins[i].level_db > loudest))
            loudest = (double)t->bins[i].level_db;
    rh_delivered d = rh_timeline_delivered(t, from);
    double mean = d.pitch / fmax(d.n_voiced, 1);
    /* Short words make it a little slower and long ones faster. */
    const rh_tongue *tongue = rh_tongue_of(s->said.language);
    rh_timeline_pace pace = rh_timeline_paced(t, from);
    double both = 0.75 * pace.units + 0.25 * pace.syllables / (double)tongue->syllables_a_word;
    return (rh_cue_view){
        .t = s->now,
        .speaking = speaking,
        .fast_wpm = (double)rh_tongue_english_pace(tongue, (float)fmin(pace.units, both)),
        .slow_wpm = (double)rh_tongue_english_pace(tongue, (float)fmax(pace.units, both)),
        .heard_s = fmin(heard, RH_CUE_WINDOW_S),
        .fillers = rh_timeline_filled(t, from),
        .broken_s = d.broken_s,
        .n_broken = d.n_broken,
        .pitch_sd = d.n_voiced >= ENOUGH_VOICE ? sqrt(fmax(0, d.pitch_sq / d.n_voiced - mean * mean)) : -1,
        .speech_db = loudest,
        .has_video = t->last_face >= 0 && s->now - t->last_face < 5,
        .looking_share = rh_timeline_looking(t, s->now - RH_CUE_WINDOW_S, s->now + 1),
        .away_s = t->last_present >= 0 ? fmax(0, t->last_face - t->last_present) : s->now,
        .answer_s = s->transcriber ? rh_transcriber_speech_s(s->transcriber) : 0,
    };
}

/* {lock} held */
static const rh_cue *cue_due(rh_session *s, bool speaking)
{
    s->cue_view = cue_view(s, speaking);
    return rh_cue_next(&s->cues, &s->cue_view);
}

/* In mid-speech, as far as the voice was followed. */
static bool is_speaking(const rh_session *s)
{
    return s->transcriber && rh_transcriber_speaking(s->transcriber) &&
           rh_transcriber_quiet_s(s->transcriber) < PAUSE_S;
}

void rh_session_advance(rh_session *s, double t)
{
    bool speaking = is_speaking(s);
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
