/* reference.c - each word's fate and score, free or against a reference text.
 *
 * The recogniser writes numbers as digits and the reference may spell them (or
 * the other way round), so every word becomes one or several units (units.h)
 * and the units are aligned; a word takes the fate of its units. */
#include <math.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/speech/phones.h"
#include "speech_internal.h"
#include "units.h"

/* Splits `reference` in place; words[i] point into it. */
static rh_status split_reference(char *text, const char ***words, size_t *n, rh_error *err)
{
    size_t cap = 0, count = 0;
    for (char *s = text; *s; s++)
        cap += *s == ' ';
    const char **w = rh_alloc_array(cap + 2, sizeof *w);
    if (!w)
        return rh_fail(err, RH_ERR_NOMEM, "reference text: out of memory");
    for (char *s = text; *s;) {
        while (*s == ' ')
            *s++ = '\0';
        char *start = s;
        while (*s && *s != ' ')
            s++;
        char keep = *s;
        *s = '\0';
        if (*start && rh_is_said(start))
            w[count++] = start;
        *s = keep;
    }
    *words = w;
    *n = count;
    return RH_OK;
}

typedef struct {
    const rh_speech_input *in;
    const char **expected; /* words of the reference */
    size_t n_expected;
    rh_units heard, ref;
    int32_t *ref_word_to_heard; /* per reference word: word heard, -1 = missed */
    bool *ref_word_same;        /* every unit of it was heard as it is */
    bool *heard_used;           /* per heard word: pairs with something */
    int32_t *forced_of;         /* per reference word: its forced word, or -1 */
} comparison;

static void comparison_done(comparison *c)
{
    rh_units_done(&c->heard);
    rh_units_done(&c->ref);
    rh_free((void *)c->expected);
    rh_free(c->ref_word_to_heard);
    rh_free(c->ref_word_same);
    rh_free(c->heard_used);
    rh_free(c->forced_of);
}

static bool comparison_units(comparison *c)
{
    const rh_speech_input *in = c->in;
    for (size_t i = 0; i < in->n_words; i++)
        if (!rh_units_add(&c->heard, in->words[i].text, i))
            return false;
    for (size_t i = 0; i < c->n_expected; i++)
        if (!rh_units_add(&c->ref, c->expected[i], i))
            return false;
    c->ref_word_to_heard = rh_alloc_array(c->n_expected + 1, sizeof *c->ref_word_to_heard);
    c->forced_of = rh_alloc_array(c->n_expected + 1, sizeof *c->forced_of);
    c->ref_word_same = rh_calloc(c->n_expected + 1, sizeof *c->ref_word_same);
    c->heard_used = rh_calloc(in->n_words + 1, sizeof *c->heard_used);
    return rh_units_close(&c->heard, &c->ref) && c->ref_word_to_heard && c->forced_of && c->ref_word_same &&
           c->heard_used;
}

/* Words that say nothing of their own ("and" in two hundred and one) share their neighbour's fate. */
static void follow_neighbours(comparison *c)
{
    size_t next = 0, k = 0;
    for (size_t i = 0; i < c->n_expected; i++, next = k) {
        for (k = next; k < c->ref.n && c->ref.word[k] == i;)
            k++;
        if (k == next && i > 0 && c->ref_word_to_heard[i - 1] >= 0 && c->ref_word_same[i - 1])
            c->ref_word_to_heard[i] = c->ref_word_to_heard[i - 1];
        else if (k == next)
            c->ref_word_same[i] = false;
    }
    for (size_t h = next = 0; h < c->in->n_words; h++, next = k) {
        for (k = next; k < c->heard.n && c->heard.word[k] == h;)
            k++;
        if (k == next && h > 0 && c->heard_used[h - 1])
            c->heard_used[h] = true;
    }
}

static void words_from_units(comparison *c)
{
    for (size_t i = 0; i < c->n_expected; i++) {
        c->ref_word_to_heard[i] = -1;
        c->ref_word_same[i] = true;
    }
    for (size_t k = 0; k < c->ref.n; k++) {
        size_t i = c->ref.word[k];
        int32_t h = c->ref.pair[k];
        if (h < 0) {
            c->ref_word_same[i] = false;
            continue;
        }
        if (!rh_spelled_alike(c->ref.text[k], c->heard.text[h]))
            c->ref_word_same[i] = false;
        if (c->ref_word_to_heard[i] < 0)
            c->ref_word_to_heard[i] = (int32_t)c->heard.word[h];
        c->heard_used[c->heard.word[h]] = true;
    }
    follow_neighbours(c);
}

/* Forced words come in the order of the reference; punctuation may have been
 * split otherwise, so equal forms are sought a few places around. */
