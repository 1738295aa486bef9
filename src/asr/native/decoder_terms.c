/* Words that were given to be expected: where a stretch of the answer sounds like one, the decoder
 * tells how likely it is there, with what follows, beside what was written. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "decoder_internal.h"
#include "rehearse/base/alloc.h"
#include "asr/terms_internal.h"

enum {
    MAX_PLACES = 24, /* looked at in one window */
    AFTER = 4,       /* tokens behind the place that are asked too */
    MAX_TERM = DEC_LOGIT_ROWS - AFTER - 1,
};

typedef struct {
    int first, end; /* tokens, without the punctuation around */
} word_tokens;

typedef struct {
    rh_term_place at;
    int first, end; /* tokens of the answer that it would replace */
    bool is_rare;
    rh_dec_token tokens[MAX_TERM];
    int n;
    float score; /* above 0: to be written, where no better one overlaps */
} place;

typedef struct {
    rh_dec_state *s;
    const rh_dec_params *p;
    const int32_t *in;
    int n_in;
    rh_dec_result *r;
    char text[16 * RH_DEC_MAX_TOKENS];
    word_tokens words[RH_DEC_MAX_TOKENS];
    rh_term_word said[RH_DEC_MAX_TOKENS];
    int n_words;
    dec_sequence prefix; /* the initial tokens and what of the answer was run */
    place places[MAX_PLACES];
    int n_places;
} finder;

static const char *bytes_of(const finder *f, int i, size_t *n)
{
    return rh_tokenizer_bytes(f->s->m->tokenizer, f->r->tokens[i].id, n);
}

static bool is_text(const finder *f, int i)
{
    return f->r->tokens[i].id < rh_tokenizer_special(f->s->m->tokenizer)->eot;
}

static bool has_letter(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)s[i] >= 0x80 || (s[i] >= '0' && s[i] <= '9') || ((s[i] | 32) >= 'a' && (s[i] | 32) <= 'z'))
            return true;
    return false;
}

/* Adds the word of tokens [first, end). */
static void add_word(finder *f, int first, int end, size_t *used)
{
    size_t n, start = *used;
    const char *s;
    while (first < end && (s = bytes_of(f, first, &n), !has_letter(s, n)))
        first++;
    while (end > first &&
           (s = bytes_of(f, end - 1, &n), !has_letter(s, n) || (n == 2 && s[0] == '\'' && (s[1] | 32) == 's')))
        end--;
    if (first == end)
        return;
    for (int i = first; i < end; i++) {
        s = bytes_of(f, i, &n);
        if (*used + n > sizeof f->text)
            return;
        memcpy(f->text + *used, s, n);
        *used += n;
    }
    f->said[f->n_words] = (rh_term_word){f->text + start, *used - start};
    f->words[f->n_words++] = (word_tokens){first, end};
}

static void find_words(finder *f)
{
    size_t used = 0;
    for (int i = 0, first = 0; i <= f->r->n_tokens; i++) {
        size_t n = 0;
        const char *s = i < f->r->n_tokens ? bytes_of(f, i, &n) : "";
        if (i < f->r->n_tokens && is_text(f, i) && (i == first || !(n && s[0] == ' ')))
            continue;
        if (i > first)
            add_word(f, first, i, &used);
        first = i < f->r->n_tokens && is_text(f, i) ? i : i + 1;
    }
}

static bool begins_sentence(const finder *f, int token)
{
    size_t n;
    if (token == 0 || !is_text(f, token - 1))
        return true;
    const char *s = bytes_of(f, token - 1, &n);
    return n && strchr(".?!", s[n - 1]);
}

