/* start_message.h - what a client sends on /v1/session, read and checked: its first message, and
 * pictures and sound. Pure; any thread. */
#ifndef RH_START_MESSAGE_H
#define RH_START_MESSAGE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "rehearse/base/status.h"

enum {
    RH_MEDIA_JPEG = 1,
    RH_MEDIA_PCM16 = 2,
    RH_MEDIA_FLOAT32 = 3,
    RH_MEDIA_HEAD = 9, /* type, then 8 bytes of time */
};

/* Texts are the message's, NULL = not given. */
typedef struct {
    const char *client, *question, *kind, *language, *reference, *resume, *interview, *job_ad, *cv;
    const json_t *key_terms;
    int question_index, follow_up; /* of the interview */
    int rate_hz;
    float face_hz, fov_deg; /* 0 = not given */
    double patience_s;      /* 0 = not given */
    bool keep_media, keep_video, turns, acks, has_last_seq;
    uint64_t last_seq;
} rh_start_message;

/* RH_ERR_INVAL: the message names the key, its fault and what would be right. */
rh_status rh_start_message_read(rh_start_message *out, const json_t *message, rh_error *err);

/* The head of a binary message: its kind, and its time in microseconds, at most RH_SESSION_MAX_S * 2 s. */
rh_status rh_media_head(const char *raw, size_t n, int *kind, int64_t *t_us, rh_error *err);
/* The samples of a message of sound, within [-1, 1]; freed with rh_free(). */
rh_status rh_media_samples(const char *raw, size_t n, float **out, size_t *n_out, rh_error *err);

#endif
