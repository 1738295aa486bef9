/* marked_words.c - the events of an audio result among its words.
 *
 * Events say after which word they came ("after_word", an index into "words"). One
 * that is a word of the clean transcript marks that word, any other becomes an item
 * of its own between words. */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/buf.h"
#include "rehearse/report/report.h"
#include "rehearse/base/json.h"

enum { MAX_TEXT = 4 << 20 };

/* An item that comes before words[before]. */
typedef struct {
    size_t before;
    double start;
    json_t *item; /* owned */
} insertion;

typedef struct {
    const json_t *words;
    json_t **marked; /* the words' items, owned */
    size_t n;
    insertion *put;
    size_t n_put;
} marking;

static json_t *item(const json_t *span, const char *text)
{
    return json_pack("{s:s, s:f, s:f}", "text", text, "start", rh_json_num(span, "start"), "end",
                     rh_json_num(span, "end"));
}

static void mark(json_t *o, const char *what, const char *note)
{
    json_object_set_new(o, "mark", json_string(what));
    json_object_set_new(o, "note", json_string(note));
}

static bool is_marked(const json_t *o)
{
    return json_object_get(o, "mark") != NULL;
}

/* Index of the first word that comes after the event. */
static size_t place_of(const marking *m, const json_t *event)
{
    json_int_t at = json_integer_value(json_object_get(event, "after_word")) + 1;
    return at < 0 ? 0 : (size_t)at < m->n ? (size_t)at : m->n;
}

static void put(marking *m, const json_t *event, json_t *o)
{
    m->put[m->n_put++] = (insertion){place_of(m, event), rh_json_num(event, "start"), o};
}

/* Letters and digits only, in small letters. */
static size_t letters(const char *s, size_t n, char *out, size_t cap)
{
    size_t k = 0;
    for (size_t i = 0; i < n && k + 1 < cap; i++)
        if (isalnum((unsigned char)s[i]) || (unsigned char)s[i] >= 0x80)
            out[k++] = (char)tolower((unsigned char)s[i]);
    out[k] = '\0';
    return k;
}

/* Next word from `at` that was said; words missed from a reference were not. */
static size_t said_from(const marking *m, size_t at)
{
    while (at < m->n && !json_object_get(json_array_get(m->words, at), "word"))
        at++;
    return at;
}

/* Do the words from `at` say `text`? Returns the index behind them, 0 for no. */
static size_t says(const marking *m, size_t at, const char *text)
{
    char a[64], b[64];
    for (const char *s = text; *s;) {
        size_t n = strcspn(s, " ");
        at = said_from(m, at);
        if (at >= m->n)
            return 0;
        const char *word = rh_json_str(json_array_get(m->words, at), "word");
        letters(s, n, a, sizeof a);
        letters(word, strlen(word), b, sizeof b);
        if (strcmp(a, b) != 0)
            return 0;
        at++;
        s += n;
        s += *s == ' ';
    }
    return at;
}

static void add_filler(marking *m, const json_t *f)
{
    json_int_t n_words = json_integer_value(json_object_get(f, "words"));
    size_t at = place_of(m, f);
    for (json_int_t k = n_words; k > 0; k--, at++)
        if ((at = said_from(m, at)) < m->n) {
            mark(m->marked[at], "filler", "filler word");
            if (n_words > 1)
                continue;
            json_object_set(m->marked[at], "start", json_object_get(f, "start"));
            json_object_set(m->marked[at], "end", json_object_get(f, "end"));
        }
    if (n_words > 0)
        return;
    json_t *o = item(f, rh_json_str(f, "kind"));
    mark(o, "filler", "filler word, heard");
    json_object_set_new(o, "heard", json_true());
    put(m, f, o);
}

static void add_slip(marking *m, const json_t *s)
{
    static const struct {
        const char *kind, *mark, *note;
    } kinds[] = {{"repetition", "repeat", "said twice"},
                 {"restart", "false_start", "begun anew"},
                 {"cut-off", "cutoff", "cut off"},
                 {"drawn", "drawn", "drawn out"}};
    const char *kind = rh_json_str(s, "kind"), *text = rh_json_str(s, "text");
    size_t k = 0, at = place_of(m, s);
    while (k < 4 && strcmp(kind, kinds[k].kind) != 0)
        k++;
    if (k == 4)
        return;
    if (strcmp(kind, "drawn") == 0) {
        at = said_from(m, at);
        if (at < m->n && !is_marked(m->marked[at]))
            mark(m->marked[at], kinds[k].mark, kinds[k].note);
        return;
    }
    size_t end = *text ? says(m, at, text) : 0;
    /* What was said twice is in the clean text only if that has it twice. */
    if (end && strcmp(kind, "repetition") == 0 && !says(m, end, text))
        end = 0;
    for (size_t i = at; i < end; i++)
        if (!is_marked(m->marked[i]))
            mark(m->marked[i], kinds[k].mark, kinds[k].note);
    if (end || !*text)
        return;
    json_t *o = item(s, text);
    mark(o, kinds[k].mark, kinds[k].note);
    json_object_set_new(o, "heard", json_true());
    put(m, s, o);
}

