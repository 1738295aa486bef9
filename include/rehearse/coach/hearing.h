/* hearing.h - from the sound of a recording to everything its measures need.
 *
 *   samples -> voice activity -> pieces of at most 30 s, each: recognised,
 *     its encoder output pooled, decoded again verbatim, its part of the
 *     reference decoded by force
 *   samples -> pitch track
 *   all of it -> rh_speech_input (speech.h), for rh_speech_measure(),
 *     rh_timing_measure(), rh_prosody_measure(), ...
 * Threads: as rh_asr_transcribe(). */
#ifndef RH_HEARING_H
#define RH_HEARING_H

#include "rehearse/asr/asr.h"
#include "rehearse/speech/fillers.h"
#include "rehearse/media/pitch.h"
#include "rehearse/speech/speech.h"
#include "rehearse/asr/vad.h"

enum { RH_HEARING_MODEL = 32 }; /* bytes of a model's name */

typedef struct rh_hearing rh_hearing;

typedef struct {
    const char *language;       /* NULL = detect */
    const char *reference;      /* what should be said; NULL = free speech */
    const atomic_bool *cancel;  /* NULL */
    void (*progress)(void *user, double done);
    void *progress_user;
    int64_t deadline_us;        /* as in rh_asr_params */
    bool no_verbatim;           /* no second decode: fillers are found by sound and clean words alone */
} rh_hearing_options;

/* `model` is the stream's; `vad` NULL = everything is decoded; mono samples at
 * 16 kHz; `o` NULL = defaults. On failure *out is unchanged. What an engine
 * cannot do (pooled output, forced decoding) is left out of the input.
 * As rh_asr_transcribe(), and RH_ERR_LIMIT a reference of too many words. */
rh_status rh_hearing_new(rh_hearing **out, rh_asr_stream *stream, const rh_asr_model *model,
                         const rh_vad_model *vad, const float *samples, size_t n,
                         const rh_hearing_options *o, rh_error *err);
/* All valid until the hearing is freed; fillers are among the input. */
const rh_speech_input *rh_hearing_input(const rh_hearing *h);
const rh_transcript *rh_hearing_transcript(const rh_hearing *h);
const rh_disfluency *rh_hearing_disfluency(const rh_hearing *h);
const rh_transcript *rh_hearing_verbatim(const rh_hearing *h); /* the second decode as it came */
/* The language that was plainly spoken instead of the one that was given; NULL = none. */
const rh_heard_language *rh_hearing_other_language(const rh_hearing *h);
void rh_hearing_free(rh_hearing *h); /* NULL is fine */

/* For other ways to an input. A word as the measures take it, all but its text: */
rh_word rh_hearing_word(const rh_transcript *t, const rh_asr_word *w);
/* "base", "base.en", ...: rh_speech_input.model. */
void rh_hearing_model_name(const rh_asr_model *model, char out[RH_HEARING_MODEL]);

#endif
