#include "rehearse/speech/word_table.h"

#include <stdint.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/array.h"
#include "rehearse/base/buf.h"

enum { BLOCK_BYTES = 16384, MAX_TEXT = 4 << 20, FORGET_SEGMENTS = 512 };

/* Texts stay where they are: a full block is followed by another. */
struct rh_text_block {
    struct rh_text_block *next;
    size_t n, cap;
    char at[];
};

void rh_word_table_done(rh_word_table *t)
{
    for (struct rh_text_block *b = t->texts, *next; b; b = next) {
        next = b->next;
        rh_free(b);
    }
    for (size_t i = 0; i < t->n_segments; i++) {
        const rh_speech_segment *s = &t->segments[i];
        for (size_t k = 0; k < s->n_pooled; k++)
            rh_free((float *)(uintptr_t)s->pooled[k].x); /* ours */
        rh_free((rh_pooled *)(uintptr_t)s->pooled);
    }
    for (int i = 0; i < RH_WORD_LISTS; i++)
        rh_free(t->words[i].at);
    rh_free(t->segments);
    rh_free(t->voice);
    rh_free(t->fillers);
    rh_free(t->disfluencies);
    rh_free(t->phones);
    rh_free(t->reference);
    rh_free(t->question);
    rh_free(t->question_kind);
    *t = (rh_word_table){0};
}

static const char *keep_text(rh_word_table *t, const char *text, size_t n)
{
    struct rh_text_block *b = t->texts;
    if (!b || b->cap - b->n < n + 1) {
        size_t cap = n + 1 > BLOCK_BYTES ? n + 1 : BLOCK_BYTES;
        b = rh_alloc(sizeof *b + cap);
        if (!b)
            return NULL;
        *b = (struct rh_text_block){.next = t->texts, .cap = cap};
        t->texts = b;
    }
    char *copy = b->at + b->n;
    memcpy(copy, text, n);
    copy[n] = '\0';
    b->n += n + 1;
    return copy;
}

rh_status rh_word_table_segment(rh_word_table *t, float start_s, float end_s, const char *text)
{
    rh_status st = rh_array_reserve(&t->segments, &t->cap_segments, t->n_segments + 1, sizeof *t->segments);
    text += text ? strspn(text, " ") : 0;
    const char *kept = st == RH_OK && text ? keep_text(t, text, strlen(text)) : NULL;
    if (st != RH_OK || (text && !kept))
        return RH_ERR_NOMEM;
    t->segments[t->n_segments++] = (rh_speech_segment){.start = start_s,
                                                       .end = end_s,
                                                       .text = kept,
                                                       .first_word = t->words[RH_WORDS_CLEAN].n,
                                                       .first_verbatim = t->words[RH_WORDS_VERBATIM].n,
                                                       .first_forced = t->words[RH_WORDS_FORCED].n,
                                                       .first_filler = t->n_fillers,
                                                       .first_disfluency = t->n_disfluencies,
                                                       .first_phone = t->n_phones};
    return RH_OK;
}

static rh_speech_segment *latest(rh_word_table *t)
{
    return &t->segments[t->n_segments - 1];
}

rh_status rh_word_table_word(rh_word_table *t, rh_words_of list, const rh_word *w, const char *text, size_t n_text)
{
    rh_word_list *l = &t->words[list];
    rh_status st = rh_array_reserve(&l->at, &l->cap, l->n + 1, sizeof *l->at);
    const char *kept = st == RH_OK ? keep_text(t, text, n_text) : NULL;
    if (!kept)
        return RH_ERR_NOMEM;
    l->at[l->n] = *w;
    l->at[l->n++].text = kept;
    rh_speech_segment *s = latest(t);
    s->n_words += list == RH_WORDS_CLEAN;
    s->n_verbatim += list == RH_WORDS_VERBATIM;
    s->n_forced += list == RH_WORDS_FORCED;
    return RH_OK;
}

rh_status rh_word_table_pooled(rh_word_table *t, float start_s, float end_s, const float *x, size_t n)
{
    rh_speech_segment *s = latest(t);
    rh_pooled *all = rh_alloc_array(s->n_pooled + 1, sizeof *all);
    float *copy = rh_alloc_array(n, sizeof *copy);
    if (!all || !copy) {
        rh_free(all);
        rh_free(copy);
        return RH_ERR_NOMEM;
    }
    memcpy(copy, x, n * sizeof *copy);
    for (size_t i = 0; i < s->n_pooled; i++)
        all[i] = s->pooled[i];
    all[s->n_pooled++] = (rh_pooled){.start = start_s, .end = end_s, .x = copy, .n = n};
    rh_free((rh_pooled *)(uintptr_t)s->pooled); /* ours */
    s->pooled = all;
    return RH_OK;
}

