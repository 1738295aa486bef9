/* scores.c - the scores: learned curves over chunks, then plain rules.
 *
 * The learned part agrees with five raters of read sentences (score_tables.c);
 * rules add what those sentences do not hold: fillers, very fast or very slow
 * speech, long silences. Both take points away by named parts, so that a score
 * can be taken apart, and the advice speaks of the part that cost most.
 * Formulas, sources and known weaknesses: docs/scoring.md. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "fillers_internal.h"
#include "rehearse/base/alloc.h"
#include "rehearse/speech/timing.h"
#include "score_tables.h"

/* ---- parts ---- */

typedef enum {
    PART_SURENESS,
    PART_TEXT,
    PART_PACE,
    PART_PAUSES,
    PART_RHYTHM,
    PART_SOUND,
    PART_SCALE,
    LEARNED_PARTS
} part_kind;

static const struct {
    const char *name, *unit, *advice; /* advice NULL: nothing to act on */
} parts[LEARNED_PARTS] = {
    {"sureness of words", "share",
     "Some words could be taken for others: say the marked ones slowly and finish their endings."},
    {"match with the text", "share",
     "Some words differed from the text: practise the marked ones by themselves, then in the sentence."},
    {"pace", "wpm", "You spoke slowly: link the words of a phrase and let it run in one breath."},
    {"pauses", "share", "Silences broke up your speech: think first, then say a whole phrase."},
    {"rhythm", "s a syllable",
     "Some syllables were drawn out: keep small words short and stress the one that matters."},
    {"sound of the voice", "points", "Listen to a fluent speaker and copy the melody and stress of whole phrases."},
    {"scale", "points", NULL}, /* of the raters: what a native reader in the middle gets */
};

static part_kind part_of(int feature)
{
    switch (feature) {
    case RH_F_LOGP:
    case RH_F_LOGP_LOW:
    case RH_F_ENTROPY:
    case RH_F_MARGIN: return PART_SURENESS;
    case RH_F_RATE:
    case RH_F_ARTICULATION: return PART_PACE;
    case RH_F_PAUSE_SHARE:
    case RH_F_PAUSES_WITHIN:
    case RH_F_LONGEST_PAUSE: return PART_PAUSES;
    case RH_F_STRETCH:
    case RH_F_RHYTHM:
    case RH_F_PITCH_SD:
    case RH_F_LOUD_SD:
    case RH_F_VOICED: return PART_RHYTHM;
    case RH_F_SOUND: return PART_SOUND;
    default: return PART_TEXT;
    }
}

static float piecewise(const float *x, const float *points, int n, float at)
{
    if (!(at > x[0])) /* also NaN */
        return points[0];
    for (int i = 1; i < n; i++)
        if (at <= x[i])
            return points[i - 1] + (points[i] - points[i - 1]) * (at - x[i - 1]) / (x[i] - x[i - 1]);
    return points[n - 1];
}

/* ---- rules beyond what the rated sentences hold ---- */

typedef struct {
    const char *name, *unit, *advice;
    int n;
    float x[4], points[4];
} rule;

static const float FILLERS_LEAST_S = 30.0f;
/* Unstressed syllables run together: by sound there are this much fewer at most. */
static const float HEARD_MOST = 1.3f;

static const rule filler_rule = {
    "fillers", "a minute",     "Fillers showed often: a short silence in their place sounds surer.",
    4,         {1, 5, 12, 25}, {0, -3, -12, -28}};
static const rule fast_rule = {
    "very fast speech",        "syllables a second", "You spoke very fast: slow down so that endings can be heard.", 4,
    {7.0f, 7.5f, 8.5f, 10.0f}, {0, -3, -12, -25}};
static const rule slow_rule = {"very slow speech",
                               "syllables a second",
                               "You spoke very slowly: link the words of a phrase and let it run in one breath.",
                               4,
                               {0.6f, 1.0f, 1.4f, 1.8f},
                               {-25, -14, -5, 0}};
