/* message.h - one JSON text message of the legacy API's WebSockets.
 *
 * Media in a message is one long base64 string without escapes. Such strings
 * are found with memchr and left where they lie; only what remains, a few
 * dozen bytes, goes through the JSON parser.
 * Threads: one at a time. */
#ifndef RH_MESSAGE_H
#define RH_MESSAGE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include "rehearse/base/status.h"

enum { RH_MESSAGE_SLACK = 64 }; /* spare bytes behind a message, for decoding in place */

typedef enum {
    RH_COMMAND_NONE,
    RH_COMMAND_ANALYZE,
    RH_COMMAND_CLEAR,
    RH_COMMAND_CALIBRATE,
} rh_command;

typedef struct {
    const char *at; /* NULL = absent; inside the message */
    size_t n;
} rh_base64_ref;

typedef struct {
    char *raw; /* owned */
    size_t n_raw;
    json_t *small; /* owned: the message without its long strings */
    rh_base64_ref frame, audio;
    rh_error frame_fault, audio_fault; /* code 0 = none: one bad half spares the other */
    int sample_rate_hz;                /* 16000 unless said */
    rh_command command;
} rh_message;

/* Takes `raw` (of rh_alloc(), n bytes), also on failure: then *m is empty. Data URIs
 * lose their head. RH_ERR_INVAL and `err` says what would be right. */
rh_status rh_message_parse_take(rh_message *m, char *raw, size_t n, rh_error *err);
void rh_message_done(rh_message *m);

/* "data:image/jpeg;base64,AAAA" or bare base64 to the base64 inside. */
rh_status rh_base64_of_uri(const char *s, size_t n, rh_base64_ref *out, rh_error *err);

#endif
