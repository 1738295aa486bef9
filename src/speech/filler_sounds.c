/* filler_sounds.c - um, uh, er, hmm.
 *
 * The verbatim decode proposes, the curves confirm, correct the time, and count
 * where several follow each other (a decoder cannot count a stammer). */
#include "fillers_internal.h"

#include <math.h>
#include <string.h>
#include "rehearse/base/stats.h"

static const float STEP_S = 1.0f / RH_CONTOUR_PER_S;
static const float REACH_S = 0.25f; /* attention times may be off by so much */
static const float GUESS = 0.15f;   /* below it the verbatim decode was only talked into it */
static const float BABBLE = 0.05f;  /* below it even a clean word is the decoder's stammer */
static const float SURE = 0.5f;     /* probability from which level alone confirms */
static const float ALONE = 0.8f;    /* ... and from which nothing need confirm */
static const float DIP_DB = 6.0f;   /* between two set-ins of a voice */
static const float LONGEST_S = 1.2f;
static const float RUN_GUESS = 0.3f;   /* the same of all of a run: a decoder that stammers is easily led on */
static const float RUN_PAUSE_S = 1.2f; /* silence that ends a row of them */
static const float CLEAR_DB = 18.0f;   /* speech over the background; with less it has voices of its own */
static const float BURST_S = 0.06f;
static const float BURST_DB = 4.5f;   /* short ones in a row: mostly onset and end */
static const float CALM_DB = 3.0f;    /* median spectral change a step; words have 3 to 8 */
static const float CREAK = 0.6f;      /* periodicity of a voice outside the speaker's usual range */
static const float STILL_DB = 2.3f;   /* median spectral change a step; words that stand alone have 2.4 and more */
static const float STILL_ST = 2.5f;   /* semitones between its 5th and 95th percentile */
static const float FALLING_ST = 3.5f; /* the same of a voice that is not raised: it falls as it dies away */
static const float RAISED_DB = 2.0f;  /* above speech */
static const float WORD_MAX_S = 1.5f;
static const float HUM_DB = 4.0f;
enum {
    MIN_STEPS = 6,
    RUN_COUNTED = 3,
    MAX_VOICES = 64,
    STILL_MIN = 20, /* steps: 200 ms */
    STILL_MAX = 100,
    APART = 15,
    SLACK = 12
};

static size_t step_at(const rh_contour *c, float t)
{
    float i = t * (float)RH_CONTOUR_PER_S;
    return i <= 0.0f ? 0 : (i >= (float)c->n ? c->n : (size_t)i);
}

/* Cuts [from,to) at its deepest dip that is DIP_DB below both sides; false when there is none. */
static bool find_dip(const rh_contour *c, size_t from, size_t to, size_t *at)
{
    float best = DIP_DB;
    bool found = false;
    for (size_t i = from + MIN_STEPS; i + MIN_STEPS < to; i++) {
        float left = -200.0f, right = -200.0f;
        for (size_t k = from; k < i; k++)
            left = fmaxf(left, c->level_db[k]);
        for (size_t k = i + 1; k < to; k++)
            right = fmaxf(right, c->level_db[k]);
        float depth = fminf(left, right) - c->level_db[i];
        if (depth > best) {
            best = depth;
            *at = i;
            found = true;
        }
    }
    return found;
}

static size_t cut_voices(const rh_contour *c, size_t from, size_t to, rh_voice *out, size_t max)
{
    size_t at;
    if (max == 0 || to < from + MIN_STEPS)
        return 0;
    if (to - from > 400 || !find_dip(c, from, to, &at)) { /* nobody says one vowel for 4 s */
        out[0] = (rh_voice){from, to};
        return 1;
    }
    size_t n = cut_voices(c, from, at, out, max);
    return n + cut_voices(c, at + 1, to, out + n, max - n);
}

/* Hesitations often sink into creak, below the range the pitch track allows. */
static bool is_voice(const rh_contour *c, size_t i, float limit)
{
    return c->level_db[i] >= limit && (c->f0_hz[i] > 0.0f || c->voicing[i] > CREAK);
}

