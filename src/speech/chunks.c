/* chunks.c - see chunks.h. */
#include "chunks.h"

#include <math.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/stats.h"
#include "rehearse/speech/timing.h"
#include "rehearse/speech/tongue.h"
#include "sound_norms.h"

static const float chunk_s = 10.0f;  /* the training utterances are 2 to 15 s */
static const float logp_min = -5.0f; /* one impossible word must not decide alone */
static const float margin_min = -4.0f, margin_max = 8.0f;

/* A longer pause between clauses is no worse: up to 2 s it is rhetoric, and from there on a rule takes its points. */
static const float between_most_s = 0.6f;
static const float deviations_min = -8.0f; /* nor one impossible sound */
enum { LEAST_PHONES = 3 };

static float mean(const float *x, size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++)
        sum += (double)x[i];
    return n ? (float)(sum / (double)n) : 0.0f;
}

/* Mean of the lowest third of x (at least one), which is sorted in place. */
static float mean_low(float *x, size_t n)
{
    rh_sort_floats(x, n);
    return mean(x, (n + 2) / 3);
}

static float mean_high(float *x, size_t n)
{
    rh_sort_floats(x, n);
    size_t m = (n + 2) / 3;
    return mean(x + n - m, m);
}

static float deviation(const float *x, size_t n)
{
    double m = (double)mean(x, n), sum = 0.0;
    for (size_t i = 0; i < n; i++)
        sum += ((double)x[i] - m) * ((double)x[i] - m);
    return n ? (float)sqrt(sum / (double)n) : 0.0f;
}

static bool is_spoken(const rh_word *w)
{
    char normal[RH_WORD_BYTES];
    return rh_word_normal(w->text, normal) > 0;
}

/* The four measures of sureness of words[0..n), into x[0..3]; `scratch` holds n floats. */
static void measure_sureness(const rh_word *words, size_t n, float *scratch, float *logp, float *logp_low,
                             float *entropy, float *margin)
{
    size_t m = 0;
    double h = 0.0, d = 0.0;
    for (size_t i = 0; i < n; i++) {
        if (!is_spoken(&words[i]))
            continue;
        float own = logf(fmaxf(words[i].p, 1e-9f)), rival = logf(fmaxf(words[i].p_rival, 1e-9f));
        scratch[m++] = fmaxf(own, logp_min);
        h += (double)words[i].entropy;
        d += (double)fminf(fmaxf(own - rival, margin_min), margin_max);
    }
    *logp = mean(scratch, m);
    *logp_low = mean_low(scratch, m);
    *entropy = m ? (float)(h / (double)m) : 0.0f;
    *margin = m ? (float)(d / (double)m) : 0.0f;
}

static void measure_pace(const rh_speech_input *in, const rh_speech_report *r, rh_chunk *s, float *scratch)
{
    float whole = s->end - s->start, pauses = 0.0f, longest = 0.0f;
    int within = 0, syllables = 0;
    for (size_t i = 0; i < r->timing.n_pauses; i++) {
        const rh_pause *p = &r->timing.pauses[i];
        size_t after = (size_t)p->after_word;
        if (after < s->first_word || after + 1 >= s->first_word + s->n_words)
            continue;
        float d = p->end - p->start;
        if (p->place != RH_PAUSE_WITHIN && d > between_most_s) {
            whole -= d - between_most_s;
            d = between_most_s;
        }
        pauses += d;
        longest = fmaxf(longest, d);
        within += p->place == RH_PAUSE_WITHIN;
    }
    whole = fmaxf(whole, 0.2f);
    size_t m = 0;
    double change = 0.0;
    for (size_t i = s->first_word; i < s->first_word + s->n_words; i++) {
        int k = rh_tongue_of(in->language)->syllables(in->words[i].text);
        if (k == 0)
            continue;
        syllables += k;
        float each = fminf(fmaxf((in->words[i].end - in->words[i].start) / (float)k, 0.03f), 2.0f);
        if (m > 0)
            change += fabs((double)(each - scratch[m - 1])) / ((double)(each + scratch[m - 1]) / 2.0);
        scratch[m++] = each;
    }
    float spoken = fmaxf(whole - pauses, 0.2f);
    s->x[RH_F_RATE] = (float)syllables / whole;
    s->x[RH_F_ARTICULATION] = (float)syllables / spoken;
    s->x[RH_F_PAUSE_SHARE] = fminf(pauses / whole, 1.0f);
    s->x[RH_F_PAUSES_WITHIN] = (float)within / (float)(s->n_spoken > 0 ? s->n_spoken : 1);
    s->x[RH_F_LONGEST_PAUSE] = longest;
    s->x[RH_F_RHYTHM] = m > 1 ? (float)(change / (double)(m - 1)) : 0.5f;
    s->x[RH_F_STRETCH] = mean_high(scratch, m);
}

