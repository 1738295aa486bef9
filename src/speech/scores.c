/* scores.c - the scores: one learned part each, then plain rules.
 *
 * Each score measures one thing: 100, less what its learned part and its rules (score_rules.c) take. The learned part
 * is the rating that five raters of read sentences would give (score_tables.c) where that is below what fluent
 * speakers get, so that it tells learners from each other and leaves fluent speakers to the rules. What it takes is
 * shared out among named parts, so that a score can be taken apart, and the advice speaks of the part that cost most.
 * Formulas, sources and known weaknesses: docs/scoring.md. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/speech/timing.h"
#include "rehearse/speech/tongue.h"
#include "score_rules.h"
#include "score_tables.h"

/* ---- parts of the learned kind ---- */

typedef enum {
    PART_SURENESS,
    PART_TEXT,
    PART_PHONES,
    PART_PACE,
    PART_PAUSES,
    PART_RHYTHM,
    PART_SOUND,
    LEARNED_PARTS
} part_kind;

static const struct {
    const char *name, *unit, *advice;
} parts[LEARNED_PARTS] = {
    {"sureness of words", "share",
     "Some words could be taken for others: say the marked ones slowly and finish their endings."},
    {"match with the text", "share",
     "Some words differed from the text: practise the marked ones by themselves, then in the sentence."},
    {"sounds of the words", "deviations",
     "Some sounds were unlike those of clear speakers: listen to the marked words and copy them sound by sound."},
    {"pace", "wpm", "You spoke slowly: link the words of a phrase and let it run in one breath."},
    {"pauses", "share", "Silences broke up your speech: think first, then say a whole phrase."},
    {"rhythm", "s a syllable",
     "Some syllables were drawn out: keep small words short and stress the one that matters."},
    {"sound of the voice", "points", "Listen to a fluent speaker and copy the melody and stress of whole phrases."},
};

