/* live_fillers.c - see live_fillers.h. */
#include "live_fillers.h"

#include <math.h>
#include "rehearse/pitch.h"
#include "speech_table.h"

static const double EDGE_S = 0.1; /* a hesitation may begin a little before its words are new */

/* The first word that was not over before what is new. A second decode may say
 * first what the one before left out at its end. */
static int first_fresh(const rh_transcript *t, double fresh_s)
{
    int first = 0;
    while (first < t->n_words && (double)t->words[first].end < fresh_s - EDGE_S)
        first++;
    return first;
}

rh_status rh_live_fillers_second(const rh_heard *h, rh_speech_table *t)
{
    bool has = h->verbatim && h->verbatim->n_words > 0;
    const rh_transcript *words = has ? h->verbatim : h->transcript;
    int first = has ? first_fresh(words, h->fresh_from) : 0;
    return rh_speech_table_add(t, words, first, words->n_words, h->start, h->end, NULL, 0);
}

/* Words of `t` in the times of the sound. */
static rh_status take_words(rh_speech_table *table, const rh_transcript *t, double from_s,
                            int first)
{
    rh_status st = rh_speech_table_add(table, t, first, t->n_words, 0, 0, NULL, 0);
    for (size_t i = 0; i < table->input.n_words; i++) {
        table->words[i].start -= (float)from_s;
        table->words[i].end -= (float)from_s;
    }
    return st;
}

/* Keeps what is new, in the transcriber's times. */
static void keep_fresh(rh_disfluency *d, const rh_heard *h)
{
    double from = h->fresh_from - EDGE_S, to = h->fresh_to;
    size_t n = 0;
    for (size_t i = 0; i < d->n_fillers; i++) {
        rh_filler f = d->fillers[i];
        f.start += (float)h->sound_from;
        f.end += (float)h->sound_from;
        if ((double)f.start >= from && (double)f.start < to)
            d->fillers[n++] = f;
        else
            d->counts[f.kind]--;
    }
    d->n_fillers = n;
    n = 0;
    for (size_t i = 0; i < d->n_slips; i++) {
        rh_slip s = d->slips[i];
        s.start += (float)h->sound_from;
        s.end += (float)h->sound_from;
        if ((double)s.start >= from && (double)s.start < to)
            d->slips[n++] = s;
        else
            d->slip_counts[s.kind]--;
    }
    d->n_slips = n;
}

static rh_status find(const rh_heard *h, rh_speech_table *clean, rh_speech_table *verbatim,
                      rh_pitch_track *track, rh_disfluency *out, rh_error *err)
{
    rh_status st = take_words(clean, h->transcript, h->sound_from, 0);
    if (st == RH_OK)
        st = take_words(verbatim, h->verbatim, h->sound_from,
                        first_fresh(h->verbatim, h->fresh_from));
    if (st != RH_OK)
        return rh_fail(err, st, "live fillers: %s", rh_status_name(st));
    st = rh_pitch_track_run(track, h->sound, h->n_sound, err);
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
    double s = (double)h->n_sound / RH_ASR_RATE_HZ;
    rh_speech_input in = *rh_speech_table_finish(clean, s);
    const rh_speech_input *second = rh_speech_table_finish(verbatim, s);
    in.contour = &c;
    return rh_disfluency_find(&in, second->words, second->n_words, out, err);
}

rh_status rh_live_fillers_find(const rh_heard *h, rh_disfluency *out, rh_error *err)
{
    if (!h->final || !h->verbatim || h->n_sound == 0)
        return RH_OK;
    rh_speech_table clean, verbatim;
    rh_pitch_track track = {0};
    rh_speech_table_init(&clean);
    rh_speech_table_init(&verbatim);
    rh_status st = find(h, &clean, &verbatim, &track, out, err);
    if (st == RH_OK)
        keep_fresh(out, h);
    rh_pitch_track_done(&track);
    rh_speech_table_done(&verbatim);
    rh_speech_table_done(&clean);
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