/* Voiced stretches of at least 60 ms in [from_s, to_s), cut at dips of 6 dB: a glottal stop between two "uh"
 * leaves such a dip even where the pitch track bridges it. Returns how many, at most `max`. */
static size_t voices_between(const rh_contour *c, float from_s, float to_s, rh_voice *out, size_t max)
{
    size_t n = 0, end = step_at(c, to_s);
    float limit = rh_silence_level(c);
    for (size_t i = step_at(c, from_s); i < end;) {
        if (!is_voice(c, i, limit)) {
            i++;
            continue;
        }
        size_t from = i;
        while (i < end && is_voice(c, i, limit))
            i++;
        n += cut_voices(c, from, i, out + n, max - n);
    }
    return n;
}

/* The stretch of voice nearest to [start, end] within `from`..`to`; false when there is none. */
static bool nearest_voice(const rh_contour *c, float start, float end, float from, float to, rh_voice *out)
{
    rh_voice v[MAX_VOICES];
    size_t n = voices_between(c, from, to, v, MAX_VOICES);
    float best = -REACH_S;
    bool found = false;
    for (size_t i = 0; i < n; i++) {
        float a = (float)v[i].from * STEP_S, b = (float)v[i].to * STEP_S;
        float shared = fminf(b, end) - fmaxf(a, start); /* negative: the distance */
        if (shared > best) {
            best = shared;
            *out = v[i];
            found = true;
        }
    }
    return found;
}

static float loudest(const rh_contour *c, float from, float to)
{
    float top = -200.0f;
    for (size_t i = step_at(c, from); i < step_at(c, to); i++)
        top = fmaxf(top, c->level_db[i]);
    return top;
}

static float median_change(const rh_contour *c, size_t from, size_t to)
{
    float change[STILL_MAX];
    size_t n = to - from < STILL_MAX ? to - from : STILL_MAX;
    memcpy(change, c->change_db + from, n * sizeof *change);
    rh_sort_floats(change, n);
    return n ? change[n / 2] : 0.0f;
}

/* Between the neighbours that both decodes have, the clean one has a word that
 * the verbatim one has not: the hesitation may be that word, misheard. */
static bool replaces_word(const rh_filler_search *f, size_t i)
{
    int before = i > 0 ? rh_clean_before(f, i - 1) : -1, after = (int)f->in->n_words;
    for (size_t k = i + 1; k < f->n_verbatim; k++)
        if (f->verbatim_pair[k] >= 0) {
            after = f->verbatim_pair[k];
            break;
        }
    for (int k = before + 1; k < after; k++)
        if (rh_hesitation_in(f->tongue, f->in->words[k].text) < 0)
            return true;
    return false;
}

/* The stretch of voice that is the hesitation: between the neighbours' middles,
 * which are theirs, or - the borders of short words being what they are - a calm
 * one anywhere between their outer ends. */
static bool find_voice(const rh_filler_search *f, size_t i, const rh_filler *filler, float *from, float *to,
                       rh_voice *v)
{
    const rh_contour *c = f->in->contour;
    const rh_word *w = f->verbatim;
    float reach_from = filler->start - REACH_S, reach_to = filler->end + LONGEST_S;
    *from = i > 0 ? fmaxf(reach_from, 0.5f * (w[i - 1].start + w[i - 1].end)) : reach_from;
    *to = i + 1 < f->n_verbatim ? fminf(reach_to, 0.5f * (w[i + 1].start + w[i + 1].end)) : reach_to;
    if (nearest_voice(c, filler->start, filler->end, *from, *to, v))
        return true;
    *from = i > 0 ? fmaxf(reach_from, w[i - 1].start) : reach_from;
    *to = i + 1 < f->n_verbatim ? fminf(reach_to, w[i + 1].end + 0.1f) : reach_to;
    return nearest_voice(c, filler->start, filler->end, *from, *to, v) && median_change(c, v->from, v->to) <= CALM_DB;
}

