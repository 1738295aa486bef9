/* live_fillers.c - see live_fillers.h. */
#include "live_fillers.h"

#include <math.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/buf.h"
#include "rehearse/coach/hearing.h"
#include "rehearse/media/pitch.h"

enum { MAX_VERBATIM_BYTES = 1 << 20 };

static const double EDGE_S = 0.1; /* a hesitation may begin a little before its words are new */
static const float SAME_S = 0.25f; /* events so near are one that was told */
static const float LATE_P = 0.3f;  /* what is told afterwards has to be surer */

void rh_live_fillers_init(rh_live_fillers *l)
{
    *l = (rh_live_fillers){0};
}

/* Forgets words that begin before `from_s`. */
static void forget(rh_live_words *w, double from_s)
{
    size_t n = 0;
    for (size_t i = 0; i < w->n; i++) {
        if ((double)w->at[i].start >= from_s)
            w->at[n++] = w->at[i];
        else
            rh_free((char *)(uintptr_t)w->at[i].text);
    }
    w->n = n;
}

void rh_live_fillers_clear(rh_live_fillers *l)
{
    forget(&l->clean, INFINITY);
    forget(&l->second, INFINITY);
    l->n_told = 0;
}

void rh_live_fillers_done(rh_live_fillers *l)
{
    rh_live_fillers_clear(l);
    rh_free(l->clean.at);
    rh_free(l->second.at);
    rh_live_fillers_init(l);
}

/* The first word that was not over before what is new. A second decode may say
 * first what the one before left out at its end. */
static int first_fresh(const rh_transcript *t, double fresh_s)
{
    int first = 0;
    while (first < t->n_words && (double)t->words[first].end < fresh_s - EDGE_S)
        first++;
    return first;
}

/* The words behind it wait for the final that they belong to. */
static int end_fresh(const rh_transcript *t, double fresh_to)
{
    int n = t->n_words;
    while (n > 0 && (double)t->words[n - 1].start >= fresh_to)
        n--;
    return n;
}

static bool has_second(const rh_heard *h)
{
    return h->verbatim && h->verbatim->n_words > 0;
}

rh_status rh_live_fillers_second(const rh_heard *h, rh_speech_table *t)
{
    const rh_transcript *words = has_second(h) ? h->verbatim : h->transcript;
    int first = has_second(h) ? first_fresh(words, h->fresh_from) : 0;
    int end = has_second(h) ? end_fresh(words, h->fresh_to) : words->n_words;
    return rh_speech_table_add(t, words, first, end > first ? end : first, h->start, h->end, NULL, 0);
}

static rh_status add_words(rh_live_words *w, const rh_transcript *t, int first, int end)
{
    for (int i = first; i < end; i++) {
        const rh_asr_word *from = &t->words[i];
        if (w->n == w->cap) {
            size_t cap = w->cap ? 2 * w->cap : 64;
            rh_word *p = rh_realloc(w->at, cap * sizeof *p);
            if (!p)
                return RH_ERR_NOMEM;
            w->at = p;
            w->cap = cap;
        }
        char *text = rh_strndup(t->text + from->text_off, from->text_len);
        if (!text)
            return RH_ERR_NOMEM;
        w->at[w->n] = rh_hearing_word(t, from);
        w->at[w->n++].text = text;
    }
    return RH_OK;
}

static void shift(rh_live_words *w, float by_s)
{
    for (size_t i = 0; i < w->n; i++) {
        w->at[i].start += by_s;
        w->at[i].end += by_s;
    }
}

static bool was_told(const rh_live_fillers *l, float start, float end)
{
    size_t n = l->n_told < RH_LIVE_FILLERS_TOLD ? l->n_told : RH_LIVE_FILLERS_TOLD;
    for (size_t i = 0; i < n; i++)
        if (start < l->told[i].end && end > l->told[i].start)
            return true;
        else if (fabsf(start - l->told[i].start) < SAME_S)
            return true;
    return false;
}

/* New ones, in the transcriber's times, their places among the final's words of
 * which `n_before` others come before. */
static void keep_new(rh_live_fillers *l, rh_disfluency *d, const rh_heard *h, size_t n_before)
{
    float from = (float)h->sound_from, late = (float)(h->fresh_from - EDGE_S);
    size_t n = 0, before = l->n_told;
    for (size_t i = 0; i < d->n_fillers; i++) {
        rh_filler f = d->fillers[i];
        bool sound = (int)f.kind < RH_FILLER_SOUNDS;
        f.start += from;
        f.end += from;
        f.after_word -= (int)n_before;
        /* A word that was no filler when it was told stays none; a sound that
         * only this final shows is told now. */
        bool is_late = f.n_words > 0 ? f.after_word < -1 : f.start < late;
        size_t told = l->n_told;
        l->n_told = before; /* not its own neighbours of this final */
        bool known = is_late && (!sound || f.p < LATE_P || was_told(l, f.start, f.end));
        l->n_told = told;
        if (known || (double)f.start >= h->fresh_to) {
            d->counts[f.kind]--;
            continue;
        }
        if (f.after_word < -1) {
            f.after_word = -1;
            f.n_words = 0;
        }
        l->told[l->n_told++ % RH_LIVE_FILLERS_TOLD] = (rh_time_span){f.start, f.end};
        d->fillers[n++] = f;
    }
    d->n_fillers = n;
    n = 0;
    for (size_t i = 0; i < d->n_slips; i++) {
        rh_slip s = d->slips[i];
        s.start += from;
        s.end += from;
        s.after_word -= (int)n_before;
        if (s.start >= late && (double)s.start < h->fresh_to)
            d->slips[n++] = s;
        else
            d->slip_counts[s.kind]--;
    }
    d->n_slips = n;
}

