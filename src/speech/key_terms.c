/* key_terms.c - rules and limits: docs/scoring.md, Key terms. */
#include "rehearse/speech/key_terms.h"

#include <ctype.h>
#include <string.h>
#include "phrases_internal.h"
#include "rehearse/base/alloc.h"

enum { MAX_TEXT = 65536, TERM_WORDS = 3, GAP = 2, MIN_STEM = 3 };

/* What every ad says. */
static const char GENERIC[] =
    "ability advantage applicant application applications attitude background benefit benefits bonus candidate candidates "
    "career close colleague colleagues company customer degree description desire duties environment equivalent etc expertise "
    "familiarity field fluency focus industry interest job knowledge level location minimum must offer offers opportunities "
    "opportunity organisation organization passion people plus position proficiency profile qualification qualifications "
    "requirement requirements responsibilities responsibility responsible role salary sector skill skills solution "
    "solutions success successful support task tasks team teams tool tools understanding value values work workplace";

/* ---- text to words ---- */

typedef struct {
    char *text; /* the words, each NUL-terminated */
    rh_word *words;
    size_t n;
} split_text;

static void split_done(split_text *s)
{
    rh_free(s->text);
    rh_free(s->words);
}

/* A line ends a sentence; "/" and brackets part words. */
static rh_status split(const char *text, split_text *s)
{
    size_t n = strnlen(text, MAX_TEXT), k = 0;
    *s = (split_text){.text = rh_alloc_array(n + 1, 3), .words = rh_calloc(n / 2 + 2, sizeof *s->words)};
    if (!s->text || !s->words) {
        split_done(s);
        return RH_ERR_NOMEM;
    }
    for (size_t i = 0; i < n;) {
        i += strspn(text + i, " \t\r\n/()[]*|\"");
        size_t len = strcspn(text + i, " \t\r\n/()[]*|\"");
        if (i + len > n)
            len = n > i ? n - i : 0;
        if (!len)
            break;
        s->words[s->n++].text = s->text + k;
        memcpy(s->text + k, text + i, len);
        k += len;
        i += len;
        size_t gap = strspn(text + i, " \t\r\n/()[]*|\"");
        bool line = memchr(text + i, '\n', gap) != NULL, parted = strcspn(text + i, "/()[]*|") < gap;
        if ((line || parted) && !ispunct((unsigned char)s->text[k - 1]))
            s->text[k++] = line ? '.' : ',';
        s->text[k++] = '\0';
    }
    return RH_OK;
}

/* ---- terms ---- */

static bool carries(const rh_token *t)
{
    if (rh_word_listed(RH_LIST_TERMS, t->key))
        return true;
    if ((t->pos & (RH_POS_CLOSED | RH_POS_ADVERB | RH_POS_NUMBER | RH_POS_OTHER_SIGN | RH_POS_ED | RH_POS_ING)) ||
        ((t->pos & RH_POS_VERB) && !(t->pos & RH_POS_NOUN_TOO)))
        return false;
    return strlen(t->key) >= MIN_STEM || t->name;
}

static bool is_generic(const rh_token *t)
{
    return rh_word_in(t->key, GENERIC) || rh_word_listed(RH_LIST_VAGUE, t->key);
}

static bool is_adjective(const rh_token *t)
{
    return (t->pos & RH_POS_ADJECTIVE) || rh_head_is_adjective(t->key);
}

/* Words i.. that belong together; plain adjectives before them and what every ad says around them are left out. */
static size_t run_at(const rh_token *t, size_t n, size_t *i)
{
    size_t end = *i;
    while (end < n && carries(&t[end])) {
        end++;
        if (t[end - 1].stops)
            break;
    }
    size_t first = *i, was = first;
    *i = end;
    while (end > first && (is_generic(&t[end - 1]) || (t[end - 1].pos & RH_POS_ADJECTIVE)))
        end--;
    while (first < end && (is_generic(&t[first]) || (t[first].pos & RH_POS_ADJECTIVE) ||
                           (end - first > 1 && (t[first].pos & RH_POS_VERB) && is_adjective(&t[first + 1])) ||
                           (is_adjective(&t[first]) && first > was)))
        first++; /* build scalable services */
    if (end - first > TERM_WORDS)
        first = end - TERM_WORDS;
    *i = end > first ? end : *i;
    return end - first;
}

static bool is_ending(const char *s)
{
    static const char endings[] =
        "s es ed d ing er ers r rs or ors ion ions ation ations ment ments ly al ship e y ies ied es'";
    return !*s || rh_word_in(s, endings);
}

/* manage, managed, management; plan, planning. */
static bool same_stem(const char *a, const char *b)
{
    size_t k = 0;
    while (a[k] && a[k] == b[k])
        k++;
    if (!a[k] && !b[k])
        return true;
    if (k < MIN_STEM)
        return false;
    const char *x = a + k, *y = b + k;
    if (!*x && *y == a[k - 1])
        y++; /* planning */
    else if (!*y && *x == b[k - 1])
        x++;
    return is_ending(x) && is_ending(y) && strlen(x) + strlen(y) < k + 2;
}