rh_status rh_word_table_phones(rh_word_table *t, bool forced, const rh_phone_said *said, size_t n)
{
    rh_status st = rh_array_reserve(&t->phones, &t->cap_phones, t->n_phones + n, sizeof *t->phones);
    if (st != RH_OK || n == 0)
        return st;
    memcpy(t->phones + t->n_phones, said, n * sizeof *said);
    t->n_phones += n;
    latest(t)->n_phones = n;
    latest(t)->phones_forced = forced;
    return RH_OK;
}

rh_status rh_word_table_voice(rh_word_table *t, float start_s, float end_s)
{
    rh_status st = rh_array_reserve(&t->voice, &t->cap_voice, t->n_voice + 1, sizeof *t->voice);
    if (st == RH_OK)
        t->voice[t->n_voice++] = (rh_time_span){start_s, end_s};
    return st;
}

rh_status rh_word_table_filler(rh_word_table *t, const rh_filler *f)
{
    rh_status st = rh_array_reserve(&t->fillers, &t->cap_fillers, t->n_fillers + 1, sizeof *t->fillers);
    if (st == RH_OK) {
        t->fillers[t->n_fillers++] = *f;
        latest(t)->n_fillers++;
    }
    return st;
}

rh_status rh_word_table_disfluency(rh_word_table *t, const rh_disfluency *s)
{
    rh_status st =
        rh_array_reserve(&t->disfluencies, &t->cap_disfluencies, t->n_disfluencies + 1, sizeof *t->disfluencies);
    if (st == RH_OK) {
        t->disfluencies[t->n_disfluencies++] = *s;
        latest(t)->n_disfluencies++;
    }
    return st;
}

static rh_status copy_words(rh_word_table *t, const rh_word_table *from, rh_words_of list, size_t first, size_t n,
                            rh_time_map at, void *user)
{
    rh_status st = RH_OK;
    for (size_t i = first; i < first + n && st == RH_OK; i++) {
        rh_word w = from->words[list].at[i];
        w.start = at(user, w.start);
        w.end = at(user, w.end);
        st = rh_word_table_word(t, list, &w, w.text, strlen(w.text));
    }
    return st;
}

/* An event of the last segment may come before its words: its place is then before them. */
static int moved_index(int after_word, int by, int least)
{
    return after_word + by < least ? least : after_word + by;
}

static rh_status copy_phones(rh_word_table *t, const rh_word_table *from, const rh_speech_segment *s, rh_time_map at,
                             void *user)
{
    rh_status st =
        s->n_phones ? rh_word_table_phones(t, s->phones_forced, from->phones + s->first_phone, s->n_phones) : RH_OK;
    for (size_t i = t->n_phones - (st == RH_OK ? s->n_phones : 0); i < t->n_phones; i++) {
        t->phones[i].start = at(user, t->phones[i].start);
        t->phones[i].end = at(user, t->phones[i].end);
    }
    return st;
}

static rh_status copy_segment(rh_word_table *t, const rh_word_table *from, const rh_speech_segment *s, int by,
                              int least, rh_time_map at, void *user)
{
    rh_status st = rh_word_table_segment(t, at(user, s->start), at(user, s->end), s->text);
    if (st == RH_OK)
        st = copy_words(t, from, RH_WORDS_CLEAN, s->first_word, s->n_words, at, user);
    if (st == RH_OK)
        st = copy_words(t, from, RH_WORDS_VERBATIM, s->first_verbatim, s->n_verbatim, at, user);
    if (st == RH_OK)
        st = copy_words(t, from, RH_WORDS_FORCED, s->first_forced, s->n_forced, at, user);
    if (st == RH_OK)
        st = copy_phones(t, from, s, at, user);
    for (size_t i = 0; i < s->n_pooled && st == RH_OK; i++) {
        const rh_pooled *g = &s->pooled[i];
        st = rh_word_table_pooled(t, at(user, g->start), at(user, g->end), g->x, g->n);
    }
    for (size_t i = s->first_filler; i < s->first_filler + s->n_fillers && st == RH_OK; i++) {
        rh_filler f = from->fillers[i];
        f.start = at(user, f.start);
        f.end = at(user, f.end);
        f.after_word = moved_index(f.after_word, by, least);
        st = rh_word_table_filler(t, &f);
    }
    for (size_t i = s->first_disfluency; i < s->first_disfluency + s->n_disfluencies && st == RH_OK; i++) {
        rh_disfluency p = from->disfluencies[i];
        p.start = at(user, p.start);
        p.end = at(user, p.end);
        p.after_word = moved_index(p.after_word, by, least);
        st = rh_word_table_disfluency(t, &p);
    }
    return st;
}

