/* llm_internal.h - what the files of the module share: the answer, the request, the reply. */
#ifndef RH_LLM_INTERNAL_H
#define RH_LLM_INTERNAL_H

#include <jansson.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "rehearse/base/buf.h"
#include "rehearse/base/status.h"
#include "rehearse/base/words.h"

enum {
    RH_LLM_ANSWER_BYTES = 24 << 10, /* of an answer that is sent; the rest is not judged */
    RH_LLM_LEAST_WORDS = 10,        /* an answer of fewer is not sent */
    RH_LLM_REPLY_BYTES = 1 << 20,   /* of a reply; a longer one is given up */
    RH_LLM_REPLY_TOKENS = 1200,     /* asked for at most */
    RH_LLM_TEXT_CHARS = 400,        /* of one remark; longer ones are cut */
    RH_LLM_QUOTE_WORDS = 3,         /* at least; a sign of a language without blanks counts half */
    RH_LLM_QUOTE_MOST = 80,         /* words of a quote */
    RH_LLM_FOLLOW_UPS = 2,
    RH_LLM_SAME_QUOTE = 2, /* marks of the rubric that may rest on the same words */
};

/* ---- answer.c ---- */

typedef struct {
    char form[RH_WORD_BYTES]; /* as words are compared */
    size_t at, n;             /* its bytes in the text */
    double start, end;        /* s */
    bool sign;                /* of a language without blanks */
} rh_answer_word;

typedef struct {
    char *text; /* lines of a transcript, each behind a blank */
    rh_answer_word *words;
    size_t n_words;
} rh_answer; /* all zero is an empty one */

/* The clean words of a report's transcript, up to RH_LLM_ANSWER_BYTES. RH_ERR_NOMEM. */
rh_status rh_answer_of(rh_answer *a, const json_t *report, rh_error *err);
void rh_answer_done(rh_answer *a);

/* Where the words of `quote` stand one after the other: the first of them, `*n` in all. RH_ERR_NOTFOUND: nowhere, too
 * few or too many; RH_ERR_NOMEM. */
rh_status rh_answer_find(const rh_answer *a, const char *quote, size_t *first, size_t *n);
/* Is each word of `text` that holds a digit one of the answer's? */
bool rh_answer_has_numbers_of(const rh_answer *a, const char *text);

/* ---- request.c ---- */

/* How the form of the reply is asked for; not every server knows the first two. */
typedef enum { RH_LLM_BY_SCHEMA, RH_LLM_AS_JSON, RH_LLM_PLAIN, RH_LLM_FORMS } rh_llm_form;

/* The body to be sent; freed with free(), NULL without memory. */
char *rh_llm_request(const char *model, const json_t *report, const rh_answer *a, rh_llm_form form);

/* ---- http.c ---- */

typedef struct {
    char *endpoint, *host; /* where to post; host and port as they are told */
    char *key;             /* NULL = none */
    bool allow_remote, is_remote;
} rh_llm_place;

/* Takes a URL apart and looks its address up. RH_ERR_INVAL, RH_ERR_NOMEM. */
rh_status rh_llm_place_of(rh_llm_place *p, const char *url, const char *key, bool allow_remote, rh_error *err);
void rh_llm_place_done(rh_llm_place *p);
/* One request; `*http` is its status, 0 where none came. RH_OK: a reply of any status. */
rh_status rh_llm_post(const rh_llm_place *p, const char *body, int64_t until_us, const atomic_bool *cancel,
                      rh_buf *reply, long *http, rh_error *err);

/* ---- reply.c ---- */

/* What stays of a reply's body, as rh_llm_ask() gives it. RH_ERR_FORMAT, RH_ERR_NOTFOUND, RH_ERR_NOMEM. */
rh_status rh_llm_read(const char *body, size_t n, const rh_answer *a, json_t **out, rh_error *err);

#endif
