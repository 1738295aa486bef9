/* coach.h - joins ears and eyes: models loaded once, analysis of recordings,
 * and the live audio and video of one client.
 *
 * Audio here is mono float PCM at 16 kHz; callers resample (audio.h).
 * Threads: a coach is immutable after loading and shared; a live object from
 * one thread at a time. */
#ifndef RH_COACH_H
#define RH_COACH_H

#include <jansson.h>
#include <stdatomic.h>
#include <stdbool.h>
#include "rehearse/asr/asr.h"
#include "rehearse/vision/face_tracker.h"
#include "rehearse/speech/analysis.h"
#include "rehearse/base/status.h"
#include "rehearse/asr/vad.h"

typedef struct rh_coach rh_coach;

typedef struct {
    const char *whisper_path; /* ggml file; NULL = no speech */
    const char *models_dir;   /* face and voice activity models */
    bool vision;              /* load the face models */
    const char *language;     /* of live clients and where a call gives none; NULL = detect */
    rh_asr_model_options asr;
    rh_face_options face;
    const atomic_bool *cancel; /* looked at between the models while they load; NULL */
} rh_coach_options;

/* RH_ERR_CANCELED; what the parts' own loaders return. */
rh_status rh_coach_load(rh_coach **out, const rh_coach_options *o, rh_error *err);
void rh_coach_free(rh_coach *c);
const rh_asr_model *rh_coach_asr(const rh_coach *c);   /* NULL when not loaded */
const rh_face_model *rh_coach_faces(const rh_coach *c); /* NULL when not loaded */
rh_asr_model *rh_coach_recogniser(rh_coach *c);         /* for a transcriber; NULL when not loaded */
const rh_vad_model *rh_coach_vad(const rh_coach *c);    /* NULL when not loaded */

/* A whole recording. `language` (NULL = the coach's) and `reference` may be NULL. */
typedef struct {
    const char *language, *reference;
    const atomic_bool *cancel;
    void (*progress)(void *user, double done);
    void *progress_user;
    rh_transcript *transcript; /* when not NULL: filled with what was recognised */
} rh_analyze_options;
/* *out must be fresh ({0}) or done. */
rh_status rh_coach_analyze(rh_coach *c, const float *samples, size_t n, const rh_analyze_options *o,
                           rh_analysis *out, rh_error *err);
/* The keys of the protocol's audio result (transcribed_text, clarity_score, ...,
 * filler_words_detail, audio_duration) and ours. NULL without memory. */
json_t *rh_analysis_json(const rh_analysis *a);

/* The protocol's video result of a reading: {"yaw","pitch",...,"timestamp"} and ours. */
json_t *rh_face_to_json(const rh_face *f, double unix_time);
/* Adds what reading the picture had to remark, if anything: "warning". */
void rh_face_json_warn(json_t *reading, const rh_error *remark);

#endif
