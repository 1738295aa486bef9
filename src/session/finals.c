#include "finals.h"

#include <math.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/session/hearing.h"
#include "rehearse/speech/fillers.h"
#include "rehearse/speech/timing.h"
#include "rehearse/base/json.h"

enum { TOLD = 32 }; /* so many of the latest fillers may be the same as a new one */

static const double EDGE_S = 0.1;  /* a hesitation may begin a little before its words are new */
static const float SAME_S = 0.25f; /* events so near are one that was told */
static const float LATE_P = 0.3f;  /* what is told afterwards has to be surer */
static const float OPEN_P = 0.1f;  /* less likely the end of a turn: the voice was going on */
static const float SIGN_ODDS =
    -2.2f; /* of a full stop or comma in place of a pause, alone and joined: below, none is due */
static const float LEAST_P = 0.01f;
static const double TAIL_S = 0.15; /* of the pause: without it there is nothing to judge */

/* The first word that was not over before what is new. A verbatim decode may say
 * first what the one before left out at its end. */
static int first_fresh(const rh_transcript *t, double fresh_s)
{
    int first = 0;
    while (first < t->n_words && (double)t->words[first].end < fresh_s - EDGE_S)
        first++;
    return first;
}

/* The words behind it wait for the final that they belong to. */
static int end_fresh(const rh_transcript *t, double fresh_to)
{
    int n = t->n_words;
    while (n > 0 && (double)t->words[n - 1].start >= fresh_to)
        n--;
    return n;
}

static rh_status add_verbatim(rh_word_table *t, const rh_heard *h)
{
    if (!h->verbatim || h->verbatim->n_words == 0)
        return rh_hearing_words(t, RH_WORDS_VERBATIM, h->transcript, 0, h->transcript->n_words, 0);
    return rh_hearing_words(t, RH_WORDS_VERBATIM, h->verbatim, first_fresh(h->verbatim, h->fresh_from),
                            end_fresh(h->verbatim, h->fresh_to), 0);
}

/* The latest words of a list, from `from_s` on and their times from there; *first: index of the first. */
static rh_word *latest_words(const rh_word_list *l, double from_s, size_t *first)
{
    *first = l->n;
    while (*first > 0 && (double)l->at[*first - 1].start >= from_s)
        --*first;
    rh_word *w = rh_calloc(l->n - *first + 1, sizeof *w);
    for (size_t i = *first; w && i < l->n; i++) {
        w[i - *first] = l->at[i];
        w[i - *first].start -= (float)from_s;
        w[i - *first].end -= (float)from_s;
    }
    return w;
}

/* Is it one of the fillers before the `before`th? */
static bool was_told(const rh_word_table *t, size_t before, float start, float end)
{
    for (size_t i = before > TOLD ? before - TOLD : 0; i < before; i++) {
        const rh_filler *f = &t->fillers[i];
        if ((start < f->end && end > f->start) || fabsf(start - f->start) < SAME_S)
            return true;
    }
    return false;
}

/* Those of the window that are new, with the transcriber's times; `n_before` words of it come before
 * the final's. */
static rh_status keep_new(rh_word_table *t, const rh_disfluencies *d, const rh_heard *h, int n_before)
{
    float from = (float)h->sound_from, late = (float)(h->fresh_from - EDGE_S);
    int first_word = (int)t->segments[t->n_segments - 1].first_word;
    size_t before = t->n_fillers;
    rh_status st = RH_OK;
    for (size_t i = 0; i < d->n_fillers && st == RH_OK; i++) {
        rh_filler f = d->fillers[i];
        bool sound = (int)f.kind < RH_FILLER_SOUNDS;
        f.start += from;
        f.end += from;
        f.after_word -= n_before;
        /* A word that was no filler when it was told stays none; a sound that
         * only this final shows is told now. */
        bool is_late = f.n_words > 0 ? f.after_word < -1 : f.start < late;
        if ((is_late && (!sound || f.p < LATE_P || was_told(t, before, f.start, f.end))) ||
            (double)f.start >= h->fresh_to)
            continue;
        if (f.after_word < -1) {
            f.after_word = -1;
            f.n_words = 0;
        }
        f.after_word += first_word;
        st = rh_word_table_filler(t, &f);
    }
    for (size_t i = 0; i < d->n_disfluencies && st == RH_OK; i++) {
        rh_disfluency s = d->disfluencies[i];
        s.start += from;
        s.end += from;
        s.after_word += first_word - n_before;
        if (s.start >= late && (double)s.start < h->fresh_to)
            st = rh_word_table_disfluency(t, &s);
    }
    return st;
}