static void add_pause(marking *m, const json_t *p)
{
    json_t *o = item(p, "");
    bool within = strcmp(rh_json_str(p, "place"), "within") == 0;
    mark(o, "pause", within ? "pause inside a sentence" : "pause");
    json_object_set(o, "place", json_object_get(p, "place"));
    put(m, p, o);
}

static void add_fate(json_t *o, const json_t *word)
{
    const char *what = rh_json_str(word, "what"), *expected = rh_json_str(word, "expected");
    char note[160] = "";
    if (is_marked(o))
        return;
    if (strcmp(what, "missed") == 0)
        (void)snprintf(note, sizeof note, "left out");
    else if (strcmp(what, "added") == 0)
        (void)snprintf(note, sizeof note, "not in the text");
    else if (strcmp(what, "replaced") == 0)
        (void)snprintf(note, sizeof note, "instead of %.100s", expected);
    else if (strcmp(what, "mispronounced") == 0)
        (void)snprintf(note, sizeof note, "%.100s, said unclearly: %.0f of 100", expected,
                       rh_json_num(word, "score"));
    else if (json_object_get(word, "score") && rh_json_num(word, "score") < RH_UNCLEAR_SCORE) {
        what = "mispronounced";
        (void)snprintf(note, sizeof note, "hard to make out: %.0f of 100", rh_json_num(word, "score"));
    }
    if (!*note)
        return;
    mark(o, what, note);
    if (*expected)
        json_object_set_new(o, "expected", json_string(expected));
}

static bool take_words(marking *m)
{
    for (size_t i = 0; i < m->n; i++) {
        const json_t *w = json_array_get(m->words, i);
        const char *text = rh_json_str(w, "word");
        json_t *o = item(w, *text ? text : rh_json_str(w, "expected"));
        if (!o)
            return false;
        json_object_set(o, "score", json_object_get(w, "score"));
        json_object_set_new(o, "word", json_integer((json_int_t)i));
        m->marked[i] = o;
    }
    return true;
}

static int by_place(const void *a, const void *b)
{
    const insertion *x = a, *y = b;
    if (x->before != y->before)
        return x->before < y->before ? -1 : 1;
    return (x->start > y->start) - (x->start < y->start);
}

static json_t *in_order(marking *m)
{
    json_t *list = json_array();
    size_t next = 0;
    if (m->n_put)
        qsort(m->put, m->n_put, sizeof *m->put, by_place);
    for (size_t i = 0; i <= m->n; i++) {
        for (; next < m->n_put && m->put[next].before <= i; next++)
            json_array_append(list, m->put[next].item);
        if (i < m->n)
            json_array_append(list, m->marked[i]);
    }
    return list;
}

json_t *rh_marked_words(const json_t *analysis)
{
    const json_t *fillers = json_object_get(analysis, "fillers"), *slips = json_object_get(analysis, "slips");
    const json_t *pauses = json_object_get(analysis, "pauses"), *words = json_object_get(analysis, "words");
    marking m = {.words = words, .n = json_array_size(words)};
    json_t *list = NULL, *o;
    size_t i;
    m.marked = rh_calloc(m.n + 1, sizeof(json_t *));
    m.put = rh_calloc(json_array_size(fillers) + json_array_size(slips) + json_array_size(pauses) + 1,
                      sizeof *m.put);
    if (m.marked && m.put && take_words(&m)) {
        json_array_foreach(fillers, i, o)
            add_filler(&m, o);
        json_array_foreach(slips, i, o)
            add_slip(&m, o);
        json_array_foreach(pauses, i, o)
            add_pause(&m, o);
        json_array_foreach(words, i, o)
            add_fate(m.marked[i], o);
        list = in_order(&m);
    }
    for (i = 0; m.marked && i < m.n; i++)
        json_decref(m.marked[i]);
    for (i = 0; i < m.n_put; i++)
        json_decref(m.put[i].item);
    rh_free(m.marked);
    rh_free(m.put);
    return list;
}

char *rh_marked_verbatim(const json_t *marked)
{
    rh_buf b;
    json_t *o;
    size_t i;
    rh_buf_init(&b, MAX_TEXT);
    rh_status st = rh_buf_puts(&b, "");
    json_array_foreach(marked, i, o) {
        const char *text = rh_json_str(o, "text"), *what = rh_json_str(o, "mark");
        if (!*text || strcmp(what, "missed") == 0)
            continue;
        bool sound = strcmp(what, "filler") == 0 && json_is_true(json_object_get(o, "heard"));
        if (st == RH_OK)
            st = rh_buf_printf(&b, "%s%s%s", b.len ? " " : "", text, sound ? "," : "");
    }
    char *text = st == RH_OK ? rh_buf_take(&b) : NULL;
    rh_buf_done(&b);
    return text;
}