static const rule silence_rule = {"long silences",
                                  "share of time",
                                  "Long silences broke up your answer: think first, then say a whole sentence.",
                                  4,
                                  {0.35f, 0.5f, 0.65f, 0.85f},
                                  {0, -7, -20, -40}};
/* The learned part already counts a word or two; this is for half a text. */
static const rule missing_rule = {
    "words left out",          "share of the text", "Words of the text were left out: read to the end of each line.", 4,
    {0.2f, 0.4f, 0.6f, 0.95f}, {0, -5, -15, -50}};

static void add_part(rh_score *s, const char *name, float value, const char *unit, float points)
{
    if (s->n_parts < RH_SCORE_MAX_PARTS)
        s->parts[s->n_parts++] = (rh_score_part){name, value, unit, points};
}

static void apply(rh_score *s, const rule *r, float value, float weight)
{
    float points = weight * piecewise(r->x, r->points, r->n, value);
    if (points < -0.05f)
        add_part(s, r->name, value, r->unit, points);
}

/* Fluent readers are faster than a good talk needs to be: only from here down is
 * slowness worth a word (coaches ask for 100 to 165 words a minute). */
static const float SLOW_WPM = 110.0f;
static const float PRAISED = 80.0f;

static const char *advice_of(const rh_score_part *part)
{
    static const rule *const rules[] = {&filler_rule, &fast_rule, &slow_rule, &silence_rule, &missing_rule};
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (strcmp(rules[i]->name, part->name) == 0)
            return rules[i]->advice;
    for (size_t i = 0; i < LEARNED_PARTS; i++)
        if (strcmp(parts[i].name, part->name) == 0)
            return i == PART_PACE && part->value > SLOW_WPM ? NULL : parts[i].advice;
    return NULL;
}

/* Sums the parts and speaks of the dearest; costs below 2 points are not worth a word. */
static void close_score(rh_score *s, const char *praise)
{
    float total = 100.0f, worst = -2.0f;
    const char *advice = NULL;
    for (int i = 0; i < s->n_parts; i++) {
        const char *a = advice_of(&s->parts[i]);
        total += s->parts[i].points;
        if (a && s->parts[i].points < worst) {
            worst = s->parts[i].points;
            advice = a;
        }
    }
    s->known = true;
    s->value = fminf(fmaxf(total, 0.0f), 100.0f);
    if (total > 100.0f && s->n_parts > 0) { /* the scale gives what is over back */
        for (int i = 0; i < s->n_parts; i++)
            if (strcmp(s->parts[i].name, parts[PART_SCALE].name) == 0)
                s->parts[i].points -= total - 100.0f;
    }
    if (!advice)
        advice = s->value < PRAISED ? parts[PART_SOUND].advice : praise;
    (void)snprintf(s->advice, sizeof s->advice, "%s", advice);
}

/* ---- the learned part ---- */

typedef struct {
    const rh_speech_input *in;
    const rh_score_model *models; /* [RH_RATINGS] */
    rh_speech_report *r;
    const rh_chunk *chunks;
    size_t n_chunks;
    float value[LEARNED_PARTS]; /* what each part's line shows */
    float articulation, rate;   /* means over chunks */
} judged;

static const rh_speech_segment *segment_of(const rh_speech_input *in, const rh_chunk *s)
{
    const rh_speech_segment *found = NULL;
    for (size_t i = 0; i < in->n_segments; i++) {
        const rh_speech_segment *g = &in->segments[i];
        if (g->pooled && g->n_pooled == RH_SOUND_INPUTS && (!found || g->start <= s->start + 0.01f))
            found = g;
    }
    return found;
}

/* The weights are those of one encoder: another model's numbers mean other things. */
static bool knows_sound(const rh_speech_input *in)
{
    return in->model && strcmp(in->model, "base") == 0;
}