static part_kind part_of(int feature)
{
    switch (feature) {
    case RH_F_LOGP:
    case RH_F_LOGP_LOW:
    case RH_F_ENTROPY:
    case RH_F_MARGIN: return PART_SURENESS;
    case RH_F_PHONE_LOGP:
    case RH_F_PHONE_LOGP_LOW:
    case RH_F_PHONE_MARGIN:
    case RH_F_PHONE_MARGIN_LOW: return PART_PHONES;
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

/* Fluent readers are faster than a good talk needs to be: only from here down is
 * slowness worth a word. */
static const float SLOW_WPM = 115.0f;
static const float PRAISED = 80.0f;
static const float KEPT = 90.0f; /* from here up nothing is to be done */

static const char *advice_of(const rh_score_part *part)
{
    for (size_t i = 0; i < LEARNED_PARTS; i++)
        if (strcmp(parts[i].name, part->name) == 0)
            return i == PART_PACE && part->value > SLOW_WPM ? NULL : parts[i].advice;
    return rh_rule_advice(part->name);
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
    if (!advice || s->value >= KEPT)
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
    rh_rule_measures rules;
} judged;

/* The encoder's output in a chunk: that of the stretches in it, by how much of it they are, or of the nearest. False
 * where none is known. */
static bool pooled_in(const rh_speech_input *in, const rh_chunk *s, float x[RH_SOUND_INPUTS])
{
    double total = 0.0, sum[RH_SOUND_INPUTS] = {0};
    float nearest = -INFINITY; /* of those outside, less the way to it */
    for (size_t i = 0; i < in->n_segments; i++)
        for (size_t k = 0; k < in->segments[i].n_pooled; k++) {
            const rh_pooled *g = &in->segments[i].pooled[k];
            float share = fminf(g->end, s->end) - fmaxf(g->start, s->start);
            if (g->n != RH_SOUND_INPUTS)
                continue;
            if (share > 0.0f) {
                total += (double)share;
                for (size_t j = 0; j < RH_SOUND_INPUTS; j++)
                    sum[j] += (double)share * (double)g->x[j];
            } else if (share > nearest) {
                nearest = share;
                memcpy(x, g->x, RH_SOUND_INPUTS * sizeof *x);
            }
        }
    for (size_t j = 0; j < RH_SOUND_INPUTS && total > 0.0; j++)
        x[j] = (float)(sum[j] / total);
    return total > 0.0 || nearest > -INFINITY;
}

/* The weights are those of one encoder: another model's numbers mean other things. */
static bool knows_sound(const rh_speech_input *in)
{
    return in->model && strcmp(in->model, "base") == 0;
}

static float weighed(const float *weights, float offset, const float *x)
{
    double sum = (double)offset;
    for (size_t i = 0; i < RH_SOUND_INPUTS; i++)
        sum += (double)weights[i] * (double)x[i];
    return isfinite(sum) ? (float)sum : 0.0f;
}

/* Rating of a chunk by `a`; points by part, weighted by `share`, are added to `points`: of all parts, or of `only`
 * one. */
static float rate(const rh_additive *a, const rh_chunk *s, float sound, float share, int only, float *points)
{
    float rating = a->middle;
    for (size_t i = 0; i < a->n; i++) {
        const rh_score_curve *c = &a->curves[i];
        float x = c->feature == RH_F_SOUND ? sound : s->x[c->feature];
        float p = rh_piecewise(c->x, c->points, c->n, x);
        rating += p;
        if (only == LEARNED_PARTS || only == (int)part_of(c->feature))
            points[part_of(c->feature)] += share * p;
    }
    return rating;
}

/* How far below a fluent reader in the middle the raters would place a chunk. `points`: what the named
 * measures say by themselves, and the sounds of the words beside them. */
static float below_middle(const judged *j, rh_rating rating, const rh_chunk *s, float share, float *points,
                          float *sound)
{
    const rh_score_model *m = &j->models[rating];
    const rh_additive *kinds = &m->additive[RH_SCORE_KINDS * s->has_reference], *named = &kinds[RH_SCORE_NAMED];
    float by_name = rate(named, s, 0.0f, share, LEARNED_PARTS, points);
    float pooled[RH_SOUND_INPUTS];
    if (!knows_sound(j->in) || !pooled_in(j->in, s, pooled))
        return by_name - named->middle;
    float heard = weighed(m->sound, m->sound_offset, pooled);
    *sound += share * heard;
    if (!s->has_phones)
        return rate(&kinds[RH_SCORE_SOUND], s, heard, 0.0f, PART_PHONES, points) - kinds[RH_SCORE_SOUND].middle;
    float young = fminf(fmaxf(weighed(m->young, m->young_offset, pooled), 0.0f), 1.0f), grown = 1.0f - young;
    const rh_additive *whole = &kinds[RH_SCORE_PHONES];
    return grown * rate(whole, s, heard, share * grown, PART_PHONES, points) +
           young * rate(&kinds[RH_SCORE_YOUNG], s, heard, share * young, PART_PHONES, points) - whole->middle;
}

/* What the raters' distance takes from a score: little as far down as fluent speakers reach, whole below that.
 * In single sounds (accuracy, and total, which rests on them) noise and tempo show sooner than in flow and melody. */
static float learned_loss(rh_rating rating, float below)
{
    static const float flow[] = {-70.0f, -44.0f, -26.0f, -16.0f, 0.0f};
    static const float sounds[] = {-70.0f, -48.0f, -30.0f, -19.0f, 0.0f};
    static const float points_of_flow[] = {-72.0f, -40.0f, -21.0f, -12.0f, 0.0f};
    static const float points_of_sounds[] = {-72.0f, -40.0f, -23.0f, -14.0f, 0.0f};
    if (rating == RH_RATING_ACCURACY || rating == RH_RATING_TOTAL)
        return rh_piecewise(sounds, points_of_sounds, 5, below);
    return rh_piecewise(flow, points_of_flow, 5, below);
}

/* Which parts may speak of a rating: each score of its own side. */
static bool is_of(rh_rating rating, int part)
{
    switch (part) {
    case PART_SURENESS:
    case PART_TEXT:
    case PART_PHONES: return rating == RH_RATING_ACCURACY || rating == RH_RATING_TOTAL;
    case PART_PACE:
    case PART_PAUSES: return rating == RH_RATING_FLUENCY;
    case PART_RHYTHM: return rating == RH_RATING_FLUENCY || rating == RH_RATING_PROSODIC;
    default: return true;
    }
}

static const float SHARED = 0.8f; /* of what learned part and rules both take */

/* The learned part beside the rules that are in `s`. Raters heard what these measure: of what both take most counts
 * once, and it is the rules that keep it. */
static void judge(judged *j, rh_rating rating, rh_score *s)
{
    float points[LEARNED_PARTS] = {0}, words = 0.0f, below = 0.0f, named = 0.0f;
    for (size_t i = 0; i < j->n_chunks; i++)
        words += (float)j->chunks[i].n_spoken;
    j->value[PART_SOUND] = 0.0f;
    for (size_t i = 0; i < j->n_chunks; i++) {
        float share = (float)j->chunks[i].n_spoken / words;
        below += share * below_middle(j, rating, &j->chunks[i], share, points, &j->value[PART_SOUND]);
    }
    float loss = learned_loss(rating, below), by_rules = 0.0f;
    for (int i = 0; i < s->n_parts; i++)
        by_rules += s->parts[i].points;
    loss -= SHARED * fmaxf(loss, by_rules);
    float rest = loss;
    for (int k = 0; k < PART_SOUND; k++)
        named += is_of(rating, k) ? fminf(points[k], 0.0f) : 0.0f;
    for (int k = 0; k < PART_SOUND; k++) {
        float part = is_of(rating, k) ? loss * fminf(points[k], 0.0f) / fminf(named, below) : 0.0f;
        if (!(part < -0.05f))
            continue;
        rh_score_add_part(s, parts[k].name, j->value[k], parts[k].unit, part);
        rest -= part;
    }
    if (rest < -0.05f)
        rh_score_add_part(s, parts[PART_SOUND].name, j->value[PART_SOUND], parts[PART_SOUND].unit, rest);
}

/* ---- what the lines show ---- */

static float mean_p(const rh_word *w, size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++)
        sum += (double)w[i].p;
    return n ? (float)(sum / (double)n) : 0.0f;
}

static rh_status show_values(judged *j, rh_error *err)
{
    const rh_speech_report *r = j->r;
    float words = 0.0f, stretch = 0.0f, rate = 0.0f, articulation = 0.0f, phones = 0.0f;
    for (size_t i = 0; i < j->n_chunks; i++) {
        float n = (float)j->chunks[i].n_spoken;
        words += n;
        stretch += n * j->chunks[i].x[RH_F_STRETCH];
        rate += n * j->chunks[i].x[RH_F_RATE];
        articulation += n * j->chunks[i].x[RH_F_ARTICULATION];
        phones += n * j->chunks[i].x[RH_F_PHONE_MARGIN];
    }
    size_t expected = r->n_word_scores - (size_t)r->n_added;
    int same = (int)expected - r->n_missed - r->n_replaced;
    j->value[PART_SURENESS] = mean_p(j->in->words, j->in->n_words);
    j->value[PART_TEXT] = expected ? (float)same / (float)expected : 1.0f;
    j->value[PART_PHONES] = phones / words;
    j->value[PART_PACE] = rh_tongue_pace_wpm(rh_tongue_of(j->in->language), r->pace_wpm);
    j->value[PART_PAUSES] = 1.0f - r->timing.phonation_ratio;
    j->value[PART_RHYTHM] = stretch / words;
    return rh_rules_measure(j->in, r, articulation / words, rate / words, &j->rules, err);
}

/* ---- confidence ---- */

/* Share of words recognised right at a given probability, by 5,800 words of
 * read sentences with known text: the recogniser knows how sure it is. */
static float chance_right(float p)
{
    static const float x[] = {0.0f, 0.25f, 0.5f, 0.75f, 0.95f, 1.0f};
    static const float y[] = {0.08f, 0.28f, 0.5f, 0.74f, 0.92f, 0.99f};
    return rh_piecewise(x, y, 6, p);
}

static float confidence_of(const rh_speech_input *in)
{
    double sum = 0.0;
    for (size_t i = 0; i < in->n_words; i++)
        sum += (double)chance_right(in->words[i].p);
    return in->n_words ? (float)(sum / (double)in->n_words) : 0.0f;
}

/* ---- scores ---- */

static void score_sides(judged *j)
{
    rh_speech_report *r = j->r;
    rh_rules_fluency(&j->rules, &r->fluency);
    judge(j, RH_RATING_FLUENCY, &r->fluency);
    rh_rules_long_silence(&j->rules, &r->fluency);
    close_score(&r->fluency, "You spoke in an even flow: keep it.");
    rh_rules_pronunciation(&j->rules, &r->pronunciation);
    judge(j, RH_RATING_ACCURACY, &r->pronunciation);
    close_score(&r->pronunciation, "Your pronunciation came through well: keep it.");
    rh_rules_clarity(&j->rules, &r->clarity);
    judge(j, RH_RATING_TOTAL, &r->clarity);
    rh_rules_recording(&j->rules, &r->clarity);
    close_score(&r->clarity, "Your words were easy to make out: keep it.");
    rh_rules_prosody(&j->rules, &r->prosody);
    judge(j, RH_RATING_PROSODIC, &r->prosody);
    close_score(&r->prosody, "Your melody and rhythm carried the meaning: keep them.");
    const rh_tongue *tongue = rh_tongue_of(j->in->language);
    if (tongue->pace_low > 0) {
        rh_rules_pace(&j->rules, &r->pace);
        close_score(&r->pace, "Your pace was easy to follow: keep it.");
    }
    if (tongue->finds_fillers) {
        rh_rules_fillers(&j->rules, &r->hesitation);
        close_score(&r->hesitation, "Hardly any filler words: keep it.");
    }
}

/* What goes with the verdict of interviewers weighs most (bench/interviews): tone and structure before eyes and
 * fillers, pace and pauses least. */
enum { WEIGHED = 7 };

static float weigh(const rh_speech_report *r, int i, const char **name, const rh_score **of)
{
    const struct {
        const char *name;
        const rh_score *of;
        float weight;
    } all[WEIGHED] = {
        {"fluency", &r->fluency, 0.2f},  {"clarity", &r->clarity, 0.15f}, {"pronunciation", &r->pronunciation, 0.1f},
        {"prosody", &r->prosody, 0.25f}, {"pace", &r->pace, 0.1f},        {"fillers", &r->hesitation, 0.15f},
        {"content", &r->content, 0.45f}};
    *name = all[i].name;
    *of = all[i].of;
    return all[i].of->known && (all[i].of != &r->content || r->is_answer) ? all[i].weight : 0.0f;
}

float rh_score_weight(const rh_speech_report *r)
{
    const char *name;
    const rh_score *of;
    float total = 0.0f;
    for (int i = 0; i < WEIGHED; i++)
        total += weigh(r, i, &name, &of);
    return total;
}

void rh_score_overall(rh_speech_report *r)
{
    rh_score s = {.known = true, .value = 100.0f};
    float total = rh_score_weight(r), worst = 0.0f;
    for (int i = 0; i < WEIGHED; i++) {
        const char *name;
        const rh_score *of;
        float weight = weigh(r, i, &name, &of);
        if (!(weight > 0.0f))
            continue;
        float points = weight / total * (of->value - 100.0f);
        s.value += points;
        rh_score_add_part(&s, name, of->value, "points", points);
        if (points < worst) { /* the side that costs most speaks */
            worst = points;
            (void)snprintf(s.advice, sizeof s.advice, "%s", of->advice);
        }
    }
    s.value = fminf(fmaxf(s.value, 0.0f), 100.0f);
    if (!s.advice[0])
        (void)snprintf(s.advice, sizeof s.advice, "%s", "You came across clearly and fluently: keep it.");
    r->overall = s;
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
        st = show_values(&j, err);
        if (st == RH_OK) {
            score_sides(&j);
            rh_score_overall(r);
        }
    }
    rh_free(chunks);
    return st;
}
