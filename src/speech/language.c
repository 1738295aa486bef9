/* language.c - rules and limits of each measure: docs/scoring.md, Language. */
#include "language_internal.h"

#include <ctype.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/speech/tongue.h"

enum { VARIETY_WINDOW = 50, VARIETY_MIN_WORDS = 20, REPEATED_MIN = 3 };
static const float REPEATED_SHARE = 0.02f; /* of all words, from which a word stands out */

const char *rh_remark_name(rh_remark_kind kind)
{
    static const char *const names[] = {"hedge", "weak", "strong", "passive", "number", "name"};
    return (unsigned)kind < RH_REMARK_KINDS ? names[kind] : "none";
}

const char *rh_star_name(int part)
{
    static const char *const names[] = {"situation", "task", "action", "result"};
    return part >= 0 && part < RH_STAR_PARTS ? names[part] : "none";
}

static void add_remark(rh_language *l, const rh_speech_input *in, rh_remark_kind kind, size_t first, size_t n)
{
    const rh_word *w = in->words;
    l->remarks[l->n_remarks++] = (rh_remark){kind, (int)first, (int)n, w[first].start, w[first + n - 1].end};
    l->counts[kind]++;
}

static bool is_be(const char *key)
{
    static const char forms[] =
        "am are be been being get gets got i'm is it's that's they're was wasn't we're were weren't";
    return rh_word_in(key, forms);
}

/* A form of "be", at most two adverbs, a participle. States such as "was
 * tired" count only when "by" follows. Returns its length in words, or 0. */
static size_t passive_at(const rh_key *keys, size_t n, size_t i)
{
    if (!is_be(keys[i]))
        return 0;
    size_t v = i + 1;
    while (v < n && v <= i + 2) {
        size_t len = strlen(keys[v]);
        if (!rh_word_in(keys[v], "not being also been") && !(len > 3 && strcmp(keys[v] + len - 2, "ly") == 0))
            break;
        v++;
    }
    if (v >= n || !rh_is_participle(keys[v]))
        return 0;
    if (rh_is_adjective_like(keys[v]) && !(v + 1 < n && strcmp(keys[v + 1], "by") == 0))
        return 0;
    return v - i + 1;
}

static bool is_number(const rh_tongue *t, const char *key)
{
    return isdigit((unsigned char)key[0]) || (t->numbers && rh_word_in(key, t->numbers));
}

/* A capital inside a sentence, but not "I" and its kin; acronyms count. */
static bool is_name(const rh_speech_input *in, const rh_tongue *t, const rh_key *keys, size_t i)
{
    if (!t->names_by_capital || i == 0 || rh_ends_sentence(in->words[i - 1].text) ||
        !isupper((unsigned char)in->words[i].text[0]))
        return false;
    return strcmp(keys[i], "i") != 0 && strncmp(keys[i], "i'", 2) != 0 && strcmp(keys[i], "ok") != 0 &&
           !rh_word_in(keys[i], t->stop);
}

/* Words from i that go on with the same kind, so that "Red Hat" is one name. */
static size_t run_of(const rh_speech_input *in, const rh_tongue *t, const rh_key *keys, size_t i, bool names)
{
    size_t n = 1;
    while (i + n < in->n_words && !rh_ends_clause(in->words[i + n - 1].text) &&
           (names ? is_name(in, t, keys, i + n) : is_number(t, keys[i + n])))
        n++;
    return n;
}

/* Verbs of deeds, and the passive. */
static void find_verbs(const rh_speech_input *in, const rh_key *keys, size_t i, rh_language *l)
{
    size_t n = in->n_words, passive = passive_at(keys, n, i);
    if (passive)
        add_remark(l, in, RH_REMARK_PASSIVE, i, passive);
    bool in_passive = i > 0 && passive_at(keys, n, i - 1) == 2;
    if (rh_is_strong_verb(keys[i]) && !in_passive)
        add_remark(l, in, RH_REMARK_STRONG, i, 1);
}

