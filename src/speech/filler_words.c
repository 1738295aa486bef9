/* filler_words.c - words that are fillers only by their place.
 *
 * Each needs to be set off from what surrounds it: by the punctuation of either
 * decode (a recogniser hears phrasing), or by a pause. Neighbours that give the
 * word its plain meaning rule it out. */
#include "fillers_internal.h"
#include "language_internal.h"

#include <string.h>

static const float PAUSE_S = 0.2f;
static const float LONG_PAUSE_S = 0.35f;

/* Silence between clean words i and i + 1, by the curve where there is one:
 * the longest silent run between their middles. */
static float pause_after(const rh_filler_search *f, size_t i)
{
    const rh_speech_input *in = f->in;
    if (i + 1 >= in->n_words)
        return 1.0f; /* the end sets off too */
    const rh_word *a = &in->words[i], *b = &in->words[i + 1];
    const rh_contour *c = in->contour;
    if (!c)
        return b->start - a->end;
    float limit = rh_silence_level(c);
    size_t from = (size_t)(50.0f * (a->start + a->end)), to = (size_t)(50.0f * (b->start + b->end));
    size_t run = 0, best = 0;
    for (size_t k = from; k < to && k < c->n; k++) {
        run = c->level_db[k] < limit ? run + 1 : 0;
        best = run > best ? run : best;
    }
    return (float)best / RH_CONTOUR_PER_S;
}

/* The verbatim decode's writing of a clean word, where both have it. */
static const char *verbatim_text(const rh_filler_search *f, size_t i)
{
    int32_t k = f->clean_pair[i];
    bool same = f->verbatim_holds && k >= 0 && strcmp(f->clean_keys[i], f->verbatim_keys[k]) == 0;
    return same ? f->verbatim[k].text : f->in->words[i].text;
}

static bool comma_after(const rh_filler_search *f, size_t i)
{
    return i + 1 >= f->in->n_words || rh_ends_clause(f->in->words[i].text) || rh_ends_clause(verbatim_text(f, i));
}

static bool comma_before(const rh_filler_search *f, size_t i)
{
    return i == 0 || comma_after(f, i - 1);
}

static bool opens_sentence(const rh_filler_search *f, size_t i)
{
    return i == 0 || rh_ends_sentence(f->in->words[i - 1].text);
}

static bool set_off(const rh_filler_search *f, size_t first, size_t last)
{
    return comma_before(f, first) && comma_after(f, last);
}

static const char *key(const rh_filler_search *f, size_t i)
{
    return i < f->in->n_words ? f->clean_keys[i] : "";
}

/* "like," between commas, or with a pause behind it; never the verb, nor the
 * comparison that follows be, feel, look, sound. */
static bool is_filler_like(const rh_filler_search *f, size_t i)
{
    static const char governs[] =
        "am are be been being can could did didn't do don't feel feeling feels felt i i'd is it's just look looked "
        "looking looks more much really seem seemed seems smell something sound sounded sounds stuff taste that's "
        "they things to was we were what's who would you";
    if (i > 0 && !comma_before(f, i) && rh_word_in(key(f, i - 1), governs))
        return false;
    bool before = comma_before(f, i) || (i > 0 && pause_after(f, i - 1) >= PAUSE_S);
    return before && comma_after(f, i) && !opens_sentence(f, i + 1);
}

static bool is_you_know(const rh_filler_search *f, size_t i)
{
    static const char asks[] = "as because did do don't how if let so that what when would";
    static const char objects[] =
        "a about anything each her him how if it me my of someone that the them this what when where whether which "
        "who why your";
    if (i > 0 && !comma_before(f, i) && rh_word_in(key(f, i - 1), asks))
        return false;
    if (comma_after(f, i + 1))
        return comma_before(f, i) || pause_after(f, i + 1) >= PAUSE_S;
    return comma_before(f, i) && !rh_word_in(key(f, i + 2), objects);
}

static bool is_i_mean(const rh_filler_search *f, size_t i)
{
    static const char objects[] = "by every is it that the this to well what";
    return comma_before(f, i) && (comma_after(f, i + 1) || !rh_word_in(key(f, i + 2), objects));
}

/* "it was sort of late", but "a sort of tree" and "this kind of work". */
static bool is_sort_of(const rh_filler_search *f, size_t i)
{
    static const char noun[] =
        "a all an another any best certain different each every new no of one other our right same some such that "
        "the their these this those what which worst your";
    if (i == 0 || rh_word_in(key(f, i - 1), noun))
        return false;
    return set_off(f, i, i + 1) || pause_after(f, i + 1) >= PAUSE_S;
}

/* "So, ..." and "Well, ..." that hold the floor: set off and followed by a
 * pause. Without one they join sentences, which is their job. */
static bool holds_the_floor(const rh_filler_search *f, size_t i)
{
    bool trailing = i + 1 == f->in->n_words || rh_trails_off(verbatim_text(f, i));
    if (trailing)
        return i > 0 && comma_after(f, i) && pause_after(f, i - 1) >= PAUSE_S;
    return comma_after(f, i) && comma_before(f, i) && pause_after(f, i) >= LONG_PAUSE_S;
}

/* The tag "..., right?" inside a talk, or "Right, ..." with a pause. */
static bool is_filler_right(const rh_filler_search *f, size_t i)
{
    bool tag = i > 0 && rh_ends_question(verbatim_text(f, i)) && comma_before(f, i) && !opens_sentence(f, i);
    return tag || (opens_sentence(f, i) && holds_the_floor(f, i) && i + 1 < f->in->n_words);
}