static void pair_forced(comparison *c)
{
    char a[RH_WORD_BYTES], b[RH_WORD_BYTES];
    size_t next = 0;
    for (size_t i = 0; i < c->n_expected; i++) {
        c->forced_of[i] = -1;
        rh_word_normal(c->expected[i], a);
        for (size_t k = next; k < c->in->n_forced && k < next + 4; k++) {
            rh_word_normal(c->in->forced[k].text, b);
            if (strcmp(a, b) == 0) {
                c->forced_of[i] = (int32_t)k;
                next = k + 1;
                break;
            }
        }
    }
}

/* 0 to 100 for how clearly the sound gave this word. */
static float word_clarity(const rh_word *w)
{
    /* Log-odds of the word against its strongest rival, squeezed so that a
     * word the recogniser is 95 % sure of scores 90 and an even match 50. */
    double p = fmin(fmax((double)w->p, 1e-6), 1.0 - 1e-6);
    double rival = fmax((double)w->p_rival, 1.0 - p);
    rival = fmin(fmax(rival, 1e-6), 1.0);
    double margin = log(p) - log(rival);
    return (float)(100.0 / (1.0 + exp(-0.75 * margin)));
}

/* Does the sound leave room for the word of the text? A word that was exchanged for
 * another is out of the question for it (chance under e^-10 in tests), one that was said
 * badly is not, and one that shares most of its letters was meant. */
static bool is_mispronounced(const rh_word_score *s, bool forced)
{
    static const float SOUND_LEAVES_ROOM = 0.5f; /* of 100 */
    char a[RH_WORD_BYTES], b[RH_WORD_BYTES];
    size_t n = rh_word_normal(s->expected, a), m = rh_word_normal(s->heard, b);
    size_t longest = n > m ? n : m;
    return (forced && s->score >= SOUND_LEAVES_ROOM) || 2 * rh_letters_apart(a, b) < longest;
}

/* The sounds of a forced or clean word. */
static void take_phones(const rh_speech_input *in, bool forced, size_t word, rh_word_score *s)
{
    for (size_t i = 0; i < in->n_segments; i++) {
        const rh_speech_segment *g = &in->segments[i];
        size_t first = forced ? g->first_forced : g->first_word, n = forced ? g->n_forced : g->n_words;
        if (g->n_phones == 0 || g->phones_forced != forced || word < first || word >= first + n)
            continue;
        const rh_phone_said *p = in->phones + g->first_phone, *end = p + g->n_phones;
        while (p < end && p->word < word - first)
            p++;
        s->phones = p;
        while (p < end && p->word == word - first)
            p++;
        s->n_phones = (size_t)(p - s->phones);
        return;
    }
}

static void score_said(comparison *c, size_t i, rh_word_score *s)
{
    int32_t h = c->ref_word_to_heard[i], f = c->forced_of[i];
    const rh_word *heard = h >= 0 ? &c->in->words[h] : NULL;
    s->expected = c->expected[i];
    s->heard = heard ? heard->text : NULL;
    s->what = !heard ? RH_MISSED : c->ref_word_same[i] ? RH_SAID : RH_REPLACED;
    const rh_word *timed = heard;
    if (f >= 0) {
        const rh_word *forced = &c->in->forced[f];
        s->score = word_clarity(forced);
        if (!heard)
            timed = forced;
    }
    /* By force a word is judged after all words of the text before it, also those that
     * were not said; who was understood without the text was clear. */
    if (s->what == RH_SAID)
        s->score = fmaxf(s->score, word_clarity(heard));
    if (s->what == RH_REPLACED && is_mispronounced(s, f >= 0))
        s->what = RH_MISPRONOUNCED;
    if (s->what == RH_MISSED)
        s->score = 0.0f;
    else if (s->what != RH_SAID && (f < 0 || s->score > 50.0f))
        s->score = f < 0 ? 20.0f : 50.0f;
    if (heard && f >= 0)
        take_phones(c->in, true, (size_t)f, s);
    if (timed) {
        s->start = timed->start;
        s->end = timed->end;
    }
}

static void add_word(rh_speech_report *r, rh_word_score s)
{
    r->word_scores[r->n_word_scores++] = s;
    r->n_missed += s.what == RH_MISSED;
    r->n_added += s.what == RH_ADDED;
    r->n_replaced += s.what == RH_REPLACED || s.what == RH_MISPRONOUNCED;
    r->n_mispronounced += s.what == RH_MISPRONOUNCED;
}

/* Words of the reference in order, added words where they were heard. */
static void emit(comparison *c, rh_speech_report *r)
{
    const rh_speech_input *in = c->in;
    size_t h = 0;
    float last_end = 0.0f;
    for (size_t i = 0; i <= c->n_expected; i++) {
        int32_t to = i < c->n_expected ? c->ref_word_to_heard[i] : (int32_t)in->n_words;
        for (; to >= 0 && h < (size_t)to; h++)
            if (!c->heard_used[h])
                add_word(r, (rh_word_score){.what = RH_ADDED,
                                            .heard = in->words[h].text,
                                            .start = in->words[h].start,
                                            .end = in->words[h].end});
        if (i == c->n_expected)
            break;
        rh_word_score s = {0};
        s.start = s.end = last_end;
        score_said(c, i, &s);
        last_end = s.end;
        add_word(r, s);
    }
}