/* Now and then the recogniser writes no signs for a while: then it does not tell clauses. */
static bool writes_signs(const rh_speech_input *in)
{
    enum { ENOUGH_WORDS = 20 };
    for (size_t i = 0; i < in->n_words; i++)
        if (rh_ends_clause(in->words[i].text))
            return true;
    return in->n_words < ENOUGH_WORDS;
}

/* Of what is new: the voice, and the pauses before its words. `in` counts from the window's start. */
static void measure_delivery(const rh_speech_input *in, const rh_heard *h, rh_final_delivery *d)
{
    const rh_contour *c = in->contour;
    rh_timing timing = {0};
    double fresh = h->fresh_from - h->sound_from;
    bool signs = writes_signs(in);
    *d = (rh_final_delivery){.end = (double)h->end};
    for (size_t i = (size_t)fmax(0, fresh * RH_CONTOUR_PER_S); i < c->n; i++)
        if (c->f0_hz[i] > 0) {
            double st = (double)rh_semitones(c->f0_hz[i], 100);
            d->n_voiced++;
            d->pitch += st;
            d->pitch_sq += st * st;
        }
    if (rh_timing_measure(in, c, &timing, NULL) != RH_OK)
        return;
    for (size_t i = timing.n_pauses; i-- > 0 && d->n_pauses < RH_FINAL_PAUSES;) {
        rh_pause p = timing.pauses[i];
        if ((double)p.end < fresh - EDGE_S)
            break;
        p.start += (float)h->sound_from;
        p.end += (float)h->sound_from;
        /* Behind "that" or "and" a clause has only begun, and a word's time may be off by so much: nobody is blamed. */
        if (p.place == RH_PAUSE_WITHIN && (!signs || rh_opens_clause(in->language, in->words[p.after_word].text)))
            p.place = RH_PAUSE_CLAUSE;
        d->pauses[d->n_pauses++] = p;
    }
    rh_timing_done(&timing);
}

static rh_status hear(rh_word_table *t, const rh_heard *h, rh_final_delivery *delivery)
{
    rh_pitch_track track = {0};
    rh_disfluencies d = {0};
    size_t first, first_verbatim;
    const rh_word_list *clean = &t->words[RH_WORDS_CLEAN], *verbatim = &t->words[RH_WORDS_VERBATIM];
    rh_word *words = latest_words(clean, h->sound_from, &first);
    rh_word *said = latest_words(verbatim, h->sound_from, &first_verbatim);
    rh_status st = words && said ? rh_pitch_track_run(&track, h->sound, h->n_sound, NULL) : RH_ERR_NOMEM;
    if (st == RH_OK) {
        const rh_contour c = rh_hearing_curves(&track);
        const rh_speech_input in = {.words = words,
                                    .n_words = clean->n - first,
                                    .language = t->language,
                                    .contour = &c,
                                    .duration_s = (double)h->n_sound / RH_ASR_RATE_HZ};
        if (delivery)
            measure_delivery(&in, h, delivery);
        st = rh_disfluencies_find(&in, said, verbatim->n - first_verbatim, &d, NULL);
    }
    if (st == RH_OK)
        st = keep_new(t, &d, h, (int)t->segments[t->n_segments - 1].first_word - (int)first);
    rh_disfluencies_done(&d);
    rh_pitch_track_done(&track);
    rh_free(words);
    rh_free(said);
    return st;
}

/* How likely a full stop or comma is, in log odds; 0 where it is not known. */
static float sign_odds(const rh_asr_ending *e)
{
    float signs = e->stop + e->comma, others = e->trailing + e->end + e->more;
    return signs + others > 0 ? logf((signs + LEAST_P) / (others + LEAST_P)) : 0;
}

/* The words on both sides of a pause are heard: the model says whether it would write a sign between them. Where it
 * writes none at all just now, it still begins a sentence with a capital. */
static void join(rh_word_table *t, size_t first, const rh_heard *h)
{
    const rh_word_list *clean = &t->words[RH_WORDS_CLEAN];
    const rh_asr_ending *e = &h->joined;
    if (first == 0 || first == clean->n || e->stop + e->comma + e->trailing + e->end + e->more <= 0)
        return;
    rh_word *before = &clean->at[first - 1];
    const char *next = clean->at[first].text;
    bool capital = next[0] >= 'A' && next[0] <= 'Z' && strcmp(next, "I") != 0 && strncmp(next, "I'", 2) != 0;
    bool anew = sign_odds(e) + sign_odds(&h->alone) >= SIGN_ODDS || (capital && !rh_ends_clause(before->text));
    before->sequel = anew ? RH_SEQUEL_NEW_CLAUSE : RH_SEQUEL_SAME_CLAUSE;
}