static bool is_set_off_word(const rh_filler_search *f, size_t i)
{
    return i + 1 < f->in->n_words && set_off(f, i, i);
}

/* weak: it opens a sentence, which is a filler's place and a plain word's too. */
static const struct {
    const char *first, *second; /* second: NULL for a single word */
    rh_filler_kind kind;
    bool weak_opening;
    bool (*holds)(const rh_filler_search *f, size_t i);
} RULES[] = {
    {"like", NULL, RH_FILLER_LIKE, true, is_filler_like},
    {"you", "know", RH_FILLER_YOU_KNOW, true, is_you_know},
    {"y'know", NULL, RH_FILLER_YOU_KNOW, false, comma_after},
    {"i", "mean", RH_FILLER_I_MEAN, true, is_i_mean},
    {"sort", "of", RH_FILLER_SORT_OF, false, is_sort_of},
    {"kind", "of", RH_FILLER_KIND_OF, false, is_sort_of},
    {"so", NULL, RH_FILLER_SO, true, holds_the_floor},
    {"well", NULL, RH_FILLER_WELL, true, holds_the_floor},
    {"right", NULL, RH_FILLER_RIGHT, true, is_filler_right},
    {"actually", NULL, RH_FILLER_ACTUALLY, true, is_set_off_word},
    {"basically", NULL, RH_FILLER_BASICALLY, true, is_set_off_word},
};

/* Set off on both sides; at the end of all there is only its pause. */
static bool is_set_off(const rh_filler_search *f, size_t first, size_t last)
{
    if (last + 1 == f->in->n_words)
        return first > 0 && comma_before(f, first);
    if (set_off(f, first, last))
        return true;
    bool joined = first > 0 && comma_before(f, first - 1) && rh_word_in(key(f, first - 1), f->tongue->joiners);
    if (joined && comma_after(f, last))
        return true;
    return comma_after(f, last) && first > 0 && pause_after(f, first - 1) >= PAUSE_S;
}

/* Words of the longest phrase of `list` at i, and which; 0 for none. */
static size_t phrase_of(const rh_filler_search *f, size_t i, const char *const *list, const char **phrase)
{
    size_t best = 0;
    for (; *list; list++) {
        int n = rh_phrase_at((const rh_key *)f->clean_keys, f->in->n_words, i, *list);
        if ((size_t)n <= best)
            continue;
        best = (size_t)n;
        *phrase = *list;
    }
    return best;
}

/* At a sentence's start it joins what is said, unless a pause or a sound of thinking follows. */
static bool opens_to_hold(const rh_filler_search *f, size_t last)
{
    return pause_after(f, last) >= LONG_PAUSE_S ||
           (last + 1 < f->in->n_words && rh_hesitation_in(f->tongue, f->in->words[last + 1].text) != RH_SOUND_NONE);
}

/* Phrases of a language's lists: those that are fillers anywhere, and those that must be set off. */
static size_t listed_at(rh_filler_search *f, size_t i)
{
    const rh_speech_input *in = f->in;
    const char *phrase = NULL;
    size_t n = phrase_of(f, i, f->tongue->fillers_anywhere, &phrase);
    bool anywhere = n > 0;
    if (!n)
        n = phrase_of(f, i, f->tongue->fillers_set_off, &phrase);
    if (!n || (!anywhere && !is_set_off(f, i, i + n - 1)))
        return 0;
    const rh_word *a = &in->words[i], *b = &in->words[i + n - 1];
    rh_filler filler = {.kind = RH_FILLER_WORD,
                        .start = a->start,
                        .end = b->end,
                        .p = a->p < b->p ? a->p : b->p,
                        .after_word = (int)i - 1,
                        .n_words = (int)n,
                        .word = phrase};
    if (!anywhere && opens_sentence(f, i)) {
        if (!opens_to_hold(f, i + n - 1))
            return 0;
        rh_add_weak_filler(f, filler);
    } else {
        rh_add_filler(f, filler);
    }
    return n;
}

static void find_listed(rh_filler_search *f)
{
    for (size_t i = 0; i < f->in->n_words;) {
        size_t n = listed_at(f, i);
        i += n ? n : 1;
    }
}

void rh_find_filler_words(rh_filler_search *f)
{
    const rh_speech_input *in = f->in;
    if (f->tongue->fillers_set_off) {
        find_listed(f);
        return;
    }
    for (size_t i = 0; i < in->n_words; i++)
        for (size_t r = 0; r < sizeof RULES / sizeof RULES[0]; r++) {
            size_t n = RULES[r].second ? 2 : 1;
            if (i + n > in->n_words || strcmp(key(f, i), RULES[r].first) != 0 ||
                (n == 2 && strcmp(key(f, i + 1), RULES[r].second) != 0) || !RULES[r].holds(f, i))
                continue;
            const rh_word *a = &in->words[i], *b = &in->words[i + n - 1];
            rh_filler filler = {.kind = RULES[r].kind,
                                .start = a->start,
                                .end = b->end,
                                .p = a->p < b->p ? a->p : b->p,
                                .after_word = (int)i - 1,
                                .n_words = (int)n};
            if (RULES[r].weak_opening && opens_sentence(f, i))
                rh_add_weak_filler(f, filler);
            else
                rh_add_filler(f, filler);
            break;
        }
}
