/* analysis.c - the measures in the order they build on each other, over a copy of the range
 * whose times begin at 0; at the end all times are moved to where the range lies. */
#include "rehearse/speech/analysis.h"

#include <math.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/buf.h"
#include "content.h"
#include "rehearse/speech/tongue.h"

enum { MAX_WORDS_BYTES = 4096 };

void rh_analysis_done(rh_analysis *a)
{
    rh_word_table_done(&a->said);
    rh_free(a->text);
    rh_free(a->verbatim_text);
    rh_speech_report_done(&a->report);
    rh_language_done(&a->language);
    rh_free(a->seconds);
    rh_free(a->place);
    rh_sight_done(&a->sight);
    *a = (rh_analysis){0};
}

static float earlier(void *user, float t)
{
    return t - *(const float *)user;
}

static rh_status copy_range(rh_analysis *a, const rh_word_table *t, double from_s, double to_s)
{
    size_t first, end;
    float by = (float)from_s;
    rh_word_table *said = &a->said;
    rh_word_table_range(t, from_s, to_s, &first, &end);
    rh_status st = rh_word_table_copy(said, t, first, end, earlier, &by);
    for (size_t i = 0; i < t->n_voice && st == RH_OK; i++)
        if ((double)t->voice[i].end > from_s && (double)t->voice[i].start < to_s)
            st = rh_word_table_voice(said, t->voice[i].start - by, t->voice[i].end - by);
    for (size_t i = 0; i < said->n_segments && st == RH_OK && t->n_voice == 0; i++)
        st = rh_word_table_voice(said, said->segments[i].start, said->segments[i].end);
    said->fillers_are = t->fillers_are;
    memcpy(said->language, t->language, sizeof said->language);
    memcpy(said->model, t->model, sizeof said->model);
    said->reference = t->reference ? rh_strdup(t->reference) : NULL;
    if (st == RH_OK)
        st = rh_word_table_question(said, t->question, t->question_kind);
    a->text = rh_word_table_text(said, 0, said->n_segments);
    return !a->text || (t->reference && !said->reference) ? RH_ERR_NOMEM : st;
}

/* Do the words say the filler themselves? */
static bool is_written(const rh_tongue *t, const rh_word_list *words, const rh_filler *f)
{
    for (size_t i = 0; i < words->n; i++) {
        float middle = (words->at[i].start + words->at[i].end) / 2;
        if (middle >= f->start && middle <= f->end && rh_hesitation_in(t, words->at[i].text) >= 0)
            return true;
    }
    return false;
}

/* The clean words with the sounds that were heard among them, as the verbatim decode. */
static rh_status write_heard(rh_word_table *t)
{
    const rh_word_list *clean = &t->words[RH_WORDS_CLEAN];
    const rh_tongue *tongue = rh_tongue_of(t->language);
    rh_word *at = rh_calloc(clean->n + t->n_fillers + 1, sizeof *at);
    size_t n = 0, i = 0;
    if (!at)
        return RH_ERR_NOMEM;
    for (size_t k = 0; k <= t->n_fillers; k++) {
        const rh_filler *f = k < t->n_fillers ? &t->fillers[k] : NULL;
        while (i < clean->n && (!f || clean->at[i].start <= f->start))
            at[n++] = clean->at[i++];
        if (f && (int)f->kind < RH_FILLER_SOUNDS && !is_written(tongue, clean, f))
            at[n++] = (rh_word){.text = rh_filler_said(tongue, f), .start = f->start, .end = f->end, .p = 1};
    }
    rh_free(t->words[RH_WORDS_VERBATIM].at);
    t->words[RH_WORDS_VERBATIM] = (rh_word_list){at, n, n};
    return RH_OK;
}

static rh_status find_fillers(rh_analysis *a, const rh_speech_input *in, rh_error *err)
{
    rh_word_table *said = &a->said;
    const rh_word_list *verbatim = &said->words[RH_WORDS_VERBATIM];
    rh_disfluencies d = {0};
    rh_status st = said->fillers_are == RH_FILLERS_CONFIRMED ? write_heard(said) : RH_OK;
    if (st == RH_OK)
        st = rh_disfluencies_find(in, verbatim->at, verbatim->n, &d, err);
    if (st == RH_ERR_LIMIT) { /* hours of speech: counted by their words */
        a->verbatim_text = rh_strdup("");
        said->n_fillers = said->n_disfluencies = 0;
        return RH_OK;
    }
    if (st != RH_OK)
        return st;
    rh_free(said->fillers);
    rh_free(said->disfluencies);
    said->fillers = d.fillers;
    said->n_fillers = said->cap_fillers = d.n_fillers;
    said->disfluencies = d.disfluencies;
    said->n_disfluencies = said->cap_disfluencies = d.n_disfluencies;
    said->fillers_are = RH_FILLERS_KNOWN;
    a->verbatim_text = d.verbatim;
    return RH_OK;
}

