/* prosody.c - rules and limits of each measure: docs/scoring.md, Prosody. */
#include "rehearse/speech/prosody.h"

#include <math.h>
#include "rehearse/base/alloc.h"
#include "word_marks_internal.h"
#include "rehearse/base/stats.h"

static const float CLIPPED_SHARE = 0.001f;
static const float SNR_MIN_DB = 15.0f;
static const float LOUD_MIN_DB = -45.0f;
static const float VOICE_MIN_S = 0.2f;
static const float STEADY_ST = 0.12f; /* no reader of LibriSpeech is below 1.2 */
static const float END_S = 0.15f;     /* the stretch that counts as a sentence's end */
static const float END_CHANGE_ST = 1.5f;
static const float STEP_S = 1.0f / RH_CONTOUR_PER_S;

float rh_semitones(float hz, float median_hz)
{
    return hz > 0.0f && median_hz > 0.0f ? 12.0f * log2f(hz / median_hz) : 0.0f;
}

const char *rh_sound_reason(unsigned sound)
{
    if (sound & RH_SOUND_STEADY)
        return "The recording holds a steady tone or hum and no voice.";
    if (sound & RH_SOUND_NO_VOICE)
        return "No voice was heard: speak closer to the microphone, or check which one is chosen.";
    if (sound & RH_SOUND_CLIPPED)
        return "The recording is clipped: turn the microphone's gain down.";
    if (sound & RH_SOUND_QUIET)
        return "The recording is very quiet: come closer or turn the gain up.";
    if (sound & RH_SOUND_NOISY)
        return "The background is loud: a quieter room or a closer microphone would help.";
    return "";
}

/* Sorted values of the voiced steps in [from, to); returns how many. */
static size_t sorted_voiced(const rh_contour *c, const float *value, size_t from, size_t to, float *out)
{
    size_t m = 0;
    for (size_t i = from; i < to && i < c->n; i++)
        if (c->f0_hz[i] > 0.0f)
            out[m++] = value[i];
    rh_sort_floats(out, m);
    return m;
}

static size_t step_of(float t, const rh_contour *c)
{
    float i = t * (float)RH_CONTOUR_PER_S;
    return i <= 0.0f ? 0 : (i >= (float)c->n ? c->n : (size_t)i);
}

static void measure_pitch(const rh_contour *c, float *tmp, rh_prosody *p)
{
    size_t m = sorted_voiced(c, c->f0_hz, 0, c->n, tmp);
    p->voiced_s = (float)m * STEP_S;
    p->f0_median_hz = rh_quantile_sorted(tmp, m, 0.5f);
    float med = p->f0_median_hz;
    p->f0_spread_st = rh_semitones(rh_quantile_sorted(tmp, m, 0.9f), rh_quantile_sorted(tmp, m, 0.1f));
    p->f0_range_st = rh_semitones(rh_quantile_sorted(tmp, m, 0.98f), rh_quantile_sorted(tmp, m, 0.02f));
    double sum = 0.0, square = 0.0, slope = 0.0;
    for (size_t i = 0; i < m; i++) {
        double st = (double)rh_semitones(tmp[i], med);
        sum += st;
        square += st * st;
    }
    size_t n_slopes = 0;
    for (size_t i = 1; i < c->n; i++)
        if (c->f0_hz[i] > 0.0f && c->f0_hz[i - 1] > 0.0f) {
            slope += fabs((double)rh_semitones(c->f0_hz[i], c->f0_hz[i - 1]));
            n_slopes++;
        }
    if (m > 1) {
        double var = (square - sum * sum / (double)m) / (double)(m - 1);
        p->f0_sd_st = (float)sqrt(var > 0.0 ? var : 0.0);
    }
    if (n_slopes)
        p->f0_speed_st_s = (float)(slope / (double)n_slopes) / STEP_S;
}

static void measure_loudness(const rh_contour *c, float *tmp, rh_prosody *p)
{
    size_t m = sorted_voiced(c, c->level_db, 0, c->n, tmp);
    p->loud_median_db = rh_quantile_sorted(tmp, m, 0.5f);
    p->loud_spread_db = rh_quantile_sorted(tmp, m, 0.9f) - rh_quantile_sorted(tmp, m, 0.1f);
    p->snr_db = fminf(80.0f, fmaxf(0.0f, c->speech_db - c->noise_db));
}