static float sound_rating(const rh_score_model *m, const rh_speech_segment *g)
{
    double sum = (double)m->sound_offset;
    for (size_t i = 0; i < RH_SOUND_INPUTS; i++)
        sum += (double)m->sound[i] * (double)g->pooled[i];
    return isfinite(sum) ? (float)sum : 0.0f;
}

/* Rating of a chunk by `a`; points by part, weighted by `share`, are added to `points` (may be NULL). */
static float rate(const rh_additive *a, const rh_chunk *s, float sound, float share, float *points)
{
    float rating = a->middle;
    for (size_t i = 0; i < a->n; i++) {
        const rh_score_curve *c = &a->curves[i];
        float x = c->feature == RH_F_SOUND ? sound : s->x[c->feature];
        float p = piecewise(c->x, c->points, c->n, x);
        rating += p;
        if (points)
            points[part_of(c->feature)] += share * p;
    }
    return rating;
}

/* Points by part of one chunk, weighted by its share of the words: what the
 * named measures say by themselves, and what the sound of the voice adds to that
 * or takes away. */
static float judge_chunk(const judged *j, const rh_score_model *m, const rh_chunk *s, float share, float *points)
{
    const rh_additive *named = &m->additive[2 * s->has_reference], *whole = named + 1;
    float by_name = rate(named, s, 0.0f, share, points);
    points[PART_SCALE] += share * (named->middle - 100.0f);
    const rh_speech_segment *g = knows_sound(j->in) ? segment_of(j->in, s) : NULL;
    if (!g)
        return 0.0f;
    float sound = sound_rating(m, g);
    points[PART_SOUND] += share * (rate(whole, s, sound, 0.0f, NULL) - by_name);
    return share * sound;
}

static void judge(judged *j, rh_rating rating, rh_score *s)
{
    const rh_score_model *m = &j->models[rating];
    float points[LEARNED_PARTS] = {0}, words = 0.0f;
    for (size_t i = 0; i < j->n_chunks; i++)
        words += (float)j->chunks[i].n_spoken;
    j->value[PART_SOUND] = 0.0f;
    for (size_t i = 0; i < j->n_chunks; i++)
        j->value[PART_SOUND] += judge_chunk(j, m, &j->chunks[i], (float)j->chunks[i].n_spoken / words, points);
    j->value[PART_SCALE] = 100.0f + points[PART_SCALE];
    for (int k = 0; k < LEARNED_PARTS; k++)
        if (fabsf(points[k]) >= 0.05f)
            add_part(s, parts[k].name, j->value[k], parts[k].unit, points[k]);
}

/* ---- what the lines show ---- */

static float mean_p(const rh_word *w, size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++)
        sum += (double)w[i].p;
    return n ? (float)(sum / (double)n) : 0.0f;
}

static void show_values(judged *j)
{
    const rh_speech_report *r = j->r;
    float words = 0.0f, stretch = 0.0f, rate = 0.0f, articulation = 0.0f;
    for (size_t i = 0; i < j->n_chunks; i++) {
        float n = (float)j->chunks[i].n_spoken;
        words += n;
        stretch += n * j->chunks[i].x[RH_F_STRETCH];
        rate += n * j->chunks[i].x[RH_F_RATE];
        articulation += n * j->chunks[i].x[RH_F_ARTICULATION];
    }
    size_t expected = r->n_word_scores - (size_t)r->n_added;
    int same = (int)expected - r->n_missed - r->n_replaced;
    j->value[PART_SURENESS] = mean_p(j->in->words, j->in->n_words);
    j->value[PART_TEXT] = expected ? (float)same / (float)expected : 1.0f;
    j->value[PART_PACE] = r->pace_wpm;
    j->value[PART_PAUSES] = 1.0f - r->timing.phonation_ratio;
    j->value[PART_RHYTHM] = stretch / words;
    j->rate = rate / words;
    j->articulation = articulation / words;
}

/* ---- confidence ---- */

/* Share of words recognised right at a given probability, by 5,800 words of
 * read sentences with known text: the recogniser knows how sure it is. */
