/* marked_words.c - the events of an analysis among its words.
 *
 * Events say after which clean word they came. One
 * that is a word of the clean transcript marks that word, any other becomes an item
 * of its own between words. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/buf.h"
#include "rehearse/report/report.h"
#include "rehearse/speech/phones.h"
#include "rehearse/base/json.h"
#include "rehearse/base/words.h"
#include "report_internal.h"

enum { MAX_TEXT = 4 << 20 };

/* An item that comes before words[before]. */
typedef struct {
    size_t before;
    double start;
    json_t *item; /* owned */
} insertion;

typedef struct {
    const rh_analysis *a;
    const rh_word_score *words;
    json_t **marked; /* the words' items, owned */
    size_t n;
    insertion *put;
    size_t n_put;
} marking;

static void set_time(json_t *o, float start, float end)
{
    json_object_set_new(o, "start", rh_rounded((double)start, 1000));
    json_object_set_new(o, "end", rh_rounded((double)end, 1000));
}

static json_t *item(float start, float end, const char *text)
{
    json_t *o = json_pack("{s:s}", "text", text);
    set_time(o, start, end);
    return o;
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
static size_t place_of(const marking *m, int after_word)
{
    int at = rh_analysis_place(m->a, after_word) + 1;
    return at < 0 ? 0 : (size_t)at < m->n ? (size_t)at : m->n;
}

static void put(marking *m, int after_word, float start, json_t *o)
{
    m->put[m->n_put++] = (insertion){place_of(m, after_word), rh_round((double)start, 1000), o};
}

/* Next word from `at` that was said; words missed from a reference were not. */
static size_t said_from(const marking *m, size_t at)
{
    while (at < m->n && !m->words[at].heard)
        at++;
    return at;
}

/* Do the words from `at` say `text`? Returns the index behind them, 0 for no. */
static size_t says(const marking *m, size_t at, const char *text)
{
    char a[RH_WORD_BYTES], b[RH_WORD_BYTES];
    for (const char *s = text; *s;) {
        size_t n = strcspn(s, " ");
        at = said_from(m, at);
        if (at >= m->n)
            return 0;
        const char *word = m->words[at].heard;
        (void)rh_word_form(s, n, "", a);
        (void)rh_word_form(word, strlen(word), "", b);
        if (strcmp(a, b) != 0)
            return 0;
        at++;
        s += n;
        s += *s == ' ';
    }
    return at;
}

static void add_filler(marking *m, const rh_filler *f)
{
    size_t at = place_of(m, f->after_word);
    for (int k = f->n_words; k > 0; k--, at++)
        if ((at = said_from(m, at)) < m->n) {
            mark(m->marked[at], "filler", "filler word");
            if (f->n_words == 1) /* its sound is known better than the word, which may reach over a pause */
                set_time(m->marked[at], f->start, f->end);
        }
    if (f->n_words > 0)
        return;
    json_t *o = item(f->start, f->end, rh_filler_said(rh_tongue_of(m->a->said.language), f));
    mark(o, "filler", "filler word, heard");
    json_object_set_new(o, "heard", json_true());
    put(m, f->after_word, f->start, o);
}

static void add_disfluency(marking *m, const rh_disfluency *s)
{
    static const struct {
        const char *mark, *note;
    } kinds[RH_DISFLUENCY_KINDS] = {[RH_DISFLUENCY_REPETITION] = {"repeat", "said twice"},
                                    [RH_DISFLUENCY_REPAIR] = {"false_start", "begun anew"},
                                    [RH_DISFLUENCY_CUT_OFF] = {"cutoff", "cut off"},
                                    [RH_DISFLUENCY_PROLONGATION] = {"drawn", "drawn out"}};
    const char *as = kinds[s->kind].mark, *note = kinds[s->kind].note;
    size_t at = place_of(m, s->after_word);
    if (s->kind == RH_DISFLUENCY_PROLONGATION) {
        at = said_from(m, at);
        if (at < m->n && !is_marked(m->marked[at]))
            mark(m->marked[at], as, note);
        return;
    }
    size_t end = *s->text ? says(m, at, s->text) : 0;
    /* What was said twice is in the clean text only if that has it twice. */
    if (end && s->kind == RH_DISFLUENCY_REPETITION && !says(m, end, s->text))
        end = 0;
    for (size_t i = at; i < end; i++)
        if (!is_marked(m->marked[i]))
            mark(m->marked[i], as, note);
    if (end || !*s->text)
        return;
    json_t *o = item(s->start, s->end, s->text);
    mark(o, as, note);
    json_object_set_new(o, "heard", json_true());
    put(m, s->after_word, s->start, o);
}

static void add_pause(marking *m, const rh_pause *p)
{
    json_t *o = item(p->start, p->end, "");
    mark(o, "pause", p->place == RH_PAUSE_WITHIN ? "pause inside a sentence" : "pause");
    json_object_set_new(o, "place", json_string(rh_pause_place_name(p->place)));
    put(m, p->after_word, p->start, o);
}

static void add_fate(json_t *o, const rh_word_score *w, bool has_reference)
{
    const char *what = has_reference ? rh_said_name(w->what) : "",
               *expected = has_reference && w->expected ? w->expected : "";
    const rh_phone_said *off = rh_word_worst_sound(w);
    double score = rh_tenth((double)w->score);
    char note[240] = "", heard_as[80] = "";
    const char *colon = off ? ": " : "";
    if (off)
        (void)snprintf(heard_as, sizeof heard_as, "%s sounded like %s", rh_phone_sound(off->phone),
                       rh_phone_sound(off->rival));
    if (is_marked(o))
        return;
    if (has_reference && w->what == RH_MISSED)
        (void)snprintf(note, sizeof note, "left out");
    else if (has_reference && w->what == RH_ADDED)
        (void)snprintf(note, sizeof note, "not in the text");
    else if (has_reference && w->what == RH_REPLACED)
        (void)snprintf(note, sizeof note, "instead of %.100s", expected);
    else if (has_reference && w->what == RH_MISPRONOUNCED)
        (void)snprintf(note, sizeof note, "%.100s, said unclearly: %.0f of 100%s%s", expected, score, colon, heard_as);
    else if (score < RH_UNCLEAR_SCORE) {
        what = "mispronounced";
        (void)snprintf(note, sizeof note, "hard to make out: %.0f of 100%s%s", score, colon, heard_as);
    } else if (off && *expected) { /* the text says what it should have been */
        what = "mispronounced";
        (void)snprintf(note, sizeof note, "%s", heard_as);
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
        const rh_word_score *w = &m->words[i];
        json_t *o = item(w->start, w->end, w->heard ? w->heard : w->expected ? w->expected : "");
        if (!o)
            return false;
        json_object_set_new(o, "score", rh_rounded((double)w->score, 10));
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

json_t *rh_marked_words(const rh_analysis *a)
{
    const rh_speech_report *r = &a->report;
    marking m = {.a = a, .words = r->word_scores, .n = r->n_word_scores};
    unsigned long failures = rh_alloc_failures();
    json_t *list = NULL;
    size_t i;
    m.marked = rh_calloc(m.n + 1, sizeof(json_t *));
    m.put = rh_calloc(a->said.n_fillers + a->said.n_disfluencies + r->timing.n_pauses + 1, sizeof *m.put);
    if (m.marked && m.put && take_words(&m)) {
        for (i = 0; i < a->said.n_fillers; i++)
            add_filler(&m, &a->said.fillers[i]);
        for (i = 0; i < a->said.n_disfluencies; i++)
            add_disfluency(&m, &a->said.disfluencies[i]);
        for (i = 0; i < r->timing.n_pauses; i++)
            add_pause(&m, &r->timing.pauses[i]);
        for (i = 0; i < m.n; i++)
            add_fate(m.marked[i], &m.words[i], r->has_reference);
        list = in_order(&m);
    }
    for (i = 0; m.marked && i < m.n; i++)
        json_decref(m.marked[i]);
    for (i = 0; i < m.n_put; i++)
        json_decref(m.put[i].item);
    rh_free(m.marked);
    rh_free(m.put);
    return rh_json_whole(list, failures);
}

char *rh_marked_verbatim(const json_t *marked, const rh_tongue *t)
{
    const char *before = "";
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
            st = rh_buf_printf(&b, "%s%s%s", b.len && rh_tongue_parts(t, before, text) ? " " : "", text,
                               sound ? "," : "");
        before = text;
    }
    char *text = st == RH_OK ? rh_buf_take(&b) : NULL;
    rh_buf_done(&b);
    return text;
}