rh_status rh_finals_add(rh_word_table *t, const rh_heard *h, rh_final_delivery *d)
{
    const rh_transcript *from = h->transcript;
    rh_status st = rh_word_table_segment(t, h->start, h->end, from->text ? from->text : "");
    if (st == RH_OK)
        st = rh_hearing_words(t, RH_WORDS_CLEAN, from, 0, from->n_words, 0);
    if (st == RH_OK)
        join(t, t->segments[t->n_segments - 1].first_word, h);
    if (st == RH_OK)
        st = add_verbatim(t, h);
    if (st == RH_OK && h->pooled)
        st = rh_word_table_pooled(t, h->start, h->end, h->pooled, RH_ASR_POOLED);
    if (st == RH_OK && h->phone_cost)
        st = rh_hearing_sounds(t, h->phone_cost, h->n_phone_steps, (float)h->phones_from, NULL);
    if (st != RH_OK)
        return st;
    memcpy(t->language, from->language, sizeof from->language);
    if (h->verbatim && h->n_sound > 0)
        (void)hear(t, h, d);
    return RH_OK;
}

static float same_time(void *user, float t)
{
    (void)user;
    return t;
}

rh_status rh_finals_preview(const rh_word_table *t, const rh_heard *h, rh_final_delivery *d)
{
    rh_word_table part = {0};
    size_t first = t->n_segments;
    if (!h->verbatim || h->n_sound == 0)
        return RH_AGAIN;
    while (first > 0 && (double)t->segments[first - 1].end >= h->sound_from)
        first--;
    rh_status st = rh_word_table_copy(&part, t, first, t->n_segments, same_time, NULL);
    size_t told = part.n_fillers;
    *d = (rh_final_delivery){.end = (double)h->end};
    if (st == RH_OK)
        st = rh_finals_add(&part, h, d);
    for (size_t i = told; st == RH_OK && i < part.n_fillers; i++) {
        d->n_fillers++;
        d->n_unwritten += part.fillers[i].n_words == 0;
    }
    rh_word_table_done(&part);
    return st;
}

/* The voice tells ends of sentences: commas are as written. */
void rh_finals_goes_on(rh_word *w, float p)
{
    if (p < OPEN_P && rh_ends_sentence(w->text))
        w->sequel = RH_SEQUEL_SAME_CLAUSE;
}

size_t rh_finals_ending(const rh_heard *h, double until)
{
    double to = fmin(h->sound_from + (double)h->n_sound / RH_ASR_RATE_HZ, until);
    bool heard = h->verbatim && h->n_sound > 0 && to - (double)h->end >= TAIL_S;
    return heard ? (size_t)((to - h->sound_from) * RH_ASR_RATE_HZ) : 0;
}

static json_t *word_json(const char *word, double start, double end, float p)
{
    return json_pack("{s:s, s:o, s:o, s:o}", "word", word, "start", rh_rounded(start, 1000), "end",
                     rh_rounded(end, 1000), "probability", rh_rounded((double)p, 1000));
}

json_t *rh_finals_words(const rh_word_table *t, size_t segment, double offset_s)
{
    const rh_speech_segment *s = &t->segments[segment];
    const rh_word *w = t->words[RH_WORDS_CLEAN].at + s->first_word;
    json_t *list = json_array();
    size_t put = 0; /* items of their own so far */
    for (size_t i = 0; i < s->n_words; i++)
        json_array_append_new(list,
                              word_json(w[i].text, offset_s + (double)w[i].start, offset_s + (double)w[i].end, w[i].p));
    for (size_t i = s->first_filler; i < s->first_filler + s->n_fillers; i++) {
        const rh_filler *f = &t->fillers[i];
        const char *kind = rh_filler_said(rh_tongue_of(t->language), f);
        size_t at = (size_t)(f->after_word + 1 - (int)s->first_word) + put;
        for (int k = 0; k < f->n_words; k++)
            json_object_set_new(json_array_get(list, at + (size_t)k), "filler", json_string(kind));
        if (f->n_words == 1) { /* its sound is known better than the word, which may reach over a pause */
            json_object_set_new(json_array_get(list, at), "start", rh_rounded(offset_s + (double)f->start, 1000));
            json_object_set_new(json_array_get(list, at), "end", rh_rounded(offset_s + (double)f->end, 1000));
        }
        if (f->n_words > 0)
            continue;
        json_t *item = word_json(kind, offset_s + (double)f->start, offset_s + (double)f->end, f->p);
        json_object_set_new(item, "filler", json_string(kind));
        json_object_set_new(item, "heard", json_true());
        if (json_array_insert_new(list, at, item) == 0)
            put++;
    }
    return list;
}
