/* disfluencies.c - repetitions, repairs, cut-off words, prolongations. */
#include "fillers_internal.h"

#include <math.h>
#include <string.h>

static const float STEADY_DB = 2.2f; /* mean spectral change a step of a held vowel */
static const float DRAWN_S = 0.4f;
static const float STEADY_ST = 1.0f; /* pitch stays within it from step to step of 50 ms */
enum { PROLONGED_STEPS = 40 };

/* Words that are doubled on purpose; in a language without its list none is known to be said by accident. */
static bool may_double(const rh_tongue *t, const char *key)
{
    return !t->doubled || rh_word_in(key, t->doubled) || (key[0] >= '0' && key[0] <= '9');
}

/* Words that are repeated by accident: those that begin a phrase. */
static bool is_small_word(const rh_tongue *t, const char *key)
{
    return t->small && rh_word_in(key, t->small);
}

/* `text` as a whole at `out`, after a blank where asked for; nothing where it
 * does not fit. Returns the bytes written. */
static size_t write_word(char *out, size_t cap, bool blank, const char *text)
{
    size_t n = strlen(text);
    if (n + blank + 1 > cap)
        return 0;
    if (blank)
        *out++ = ' ';
    memcpy(out, text, n + 1);
    return n + blank;
}

static void add_disfluency_of(rh_filler_search *f, rh_disfluency_kind kind, const rh_word *from, const rh_word *to,
                              int after)
{
    rh_disfluency s = {.kind = kind, .start = from->start, .end = to->end, .after_word = after};
    size_t n = 0;
    for (const rh_word *w = from; w <= to; w++)
        n += write_word(s.text + n, sizeof s.text - n, n > 0, w->text);
    rh_add_disfluency(f, s);
}

/* Length in words of what is said twice at i of the list: up to three words. One word twice is an accident
 * where it is a small one, or where nothing sets the two apart. A phrase twice is one also where a comma does, if it
 * goes on behind the second: "puffy white, puffy white clouds", but not "never give up, never give up." */
static size_t repeated_at(const rh_tongue *t, const rh_word *w, const rh_filler_key *k, size_t n, size_t i)
{
    if (!k[i][0] || may_double(t, k[i]))
        return 0;
    if (i + 1 < n && strcmp(k[i], k[i + 1]) == 0)
        return is_small_word(t, k[i]) ? !rh_ends_sentence(w[i].text) : !rh_ends_clause(w[i].text);
    for (size_t len = 2; len <= 3 && i + 2 * len <= n; len++) {
        bool same = true;
        for (size_t j = 0; j < len; j++)
            same &= k[i + j][0] && strcmp(k[i + j], k[i + len + j]) == 0;
        const char *last = w[i + len - 1].text;
        bool goes_on = i + 2 * len < n && !rh_ends_clause(w[i + 2 * len - 1].text);
        if (same && !(is_small_word(t, k[i]) || goes_on ? rh_ends_sentence(last) : rh_ends_clause(last)))
            return len;
    }
    return 0;
}

/* The key of the next word of a text, and past it; false at its end. */
static bool next_key(const char **text, rh_filler_key key)
{
    const char *from = *text + strspn(*text, " \t\r\n");
    size_t n = strcspn(from, " \t\r\n");
    *text = from + n;
    (void)rh_word_form(from, n, "'-", key);
    return n > 0;
}

/* Whether the text that is read, if any, has these n words in a row. */
static bool is_in_text(const char *text, const rh_filler_key *k, size_t n)
{
    rh_filler_key key;
    if (!text)
        return false;
    do {
        const char *at = text;
        size_t same = 0;
        while (same < n && next_key(&at, key) && strcmp(key, k[same]) == 0)
            same++;
        if (same == n)
            return true;
    } while (next_key(&text, key));
    return false;
}

/* "we had, we went", "he was- he is": the same pronoun again after one or two words. */
static bool repaired_at(const rh_tongue *t, const rh_word *w, const rh_filler_key *k, size_t n, size_t i, size_t *len)
{
    if (!t->subjects || !rh_word_in(k[i], t->subjects))
        return false;
    for (*len = 2; *len <= 3 && i + *len < n; (*len)++) {
        const char *before = w[i + *len - 1].text;
        if (rh_ends_sentence(before) && !rh_trails_off(before))
            return false;
        if (strcmp(k[i], k[i + *len]) == 0 && (rh_ends_clause(before) || rh_trails_off(before)) && i + *len + 1 < n &&
            strcmp(k[i + 1], k[i + *len + 1]) != 0)
            return true;
    }
    return false;
}