static unsigned judge_sound(const rh_contour *c, const rh_prosody *p)
{
    if (p->voiced_s < VOICE_MIN_S)
        return RH_SOUND_NO_VOICE; /* about a voice that is not there nothing else can be said */
    if (p->voiced_s > 1.0f && p->f0_sd_st < STEADY_ST)
        return RH_SOUND_STEADY;
    unsigned s = 0;
    if (c->clipped > CLIPPED_SHARE)
        s |= RH_SOUND_CLIPPED;
    if (p->snr_db < SNR_MIN_DB)
        s |= RH_SOUND_NOISY;
    if (c->speech_db < LOUD_MIN_DB)
        s |= RH_SOUND_QUIET;
    return s;
}

/* Median level of a sentence's first third less that of its last third;
 * false when one of them has too little voice. */
static bool sentence_fading(const rh_contour *c, size_t from, size_t to, float *tmp, float *out)
{
    size_t third = (to - from) / 3;
    size_t m = sorted_voiced(c, c->level_db, from, from + third, tmp);
    float first = rh_quantile_sorted(tmp, m, 0.5f);
    size_t k = sorted_voiced(c, c->level_db, to - third, to, tmp);
    *out = first - rh_quantile_sorted(tmp, k, 0.5f);
    return m >= 10 && k >= 10;
}

/* Fills *e for the sentence of words first..last; false without enough voice. */
static bool sentence_end(const rh_speech_input *in, const rh_contour *c, size_t first, size_t last, float *tmp,
                         rh_sentence_end *e)
{
    size_t from = step_of(in->words[first].start, c);
    size_t to = step_of(in->words[last].end + 0.1f, c); /* word ends tend to come early */
    size_t m = sorted_voiced(c, c->f0_hz, from, to, tmp);
    float median = rh_quantile_sorted(tmp, m, 0.5f);
    if (m < 30)
        return false;
    size_t end = to;
    while (end > from && !(c->f0_hz[end - 1] > 0.0f))
        end--;
    size_t back = (size_t)(END_S * (float)RH_CONTOUR_PER_S);
    size_t begin = end > from + back ? end - back : from;
    m = sorted_voiced(c, c->f0_hz, begin, end, tmp);
    if (m < 5)
        return false;
    e->t = (float)end * STEP_S;
    e->word = (int)last;
    e->question = rh_ends_question(in->words[last].text);
    e->change = rh_semitones(rh_quantile_sorted(tmp, m, 0.5f), median);
    e->kind = e->change < -END_CHANGE_ST ? RH_END_FALL : e->change > END_CHANGE_ST ? RH_END_RISE : RH_END_LEVEL;
    return true;
}

static void measure_sentences(const rh_speech_input *in, const rh_contour *c, float *tmp, rh_prosody *p)
{
    float fading_sum = 0.0f, fading;
    size_t first = 0, n_fading = 0;
    for (size_t i = 0; i < in->n_words; i++) {
        if (!rh_sentence_ends_at(in, i))
            continue;
        rh_sentence_end *e = &p->ends[p->n_ends];
        if (sentence_end(in, c, first, i, tmp, e)) {
            p->n_ends++;
            p->n_falls += e->kind == RH_END_FALL;
            p->n_rises += e->kind == RH_END_RISE && !e->question;
            size_t from = step_of(in->words[first].start, c), to = step_of(in->words[i].end, c);
            if (to > from && sentence_fading(c, from, to, tmp, &fading)) {
                fading_sum += fading;
                n_fading++;
            }
        }
        first = i + 1;
    }
    p->fading_db = n_fading ? fading_sum / (float)n_fading : 0.0f;
}

rh_status rh_prosody_measure(const rh_speech_input *in, const rh_contour *c, rh_prosody *out, rh_error *err)
{
    rh_prosody p = {0};
    float *tmp = rh_alloc_array(c->n + 1, sizeof *tmp);
    p.ends = rh_calloc(in->n_words + 1, sizeof *p.ends);
    if (!tmp || !p.ends) {
        rh_free(tmp);
        rh_free(p.ends);
        return rh_fail(err, RH_ERR_NOMEM, "prosody: out of memory");
    }
    measure_pitch(c, tmp, &p);
    measure_loudness(c, tmp, &p);
    p.sound = judge_sound(c, &p);
    if (!(p.sound & RH_SOUND_NO_VOICE))
        measure_sentences(in, c, tmp, &p);
    rh_free(tmp);
    *out = p;
    return RH_OK;
}

void rh_prosody_done(rh_prosody *p)
{
    rh_free(p->ends);
    *p = (rh_prosody){0};
}