static rh_status measure_free(const rh_speech_input *in, rh_speech_report *r, rh_error *err)
{
    r->word_scores = rh_calloc(in->n_words + 1, sizeof *r->word_scores);
    if (!r->word_scores)
        return rh_fail(err, RH_ERR_NOMEM, "word scores: out of memory");
    for (size_t i = 0; i < in->n_words; i++) {
        const rh_word *w = &in->words[i];
        char normal[RH_WORD_BYTES];
        if (rh_word_normal(w->text, normal) == 0)
            continue;
        rh_word_score s = {
            .what = RH_SAID, .heard = w->text, .start = w->start, .end = w->end, .score = word_clarity(w)};
        take_phones(in, false, i, &s);
        add_word(r, s);
    }
    r->completeness = 1.0f;
    return RH_OK;
}

/* Share of the text that was said. Where that is little, a word counts only beside another one:
 * any two texts have an "and" or "the" in common. */
static float completeness(const rh_speech_report *r)
{
    static const float LITTLE = 0.4f;
    int n = 0, said = 0, together = 0, run = 0;
    for (size_t i = 0; i < r->n_word_scores; i++) {
        rh_said what = r->word_scores[i].what;
        if (what == RH_ADDED)
            continue;
        bool ok = what == RH_SAID || what == RH_MISPRONOUNCED;
        n++;
        said += ok;
        run = ok ? run + 1 : 0;
        together += run > 1 ? 1 + (run == 2) : 0;
    }
    float share = n ? (float)said / (float)n : 0.0f;
    return share < LITTLE ? (float)together / (float)n : share;
}

rh_status rh_measure_words(const rh_speech_input *in, rh_speech_report *r, rh_error *err)
{
    if (!in->reference)
        return measure_free(in, r, err);
    comparison c = {.in = in};
    rh_status st = RH_ERR_NOMEM;
    r->_text = rh_reference_text(in->reference);
    if (!r->_text)
        goto out;
    st = split_reference(r->_text, &c.expected, &c.n_expected, err);
    if (st)
        goto out;
    if (c.n_expected == 0) { /* punctuation only: as if there were none */
        st = measure_free(in, r, err);
        goto out;
    }
    st = RH_ERR_NOMEM;
    r->word_scores = rh_calloc(in->n_words + c.n_expected + 1, sizeof *r->word_scores);
    if (!r->word_scores || !comparison_units(&c))
        goto out;
    st = rh_align_words(c.ref.at, c.ref.n, c.heard.at, c.heard.n, c.ref.pair, c.heard.pair, err);
    if (st)
        goto out;
    words_from_units(&c);
    pair_forced(&c);
    emit(&c, r);
    r->has_reference = true;
    r->completeness = completeness(r);
out:
    comparison_done(&c);
    return st == RH_ERR_NOMEM ? rh_fail(err, st, "word scores: out of memory") : st;
}

rh_status rh_reference_reached(const char *reference, const rh_word *words, size_t n, size_t *bytes, rh_error *err)
{
    /* Nobody reads more than twice as many words as were heard, and a few. */
    size_t most = 2 * n + 20, end = 0, count = 0;
    while (reference[end] && count < most) {
        end += strspn(reference + end, " \t\r\n");
        size_t len = strcspn(reference + end, " \t\r\n");
        end += len;
        count += len > 0;
    }
    *bytes = 0;
    if (n == 0)
        return RH_OK;
    char *part = rh_strndup(reference, end);
    if (!part)
        return rh_fail(err, RH_ERR_NOMEM, "reference text: out of memory");
    const rh_speech_input in = {.words = words, .n_words = n, .reference = part};
    comparison c = {.in = &in};
    for (char *s = part; *s; s++) /* one byte for one: offsets stay those of `reference` */
        if (*s == '\t' || *s == '\r' || *s == '\n')
            *s = ' ';
    rh_status st = split_reference(part, &c.expected, &c.n_expected, err);
    if (st == RH_OK && c.n_expected > 0) {
        st = RH_ERR_NOMEM;
        if (comparison_units(&c))
            st = rh_align_words(c.ref.at, c.ref.n, c.heard.at, c.heard.n, c.ref.pair, c.heard.pair, err);
    }
    /* Up to the last word that was heard as it is written. */
    for (size_t k = c.ref.n; st == RH_OK && k-- > 0;) {
        int32_t h = c.ref.pair[k];
        if (h >= 0 && strcmp(c.ref.text[k], c.heard.text[h]) == 0) {
            const char *word = c.expected[c.ref.word[k]];
            *bytes = (size_t)(word - part) + strlen(word);
            break;
        }
    }
    comparison_done(&c);
    rh_free(part);
    return st == RH_ERR_NOMEM ? rh_fail(err, st, "reference text: out of memory") : st;
}