/* "Mon- Montreal": a dash, and the next word begins the same way. */
static bool cut_off_at(const rh_word *w, const rh_filler_key *k, size_t n, size_t i)
{
    size_t len = strlen(k[i]), bytes = strlen(w[i].text);
    if (len == 0 || bytes == 0 || w[i].text[bytes - 1] != '-')
        return false;
    return i + 1 >= n || strncmp(k[i], k[i + 1], len < 2 ? 1 : 2) == 0 || len <= 3;
}

/* Looks through one decode; `after` maps its words to clean ones. */
static void find_in_words(rh_filler_search *f, const rh_word *w, const rh_filler_key *k, size_t n, bool is_verbatim)
{
    for (size_t i = 0; i < n; i++) {
        int after = is_verbatim ? (i > 0 ? rh_clean_before(f, i - 1) : -1) : (int)i - 1;
        size_t len = repeated_at(f->tongue, w, k, n, i);
        if (len > 0) {
            if (!is_in_text(f->in->reference, &k[i], 2 * len))
                add_disfluency_of(f, RH_DISFLUENCY_REPETITION, &w[i], &w[i + len - 1], after);
            i += len - 1;
        } else if (cut_off_at(w, k, n, i)) {
            add_disfluency_of(f, RH_DISFLUENCY_CUT_OFF, &w[i], &w[i], after);
        } else if (repaired_at(f->tongue, w, k, n, i, &len)) {
            add_disfluency_of(f, RH_DISFLUENCY_REPAIR, &w[i], &w[i + len - 1], after);
        }
    }
}

static bool is_steady(const rh_contour *c, size_t i)
{
    if (!(c->f0_hz[i] > 0.0f) || c->change_db[i] > STEADY_DB)
        return false;
    return i < 5 || !(c->f0_hz[i - 5] > 0.0f) || fabsf(rh_semitones(c->f0_hz[i], c->f0_hz[i - 5])) < STEADY_ST;
}

static bool is_filler_time(const rh_filler_search *f, float t)
{
    for (size_t i = 0; i < f->out->n_fillers; i++)
        if (t >= f->out->fillers[i].start - 0.1f && t <= f->out->fillers[i].end + 0.1f)
            return true;
    return false;
}

/* Voice whose spectrum and pitch stand still for 400 ms inside a word. */
static void find_prolongations(rh_filler_search *f)
{
    const rh_contour *c = f->in->contour;
    const rh_speech_input *in = f->in;
    size_t word = 0;
    for (size_t i = 0; i < c->n;) {
        size_t from = i;
        while (i < c->n && is_steady(c, i))
            i++;
        if (i - from >= PROLONGED_STEPS) {
            float a = (float)from / RH_CONTOUR_PER_S, b = (float)i / RH_CONTOUR_PER_S;
            float mid = 0.5f * (a + b);
            while (word < in->n_words && in->words[word].end + 0.1f < mid)
                word++;
            if (word < in->n_words && in->words[word].start - 0.1f <= mid && b - a >= DRAWN_S - 0.005f &&
                !is_filler_time(f, mid)) {
                rh_disfluency s = {
                    .kind = RH_DISFLUENCY_PROLONGATION, .start = a, .end = b, .after_word = (int)word - 1};
                (void)write_word(s.text, sizeof s.text, false, in->words[word].text);
                rh_add_disfluency(f, s);
            }
        }
        i++;
    }
}

void rh_find_disfluencies(rh_filler_search *f)
{
    const rh_filler_key *clean = (const rh_filler_key *)f->clean_keys;
    if (f->verbatim_holds)
        find_in_words(f, f->verbatim, (const rh_filler_key *)f->verbatim_keys, f->n_verbatim, true);
    else
        find_in_words(f, f->in->words, clean, f->in->n_words, false);
    if (f->in->contour)
        find_prolongations(f);
}
