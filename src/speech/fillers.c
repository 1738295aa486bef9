/* fillers.c - rh_disfluencies_find(): alignment of the two decodes, memory, order.
 * The rules are in filler_sounds.c, filler_words.c and disfluencies.c. */
#include "fillers_internal.h"

#include <stdlib.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/buf.h"
#include "speech_internal.h"

static const float VERBATIM_MIN_SHARE = 0.5f; /* of clean words that both decodes must share */
static const float ECHO_GAP_S = 0.15f, ECHO_S = 0.08f;
static const float TOLD_NEAR_S = 0.25f; /* events so near are one */
enum { MAX_VERBATIM_BYTES = 4 << 20 };

/* In English. */
static const char *name_of(rh_filler_kind kind)
{
    static const char *const names[] = {"um",      "uh", "er",    "hmm",  "like",     "you know",  "i mean", "sort of",
                                        "kind of", "so", "right", "well", "actually", "basically", "word"};
    return (unsigned)kind < RH_FILLER_KINDS ? names[kind] : "none";
}

const char *rh_filler_said(const rh_tongue *t, const rh_filler *f)
{
    if (f->kind == RH_FILLER_WORD && f->word)
        return f->word;
    return (int)f->kind < RH_FILLER_SOUNDS && t->sounds[f->kind] ? t->sounds[f->kind] : name_of(f->kind);
}

const char *rh_disfluency_name(rh_disfluency_kind kind)
{
    static const char *const names[] = {"repetition", "restart", "cut-off", "drawn"};
    return (unsigned)kind < RH_DISFLUENCY_KINDS ? names[kind] : "none";
}

/* A weak one stays when anything else was found. */
static void drop_lonely(rh_filler_search *f)
{
    rh_disfluencies *d = f->out;
    if (d->n_fillers == 1 && d->n_disfluencies == 0 && f->weak[0])
        d->n_fillers = 0;
}

static rh_filler_key *make_keys(const rh_word *w, size_t n)
{
    rh_filler_key *keys = rh_calloc(n + 1, sizeof *keys);
    for (size_t i = 0; keys && i < n; i++)
        rh_word_key(w[i].text, keys[i]);
    return keys;
}

static const char **key_list(const rh_filler_key *keys, size_t n)
{
    const char **list = rh_alloc_array(n + 1, sizeof *list);
    for (size_t i = 0; list && i < n; i++)
        list[i] = keys[i];
    return list;
}