static void find_remarks(const rh_speech_input *in, const rh_tongue *t, const rh_key *keys, rh_language *l)
{
    size_t n = in->n_words, phrase_end = 0, number_end = 0, name_end = 0;
    for (size_t i = 0; i < n; i++) {
        size_t hedge = t->hedges ? (size_t)rh_phrase_at(keys, n, i, t->hedges) : 0;
        size_t weak = t->weak ? (size_t)rh_phrase_at(keys, n, i, t->weak) : 0;
        if (i >= phrase_end && (hedge || weak)) {
            bool is_hedge = hedge >= weak;
            add_remark(l, in, is_hedge ? RH_REMARK_HEDGE : RH_REMARK_WEAK, i, is_hedge ? hedge : weak);
            phrase_end = i + (is_hedge ? hedge : weak);
        }
        if (t->has_structure)
            find_verbs(in, keys, i, l);
        if (i >= number_end && is_number(t, keys[i])) {
            number_end = i + run_of(in, t, keys, i, false);
            add_remark(l, in, RH_REMARK_NUMBER, i, number_end - i);
        } else if (i >= name_end && i >= number_end && is_name(in, t, keys, i)) {
            name_end = i + run_of(in, t, keys, i, true);
            add_remark(l, in, RH_REMARK_NAME, i, name_end - i);
        }
    }
}

/* The word itself, or what stands before its apostrophe: "j'ai". */
static bool is_of(const char *key, const char *list)
{
    rh_key before;
    size_t n = strcspn(key, "'");
    if (rh_word_in(key, list))
        return true;
    if (!key[n] || n + 2 > sizeof before)
        return false;
    memcpy(before, key, n + 1);
    before[n + 1] = '\0';
    return rh_word_in(before, list);
}

static void count_persons(const rh_tongue *t, const rh_key *keys, size_t n, rh_language *l)
{
    for (size_t i = 0; i < n; i++) {
        int verb = t->person ? t->person(keys[i]) : 0;
        l->n_words += keys[i][0] != '\0';
        l->n_i += t->i && (is_of(keys[i], t->i) || verb == 1);
        l->n_we += t->we && (is_of(keys[i], t->we) || verb == 2);
    }
    l->i_share = l->n_i + l->n_we ? (float)l->n_i / (float)(l->n_i + l->n_we) : 0.5f;
}

static void split_sentences(const rh_speech_input *in, rh_language *l)
{
    size_t first = 0;
    l->longest_sentence = -1;
    for (size_t i = 0; i < in->n_words; i++) {
        if (!rh_sentence_ends_at(in, i))
            continue;
        rh_sentence *s = &l->sentences[l->n_sentences];
        s->first_word = (int)first;
        s->n_words = (int)(i + 1 - first);
        s->start = in->words[first].start;
        s->end = in->words[i].end;
        if (l->longest_sentence < 0 || s->n_words > l->sentences[l->longest_sentence].n_words)
            l->longest_sentence = (int)l->n_sentences;
        l->n_sentences++;
        first = i + 1;
    }
    if (l->n_sentences)
        l->sentence_words = (float)l->n_words / (float)l->n_sentences;
}

/* Moving-average type-token ratio (Covington and McFall 2010): unlike the plain
 * ratio it does not fall with length. */
static float measure_variety(const rh_key *keys, size_t n)
{
    if (n < VARIETY_MIN_WORDS)
        return 0.0f;
    size_t window = n < VARIETY_WINDOW ? n : VARIETY_WINDOW, n_windows = n - window + 1;
    size_t step = n_windows > 200 ? n_windows / 200 : 1, used = 0;
    double sum = 0.0;
    for (size_t at = 0; at < n_windows; at += step) {
        size_t types = 0;
        for (size_t i = at; i < at + window; i++) {
            bool seen = false;
            for (size_t j = at; j < i && !seen; j++)
                seen = strcmp(keys[i], keys[j]) == 0;
            types += !seen;
        }
        sum += (double)types / (double)window;
        used++;
    }
    return (float)(sum / (double)used);
}