static bool in_pause(const rh_speech_report *r, float t)
{
    for (size_t i = 0; i < r->timing.n_pauses; i++)
        if (t >= r->timing.pauses[i].start && t < r->timing.pauses[i].end)
            return true;
    return false;
}

static rh_status measure_voice(const rh_speech_input *in, const rh_speech_report *r, rh_chunk *s, rh_error *err)
{
    const rh_contour *c = in->contour;
    s->x[RH_F_PITCH_SD] = 2.5f; /* what most have: neither good nor bad where unknown */
    s->x[RH_F_LOUD_SD] = 6.0f;
    s->x[RH_F_VOICED] = 0.6f;
    if (!c || c->n == 0)
        return RH_OK;
    size_t from = (size_t)fmaxf(s->start * RH_CONTOUR_PER_S, 0.0f);
    size_t to = (size_t)fmaxf(s->end * RH_CONTOUR_PER_S, 0.0f), n = 0, spoken = 0;
    to = to < c->n ? to : c->n;
    if (to <= from + 10)
        return RH_OK;
    float *pitch = rh_alloc_array(2 * (to - from), sizeof *pitch), *level = pitch + (to - from);
    if (!pitch)
        return rh_fail(err, RH_ERR_NOMEM, "speech features: out of memory");
    for (size_t i = from; i < to; i++) {
        spoken += !in_pause(r, (float)i / RH_CONTOUR_PER_S);
        if (c->f0_hz[i] <= 0.0f)
            continue;
        pitch[n] = 12.0f * log2f(c->f0_hz[i]);
        level[n++] = c->level_db[i];
    }
    if (n >= 10) {
        s->x[RH_F_PITCH_SD] = deviation(pitch, n);
        s->x[RH_F_LOUD_SD] = deviation(level, n);
        s->x[RH_F_VOICED] = (float)n / (float)(spoken > n ? spoken : n);
    }
    rh_free(pitch);
    return RH_OK;
}

static size_t letters_of(const char *text, char out[RH_WORD_BYTES])
{
    return text ? rh_word_normal(text, out) : 0;
}

static size_t forced_in(const rh_speech_input *in, const rh_chunk *s, bool is_first, bool is_last, size_t *first)
{
    size_t n = 0;
    *first = 0;
    for (size_t i = 0; i < in->n_forced; i++) {
        float t = in->forced[i].start;
        bool inside = (is_first || t >= s->start) && (is_last || t < s->end);
        if (inside && n == 0)
            *first = i;
        n += inside;
    }
    return n;
}

static void measure_reference(const rh_speech_input *in, const rh_speech_report *r, rh_chunk *s, bool is_first,
                              bool is_last, float *scratch)
{
    size_t first, n = forced_in(in, s, is_first, is_last, &first);
    if (!r->has_reference || n == 0)
        return;
    measure_sureness(in->forced + first, n, scratch, &s->x[RH_F_REF_LOGP], &s->x[RH_F_REF_LOGP_LOW],
                     &s->x[RH_F_REF_ENTROPY], &s->x[RH_F_REF_MARGIN]);
    s->x[RH_F_REF_GAP] = s->x[RH_F_REF_LOGP] - s->x[RH_F_LOGP];
    size_t errors = 0, expected = 0, letters = 0, differ = 0;
    for (size_t i = 0; i < r->n_word_scores; i++) {
        const rh_word_score *w = &r->word_scores[i];
        if (!((is_first || w->start >= s->start) && (is_last || w->start < s->end)))
            continue;
        char a[RH_WORD_BYTES], b[RH_WORD_BYTES];
        size_t la = letters_of(w->expected, a), lb = letters_of(w->heard, b);
        errors += w->what != RH_SAID;
        expected += w->expected != NULL;
        letters += la;
        if (w->what != RH_SAID)
            differ += la == 0 || lb == 0 ? la + lb : rh_letters_apart(a, b);
    }
    s->x[RH_F_REF_ERRORS] = fminf((float)errors / (float)(expected > 0 ? expected : 1), 1.5f);
    s->x[RH_F_REF_LETTERS] = fminf((float)differ / (float)(letters > 0 ? letters : 1), 1.5f);
    s->has_reference = true;
}

/* ---- sounds of the words ---- */

