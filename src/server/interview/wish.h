/* wish.h - what a client asks of an interview, read and checked. Pure; any thread. */
#ifndef RH_INTERVIEW_WISH_H
#define RH_INTERVIEW_WISH_H

#include <jansson.h>
#include "rehearse/asr/asr.h"

/* The body of POST /v1/interviews: {"role", "questions", "job_ad"?, "cv"?, "language"?, "client", "seed"?}, all
 * else left out; the caller owns *out. RH_ERR_INVAL, and *param names the key; RH_ERR_LIMIT a text is too long.
 * `model` (may be NULL) has to know the language. */
rh_status rh_interview_wish(const char *body, size_t n, const rh_asr_model *model, json_t **out, const char **param,
                            rh_error *err);

#endif