static bool same_word(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

/* Pairs of different words are only kept between fillers that sound alike. */
static void judge_pairs(rh_filler_search *f)
{
    size_t same = 0, real = 0;
    for (size_t i = 0; i < f->in->n_words; i++) {
        int32_t k = f->clean_pair[i];
        bool sound = rh_hesitation_in(f->tongue, f->clean_keys[i]) >= 0;
        real += !sound && f->clean_keys[i][0];
        if (k < 0)
            continue;
        bool both = sound && rh_hesitation_in(f->tongue, f->verbatim_keys[k]) >= 0;
        bool equal = same_word(f->clean_keys[i], f->verbatim_keys[k]);
        same += equal && !sound && f->clean_keys[i][0];
        if (!equal && !both && (sound || rh_hesitation_in(f->tongue, f->verbatim_keys[k]) >= 0)) {
            f->clean_pair[i] = -1;
            f->verbatim_pair[k] = -1;
        }
    }
    f->verbatim_holds = f->n_verbatim > 0 && (float)same >= VERBATIM_MIN_SHARE * (float)real;
}

static rh_status align(rh_filler_search *f, rh_error *err)
{
    size_t n = f->in->n_words, m = f->n_verbatim;
    f->clean_keys = make_keys(f->in->words, n);
    f->verbatim_keys = make_keys(f->verbatim, m);
    f->clean_pair = rh_alloc_array(n + 1, sizeof *f->clean_pair);
    f->verbatim_pair = rh_alloc_array(m + 1, sizeof *f->verbatim_pair);
    rh_status st = RH_ERR_NOMEM;
    const char **a = NULL, **b = NULL;
    if (f->clean_keys && f->verbatim_keys && f->clean_pair && f->verbatim_pair) {
        a = key_list((const rh_filler_key *)f->clean_keys, n);
        b = key_list((const rh_filler_key *)f->verbatim_keys, m);
        if (a && b)
            st = rh_align_words(a, n, b, m, f->clean_pair, f->verbatim_pair, err);
    }
    if (st == RH_ERR_NOMEM)
        rh_fail(err, st, "fillers: out of memory");
    if (st == RH_OK)
        judge_pairs(f);
    rh_free(a);
    rh_free(b);
    return st;
}

static bool is_found(const rh_disfluencies *d, const rh_filler *f)
{
    for (size_t i = 0; i < d->n_fillers; i++)
        if (d->fillers[i].start < f->end + TOLD_NEAR_S && d->fillers[i].end + TOLD_NEAR_S > f->start)
            return true;
    return false;
}

/* A sound that was told while the speech went on was heard by the level of its time: it was said, though beside all
 * that came later it may not stand out any more. */
static void keep_told(rh_filler_search *f)
{
    for (size_t i = 0; i < f->in->n_fillers; i++)
        if ((int)f->in->fillers[i].kind < RH_FILLER_SOUNDS && !is_found(f->out, &f->in->fillers[i]))
            rh_add_filler(f, f->in->fillers[i]);
}

static int by_start_filler(const void *a, const void *b)
{
    const rh_filler *x = a, *y = b;
    return (x->start > y->start) - (x->start < y->start);
}

static int by_start_disfluency(const void *a, const void *b)
{
    const rh_disfluency *x = a, *y = b;
    return (x->start > y->start) - (x->start < y->start);
}

/* One moment has one sound: of two that overlap by half the surer one stays, and
 * a short one close behind another is its echo in the decoder. */
static void drop_doubles(rh_disfluencies *d)
{
    size_t n = 0;
    for (size_t i = 0; i < d->n_fillers; i++) {
        rh_filler *now = &d->fillers[i], *last = n ? &d->fillers[n - 1] : NULL;
        bool sounds = last && (int)last->kind < RH_FILLER_SOUNDS && (int)now->kind < RH_FILLER_SOUNDS;
        bool echo = sounds && now->start < last->end + ECHO_GAP_S && now->end - now->start < ECHO_S;
        bool doubled = sounds && (echo || now->start < 0.5f * (last->start + last->end));
        if (!doubled)
            d->fillers[n++] = *now;
        else if (now->p > last->p)
            *last = *now;
    }
    d->n_fillers = n;
}

static void put_in_order(rh_disfluencies *d)
{
    qsort(d->fillers, d->n_fillers, sizeof *d->fillers, by_start_filler);
    qsort(d->disfluencies, d->n_disfluencies, sizeof *d->disfluencies, by_start_disfluency);
    drop_doubles(d);
}

static void add_text(rh_buf *b, const rh_tongue *t, const char *s, rh_status *st)
{
    if (*st == RH_OK && b->len > 0 && rh_tongue_parts(t, b->data + b->len - 1, s))
        *st = rh_buf_puts(b, " ");
    if (*st == RH_OK)
        *st = rh_buf_puts(b, s);
}

/* Words of the verbatim decode that the clean one has not, next to those it has. */
static bool worth_writing(const rh_filler_search *f, size_t i)
{
    if (rh_hesitation_in(f->tongue, f->verbatim_keys[i]) >= 0)
        return false; /* written where it was confirmed */
    bool doubled = i + 1 < f->n_verbatim && same_word(f->verbatim_keys[i], f->verbatim_keys[i + 1]);
    return f->verbatim_pair[i] < 0 && f->verbatim_keys[i][0] && (doubled || rh_trails_off(f->verbatim[i].text));
}

/* The clean text with everything found put in; NULL without memory. */
static char *write_verbatim(const rh_filler_search *f)
{
    rh_buf b;
    rh_status st = RH_OK;
    rh_buf_init(&b, MAX_VERBATIM_BYTES);
    size_t filler = 0, at = 0;
    const rh_disfluencies *d = f->out;
    for (int i = -1; i < (int)f->in->n_words; i++) {
        if (i >= 0)
            add_text(&b, f->tongue, f->in->words[i].text, &st);
        for (; filler < d->n_fillers && d->fillers[filler].after_word <= i; filler++)
            if (d->fillers[filler].n_words == 0) {
                add_text(&b, f->tongue, rh_filler_said(f->tongue, &d->fillers[filler]), &st);
                if (st == RH_OK)
                    st = rh_buf_puts(&b, ",");
            }
        for (; f->verbatim_holds && at < f->n_verbatim && rh_clean_before(f, at) <= i; at++)
            if (worth_writing(f, at))
                add_text(&b, f->tongue, f->verbatim[at].text, &st);
    }
    char *text = st == RH_OK ? rh_buf_take(&b) : NULL;
    rh_buf_done(&b);
    return text;
}

char *rh_verbatim_text(const rh_speech_input *in)
{
    rh_disfluencies d = {.fillers = (rh_filler *)(uintptr_t)in->fillers, .n_fillers = in->n_fillers}; /* only read */
    const rh_filler_search f = {.in = in, .tongue = rh_tongue_of(in->language), .out = &d};
    return write_verbatim(&f);
}

static void free_search(rh_filler_search *f)
{
    rh_free(f->clean_keys);
    rh_free(f->verbatim_keys);
    rh_free(f->clean_pair);
    rh_free(f->verbatim_pair);
    rh_free(f->told);
    rh_free(f->weak);
}

rh_status rh_disfluencies_find(const rh_speech_input *in, const rh_word *verbatim, size_t n_verbatim,
                               rh_disfluencies *out, rh_error *err)
{
    rh_disfluencies d = {0};
    rh_filler_search f = {
        .in = in, .tongue = rh_tongue_of(in->language), .verbatim = verbatim, .n_verbatim = n_verbatim, .out = &d};
    /* A word starts one filler at most, and half a dozen more where its run is counted by ear. */
    f.cap_fillers = 2 * in->n_words + 2 * n_verbatim + in->n_fillers + 64;
    f.cap_disfluencies = 2 * in->n_words + n_verbatim + 64;
    rh_status st = align(&f, err);
    if (st == RH_OK) {
        d.fillers = rh_calloc(f.cap_fillers, sizeof *d.fillers);
        d.disfluencies = rh_calloc(f.cap_disfluencies, sizeof *d.disfluencies);
        f.told = rh_calloc(in->n_words + 1, sizeof *f.told);
        f.weak = rh_calloc(f.cap_fillers, sizeof *f.weak);
        if (!d.fillers || !d.disfluencies || !f.told || !f.weak)
            st = rh_fail(err, RH_ERR_NOMEM, "fillers: out of memory");
    }
    if (st == RH_OK) {
        if (f.tongue->finds_fillers) {
            rh_find_sounds(&f);
            rh_find_filler_words(&f);
        }
        rh_find_disfluencies(&f);
        keep_told(&f);
        drop_lonely(&f);
        put_in_order(&d);
        d.verbatim = write_verbatim(&f);
        if (!d.verbatim)
            st = rh_fail(err, RH_ERR_NOMEM, "verbatim text: out of memory");
    }
    free_search(&f);
    if (st != RH_OK) {
        rh_disfluencies_done(&d);
        return st;
    }
    *out = d;
    return RH_OK;
}

void rh_disfluencies_done(rh_disfluencies *d)
{
    rh_free(d->fillers);
    rh_free(d->disfluencies);
    rh_free(d->verbatim);
    *d = (rh_disfluencies){0};
}
