/* analyze.c - a whole recording: heard and measured. */
#include <stdio.h>
#include "rehearse/session/analyze.h"
#include "rehearse/asr/transcript_format.h"
#include "rehearse/base/alloc.h"
#include "rehearse/session/hearing.h"

static rh_status hear(const rh_model_set *m, rh_hearing *out, const float *samples, size_t n,
                      const rh_analyze_options *o, rh_error *err)
{
    rh_hearing_options ho = {.language = o->language        ? o->language
                                         : m->language[0] ? m->language
                                                          : NULL,
                             .reference = o->reference,
                             .cancel = o->cancel,
                             .progress = o->progress,
                             .progress_user = o->progress_user};
    rh_asr_stream *stream = NULL;
    rh_status st = rh_asr_stream_new(&stream, m->asr, err);
    if (st == RH_OK)
        st = rh_hear(out, stream, m->asr, m->vad, samples, n, &ho, err);
    rh_asr_stream_free(stream);
    return st;
}

/* Laughter is recognised, but a recording of nothing else has no text. */
static rh_status take_text(rh_analysis *a, const rh_hearing *h, rh_error *err)
{
    char *text = a->report.spoken ? rh_transcript_plain(&h->transcript) : rh_strdup("");
    if (!text)
        return rh_fail(err, RH_ERR_NOMEM, "speech: out of memory");
    rh_free(a->text);
    a->text = text;
    if (!a->report.spoken) {
        a->said.n_fillers = a->said.n_slips = 0;
        a->verbatim_text[0] = '\0';
    }
    (void)snprintf(a->other_language, sizeof a->other_language, "%s", a->report.spoken ? h->other.code : "");
    return RH_OK;
}

rh_status rh_analyze_recording(const rh_model_set *m, const float *samples, size_t n, const rh_analyze_options *o,
                           rh_analysis *out, rh_error *err)
{
    static const rh_analyze_options none = {0};
    o = o ? o : &none;
    if (!m->asr)
        return rh_fail(err, RH_ERR_UNSUPPORTED, "no speech model is loaded");
    rh_hearing h = {0};
    rh_analysis a = {0};
    rh_status st = hear(m, &h, samples, n, o, err);
    if (st != RH_OK)
        return st;
    st = rh_analyse(&h.words, &h.curves, 0, (double)n / RH_ASR_RATE_HZ, &a, err);
    if (st == RH_OK)
        st = take_text(&a, &h, err);
    if (st == RH_OK && o->transcript) {
        rh_transcript_done(o->transcript);
        st = rh_transcript_append(o->transcript, &h.transcript, 0);
    }
    rh_hearing_done(&h);
    if (st == RH_OK)
        *out = a;
    else
        rh_analysis_done(&a);
    return st;
}