/* Words of the term as keys; their number. */
static size_t keys_of(const char *term, rh_key keys[TERM_WORDS])
{
    size_t n = 0;
    while (*term && n < TERM_WORDS) {
        size_t len = strcspn(term, " ");
        char word[RH_KEY_TERM_BYTES];
        memcpy(word, term, len);
        word[len] = '\0';
        n += rh_word_key(word, keys[n]) > 0;
        term += len + (term[len] == ' ');
    }
    return n;
}

static bool same_term(const char *a, const char *b)
{
    rh_key x[TERM_WORDS], y[TERM_WORDS];
    size_t n = keys_of(a, x);
    bool same = n == keys_of(b, y);
    for (size_t i = 0; i < n && same; i++)
        same = same_stem(x[i], y[i]);
    return same;
}

static void keep_term(rh_key_term *all, size_t *n, const char *text, float weight)
{
    for (size_t i = 0; i < *n; i++)
        if (same_term(all[i].text, text)) {
            all[i].weight += weight;
            return;
        }
    if (*n == RH_KEY_TERMS)
        return;
    all[*n] = (rh_key_term){.weight = weight};
    strcpy(all[(*n)++].text, text);
}

static void find_terms(const rh_word *words, const rh_token *t, size_t n_tokens, rh_key_term *all, size_t *n)
{
    char text[RH_KEY_TERM_BYTES];
    for (size_t i = 0; i < n_tokens;) {
        if (!carries(&t[i])) {
            i++;
            continue;
        }
        size_t len = run_at(t, n_tokens, &i), first = i - len;
        bool named = false;
        for (size_t k = first; k < i; k++)
            named = named || t[k].name || rh_word_listed(RH_LIST_TERMS, t[k].key);
        if (len && rh_tokens_put(words, t, first, i, false, text, sizeof text))
            keep_term(all, n, text, 1.0f + (named ? 1.0f : 0.0f) + (len > 1 ? 0.5f : 0.0f));
    }
}

rh_status rh_key_terms_of(const char *text, rh_key_term *out, size_t cap, size_t *n, rh_error *err)
{
    split_text s;
    rh_token *t = NULL;
    rh_key_term *all = rh_calloc(RH_KEY_TERMS, sizeof *all);
    size_t n_tokens = 0, n_all = 0;
    rh_status st = all ? split(text, &s) : RH_ERR_NOMEM;
    if (st == RH_OK) {
        st = rh_tokens_of(s.words, s.n, NULL, 0, &t, &n_tokens);
        if (st == RH_OK)
            find_terms(s.words, t, n_tokens, all, &n_all);
        rh_free(t);
        split_done(&s);
    }
    for (size_t i = 1; i < n_all; i++) /* those of one weight stay in order */
        for (size_t k = i; k > 0 && all[k].weight > all[k - 1].weight; k--) {
            rh_key_term swap = all[k];
            all[k] = all[k - 1];
            all[k - 1] = swap;
        }
    if (st == RH_OK) {
        *n = n_all < cap ? n_all : cap;
        memcpy(out, all, *n * sizeof *out);
    }
    rh_free(all);
    return st == RH_OK ? RH_OK : rh_fail(err, st, "key terms: out of memory");
}

/* ---- in an answer ---- */

/* All words of the term from token `i` on, in any order, few others among them: the last; 0 = not all. */
static size_t term_at(const rh_token *t, size_t n, size_t i, const rh_key *keys, size_t n_keys)
{
    unsigned found = 0;
    size_t last = 0;
    for (size_t k = i; k < n && k < i + n_keys + GAP; k++)
        for (size_t m = 0; m < n_keys; m++)
            if (!(found & 1u << m) && same_stem(t[k].key, keys[m])) {
                found |= 1u << m;
                last = k;
                break;
            } else if (k == i && m + 1 == n_keys) {
                return 0;
            }
    return found == (1u << n_keys) - 1 ? last + 1 : 0;
}

rh_status rh_key_terms_seek(const rh_word *words, size_t n_words, rh_key_term *terms, size_t n, rh_error *err)
{
    rh_token *t = NULL;
    size_t n_tokens = 0;
    if (rh_tokens_of(words, n_words, NULL, 0, &t, &n_tokens) != RH_OK)
        return rh_fail(err, RH_ERR_NOMEM, "key terms: out of memory");
    for (size_t m = 0; m < n; m++) {
        rh_key keys[TERM_WORDS];
        size_t n_keys = keys_of(terms[m].text, keys), end;
        terms[m].n_said = 0;
        terms[m].start = terms[m].end = 0;
        for (size_t i = 0; i < n_tokens && n_keys; i++) {
            if ((end = term_at(t, n_tokens, i, (const rh_key *)keys, n_keys)) == 0)
                continue;
            if (terms[m].n_said++ == 0) {
                terms[m].start = words[t[i].word].start;
                terms[m].end = words[t[end - 1].word].end;
            }
            i = end - 1;
        }
    }
    rh_free(t);
    return RH_OK;
}

float rh_key_terms_covered(const rh_key_term *terms, size_t n)
{
    float all = 0, said = 0;
    for (size_t i = 0; i < n; i++) {
        all += terms[i].weight;
        said += terms[i].n_said ? terms[i].weight : 0;
    }
    return all > 0 ? said / all : 0;
}
