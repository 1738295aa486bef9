/* hearing.h - from the sound of a recording to everything its measures need.
 *
 *   samples -> voice activity -> pieces of at most 30 s, each: recognised,
 *     its encoder output pooled, decoded again verbatim, its part of the
 *     reference decoded by force -> a segment of the word table
 *   samples -> pitch track -> curves
 * Threads: as rh_asr_transcribe(). */
#ifndef RH_HEARING_H
#define RH_HEARING_H

#include "rehearse/asr/asr.h"
#include "rehearse/asr/recording.h"
#include "rehearse/asr/vad.h"
#include "rehearse/media/pitch.h"
#include "rehearse/session/model_set.h"
#include "rehearse/speech/analysis.h"

typedef struct {
    const char *language;  /* NULL = detect */
    const char *reference; /* what should be said; NULL = free speech */
    const char *question;  /* what was asked, and its kind; NULL = not known */
    const char *question_kind;
    const rh_told *told;        /* what was said, as it was told already; NULL = recognised */
    const rh_terms *terms;      /* names to spell right; NULL */
    const rh_face_track *faces; /* what was seen meanwhile; NULL = nothing */
    const atomic_bool *cancel;  /* NULL */
    void (*progress)(void *user, double done);
    void *progress_user;
    bool no_verbatim; /* no verbatim decode: fillers are found by sound and clean words alone */
} rh_hearing_options;

/* Owned by the caller: {0} before, rh_hearing_done() after. */
typedef struct {
    rh_transcript transcript; /* of the whole */
    rh_word_table words;
    rh_pitch_track track;
    rh_contour curves;       /* the same, borrowed */
    rh_heard_language other; /* plainly spoken instead of the language given; code "" = no */
} rh_hearing;

/* `model` is the stream's; `vad` NULL = everything is decoded; mono samples at
 * 16 kHz; `o` NULL = defaults. On failure *out is done. What an engine
 * cannot do (pooled output, forced decoding) is left out. As rh_asr_transcribe(). */
rh_status rh_hear(rh_hearing *out, rh_asr_stream *stream, const rh_asr_model *model, const rh_vad_model *vad,
                  const float *samples, size_t n, const rh_hearing_options *o, rh_error *err);
void rh_hearing_done(rh_hearing *h);

/* A whole recording, heard and measured at once; without a language it is the model set's. *out must be
 * fresh ({0}) or done. RH_ERR_UNSUPPORTED no speech model is loaded; RH_ERR_LIMIT a
 * reference of too many words; as rh_hear(). */
rh_status rh_analyze_recording(const rh_model_set *m, const float *samples, size_t n, const rh_hearing_options *o,
                               rh_analysis *out, rh_error *err);

/* Adds words first..end-1 of a transcript, times moved by `offset_s`, to the latest segment. A word's
 * probability is the geometric mean over its tokens that carry letters or digits: the
 * punctuation behind a word says nothing about how it was said. RH_ERR_NOMEM. */
rh_status rh_hearing_words(rh_word_table *t, rh_words_of list, const rh_transcript *from, int first, int end,
                           float offset_s);
/* Finds the sounds of the latest segment's words, of those of the text where one was forced: `cost` as rh_asr_phones()
 * gives it, from start_s on. RH_ERR_NOMEM. */
rh_status rh_hearing_sounds(rh_word_table *t, const uint8_t *cost, size_t n_steps, float start_s, rh_error *err);
/* "base", "base.en", ...: rh_word_table.model. */
void rh_hearing_model_name(const rh_asr_model *model, char out[RH_SPEECH_NAME]);
rh_contour rh_hearing_curves(const rh_pitch_track *t); /* borrowed */

#endif