static rh_status complete_fillers(rh_analysis *a, const rh_speech_input *in, rh_error *err)
{
    rh_status st = RH_OK;
    if (a->said.fillers_are == RH_FILLERS_KNOWN)
        a->verbatim_text = rh_verbatim_text(in);
    else
        st = find_fillers(a, in, err);
    return st == RH_OK && !a->verbatim_text ? RH_ERR_NOMEM : st;
}

/* ---- a value a second ---- */

/* Median pitch about the speaker's own, and mean level of voiced steps. */
static void second_of_voice(const rh_contour *c, float median_hz, size_t second, rh_speech_second *out)
{
    size_t from = second * RH_CONTOUR_PER_S, to = from + RH_CONTOUR_PER_S, n = 0;
    double st = 0, power = 0;
    for (size_t i = from; i < to && i < c->n; i++) {
        if (c->f0_hz[i] <= 0)
            continue;
        st += (double)rh_semitones(c->f0_hz[i], median_hz);
        power += pow(10, (double)c->level_db[i] / 10);
        n++;
    }
    /* A tenth of a second of voice is the least that a value may rest on. */
    bool enough = n >= RH_CONTOUR_PER_S / 10;
    out->pitch_st = enough ? (float)(st / (double)n) : NAN;
    out->loudness_db = enough ? (float)(10 * log10(power / (double)n)) : NAN;
}

static float pace_at(const rh_speech_input *in, double second)
{
    double from = second + 0.5 - 5, to = second + 0.5 + 5;
    double first = in->n_words ? (double)in->words[0].start : 0;
    double last = in->n_words ? (double)in->words[in->n_words - 1].end : 0;
    double length = fmin(to, last) - fmax(from, first);
    const rh_tongue *t = rh_tongue_of(in->language);
    int n = 0;
    for (size_t i = 0; i < in->n_words; i++)
        if ((double)in->words[i].start >= from && (double)in->words[i].start < to)
            n += rh_tongue_units(t, in->words[i].text);
    return n < 4 || length < 2 ? NAN : (float)(n * 60 / length);
}

static rh_status measure_seconds(rh_analysis *a, const rh_speech_input *in, const rh_contour *c)
{
    size_t n = (size_t)ceil(in->duration_s);
    a->seconds = rh_calloc(n + 1, sizeof *a->seconds);
    if (!a->seconds)
        return RH_ERR_NOMEM;
    a->n_seconds = n;
    for (size_t s = 0; s < n; s++) {
        second_of_voice(c, a->report.voice.f0_median_hz, s, &a->seconds[s]);
        a->seconds[s].pace_wpm = pace_at(in, (double)s);
    }
    return RH_OK;
}

/* Words that were heard come in the order of time on both sides. */
static rh_status place_words(rh_analysis *a, const rh_speech_input *in)
{
    const rh_speech_report *r = &a->report;
    size_t k = 0;
    int last = -1;
    a->place = rh_alloc_array(in->n_words + 1, sizeof *a->place);
    if (!a->place)
        return RH_ERR_NOMEM;
    for (size_t i = 0; i < in->n_words; i++) {
        for (; k < r->n_word_scores; k++) {
            if (r->word_scores[k].heard && r->word_scores[k].start > in->words[i].start + 0.0006f)
                break;
            if (r->word_scores[k].heard)
                last = (int)k;
        }
        a->place[i] = last;
    }
    return RH_OK;
}

char *rh_analysis_words(const rh_analysis *a, int first, int n)
{
    const rh_word_list *words = &a->said.words[RH_WORDS_CLEAN];
    const rh_tongue *t = rh_tongue_of(a->said.language);
    rh_buf b;
    rh_buf_init(&b, MAX_WORDS_BYTES);
    for (int i = first; i < first + n && (size_t)i < words->n; i++)
        (void)rh_buf_printf(&b, "%s%s",
                            i > first && rh_tongue_parts(t, words->at[i - 1].text, words->at[i].text) ? " " : "",
                            words->at[i].text);
    char *text = rh_buf_take(&b);
    rh_buf_done(&b);
    return text;
}

char *rh_analysis_term(const rh_analysis *a, int first, int n)
{
    char *text = rh_analysis_words(a, first, n);
    if (!text)
        return NULL;
    char *s = text + strspn(text, "\"'(");
    size_t len = strlen(s);
    while (len > 1 && strchr(".,;:?!\"')-", s[len - 1]))
        len--;
    memmove(text, s, len);
    text[len] = '\0';
    return text;
}

/* ---- to where the range lies ---- */

#define MOVE_SPANS(list, n)                                                                                            \
    for (size_t i = 0; i < (n); i++) {                                                                                 \
        (list)[i].start += by;                                                                                         \
        (list)[i].end += by;                                                                                           \
    }

