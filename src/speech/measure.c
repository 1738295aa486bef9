/* measure.c - the whole report, in the order the measures build on each other. */
#include <math.h>
#include <string.h>
#include "no_speech.h"
#include "rehearse/speech/tongue.h"
#include "rehearse/base/alloc.h"
#include "score_tables.h"

void rh_speech_report_init(rh_speech_report *r)
{
    memset(r, 0, sizeof *r);
    r->reason = "";
}

void rh_speech_report_done(rh_speech_report *r)
{
    rh_timing_done(&r->timing);
    rh_prosody_done(&r->voice);
    rh_free(r->word_scores);
    rh_free(r->_text);
    rh_speech_report_init(r);
}

static bool in_unit_range(float p)
{
    return p >= 0.0f && p <= 1.0001f; /* also refuses NaN */
}

static rh_status check_words(const rh_word *w, size_t n, const char *what, rh_error *err)
{
    if (n > RH_SPEECH_MAX_WORDS)
        return rh_fail(err, RH_ERR_LIMIT, "%zu %s: at most %d", n, what, RH_SPEECH_MAX_WORDS);
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(w[i].start) || !isfinite(w[i].end) || w[i].end < w[i].start)
            return rh_fail(err, RH_ERR_INVAL, "%s %zu: times %g to %g are not an interval", what, i, (double)w[i].start,
                           (double)w[i].end);
        if (!in_unit_range(w[i].p) || !in_unit_range(w[i].p_rival) || !isfinite(w[i].entropy))
            return rh_fail(err, RH_ERR_INVAL, "%s %zu: probability outside [0,1]", what, i);
    }
    return RH_OK;
}

static rh_status check(const rh_speech_input *in, rh_error *err)
{
    if (!isfinite(in->duration_s) || in->duration_s < 0.0)
        return rh_fail(err, RH_ERR_INVAL, "duration %g s: must be 0 or more", in->duration_s);
    rh_status st = check_words(in->words, in->n_words, "words", err);
    if (!st)
        st = check_words(in->forced, in->n_forced, "forced words", err);
    for (size_t i = 0; !st && i < in->n_segments; i++) {
        const rh_speech_segment *s = &in->segments[i];
        if (s->first_word > in->n_words || s->n_words > in->n_words - s->first_word ||
            /* without the list itself, where its words lie means nothing */
            (in->n_forced > 0 && (s->first_forced > in->n_forced || s->n_forced > in->n_forced - s->first_forced)))
            st = rh_fail(err, RH_ERR_INVAL, "segment %zu: words past the end of the list", i);
    }
    return st;
}

/* Laughter alone is no answer, unless a text asks for it. */
static bool has_words(const rh_speech_input *in)
{
    char normal[RH_WORD_BYTES];
    bool is_asked = in->reference && in->reference[0];
    for (size_t i = 0; i < in->n_words; i++)
        if (rh_word_normal(in->words[i].text, normal) > 0 && (is_asked || !rh_is_laughter(normal)))
            return true;
    return false;
}

static int count_words(const rh_speech_input *in)
{
    char normal[RH_WORD_BYTES];
    int n = 0;
    for (size_t i = 0; i < in->n_words; i++)
        n += rh_word_normal(in->words[i].text, normal) > 0;
    return n;
}

/* Two words in half a second are no pace of 240: at least a second counts. */
static float pace(const rh_timing *t)
{
    return 60.0f * (float)t->n_words / fmaxf(t->last_s - t->first_s, 1.0f);
}

/* Events where they were found by ear and by place; without them only sounds that are
 * nothing but fillers are counted from the words, because "like", "so" and "right" are
 * mostly meant: a false alarm is worse than a miss. */
static void count_fillers(const rh_speech_input *in, rh_speech_report *r)
{
    for (size_t i = 0; i < in->n_fillers && in->fillers_known; i++)
        r->fillers[in->fillers[i].kind]++;
    for (size_t i = 0; i < in->n_words && !in->fillers_known; i++) {
        int kind = rh_hesitation_in(rh_tongue_of(in->language), in->words[i].text);
        if (kind >= 0)
            r->fillers[kind]++;
    }
    for (int k = 0; k < RH_FILLER_KINDS; k++)
        r->filler_words_count += r->fillers[k];
    float s = in->n_words ? in->words[in->n_words - 1].end - in->words[0].start : 0.0f;
    r->fillers_per_minute = 60.0f * (float)r->filler_words_count / fmaxf(s, 6.0f);
}

rh_status rh_speech_measure(const rh_speech_input *in, rh_speech_report *out, rh_error *err)
{
    return rh_speech_measure_by(in, rh_score_models, out, err);
}

rh_status rh_speech_measure_by(const rh_speech_input *in, const rh_score_model *models, rh_speech_report *out,
                               rh_error *err)
{
    static const rh_contour nothing = {0};
    rh_speech_report r;
    rh_speech_report_init(&r);
    rh_speech_report_done(out);
    rh_status st = check(in, err);
    if (st)
        return st;
    st = rh_timing_measure(in, in->contour, &r.timing, err);
    if (!st)
        st = rh_prosody_measure(in, in->contour ? in->contour : &nothing, &r.voice, err);
    r.spoken = !st && has_words(in);
    if (r.spoken) {
        r.n_words = count_words(in);
        r.pace_wpm = pace(&r.timing);
        count_fillers(in, &r);
        st = rh_measure_words(in, &r, err);
        if (!st)
            st = rh_measure_scores(in, models, &r, err);
    } else if (!st) {
        r.reason = rh_no_speech_reason(in->contour, in->speech_s > 0.0 || in->n_speech > 0 || in->n_words > 0);
    }
    if (st)
        rh_speech_report_done(&r);
    else
        *out = r;
    return st;
}
