/* analyze.c - a whole recording: heard, measured, told as JSON. */
#include <stdio.h>
#include "audio_result.h"
#include "coach_internal.h"
#include "delivery.h"
#include "rehearse/base/alloc.h"
#include "rehearse/coach/hearing.h"
#include "rehearse/asr/transcript_format.h"

static rh_status hear(rh_coach *c, rh_hearing **out, const float *samples, size_t n,
                      const rh_analyze_options *o, rh_error *err)
{
    rh_hearing_options ho = {.language = o->language        ? o->language
                                         : c->language[0] ? c->language
                                                          : NULL,
                             .reference = o->reference,
                             .cancel = o->cancel,
                             .progress = o->progress,
                             .progress_user = o->progress_user};
    rh_asr_stream *stream = NULL;
    rh_status st = rh_asr_stream_new(&stream, c->asr, err);
    if (st == RH_OK)
        st = rh_hearing_new(out, stream, c->asr, c->vad, samples, n, &ho, err);
    rh_asr_stream_free(stream);
    return st;
}

/* Words of another language than was given are guesses: who reads them should know. */
static rh_status add_language(json_t *result, const rh_hearing *h, const char *given, rh_error *err)
{
    const rh_heard_language *other = rh_hearing_other_language(h);
    if (!other)
        return RH_OK;
    char notice[160];
    (void)snprintf(notice, sizeof notice,
                   "The speech sounds like another language (%s) than the one it was recognised as (%s): give its "
                   "language, or auto.", other->code, given);
    if (json_object_set_new(result, "language_detected", json_string(other->code)) != 0 ||
        json_object_set_new(result, "notice", json_string(notice)) != 0)
        return rh_fail(err, RH_ERR_NOMEM, "speech: out of memory");
    return RH_OK;
}

static rh_status tell(const rh_hearing *h, const float *samples, size_t n,
                      const rh_speech_report *r, json_t **out, rh_error *err)
{
    static const rh_disfluency none = {0};
    const rh_speech_input *in = rh_hearing_input(h);
    json_t *result = NULL;
    char *text = rh_transcript_plain(rh_hearing_transcript(h));
    if (!text)
        return rh_fail(err, RH_ERR_NOMEM, "speech: out of memory");
    rh_status st = rh_audio_result(&result, r->spoken ? text : "", in->language, in->duration_s, r, err);
    rh_free(text);
    if (st == RH_OK && r->spoken)
        st = add_language(result, h, in->language, err);
    if (st == RH_OK)
        st = rh_delivery_add(result, in, samples, n, err);
    if (st == RH_OK)
        st = rh_disfluency_add(result, r->spoken ? rh_hearing_disfluency(h) : &none, err);
    if (st == RH_OK)
        st = rh_delivery_place(result, in, err);
    if (st == RH_OK)
        *out = result;
    else
        json_decref(result);
    return st;
}

rh_status rh_coach_analyze_audio(rh_coach *c, const float *samples, size_t n,
                                 const rh_analyze_options *o, json_t **out, rh_error *err)
{
    static const rh_analyze_options none = {0};
    if (!c->asr)
        return rh_fail(err, RH_ERR_UNSUPPORTED, "no speech model is loaded");
    rh_hearing *h = NULL;
    rh_status st = hear(c, &h, samples, n, o ? o : &none, err);
    if (st != RH_OK)
        return st;
    rh_speech_report report;
    rh_speech_report_init(&report);
    json_t *result = NULL;
    st = rh_speech_measure(rh_hearing_input(h), &report, err);
    if (st == RH_OK)
        st = tell(h, samples, n, &report, &result, err);
    if (st == RH_OK && o && o->transcript) {
        rh_transcript_done(o->transcript);
        st = rh_transcript_append(o->transcript, rh_hearing_transcript(h), 0);
    }
    if (st == RH_OK)
        *out = result;
    else
        json_decref(result);
    rh_speech_report_done(&report);
    rh_hearing_free(h);
    return st;
}