static float deviations(float x, const rh_sound_norm *n)
{
    return fmaxf((x - n->mean) / n->deviation, deviations_min);
}

/* The sounds of forced words where a text is known, else of the words heard. */
static size_t phones_in(const rh_speech_input *in, const rh_chunk *s, bool is_first, bool is_last, float *logp,
                        float *margin)
{
    size_t n = 0;
    for (size_t i = 0; i < in->n_segments; i++) {
        const rh_speech_segment *g = &in->segments[i];
        if (g->phones_forced != s->has_reference)
            continue;
        for (size_t k = g->first_phone; k < g->first_phone + g->n_phones; k++) {
            const rh_phone_said *p = &in->phones[k];
            if (!(is_first || p->start >= s->start) || !(is_last || p->start < s->end))
                continue;
            logp[n] = deviations(p->logp, &rh_sound_norms[p->phone][RH_NORM_LOGP]);
            margin[n++] = deviations(p->margin, &rh_sound_norms[p->phone][RH_NORM_MARGIN]);
        }
    }
    return n;
}

static rh_status measure_phones(const rh_speech_input *in, rh_chunk *s, bool is_first, bool is_last, rh_error *err)
{
    if (in->n_phones == 0)
        return RH_OK;
    float *logp = rh_alloc_array(2 * in->n_phones, sizeof *logp), *margin = logp + in->n_phones;
    if (!logp)
        return rh_fail(err, RH_ERR_NOMEM, "speech features: out of memory");
    size_t n = phones_in(in, s, is_first, is_last, logp, margin);
    s->has_phones = n >= LEAST_PHONES;
    s->x[RH_F_PHONE_LOGP] = mean(logp, n);
    s->x[RH_F_PHONE_LOGP_LOW] = mean_low(logp, n);
    s->x[RH_F_PHONE_MARGIN] = mean(margin, n);
    s->x[RH_F_PHONE_MARGIN_LOW] = mean_low(margin, n);
    rh_free(logp);
    return RH_OK;
}

/* Chunks of about equal length, cut between words. */
static size_t cut(const rh_speech_input *in, rh_chunk *out, size_t max)
{
    float first = in->words[0].start, last = in->words[in->n_words - 1].end;
    size_t want = (size_t)fmaxf(roundf((last - first) / chunk_s), 1.0f), n = 0, w = 0;
    want = want < max ? want : max;
    for (size_t k = 0; k < want && w < in->n_words; k++) {
        float until = first + (last - first) * (float)(k + 1) / (float)want;
        size_t from = w;
        while (w < in->n_words && (k + 1 == want || in->words[w].start < until))
            w++;
        if (w == from)
            continue;
        rh_chunk s = {.start = in->words[from].start, .first_word = from, .n_words = w - from};
        for (size_t i = from; i < w; i++) {
            s.n_spoken += is_spoken(&in->words[i]);
            s.end = fmaxf(s.end, in->words[i].end);
        }
        if (s.n_spoken > 0)
            out[n++] = s;
    }
    return n;
}

rh_status rh_chunks_measure(const rh_speech_input *in, const rh_speech_report *r, rh_chunk **out, size_t *n,
                            rh_error *err)
{
    float span = in->words[in->n_words - 1].end - in->words[0].start;
    size_t max = (size_t)fmaxf(span / chunk_s, 0.0f) + 2, longest = in->n_words + in->n_forced + 1;
    rh_chunk *s = rh_calloc(max, sizeof *s);
    float *scratch = rh_alloc_array(longest, sizeof *scratch);
    rh_status st = s && scratch ? RH_OK : RH_ERR_NOMEM;
    size_t count = st == RH_OK ? cut(in, s, max) : 0;
    for (size_t i = 0; i < count && st == RH_OK; i++) {
        measure_sureness(in->words + s[i].first_word, s[i].n_words, scratch, &s[i].x[RH_F_LOGP], &s[i].x[RH_F_LOGP_LOW],
                         &s[i].x[RH_F_ENTROPY], &s[i].x[RH_F_MARGIN]);
        measure_pace(in, r, &s[i], scratch);
        st = measure_voice(in, r, &s[i], err);
        measure_reference(in, r, &s[i], i == 0, i + 1 == count, scratch);
        if (st == RH_OK)
            st = measure_phones(in, &s[i], i == 0, i + 1 == count, err);
    }
    rh_free(scratch);
    if (st != RH_OK) {
        rh_free(s);
        return rh_fail(err, st, "speech features: out of memory");
    }
    *out = s;
    *n = count;
    return RH_OK;
}
