/* llm.h - what a language model of the person's own adds to a report.
 *
 * Any server with OpenAI's /v1/chat/completions. Nothing of a reply is taken on trust: a remark
 * stays only with a quote that is found, word for word, in the answer. Where no reply comes the
 * report stays as the rules made it (docs/llm.md).
 * Threads: each call but rh_llm_ask() from any; that one from one thread at a time. */
#ifndef RH_LLM_H
#define RH_LLM_H

#include <jansson.h>
#include <stdatomic.h>
#include <stdbool.h>
#include "rehearse/base/status.h"

typedef struct rh_llm rh_llm;

typedef struct {
    const char *url;   /* http://127.0.0.1:8080, with or without /v1 */
    const char *model; /* its name there */
    const char *key;   /* sent as a bearer token; NULL or "" = none */
    bool allow_remote; /* else addresses of this machine only */
    int timeout_s;     /* for all of one answer, retries too */
} rh_llm_options;

/* Before threads start. Copies the options; asks nothing yet, but looks the address up. RH_ERR_INVAL: a URL that can't
 * be used, no model, or an address elsewhere that is not allowed; RH_ERR_NOMEM. */
rh_status rh_llm_new(rh_llm **out, const rh_llm_options *o, rh_error *err);
void rh_llm_free(rh_llm *m); /* NULL is fine */

const char *rh_llm_model(const rh_llm *m);
const char *rh_llm_host(const rh_llm *m); /* "127.0.0.1:8080" */
bool rh_llm_is_remote(const rh_llm *m);

/* Has the answer of a report (question, kind, spoken_language, transcript) judged. *out, the caller's: what stayed
 * of follow_ups, relevance, rubric, rewrite, each with quote, start, end, and how many were `dropped`.
 * The rest, each with a sentence for the person: RH_ERR_INVAL too little was said; RH_ERR_BUSY it failed too often, and
 * is left alone for a while; RH_ERR_LIMIT the time was over; RH_ERR_IO no reply; RH_ERR_FORMAT one of another form;
 * RH_ERR_NOTFOUND no remark rests on the answer; RH_ERR_CANCELED; RH_ERR_NOMEM. */
rh_status rh_llm_ask(rh_llm *m, const json_t *report, const atomic_bool *cancel, json_t **out, rh_error *err);

#endif