static void keep_repeated(rh_language *l, size_t word, int count)
{
    size_t place = l->n_repeated;
    while (place > 0 && l->repeated[place - 1].count < count)
        place--;
    if (place == RH_REPEATED_MAX)
        return;
    if (l->n_repeated < RH_REPEATED_MAX)
        l->n_repeated++;
    for (size_t k = l->n_repeated - 1; k > place; k--)
        l->repeated[k] = l->repeated[k - 1];
    l->repeated[place] = (rh_repeated){(int)word, count};
}

/* Chained by hash so that ten minutes of words stay quick. */
static rh_status find_repeated(const rh_tongue *t, const rh_key *keys, size_t n, rh_language *l)
{
    enum { BUCKETS = 512 };
    int head[BUCKETS], *next = rh_alloc_array(n + 1, sizeof *next);
    int *count = rh_calloc(n + 1, sizeof *count);
    if (!next || !count) {
        rh_free(next);
        rh_free(count);
        return RH_ERR_NOMEM;
    }
    for (int b = 0; b < BUCKETS; b++)
        head[b] = -1;
    for (size_t i = 0; i < n; i++) {
        unsigned h = 2166136261u;
        for (const char *p = keys[i]; *p; p++)
            h = (h ^ (unsigned char)*p) * 16777619u;
        h %= BUCKETS;
        int at = head[h];
        while (at >= 0 && strcmp(keys[at], keys[i]) != 0)
            at = next[at];
        if (at < 0) {
            at = (int)i;
            next[i] = head[h];
            head[h] = at;
        }
        count[at]++;
    }
    for (size_t i = 0; i < n; i++)
        if (count[i] >= REPEATED_MIN && (float)count[i] >= REPEATED_SHARE * (float)n && strlen(keys[i]) > 3 &&
            t->stop && !rh_word_in(keys[i], t->stop))
            keep_repeated(l, i, count[i]);
    rh_free(next);
    rh_free(count);
    return RH_OK;
}

static void derive_shares(rh_language *l)
{
    float per_100 = l->n_words ? 100.0f / (float)l->n_words : 0.0f;
    l->hedges_per_100 = per_100 * (float)l->counts[RH_REMARK_HEDGE];
    l->weak_per_100 = per_100 * (float)l->counts[RH_REMARK_WEAK];
    l->strong_per_100 = per_100 * (float)l->counts[RH_REMARK_STRONG];
    l->concreteness = per_100 * (float)(l->counts[RH_REMARK_NUMBER] + l->counts[RH_REMARK_NAME]);
}

rh_status rh_language_measure(const rh_speech_input *in, rh_language *out, rh_error *err)
{
    rh_language l = {0};
    size_t n = in->n_words;
    const rh_tongue *t = rh_tongue_of(in->language);
    rh_key *keys = rh_calloc(n + 1, sizeof *keys);
    l.sentences = rh_calloc(n + 1, sizeof *l.sentences);
    l.remarks = rh_calloc(4 * n + 1, sizeof *l.remarks); /* at most four kinds begin at a word */
    rh_status st = keys && l.sentences && l.remarks ? RH_OK : RH_ERR_NOMEM;
    if (st == RH_OK) {
        for (size_t i = 0; i < n; i++)
            rh_word_key(in->words[i].text, keys[i]);
        st = find_repeated(t, (const rh_key *)keys, n, &l);
    }
    if (st == RH_OK) {
        const rh_key *k = (const rh_key *)keys;
        count_persons(t, k, n, &l);
        split_sentences(in, &l);
        find_remarks(in, t, k, &l);
        l.variety = t->by_characters ? 0.0f : measure_variety(k, n);
        derive_shares(&l);
        rh_star_find(in, t, k, &l);
    }
    rh_free(keys);
    if (st != RH_OK) {
        rh_language_done(&l);
        return rh_fail(err, st, "language: out of memory");
    }
    *out = l;
    return RH_OK;
}

void rh_language_done(rh_language *l)
{
    rh_free(l->sentences);
    rh_free(l->remarks);
    *l = (rh_language){0};
}