static float chance_right(float p)
{
    static const float x[] = {0.0f, 0.25f, 0.5f, 0.75f, 0.95f, 1.0f};
    static const float y[] = {0.08f, 0.28f, 0.5f, 0.74f, 0.92f, 0.99f};
    return piecewise(x, y, 6, p);
}

static float confidence_of(const rh_speech_input *in)
{
    double sum = 0.0;
    for (size_t i = 0; i < in->n_words; i++)
        sum += (double)chance_right(in->words[i].p);
    return in->n_words ? (float)(sum / (double)in->n_words) : 0.0f;
}

/* ---- scores ---- */

/* The rules go by what words and sound both say: where the words are in doubt,
 * every copy of a recording brings other ones, and the sound stays. */

/* Syllables by sound for one by words; 1 when the sound was not measured. */
static float heard_share(const judged *j)
{
    const rh_speech_report *r = j->r;
    bool known = j->in->contour && r->timing.n_syllables > 0;
    return known ? (float)r->timing.n_syllables_heard / (float)r->timing.n_syllables : 1.0f;
}

/* Loops of the recogniser put more syllables into a second than anybody says. */
static float fast(const judged *j)
{
    return j->articulation * fminf(HEARD_MOST * heard_share(j), 1.0f);
}

/* From the first voice to the last; 0 when unknown. */
static float voice_s(const rh_speech_input *in)
{
    return in->n_speech ? in->speech[in->n_speech - 1].end - in->speech[0].start : 0.0f;
}

/* Words that were not made out were said all the same, and a word that was
 * invented behind the last one took no time. */
static float slow(const judged *j)
{
    const rh_speech_report *r = j->r;
    float s = voice_s(j->in),
          most = (float)(r->timing.n_syllables > r->timing.n_syllables_heard ? r->timing.n_syllables
                                                                             : r->timing.n_syllables_heard);
    return fmaxf(j->rate * fmaxf(heard_share(j), 1.0f), s > 0.2f ? most / s : 0.0f);
}

/* Share of silences of 250 ms and more in the time from the first voice to the
 * last, in any place: the recogniser's commas come and go. */
static float silence(const judged *j)
{
    const rh_speech_input *in = j->in;
    const rh_contour *c = in->contour;
    if (!c || in->n_speech == 0)
        return 1.0f - j->r->timing.phonation_ratio;
    float limit = rh_silence_level(c);
    size_t from = (size_t)(in->speech[0].start * RH_CONTOUR_PER_S), silent = 0, run = 0;
    size_t to = from + (size_t)(voice_s(in) * RH_CONTOUR_PER_S);
    to = to < c->n ? to : c->n;
    for (size_t i = from; i < to; i++) {
        run = c->level_db[i] < limit ? run + 1 : 0;
        if (run == RH_CONTOUR_PER_S / 4)
            silent += run;
        else if (run > RH_CONTOUR_PER_S / 4)
            silent++;
    }
    return to > from ? (float)silent / (float)(to - from) : 0.0f;
}

/* Share of a text that neither the recogniser nor the sound has room for. The
 * first syllables do not count: one word of four is no half of a text. */
static float left_out(const judged *j)
{
    enum { SHORT_TEXT = 10 }; /* syllables */
    const rh_speech_report *r = j->r;
    int expected = 0, n = 0;
    for (size_t i = 0; i < r->n_word_scores; i++) {
        n += r->word_scores[i].expected != NULL;
        expected += r->word_scores[i].expected ? rh_syllables(r->word_scores[i].expected) : 0;
    }
    float by_words = n ? (float)r->n_missed / (float)n : 0.0f;
    if (!j->in->contour)
        return by_words;
    float by_sound = 1.0f - HEARD_MOST * (float)r->timing.n_syllables_heard / (float)expected;
    float sure = fminf((float)expected / (2.0f * SHORT_TEXT), 1.0f);
    return fmaxf(fminf(by_words, by_sound), 0.0f) * (expected < SHORT_TEXT ? 0.0f : sure);
}