/* Confirms a proposal by the curves and puts its time right. */
static bool confirm(const rh_filler_search *f, size_t i, rh_filler *filler)
{
    const rh_contour *c = f->in->contour;
    if (!c || filler->p < GUESS)
        return filler->p >= ALONE;
    if (filler->p < SURE && replaces_word(f, i))
        return false;
    if (filler->kind == RH_FILLER_ER && i > 0 && rh_trails_off(f->verbatim[i - 1].text))
        return false; /* the rest of a word that broke off: "align... er" */
    if (filler->end < filler->start + 0.1f)
        filler->end = filler->start + 0.1f;
    float from, to;
    rh_voice v;
    if (!find_voice(f, i, filler, &from, &to, &v))
        return filler->p >= SURE && loudest(c, filler->start, filler->end) > rh_silence_level(c);
    if (filler->p < SURE && median_change(c, v.from, v.to) > CALM_DB)
        return false;
    float a = (float)v.from * STEP_S, b = (float)v.to * STEP_S;
    /* A voice that began in the word before, or goes on in the next one, says
     * nothing about the border between them. */
    bool grown = a <= from + STEP_S || (i > 0 && a < f->verbatim[i - 1].end);
    filler->start = grown ? fmaxf(a, filler->start) : a;
    filler->end = b < to - STEP_S ? b : fminf(b, filler->end);
    if (filler->end < filler->start + 0.06f)
        filler->end = filler->start + 0.06f;
    return true;
}

static rh_filler proposal(const rh_filler_search *f, size_t i)
{
    const rh_word *w = &f->verbatim[i];
    int pair = f->verbatim_pair[i];
    rh_filler filler = {
        .kind = (rh_filler_kind)rh_hesitation_in(f->tongue, w->text), .start = w->start, .end = w->end, .p = w->p};
    filler.after_word = pair >= 0 ? pair - 1 : rh_clean_before(f, i);
    filler.n_words = pair >= 0 ? 1 : 0;
    return filler;
}

/* The clean decode wrote something of the run, so that its neighbours end and begin where it says; else
 * they reach over it. Its words are told with the run. */
static bool cover_clean_run(rh_filler_search *f, size_t first, size_t n)
{
    size_t at = (size_t)((first > 0 ? rh_clean_before(f, first - 1) : -1) + 1), from = at;
    for (size_t k = first; k < first + n; k++)
        if (f->verbatim_pair[k] >= 0)
            f->told[f->verbatim_pair[k]] = true;
    while (at < f->in->n_words && rh_hesitation_in(f->tongue, f->in->words[at].text) >= 0)
        f->told[at++] = true;
    return at > from;
}

/* Several in a row: as many as the voice sets in until it is still for a while. Returns how many. */
static size_t count_run(rh_filler_search *f, size_t first, size_t n)
{
    const rh_contour *c = f->in->contour;
    size_t found = 0;
    float still_from = 0.0f;
    rh_voice v[MAX_VOICES];
    size_t sure = first; /* the decoder may fall into the run before the voice does */
    while (sure + 1 < first + n && f->verbatim[sure].p < GUESS)
        sure++;
    bool written = cover_clean_run(f, first, n);
    float from = f->verbatim[sure].start - 0.5f * REACH_S;
    float to = first + n < f->n_verbatim ? f->verbatim[first + n].start : (float)c->n * STEP_S;
    int32_t next = first + n < f->n_verbatim ? f->verbatim_pair[first + n] : -1;
    if (next >= 0)
        to = written ? f->in->words[next].start : fmaxf(to, f->in->words[next].start);
    if (first > 0) { /* what either decode gives to the word before is no part of the run */
        const rh_word *w = &f->verbatim[first - 1];
        int32_t pair = f->verbatim_pair[first - 1];
        float end = pair >= 0 && written ? fmaxf(w->end, f->in->words[pair].end) : w->end;
        from = fmaxf(from, fmaxf(end, sure > first ? f->verbatim[sure].start : end));
    }
    size_t n_voices = voices_between(c, from, to, v, MAX_VOICES);
    for (size_t k = 0; k < n_voices; k++) {
        if (found && (float)v[k].from * STEP_S > still_from + RUN_PAUSE_S)
            break; /* what follows is other speech, of which the decoder made nothing */
        rh_filler filler = proposal(f, first + (found < n ? found : n - 1));
        filler.start = (float)v[k].from * STEP_S;
        filler.end = (float)v[k].to * STEP_S;
        if (found >= n)
            filler.n_words = 0;
        if (filler.end - filler.start < BURST_S || median_change(c, v[k].from, v[k].to) > BURST_DB)
            continue;
        rh_add_filler(f, filler);
        still_from = filler.end;
        found++;
    }
    return found;
}

