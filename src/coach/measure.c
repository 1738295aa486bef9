/* measure.c - a session measured from the words recognised while it ran. */
#include "measure.h"

#include "audio_result.h"
#include "coach_internal.h"
#include "delivery.h"
#include "rehearse/base/alloc.h"
#include "rehearse/coach/hearing.h"
#include "rehearse/media/pitch.h"

enum { RATE = RH_ASR_RATE_HZ };

static rh_status add_voice(rh_coach *c, rh_speech_table *t, const float *samples, size_t n, rh_error *err)
{
    rh_speech_span *spans = NULL;
    size_t n_spans = 0;
    rh_status st = rh_vad_spans(c->vad, samples, n, &spans, &n_spans, err);
    for (size_t i = 0; i < n_spans && st == RH_OK; i++)
        st = rh_speech_table_span(t, (float)spans[i].start / RATE, (float)spans[i].end / RATE);
    rh_free(spans);
    return st;
}

static rh_status name_fillers(const rh_disfluency *d, rh_speech_filler **out, rh_error *err)
{
    rh_speech_filler *list = rh_calloc(d->n_fillers + 1, sizeof *list);
    if (!list)
        return rh_fail(err, RH_ERR_NOMEM, "fillers: out of memory");
    for (size_t i = 0; i < d->n_fillers; i++)
        list[i] = (rh_speech_filler){d->fillers[i].start, d->fillers[i].end,
                                     rh_filler_name(d->fillers[i].kind)};
    *out = list;
    return RH_OK;
}

static rh_status tell(const rh_speech_input *in, const char *text, const rh_disfluency *d,
                      const float *samples, size_t n, json_t **out, rh_error *err)
{
    rh_speech_report report;
    rh_speech_report_init(&report);
    json_t *result = NULL;
    rh_status st = rh_speech_measure(in, &report, err);
    if (st == RH_OK)
        st = rh_audio_result(&result, text, in->language, in->duration_s, &report, err);
    if (st == RH_OK)
        st = rh_delivery_add(result, in, samples, n, err);
    if (st == RH_OK)
        st = rh_disfluency_add(result, d, err);
    if (st == RH_OK)
        st = rh_delivery_place(result, in, err);
    rh_speech_report_done(&report);
    if (st == RH_OK)
        *out = result;
    else
        json_decref(result);
    return st;
}

rh_status rh_measure_heard(rh_coach *c, rh_speech_table *t, rh_speech_table *second, const char *text, const char *language,
                           const float *samples, size_t n, json_t **out, rh_error *err)
{
    char model[RH_HEARING_MODEL];
    rh_pitch_track p = {0};
    rh_disfluency slips = {0};
    rh_speech_filler *fillers = NULL;
    rh_status st = add_voice(c, t, samples, n, err);
    if (st == RH_OK)
        st = rh_pitch_track_run(&p, samples, n, err);
    if (st != RH_OK)
        return st;
    (void)rh_speech_table_finish(t, (double)n / RATE);
    const rh_speech_input *verbatim = rh_speech_table_finish(second, (double)n / RATE);
    rh_speech_input in = t->input;
    const rh_contour contour = {.n = p.n_hops, .f0_hz = p.f0_hz, .voicing = p.voicing,
                                .level_db = p.level_db, .change_db = p.change_db, .noise_db = p.noise_db,
                                .speech_db = p.speech_db, .clipped = p.clipped, .peak = p.peak};
    rh_hearing_model_name(c->asr, model);
    in.contour = &contour;
    in.language = language && *language ? language : "en";
    in.model = model;
    st = rh_disfluency_find(&in, verbatim->words, verbatim->n_words, &slips, err);
    if (st == RH_ERR_LIMIT)
        st = RH_OK; /* hours of speech: counted by their words */
    else if (st == RH_OK && (st = name_fillers(&slips, &fillers, err)) == RH_OK) {
        in.fillers = fillers;
        in.n_fillers = slips.n_fillers;
        in.fillers_known = true;
    }
    if (st == RH_OK)
        st = tell(&in, text, &slips, samples, n, out, err);
    rh_free(fillers);
    rh_disfluency_done(&slips);
    rh_pitch_track_done(&p);
    return st;
}
