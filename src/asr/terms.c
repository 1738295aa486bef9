/* terms.c - see rehearse/asr/terms.h and terms_internal.h. */
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/utf8.h"
#include "rehearse/base/words.h"
#include "terms_internal.h"

enum { LEAST_LETTERS = 4, LONGEST_SPAN = 6 };

/* Less alike than this nothing is looked at. */
static const float FARTHEST = 0.36f;

typedef struct {
    char text[RH_TERM_BYTES + 1];
    char form[RH_WORD_BYTES]; /* as it is compared: folded, letters and digits only */
    rh_term_key key;
    int n_words;
} term;

struct rh_terms {
    size_t n;
    term at[];
};

static int count_words(const char *s)
{
    int n = 0;
    for (; *s; n++) {
        s += strspn(s, " ");
        s += strcspn(s, " ");
    }
    return n;
}

static bool known(const rh_terms *t, const term *new)
{
    for (size_t i = 0; i < t->n; i++)
        if (strcmp(t->at[i].form, new->form) == 0)
            return true;
    return false;
}

static rh_status add(rh_terms *t, const char *text, size_t i, rh_error *err)
{
    size_t n = strnlen(text, 8 * RH_TERM_BYTES);
    while (n && *text == ' ')
        text++, n--;
    while (n && text[n - 1] == ' ')
        n--;
    if (n > RH_TERM_BYTES)
        return rh_fail(err, RH_ERR_LIMIT, "term %zu has more than %d bytes", i, RH_TERM_BYTES);
    if (!rh_utf8_valid(text, n))
        return rh_fail(err, RH_ERR_INVAL, "term %zu is not UTF-8", i);
    for (size_t k = 0; k < n; k++)
        if ((unsigned char)text[k] < ' ')
            return rh_fail(err, RH_ERR_INVAL, "term %zu is more than one line of text", i);
    term *new = &t->at[t->n];
    memcpy(new->text, text, n);
    new->text[n] = '\0';
    size_t len = rh_word_form(text, n, "", new->form);
    rh_term_key_of(text, n, &new->key);
    new->n_words = count_words(new->text);
    if (len >= LEAST_LETTERS && new->key.n > 1 && !known(t, new))
        t->n++;
    return RH_OK;
}

rh_status rh_terms_new(rh_terms **out, const char *const *terms, size_t n, rh_error *err)
{
    if (n > RH_TERMS_MAX)
        return rh_fail(err, RH_ERR_LIMIT, "%zu terms: at most %d can be given", n, RH_TERMS_MAX);
    rh_terms *t = rh_calloc(1, sizeof *t + n * sizeof t->at[0]);
    if (!t)
        return rh_fail(err, RH_ERR_NOMEM, "terms: out of memory");
    rh_status st = RH_OK;
    for (size_t i = 0; i < n && st == RH_OK; i++)
        st = add(t, terms[i], i, err);
    if (st != RH_OK) {
        rh_free(t);
        return st;
    }
    *out = t;
    return RH_OK;
}

void rh_terms_free(rh_terms *t)
{
    rh_free(t);
}

size_t rh_terms_count(const rh_terms *t)
{
    return t ? t->n : 0;
}

const char *rh_terms_text(const rh_terms *t, int i)
{
    return t->at[i].text;
}

/* "lobster" and "lobsters". */
static bool is_other_form(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b);
    const char *longer = n > m ? a : b, *shorter = n > m ? b : a;
    size_t least = n > m ? m : n;
    if (strncmp(longer, shorter, least) != 0)
        return false;
    const char *rest = longer + least;
    return !*rest || strcmp(rest, "s") == 0 || strcmp(rest, "es") == 0;
}

/* Not but for the capital at its start. */
static bool is_spelled(const rh_term_word *w, const char *text)
{
    const char *s = w->text + (w->text[0] == ' ');
    size_t n = w->n - (size_t)(s - w->text);
    return n == strlen(text) && ((s[0] ^ text[0]) & ~32) == 0 && memcmp(s + 1, text + 1, n - 1) == 0;
}

/* The words hold the term already, as it is or in another form ("lobsters"). */
static bool is_written(const rh_term_word *words, int n, const char *joined, const term *t)
{
    if (strcmp(joined, t->form) == 0)
        return n == 1 ? is_spelled(words, t->text) || strcmp(t->text + 1, t->form + 1) == 0 : n == t->n_words;
    return n == 1 ? is_other_form(joined, t->form) : strstr(joined, t->form) != NULL;
}

static void keep(rh_term_place *out, int cap, int *n, rh_term_place new)
{
    if (*n == cap && out[cap - 1].distance <= new.distance)
        return;
    int at = *n < cap ? (*n)++ : cap - 1;
    while (at > 0 && out[at - 1].distance > new.distance) {
        out[at] = out[at - 1];
        at--;
    }
    out[at] = new;
}

int rh_terms_find(const rh_terms *t, const rh_term_word *words, int n_words, rh_term_place *out, int cap)
{
    int n = 0;
    for (int first = 0; first < n_words; first++) {
        char joined[RH_WORD_BYTES];
        size_t len = 0;
        rh_term_key key;
        for (int k = 0; k < LONGEST_SPAN && first + k < n_words; k++) {
            const rh_term_word *w = &words[first + k];
            char form[RH_WORD_BYTES];
            size_t more = rh_word_form(w->text, w->n, "", form);
            if (len + more + 1 > sizeof joined)
                break;
            memcpy(joined + len, form, more + 1);
            len += more;
            rh_term_key_of(joined, len, &key);
            if (!more && k == 0)
                break;
            if (!more)
                continue; /* as without it */
            for (size_t i = 0; i < t->n; i++) {
                const term *m = &t->at[i];
                if (k + 1 > m->n_words + 2 || is_written(&words[first], k + 1, joined, m))
                    continue;
                float d = rh_term_distance(&key, &m->key, FARTHEST);
                if (d <= FARTHEST)
                    keep(out, cap, &n, (rh_term_place){first, k + 1, (int)i, d});
            }
        }
    }
    return n;
}