/* Tokens of the term as it would be written in its place; 0 where that is what stands there. */
static int term_tokens(const finder *f, place *c, int32_t *ids)
{
    char line[RH_TERM_BYTES + 2];
    size_t n, count = 0;
    const char *first = bytes_of(f, c->first, &n), *term = rh_terms_text(f->p->terms, c->at.term);
    int len = snprintf(line, sizeof line, "%s%s", n && first[0] == ' ' ? " " : "", term);
    char *head = line + (line[0] == ' ');
    (void)rh_tokenizer_encode(f->s->m->tokenizer, line, (size_t)len, ids, MAX_TERM, &count);
    c->is_rare = count > 1;
    if (*head >= 'a' && *head <= 'z' && begins_sentence(f, c->first))
        *head = (char)(*head - 32);
    if (rh_tokenizer_encode(f->s->m->tokenizer, line, (size_t)len, ids, MAX_TERM, &count) != RH_OK || count > MAX_TERM)
        return 0;
    bool same = (int)count == c->end - c->first;
    for (size_t i = 0; i < count && same; i++)
        same = ids[i] == f->r->tokens[c->first + (int)i].id;
    return same ? 0 : (int)count;
}

/* The answer before token `at`, run. */
static rh_status run_prefix(finder *f, int at, rh_error *err)
{
    int32_t ids[RH_DEC_MAX_TOKENS];
    int have = f->prefix.n - f->n_in, n = 0;
    if (f->prefix.n == 0) {
        dec_slots_clear(f->s);
        rh_status st = dec_extend(f->s, &f->prefix, f->in, f->n_in, f->n_in, NULL, f->p->deadline_us, err);
        if (st != RH_OK)
            return st;
        have = 0;
    }
    for (int i = have; i < at; i++)
        ids[n++] = f->r->tokens[i].id;
    return n > 0 ? dec_extend(f->s, &f->prefix, ids, n, n, NULL, f->p->deadline_us, err) : RH_OK;
}

/* What was written is no common word: a name, or one that the recogniser has no token of its own for. */
static bool is_odd(const finder *f, const rh_term_place *at)
{
    for (int i = at->first; i < at->first + at->n; i++) {
        const rh_term_word *w = &f->said[i];
        const char *s = w->text + (w->n && w->text[0] == ' ');
        bool capital = s < w->text + w->n && *s >= 'A' && *s <= 'Z' && !begins_sentence(f, f->words[i].first);
        if (capital || f->words[i].end - f->words[i].first > 1)
            return true;
    }
    return false;
}

/* How much less likely than what was written a term may be, in nats: the nearer the sound, the more. A recogniser
 * thinks too little of words that it seldom met: those it has no token of their own for. */
static float allowed(float distance, bool is_rare, bool instead_of_odd)
{
    if (!is_rare)
        return 3.0f - 5.0f * distance;
    return (instead_of_odd ? 14.0f : 11.0f) - 25.0f * distance;
}

/* Punctuation between the words of a place: they belong to two sentences or clauses. */
static bool is_parted(const finder *f, const rh_term_place *at)
{
    for (int i = at->first; i + 1 < at->first + at->n; i++)
        if (f->words[i].end != f->words[i + 1].first)
            return true;
    return false;
}

/* Runs ids[0], which is run already, and what is said instead, ids[1..n): c->score is by how much that is likelier
 * than `least`. It is given up at the first token where that is too unlikely alone. */
static rh_status ask(finder *f, place *c, const int32_t *ids, int n, float least, int *n_steps, rh_error *err)
{
    rh_dec_state *s = f->s;
    rh_status st = run_prefix(f, c->first, err);
    if (st != RH_OK)
        return st;
    dec_sequence branch = f->prefix, *kept = &f->prefix;
    branch.n = f->n_in + c->first - 1;
    if (branch.n + n > s->m->hp.n_text_ctx)
        return RH_OK;
    float sum = 0;
    for (int from = 0, count = 1; from + 1 < n && st == RH_OK && sum > least; from += count, count = n - 2) {
        st = dec_extend(s, &branch, ids + from, count, 0, NULL, f->p->deadline_us, err);
        ++*n_steps;
        for (int i = from; i < from + count && st == RH_OK; i++) {
            const float *x = s->logits + (size_t)(i - from) * (size_t)s->m->n_vocab;
            dec_dist d = dec_dist_of(s->m, x);
            rh_dec_token t = dec_token_of(&d, x, ids[i + 1]);
            if (i < c->n)
                c->tokens[i] = t;
            sum += t.logprob;
        }
    }
    dec_slots_keep(s, &kept, 1);
    c->score = sum - least;
    return st;
}

