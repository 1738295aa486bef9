/* recording.h - recognition of a whole recording of any length.
 *
 * Voice activity first: where nobody speaks nothing is decoded, so silence,
 * noise and music give no words. Speech is cut at pauses into pieces of at
 * most 30 s, each recognised by itself, and their transcripts joined.
 * Threads: as rh_asr_transcribe(). */
#ifndef RH_RECORDING_H
#define RH_RECORDING_H

#include "rehearse/asr/asr.h"
#include "rehearse/asr/vad.h"

/* `vad` NULL = decode everything. `spans` (may be NULL) receives where speech
 * is, freed by the caller with rh_free(). Otherwise as rh_asr_transcribe(). */
rh_status rh_recording_transcribe(rh_asr_stream *s, const rh_vad_model *vad, const float *samples, size_t n,
                                  const rh_asr_params *p, rh_transcript *out, rh_speech_span **spans, size_t *n_spans,
                                  rh_error *err);

/* One piece has just been recognised: `part` is its transcript with times from
 * the piece's own start, `from_s` to `to_s` where it lies in the recording; the
 * stream still holds its encoder output (rh_asr_force, rh_asr_pooled,
 * rh_asr_redecode). A failure ends the whole transcription. */
typedef rh_status (*rh_recording_hook)(void *user, rh_asr_stream *s, const rh_transcript *part, double from_s,
                                       double to_s, bool is_last, rh_error *err);

/* What is said in [start, end), in s, is known: somebody was told so. */
typedef struct {
    double start, end;
    const char *text;
} rh_told_piece;
typedef struct {
    const rh_told_piece *at; /* in order of time, each within one window of the model */
    size_t n;
    double until; /* s: nothing before it is recognised */
} rh_told;

/* rh_recording_transcribe() with a call after each piece. `told` (may be NULL): each of its stretches is a piece whose
 * words are followed by forced decoding; only what is said behind `until` is recognised. */
rh_status rh_recording_pieces(rh_asr_stream *s, const rh_vad_model *vad, const float *samples, size_t n,
                              const rh_asr_params *p, const rh_told *told, rh_recording_hook hook, void *user,
                              rh_transcript *out, rh_speech_span **spans, size_t *n_spans, rh_error *err);

#endif