/* The table's own. */
static void move_pooled(rh_speech_segment *s, float by)
{
    rh_pooled *g = (rh_pooled *)(uintptr_t)s->pooled;
    MOVE_SPANS(g, s->n_pooled);
}

static void move(rh_analysis *a, float by)
{
    rh_word_table *t = &a->said;
    rh_timing *g = &a->report.timing;
    for (int k = 0; k < RH_WORD_LISTS; k++)
        MOVE_SPANS(t->words[k].at, t->words[k].n);
    MOVE_SPANS(t->segments, t->n_segments);
    for (size_t k = 0; k < t->n_segments; k++)
        move_pooled(&t->segments[k], by);
    MOVE_SPANS(t->voice, t->n_voice);
    MOVE_SPANS(t->fillers, t->n_fillers);
    MOVE_SPANS(t->disfluencies, t->n_disfluencies);
    MOVE_SPANS(t->phones, t->n_phones);
    MOVE_SPANS(a->report.word_scores, a->report.n_word_scores);
    MOVE_SPANS(g->pauses, g->n_pauses);
    MOVE_SPANS(a->language.remarks, a->language.n_remarks);
    MOVE_SPANS(a->language.sentences, a->language.n_sentences);
    for (size_t i = 0; i < g->n_rates; i++)
        g->rates[i].t += by;
    for (size_t i = 0; i < a->report.voice.n_ends; i++)
        a->report.voice.ends[i].t += by;
    g->first_s += by;
    g->last_s += by;
}

/* An answer has content where something was asked, or where there is enough of it. */
static rh_status judge_content(rh_analysis *a, const rh_speech_input *in, rh_error *err)
{
    enum { LEAST_WORDS = 40 };
    rh_speech_report *r = &a->report;
    const char *question = a->said.question;
    bool asked = question && *question;
    if (!r->spoken || (!asked && a->language.n_words < LEAST_WORDS))
        return RH_OK;
    rh_status st = rh_content_judge(in, &a->language, question, a->said.question_kind, &r->content, err);
    r->is_answer = asked && r->content.known;
    if (st == RH_OK && r->is_answer && r->fluency.known)
        rh_score_overall(r);
    return st;
}

/* Time of words, the pauses between them left out. */
static double speech_s(const rh_speech_report *r)
{
    size_t n = r->n_word_scores;
    return n ? fmax(0, (double)(r->word_scores[n - 1].end - r->word_scores[0].start - r->timing.pause_s)) : 0;
}

/* What was seen counts beside the weights of what was heard. */
static float overall(const rh_analysis *a)
{
    static const float EYES = 0.2f, PRESENCE = 0.05f;
    const rh_sight *seen = &a->sight;
    float heard = a->report.spoken ? rh_score_weight(&a->report) : 0;
    float eyes = seen->eye_contact >= 0 ? EYES : 0, there = seen->presence >= 0 ? PRESENCE : 0;
    float sum = heard * a->report.overall.value + eyes * rh_between(seen->eye_contact, 10, 70) + there * seen->presence;
    return heard > 0 ? sum / (heard + eyes + there) : -1;
}

static rh_status measure(rh_analysis *a, const rh_contour *c, rh_error *err)
{
    static const rh_contour nothing = {0};
    rh_speech_input in = rh_word_table_input(&a->said, c, a->duration_s);
    rh_status st = complete_fillers(a, &in, err);
    in = rh_word_table_input(&a->said, c, a->duration_s);
    if (st == RH_OK)
        st = rh_speech_measure(&in, &a->report, err);
    a->sound_known = c != NULL;
    if (st == RH_OK)
        st = rh_language_measure(&in, &a->language, err);
    if (st == RH_OK)
        st = judge_content(a, &in, err);
    if (st == RH_OK)
        st = measure_seconds(a, &in, c ? c : &nothing);
    a->speech_s = speech_s(&a->report);
    return st == RH_OK ? place_words(a, &in) : st;
}

rh_status rh_analyse(const rh_word_table *t, const rh_contour *c, const rh_face_track *faces, double from_s,
                     double to_s, rh_analysis *out, rh_error *err)
{
    rh_analysis a = {.from_s = from_s, .duration_s = to_s - from_s, .heard = t != NULL};
    rh_speech_report_init(&a.report);
    rh_status st = rh_sight_measure(faces, &a.sight);
    if (st == RH_OK && t)
        st = copy_range(&a, t, from_s, to_s);
    if (st == RH_OK && t)
        st = measure(&a, c, err);
    if (st != RH_OK) {
        rh_analysis_done(&a);
        return st == RH_ERR_NOMEM ? rh_fail(err, st, "analysis: out of memory") : st;
    }
    a.overall = overall(&a);
    move(&a, (float)from_s);
    *out = a;
    return RH_OK;
}
