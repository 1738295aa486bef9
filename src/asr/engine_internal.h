/* engine_internal.h - what a recognition engine gives to asr.c.
 *
 * An engine is one table of functions. asr.c checks every argument before it
 * calls: options and parameters are in range, samples are finite, strings are
 * either NULL or text, and `out` is an initialised transcript that was emptied.
 * Engines fill transcripts through transcript_internal.h.
 *
 * To add an engine: define its table in one file, declare it at the end of
 * this header, and put it into engines[] in asr.c (the order there is the
 * order in which `auto` tries them). */
#ifndef RH_ENGINE_INTERNAL_H
#define RH_ENGINE_INTERNAL_H

#include "rehearse/asr/asr.h"

typedef struct {
    rh_engine id;
    const char *name; /* as written after --engine */

    /* RH_ERR_UNSUPPORTED (wrong device, or a kind of file only others read)
     * lets `auto` try the next engine; every other failure is final. */
    rh_status (*load)(void **model, const char *path, const rh_asr_model_options *opts, rh_error *err);
    void (*free)(void *model);
    rh_asr_model_info (*describe)(const void *model);

    rh_status (*stream_new)(void **stream, void *model, rh_error *err);
    void (*stream_free)(void *stream);

    rh_status (*transcribe)(void *stream, const float *samples, size_t n, const rh_asr_params *p, rh_transcript *out,
                            rh_error *err);
    /* NULL where the engine cannot; asr.c then answers RH_ERR_UNSUPPORTED. */
    rh_status (*redecode)(void *stream, const rh_asr_params *p, rh_transcript *out, rh_error *err);
    rh_status (*force)(void *stream, const char *text, const rh_asr_params *p, rh_transcript *out, rh_error *err);
    rh_status (*expected)(void *stream, const char *text, const rh_asr_params *p, rh_asr_ending *out, rh_error *err);
    rh_status (*pooled)(void *stream, float out[RH_ASR_POOLED], rh_error *err);
    rh_status (*pool)(void *stream, const float *samples, size_t n, float out[RH_ASR_POOLED], rh_error *err);
    rh_status (*phones)(void *stream, uint8_t **cost, size_t *n, rh_error *err);
    rh_status (*heard_language)(void *stream, const char *asked, rh_heard_language *out, rh_error *err);
} rh_asr_engine;

extern const rh_asr_engine rh_engine_native;
/* In a build without whisper.cpp a table without functions (whisper_cpp/absent.c). */
extern const rh_asr_engine rh_engine_whisper_cpp;
bool rh_whisper_cpp_has_gpu(void); /* this build and this machine */

#endif