/* A run that the decoder is nowhere sure of, or in which no voice sets in by itself, is its own stammer: over one
 * hesitation at most. So is one whose voices may be other people's. */
static void judge_run(rh_filler_search *f, size_t first, size_t n)
{
    const rh_contour *c = f->in->contour;
    size_t best = first;
    for (size_t k = first; k < first + n; k++)
        if (f->verbatim[k].p > f->verbatim[best].p)
            best = k;
    bool counts = f->verbatim[best].p >= SURE && c->speech_db - c->noise_db >= CLEAR_DB;
    if (f->verbatim[best].p < RUN_GUESS || (counts && count_run(f, first, n) > 0))
        return;
    rh_filler filler = proposal(f, best);
    filler.start = fminf(filler.start, f->verbatim[first].start);
    if (confirm(f, best, &filler))
        rh_add_filler(f, filler);
}

static void from_verbatim(rh_filler_search *f)
{
    for (size_t i = 0; i < f->n_verbatim; i++) {
        size_t n = 0;
        while (i + n < f->n_verbatim && rh_hesitation_in(f->tongue, f->verbatim[i + n].text) >= 0)
            n++;
        if (n >= RUN_COUNTED && f->in->contour) {
            judge_run(f, i, n);
            i += n - 1;
        } else if (n > 0) {
            rh_filler filler = proposal(f, i);
            if (filler.n_words && f->in->words[filler.after_word + 1].p > filler.p)
                continue; /* the clean decode's own, with its time: from_clean() */
            if (filler.n_words)
                f->told[filler.after_word + 1] = true;
            if (confirm(f, i, &filler))
                rh_add_filler(f, filler);
        }
    }
}

/* A word that hesitates reaches over the silence before it: its longest voice is what is heard. */
static void time_by_voice(const rh_contour *c, rh_filler *filler)
{
    rh_voice v[MAX_VOICES];
    size_t n = c ? voices_between(c, filler->start, filler->end, v, MAX_VOICES) : 0, best = 0;
    for (size_t i = 1; i < n; i++)
        if (v[i].to - v[i].from > v[best].to - v[best].from)
            best = i;
    if (n == 0)
        return;
    filler->start = fmaxf(filler->start, (float)v[best].from * STEP_S);
    filler->end = (float)v[best].to * STEP_S;
}

/* What the clean decode wrote itself is mostly sure enough, wherever the verbatim one strayed. */
static void from_clean(rh_filler_search *f)
{
    for (size_t i = 0; i < f->in->n_words; i++) {
        int kind = rh_hesitation_in(f->tongue, f->in->words[i].text);
        const rh_word *w = &f->in->words[i];
        if (kind < 0 || f->told[i] || w->p < BABBLE)
            continue;
        rh_filler filler = {.kind = (rh_filler_kind)kind,
                            .start = w->start,
                            .end = w->end,
                            .p = w->p,
                            .after_word = (int)i - 1,
                            .n_words = 1};
        time_by_voice(f->in->contour, &filler);
        rh_add_filler(f, filler);
    }
}

static float top_level(const rh_contour *c, size_t from, size_t to)
{
    float top = -200.0f;
    for (size_t i = from; i < to; i++)
        top = fmaxf(top, c->level_db[i]);
    return top;
}

/* Pitch and spectrum of a stretch stand still: medians of change and of the
 * way between its quarter points. */
