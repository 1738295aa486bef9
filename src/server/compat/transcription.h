/* transcription.h - what a transcription is asked for, and its reply, in the forms of OpenAI's API. */
#ifndef RH_TRANSCRIPTION_H
#define RH_TRANSCRIPTION_H

#include "server/http.h"
#include "rehearse/asr/recording.h"

enum { RH_MAX_TRANSCRIPT_REPLY = 64 << 20 };

typedef struct {
    char language[RH_ASR_LANG_LEN]; /* "" = the model decides */
    char *prompt;                   /* owned, or NULL */
    rh_terms *terms;                /* owned, or NULL */
    char *hotwords;                 /* owned: the same as they were given, or NULL */
    double temperature;
    int form; /* of reply_forms */
    bool words, segments;
} rh_transcription_options;

/* Whether this server's model goes by that name. */
bool rh_model_is_served(const rh_server *s, const char *name);
/* Its own name beside whisper-1. */
void rh_model_own_name(const rh_server *s, char *out, size_t cap);
/* Answers that it does not. */
void rh_model_missing(rh_http *h, const char *name);

/* The fields of a form; false: replied what is wrong with one. Loop thread. The caller clears it, either way. */
bool rh_transcription_read(rh_http *h, rh_transcription_options *o);
void rh_transcription_clear(rh_transcription_options *o);
/* A field that is true or false; false: replied that it is neither. */
bool rh_transcription_flag(rh_http *h, const char *name, bool *out);

/* As JSON, and back. NULL without memory; RH_ERR_NOMEM. */
json_t *rh_transcription_json(const rh_transcription_options *o);
rh_status rh_transcription_of(rh_transcription_options *o, const json_t *data, rh_error *err);

const char *rh_transcription_type(int form); /* of the reply: a media type */

/* Pool threads. Recognises the samples; `hook` (NULL: none) and errors as of rh_recording_pieces(). */
rh_status rh_transcription_run(const rh_model_set *m, const rh_transcription_options *o, const rh_audio *audio,
                               const atomic_bool *cancel, rh_recording_hook hook, void *user, rh_transcript *out,
                               rh_error *err);
/* The reply in the form asked for. */
rh_status rh_transcription_reply(const rh_transcription_options *o, const rh_transcript *t, double audio_s,
                                 rh_buf *reply);

#endif
