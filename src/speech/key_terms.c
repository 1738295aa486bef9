/* key_terms.c - rules and limits: docs/scoring.md, Key terms. */
#include <ctype.h>
#include <string.h>
#include "key_terms_internal.h"
#include "rehearse/base/alloc.h"

enum { MAX_TEXT = 65536, TERM_WORDS = 3, GAP = 2, MIN_STEM = 3, MIN_WORD = 4, MAX_WEIGHT = 6 };

static const char GENERIC[] =
    "ability advantage applicant application applications apply ask attitude background benefit benefits bonus business "
    "candidate candidates career close colleague colleagues company deal degree describe description desire duties "
    "employee employer employment environment equivalent etc excellent expertise explain familiarity field find first "
    "fluency focus full give good have help ideal industry interest job join keep know knowledge last learn learnt level "
    "like location look looking make minimum must need needs new offer offers opportunities opportunity organisation "
    "organization passion people plus position proficiency profile proven provide qualification qualifications required "
    "requirement requirements responsibilities responsibility responsible role salary sector seek show similar skill "
    "skills solution solutions strong success successful support take talk task tasks team teams tell think tool tools "
    "understanding using value values want work working workplace";

/* ---- text to words ---- */

void rh_text_tokens_done(rh_text_tokens *in)
{
    rh_free(in->text);
    rh_free(in->words);
    rh_free(in->t);
}

/* "CI/CD", "TCP/IP" and not "AWS/GCP": at most three capitals, and beside them at most two. */
static bool is_pair(const char *slash, size_t before)
{
    size_t left = 0, right = 0;
    while (left < before && isupper((unsigned char)slash[-1 - (ptrdiff_t)left]))
        left++;
    while (right < 4 && isupper((unsigned char)slash[1 + right]))
        right++;
    return left == before && left && right && left + right < 6 && left < 4 && right < 4 &&
           !isalnum((unsigned char)slash[1 + right]) && slash[1 + right] != '/';
}

/* "/" and brackets part words. */
static void split(const char *text, size_t n, rh_text_tokens *s)
{
    static const char between[] = " \t\r\n/()[]*|\"";
    for (size_t i = 0, k = 0; i < n;) {
        i += strspn(text + i, between);
        size_t len = strcspn(text + i, between);
        if (text[i + len] == '/' && is_pair(text + i + len, len))
            len += 1 + strcspn(text + i + len + 1, between);
        if (i + len > n)
            len = n > i ? n - i : 0;
        if (!len)
            break;
        s->words[s->n_words++].text = s->text + k;
        memcpy(s->text + k, text + i, len);
        k += len;
        i += len;
        size_t gap = strspn(text + i, between);
        bool line = memchr(text + i, '\n', gap) != NULL, parted = strcspn(text + i, "/()[]*|") < gap;
        if (line && strchr(",;:", s->text[k - 1]))
            s->text[k - 1] = '.';
        else if ((line || parted) && !strchr(".,;:!?", s->text[k - 1]))
            s->text[k++] = line ? '.' : ',';
        s->text[k++] = '\0';
    }
}