static bool stands_still(const rh_contour *c, size_t from, size_t to)
{
    float f0[STILL_MAX];
    size_t n = to - from;
    if (n < STILL_MIN || n > STILL_MAX)
        return false;
    memcpy(f0, c->f0_hz + from, n * sizeof *f0);
    rh_sort_floats(f0, n);
    float most = top_level(c, from, to) > c->speech_db + RAISED_DB ? STILL_ST : FALLING_ST;
    return median_change(c, from, to) <= STILL_DB && rh_semitones(f0[n - 1 - n / 20], f0[n / 20]) <= most;
}

/* 150 ms of silence on both sides; a little breath or release may come between. */
static bool is_alone(const rh_contour *c, size_t from, size_t to)
{
    float limit = rh_silence_level(c);
    size_t quiet = 0, i = from, slack = SLACK;
    while (i > 0 && slack > 0 && c->level_db[i - 1] >= limit) {
        i--;
        slack--;
    }
    while (i > 0 && quiet < APART && c->level_db[i - 1] < limit) {
        i--;
        quiet++;
    }
    if (quiet < APART && i > 0)
        return false;
    for (i = to, slack = SLACK; i < c->n && slack > 0 && c->level_db[i] >= limit; i++)
        slack--;
    for (quiet = 0; i < c->n && quiet < APART && c->level_db[i] < limit; i++)
        quiet++;
    return quiet >= APART || i >= c->n;
}

/* Somewhere in from..to, s. */
static bool has_voice(const rh_contour *c, float from, float to)
{
    rh_voice v;
    return from < to && voices_between(c, from, to, &v, 1) > 0;
}

/* A word or an event is already there. Words drawn out over seconds are what
 * the decoder makes of sounds it cannot read; they stand for nothing. One that has another voice beside this
 * one, which stands alone, is that. */
static bool is_taken(const rh_filler_search *f, float from, float to)
{
    float half = 0.3f * (to - from);
    for (size_t i = 0; i < f->in->n_words; i++) {
        const rh_word *w = &f->in->words[i];
        if (rh_hesitation_in(f->tongue, w->text) >= 0)
            continue; /* told already, or what this may be */
        if (w->end - w->start < WORD_MAX_S && fminf(w->end, to) - fmaxf(w->start, from) > half &&
            !has_voice(f->in->contour, w->start, from) && !has_voice(f->in->contour, to, w->end))
            return true;
    }
    for (size_t i = 0; i < f->out->n_fillers; i++)
        if (f->out->fillers[i].end > from && f->out->fillers[i].start < to)
            return true;
    return false;
}

/* The last word that has a voice of its own before `t`. */
static int clean_word_before(const rh_speech_input *in, float t)
{
    int at = -1;
    for (size_t i = 0; i < in->n_words && in->words[i].start < t; i++)
        at = (int)i;
    if (at >= 0 && in->words[at].end > t && !has_voice(in->contour, in->words[at].start, t))
        at--;
    return at;
}

/* By the sound alone: a voice that stands still, apart from everything, where
 * no word is. Read speech has none (docs/performance.md). */
static void from_sound(rh_filler_search *f)
{
    const rh_contour *c = f->in->contour;
    for (size_t i = 0; i < c->n;) {
        size_t from = i;
        while (i < c->n && c->f0_hz[i] > 0.0f)
            i++;
        float a = (float)from * STEP_S, b = (float)i * STEP_S;
        if (stands_still(c, from, i) && is_alone(c, from, i) && !is_taken(f, a, b)) {
            /* Lips closed, it is quiet: a hum. */
            rh_filler_kind kind = top_level(c, from, i) < c->speech_db - HUM_DB ? RH_FILLER_HMM : RH_FILLER_UH;
            rh_add_filler(
                f,
                (rh_filler){.kind = kind, .start = a, .end = b, .p = 0.5f, .after_word = clean_word_before(f->in, a)});
        }
        i++;
    }
}

void rh_find_sounds(rh_filler_search *f)
{
    if (f->verbatim_holds)
        from_verbatim(f);
    from_clean(f);
    if (f->in->contour && f->in->n_words > 0) /* without words there is no speaker to judge */
        from_sound(f);
}