/* The final's words with its hesitations put in, instead of those of the whole window. */
static rh_status write_verbatim(rh_disfluency *d, const rh_transcript *t)
{
    rh_buf b;
    size_t k = 0;
    rh_buf_init(&b, MAX_VERBATIM_BYTES);
    rh_status st = rh_buf_puts(&b, "");
    for (int i = -1; i < t->n_words && st == RH_OK; i++) {
        if (i >= 0)
            st = rh_buf_printf(&b, "%s%.*s", b.len ? " " : "", (int)t->words[i].text_len,
                               t->text + t->words[i].text_off);
        for (; k < d->n_fillers && d->fillers[k].after_word <= i && st == RH_OK; k++)
            if (d->fillers[k].n_words == 0)
                st = rh_buf_printf(&b, "%s%s,", b.len ? " " : "", rh_filler_name(d->fillers[k].kind));
    }
    if (st == RH_OK) {
        rh_free(d->verbatim);
        d->verbatim = rh_buf_take(&b);
    }
    rh_buf_done(&b);
    return st;
}

static rh_status find(const rh_live_fillers *l, const rh_heard *h, rh_pitch_track *track,
                      rh_disfluency *out, rh_error *err)
{
    rh_status st = rh_pitch_track_run(track, h->sound, h->n_sound, err);
    if (st != RH_OK)
        return st;
    const rh_contour c = {.n = track->n_hops,
                          .f0_hz = track->f0_hz,
                          .voicing = track->voicing,
                          .level_db = track->level_db,
                          .change_db = track->change_db,
                          .noise_db = track->noise_db,
                          .speech_db = track->speech_db,
                          .clipped = track->clipped,
                          .peak = track->peak};
    const rh_speech_input in = {.words = l->clean.at,
                                .n_words = l->clean.n,
                                .duration_s = (double)h->n_sound / RH_ASR_RATE_HZ,
                                .contour = &c};
    return rh_disfluency_find(&in, l->second.at, l->second.n, out, err);
}

rh_status rh_live_fillers_find(rh_live_fillers *l, const rh_heard *h, rh_disfluency *out,
                               rh_error *err)
{
    if (!h->final || !h->verbatim || h->n_sound == 0)
        return RH_OK;
    rh_pitch_track track = {0};
    forget(&l->clean, h->sound_from);
    forget(&l->second, h->sound_from);
    size_t n_before = l->clean.n;
    rh_status st = add_words(&l->clean, h->transcript, 0, h->transcript->n_words);
    if (st == RH_OK)
        st = has_second(h) ? add_words(&l->second, h->verbatim, first_fresh(h->verbatim, h->fresh_from),
                                       end_fresh(h->verbatim, h->fresh_to))
                           : add_words(&l->second, h->transcript, 0, h->transcript->n_words);
    if (st != RH_OK)
        return rh_fail(err, st, "live fillers: out of memory");
    shift(&l->clean, -(float)h->sound_from);
    shift(&l->second, -(float)h->sound_from);
    st = find(l, h, &track, out, err);
    shift(&l->clean, (float)h->sound_from);
    shift(&l->second, (float)h->sound_from);
    if (st == RH_OK) {
        keep_new(l, out, h, n_before);
        st = write_verbatim(out, h->transcript);
    }
    rh_pitch_track_done(&track);
    return st;
}

static json_t *ms(double s)
{
    return json_real(round(1000 * s) / 1000);
}

void rh_live_fillers_mark(json_t *words, const rh_disfluency *d, double offset_s)
{
    size_t put = 0; /* items of their own so far */
    for (size_t i = 0; i < d->n_fillers; i++) {
        const rh_filler *f = &d->fillers[i];
        size_t at = (size_t)(f->after_word + 1) + put;
        json_t *kind = json_string(rh_filler_name(f->kind));
        for (int k = 0; k < f->n_words; k++)
            json_object_set(json_array_get(words, at + (size_t)k), "filler", kind);
        if (f->n_words == 0) {
            json_t *item =
                json_pack("{s:O, s:o, s:o, s:o, s:O, s:b}", "word", kind, "start",
                          ms(offset_s + (double)f->start), "end", ms(offset_s + (double)f->end),
                          "probability", ms((double)f->p), "filler", kind, "heard", 1);
            if (json_array_insert_new(words, at, item) == 0)
                put++;
        }
        json_decref(kind);
    }
}