rh_status rh_text_tokens_of(const char *text, rh_text_tokens *out, rh_error *err)
{
    size_t n = strnlen(text, MAX_TEXT);
    *out = (rh_text_tokens){.text = rh_alloc_array(n + 1, 3), .words = rh_calloc(n / 2 + 2, sizeof *out->words)};
    rh_status st = out->text && out->words ? RH_OK : RH_ERR_NOMEM;
    if (st == RH_OK) {
        split(text, n, out);
        st = rh_tokens_of(out->words, out->n_words, NULL, 0, &out->t, &out->n);
    }
    if (st == RH_OK)
        return RH_OK;
    rh_text_tokens_done(out);
    return rh_fail(err, st, "key terms: out of memory");
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

bool rh_is_generic(const rh_token *t)
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
    while (end > first && (rh_is_generic(&t[end - 1]) || (t[end - 1].pos & RH_POS_ADJECTIVE)))
        end--;
    while (first < end && (rh_is_generic(&t[first]) || (t[first].pos & RH_POS_ADJECTIVE) ||
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

/* Words of the term, also those of "CI/CD", as keys; their number. */
static size_t keys_of(const char *term, rh_key keys[TERM_WORDS])
{
    size_t n = 0;
    while (*term && n < TERM_WORDS) {
        size_t len = strcspn(term, " /");
        char word[RH_KEY_TERM_BYTES];
        memcpy(word, term, len);
        word[len] = '\0';
        n += rh_word_key(word, keys[n]) > 0;
        term += len + (term[len] != '\0');
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

void rh_key_terms_sort(rh_key_term *t, size_t n)
{
    for (size_t i = 1; i < n; i++)
        for (size_t k = i; k > 0 && t[k].weight > t[k - 1].weight; k--) {
            rh_key_term swap = t[k];
            t[k] = t[k - 1];
            t[k - 1] = swap;
        }
}

rh_status rh_key_terms_of(const char *text, rh_key_term *out, size_t cap, size_t *n, rh_error *err)
{
    rh_text_tokens in;
    rh_key_term *all = rh_calloc(RH_KEY_TERMS, sizeof *all);
    size_t n_all = 0;
    rh_status st = all ? rh_text_tokens_of(text, &in, err) : rh_fail(err, RH_ERR_NOMEM, "key terms: out of memory");
    if (st == RH_OK) {
        find_terms(in.words, in.t, in.n, all, &n_all);
        rh_text_tokens_done(&in);
        rh_key_terms_sort(all, n_all);
        *n = n_all < cap ? n_all : cap;
        memcpy(out, all, *n * sizeof *out);
    }
    rh_free(all);
    return st;
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
        rh_key joined; /* "CI/CD" and "Power BI" are heard as one word too */
        rh_word_key(terms[m].text, joined);
        terms[m].n_said = 0;
        terms[m].start = terms[m].end = 0;
        for (size_t i = 0; i < n_tokens && n_keys; i++) {
            end = strcmp(t[i].key, joined) == 0 ? i + 1 : term_at(t, n_tokens, i, (const rh_key *)keys, n_keys);
            if (end == 0)
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

/* ---- single words ---- */

static bool counts(const rh_token *t)
{
    return strlen(t->key) >= MIN_WORD && !rh_is_generic(t) &&
           !(t->pos & (RH_POS_CLOSED | RH_POS_ADVERB | RH_POS_NUMBER | RH_POS_OTHER_SIGN));
}

static void add_word(rh_key_words *w, const char *key, int weight)
{
    size_t i = 0;
    while (i < w->n && strcmp(w->at[i].key, key) != 0)
        i++;
    if (i == RH_KEY_WORDS)
        return;
    if (i == w->n)
        strcpy(w->at[w->n++].key, key);
    if (w->at[i].weight < MAX_WEIGHT)
        w->at[i].weight += weight;
}

rh_status rh_key_words_add(rh_key_words *w, const char *text, int weight, rh_error *err)
{
    rh_text_tokens in;
    rh_status st = rh_text_tokens_of(text, &in, err);
    if (st != RH_OK)
        return st;
    for (size_t i = 0; i < in.n; i++)
        if (counts(&in.t[i]))
            add_word(w, in.t[i].key, weight);
    rh_text_tokens_done(&in);
    return RH_OK;
}

int rh_key_words_met(const rh_key_words *w, const char *text)
{
    rh_text_tokens in;
    int met = 0;
    if (w->n == 0 || rh_text_tokens_of(text, &in, NULL) != RH_OK)
        return 0;
    for (size_t i = 0; i < in.n; i++)
        for (size_t k = 0; k < w->n && counts(&in.t[i]); k++)
            if (same_stem(w->at[k].key, in.t[i].key)) {
                met += w->at[k].weight;
                break;
            }
    rh_text_tokens_done(&in);
    return met;
}