/* What breaks the flow costs fluency and prosody whole, the other two half. */
static void apply_flow(const judged *j, rh_score *s, float weight)
{
    apply(s, &slow_rule, slow(j), weight);
    apply(s, &silence_rule, silence(j), weight);
}

/* One hesitation in a short answer is no habit. */
static float fillers_judged(const judged *j)
{
    const rh_word *words = j->in->words;
    float s = words[j->in->n_words - 1].end - words[0].start;
    return 60.0f * (float)j->r->filler_words_count / fmaxf(s, FILLERS_LEAST_S);
}

static void score_delivery(judged *j)
{
    rh_speech_report *r = j->r;
    judge(j, RH_RATING_FLUENCY, &r->fluency);
    apply(&r->fluency, &filler_rule, fillers_judged(j), 1.0f);
    apply(&r->fluency, &fast_rule, fast(j), 1.0f);
    apply_flow(j, &r->fluency, 1.0f);
    close_score(&r->fluency, "You spoke in an even flow: keep it.");
    judge(j, RH_RATING_PROSODIC, &r->prosody);
    apply(&r->prosody, &filler_rule, fillers_judged(j), 0.5f);
    apply_flow(j, &r->prosody, 1.0f);
    close_score(&r->prosody, "Your melody and rhythm carried the meaning: keep them.");
}

static void score_words(judged *j)
{
    rh_speech_report *r = j->r;
    judge(j, RH_RATING_ACCURACY, &r->pronunciation);
    if (r->has_reference)
        apply(&r->pronunciation, &missing_rule, left_out(j), 1.0f);
    apply_flow(j, &r->pronunciation, 0.5f);
    close_score(&r->pronunciation, "Your pronunciation came through well: keep it.");
    judge(j, RH_RATING_TOTAL, &r->clarity);
    apply(&r->clarity, &filler_rule, fillers_judged(j), 0.5f);
    apply(&r->clarity, &fast_rule, fast(j), 1.0f);
    if (r->has_reference)
        apply(&r->clarity, &missing_rule, left_out(j), 1.0f);
    apply_flow(j, &r->clarity, 0.5f);
    close_score(&r->clarity, "Your words were easy to make out: keep it.");
}

static void score_overall(rh_speech_report *r)
{
    const struct {
        const char *name;
        const rh_score *of;
        float weight;
    } all[] = {{"fluency", &r->fluency, 0.3f},
               {"pronunciation", &r->pronunciation, 0.3f},
               {"clarity", &r->clarity, 0.2f},
               {"prosody", &r->prosody, 0.2f}};
    rh_score *s = &r->overall;
    float total = 100.0f, worst = 0.0f;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        float points = all[i].weight * (all[i].of->value - 100.0f);
        total += points;
        add_part(s, all[i].name, all[i].of->value, "points", points);
        float loss = all[i].of->value - 100.0f;
        if (loss < worst) { /* the weakest side speaks */
            worst = loss;
            (void)snprintf(s->advice, sizeof s->advice, "%s", all[i].of->advice);
        }
    }
    s->known = true;
    s->value = fminf(fmaxf(total, 0.0f), 100.0f);
    if (!s->advice[0])
        (void)snprintf(s->advice, sizeof s->advice, "%s", "You came across clearly and fluently: keep it.");
}

rh_status rh_measure_scores(const rh_speech_input *in, const rh_score_model *models, rh_speech_report *r, rh_error *err)
{
    rh_chunk *chunks = NULL;
    judged j = {.in = in, .models = models, .r = r};
    rh_status st = rh_chunks_measure(in, r, &chunks, &j.n_chunks, err);
    if (st != RH_OK)
        return st;
    j.chunks = chunks;
    r->confidence = confidence_of(in);
    if (j.n_chunks > 0) {
        show_values(&j);
        score_delivery(&j);
        score_words(&j);
        score_overall(r);
    }
    rh_free(chunks);
    return RH_OK;
}
