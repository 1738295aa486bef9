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
#include "rehearse/speech/speech.h"
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

/* A whole recording. The reply holds the keys of the protocol's audio result
 * (transcribed_text, clarity_score, ..., filler_words_detail, audio_duration) and ours.
 * `language` (NULL = the coach's) and `reference` may be NULL. The caller owns *out (json_decref). */
typedef struct {
    const char *language, *reference;
    const atomic_bool *cancel;
    void (*progress)(void *user, double done);
    void *progress_user;
    rh_transcript *transcript; /* when not NULL: filled with what was recognised */
} rh_analyze_options;
rh_status rh_coach_analyze_audio(rh_coach *c, const float *samples, size_t n,
                                 const rh_analyze_options *o, json_t **out, rh_error *err);

/* Live audio of one client, for /ws/audio and /ws/combined: results whose
 * texts put together are the transcript. */
typedef struct rh_live_audio rh_live_audio;
rh_status rh_live_audio_new(rh_live_audio **out, rh_coach *c, rh_error *err);
void rh_live_audio_free(rh_live_audio *l);
/* RH_ERR_LIMIT when more than the limit waits unrecognised; nothing is then taken. */
rh_status rh_live_audio_feed(rh_live_audio *l, const float *samples, size_t n, rh_error *err);
double rh_live_audio_buffered_s(const rh_live_audio *l);  /* not reported yet */
bool rh_live_audio_ready(rh_live_audio *l); /* something is due: call _result with RH_LIVE_SETTLED */
/* What is not reported yet. VOICED: and the sound ends in the middle of speech. */
typedef enum { RH_LIVE_NOTHING, RH_LIVE_QUIET, RH_LIVE_VOICED } rh_live_rest;
rh_live_rest rh_live_audio_rest(const rh_live_audio *l);
typedef enum {
    RH_LIVE_SETTLED, /* what is settled, every 2.3 s or so of speech, and what was said before a silence */
    RH_LIVE_WORDS,   /* all words so far: nobody goes on speaking */
    RH_LIVE_ALL,     /* the same, also when there are none: RH_OK always */
} rh_live_part;
/* RH_AGAIN when there is nothing to report. */
rh_status rh_live_audio_result(rh_live_audio *l, rh_live_part part, const atomic_bool *cancel,
                               json_t **out, rh_error *err);
void rh_live_audio_clear(rh_live_audio *l);
/* Told of every result that has words, before _result returns: `in` counts from second
 * `from_s` of the sound fed since the start or the last clear; borrowed for the call. */
typedef void (*rh_live_audio_told)(void *user, const rh_speech_input *in, const char *text, double from_s);
void rh_live_audio_listen(rh_live_audio *l, rh_live_audio_told told, void *user);
double rh_live_audio_reported_s(const rh_live_audio *l); /* up to here all is in results */

/* The protocol's video result of a reading: {"yaw","pitch",...,"timestamp"} and ours. */
json_t *rh_face_to_json(const rh_face *f, double unix_time);
/* Adds what reading the picture had to remark, if anything: "warning". */
void rh_face_json_warn(json_t *reading, const rh_error *remark);

#endif