/* What the decoder thinks of the term in its place. */
static rh_status judge(finder *f, place *c, int *n_steps, rh_error *err)
{
    int32_t ids[DEC_LOGIT_ROWS + 1], term[MAX_TERM];
    int n = 0, n_term = term_tokens(f, c, term);
    float sure = 0;
    c->score = -INFINITY;
    if (!n_term)
        return RH_OK;
    ids[n++] = c->first ? f->r->tokens[c->first - 1].id : f->in[f->n_in - 1];
    for (int i = 0; i < n_term; i++)
        ids[n++] = term[i];
    int after = 0;
    while (after < AFTER && c->end + after < f->r->n_tokens && is_text(f, c->end + after))
        ids[n++] = f->r->tokens[c->end + after++].id;
    if (after < AFTER && c->end + after == f->r->n_tokens && !f->p->timestamps) /* a word left out would show in it */
        ids[n++] = rh_tokenizer_special(f->s->m->tokenizer)->eot;
    float least = -allowed(c->at.distance, c->is_rare, is_odd(f, &c->at)), was = 0;
    for (int i = c->first; i < c->end + after; i++) {
        was += f->r->tokens[i].logprob;
        sure = i + 1 == c->end ? expf(was / (float)(c->end - c->first)) : sure;
    }
    c->n = n_term;
    rh_status st = ask(f, c, ids, n, was + least, n_steps, err);
    for (int i = 0; i < n_term; i++) {
        c->tokens[i].p = fmaxf(c->tokens[i].p, sure);
        c->tokens[i].p_filler = i ? 0.0f : f->r->tokens[c->first].p_filler;
    }
    return st;
}

static bool overlap(const place *a, const place *b)
{
    return a->first < b->end && b->first < a->end;
}

/* The best places that do not overlap, the others are out. */
static void choose(finder *f)
{
    for (int i = 0; i < f->n_places; i++)
        for (int k = 0; k < f->n_places; k++) {
            place *a = &f->places[i], *b = &f->places[k];
            if (i != k && a->score > 0.0f && b->score > 0.0f && overlap(a, b))
                (a->score >= b->score ? b : a)->score = -INFINITY;
        }
}

/* Writes the terms, from the end on. */
static void replace(finder *f)
{
    rh_dec_result *r = f->r;
    for (;;) {
        place *last = NULL;
        for (int i = 0; i < f->n_places; i++)
            if (f->places[i].score > 0.0f && (!last || f->places[i].first > last->first))
                last = &f->places[i];
        if (!last)
            return;
        last->score = -INFINITY;
        if (r->n_tokens + last->n - (last->end - last->first) > RH_DEC_MAX_TOKENS)
            continue;
        memmove(r->tokens + last->first + last->n, r->tokens + last->end,
                (size_t)(r->n_tokens - last->end) * sizeof r->tokens[0]);
        memcpy(r->tokens + last->first, last->tokens, (size_t)last->n * sizeof r->tokens[0]);
        r->n_tokens += last->n - (last->end - last->first);
    }
}

rh_status dec_terms_apply(rh_dec_state *s, const rh_dec_params *p, const int32_t *in, int n_in, rh_dec_result *r,
                          int *n_steps, rh_error *err)
{
    rh_term_place found[MAX_PLACES];
    finder *f = rh_calloc(1, sizeof *f);
    if (!f)
        return rh_fail(err, RH_ERR_NOMEM, "decoder: out of memory");
    f->s = s;
    f->p = p;
    f->in = in;
    f->n_in = n_in;
    f->r = r;
    find_words(f);
    int n = rh_terms_find(p->terms, f->said, f->n_words, found, MAX_PLACES);
    rh_status st = RH_OK;
    for (int i = 0; i < n && st == RH_OK; i++) {
        if (is_parted(f, &found[i]))
            continue;
        place *c = &f->places[f->n_places++];
        c->at = found[i];
        c->first = f->words[found[i].first].first;
        c->end = f->words[found[i].first + found[i].n - 1].end;
        st = judge(f, c, n_steps, err);
    }
    if (st == RH_OK) {
        choose(f);
        replace(f);
    }
    rh_free(f);
    return st;
}