rh_status rh_word_table_copy(rh_word_table *t, const rh_word_table *from, size_t first, size_t end, rh_time_map at,
                             void *user)
{
    rh_status st = RH_OK;
    int had = (int)t->words[RH_WORDS_CLEAN].n;
    for (size_t i = first; i < end && st == RH_OK; i++)
        st = copy_segment(t, from, &from->segments[i], had - (int)from->segments[first].first_word, had - 1, at, user);
    return st;
}

static float same_time(void *user, float t)
{
    (void)user;
    return t;
}

void rh_word_table_forget(rh_word_table *t, double until_s)
{
    size_t first = 0;
    while (first < t->n_segments && (double)t->segments[first].end <= until_s)
        first++;
    if (first < FORGET_SEGMENTS)
        return;
    rh_word_table rest = {.fillers_are = t->fillers_are};
    memcpy(rest.language, t->language, sizeof rest.language);
    memcpy(rest.model, t->model, sizeof rest.model);
    if (rh_word_table_copy(&rest, t, first, t->n_segments, same_time, NULL) != RH_OK) {
        rh_word_table_done(&rest); /* another time */
        return;
    }
    rh_word_table_done(t);
    *t = rest;
}

/* Times of segments are floats: so are the borders, lest one be on both sides or on none. */
void rh_word_table_range(const rh_word_table *t, double from_s, double to_s, size_t *first, size_t *end)
{
    float from = (float)from_s, to = (float)to_s;
    for (*first = 0; *first < t->n_segments && from > 0 && t->segments[*first].end <= from;)
        ++*first;
    for (*end = *first; *end < t->n_segments && t->segments[*end].end <= to;)
        ++*end;
}

char *rh_word_table_text(const rh_word_table *t, size_t first, size_t end)
{
    rh_buf b;
    rh_buf_init(&b, MAX_TEXT);
    rh_status st = rh_buf_puts(&b, "");
    for (size_t i = first; i < end && st == RH_OK; i++) {
        const char *text = t->segments[i].text ? t->segments[i].text : "";
        st = rh_buf_printf(&b, "%s%s", b.len && *text ? " " : "", text);
    }
    while (b.len && b.data[b.len - 1] == ' ')
        b.data[--b.len] = '\0';
    char *text = st == RH_OK ? rh_buf_take(&b) : NULL;
    rh_buf_done(&b);
    return text;
}

rh_speech_input rh_word_table_input(const rh_word_table *t, const rh_contour *c, double duration_s)
{
    const rh_word_list *words = t->words;
    rh_speech_input in = {.words = words[RH_WORDS_CLEAN].at,
                          .n_words = words[RH_WORDS_CLEAN].n,
                          .segments = t->segments,
                          .n_segments = t->n_segments,
                          .speech = t->voice,
                          .n_speech = t->n_voice,
                          .fillers = t->fillers,
                          .n_fillers = t->n_fillers,
                          .phones = t->phones,
                          .n_phones = t->n_phones,
                          .fillers_known = t->fillers_are == RH_FILLERS_KNOWN,
                          .disfluencies = t->disfluencies,
                          .n_disfluencies = t->n_disfluencies,
                          .duration_s = duration_s,
                          .language = *t->language ? t->language : NULL,
                          .reference = t->reference,
                          .forced = words[RH_WORDS_FORCED].at,
                          .n_forced = words[RH_WORDS_FORCED].n,
                          .contour = c,
                          .model = *t->model ? t->model : NULL};
    for (size_t i = 0; i < t->n_voice; i++)
        in.speech_s += (double)(t->voice[i].end - t->voice[i].start);
    in.onset_s = t->n_voice ? (double)t->voice[0].start : 0.0;
    return in;
}

rh_status rh_word_table_question(rh_word_table *t, const char *question, const char *kind)
{
    char *q = question ? rh_strdup(question) : NULL, *k = kind ? rh_strdup(kind) : NULL;
    if ((question && !q) || (kind && !k)) {
        rh_free(q);
        rh_free(k);
        return RH_ERR_NOMEM;
    }
    rh_free(t->question);
    rh_free(t->question_kind);
    t->question = q;
    t->question_kind = k;
    return RH_OK;
}
