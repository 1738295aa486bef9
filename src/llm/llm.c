/* llm.c - asking: how long, how often, and when not at all. */
#include "rehearse/llm/llm.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <time.h>
#include "llm_internal.h"
#include "rehearse/base/alloc.h"
#include "rehearse/base/clock.h"

enum {
    FAILURES = 3, /* in a row; then it is left alone */
    REST_S = 60,
    RETRIES = 1,
    RETRY_AFTER_MS = 500,
    HTTP_OK = 200,
    HTTP_BAD = 400, /* both: the request's form is not known there */
    HTTP_UNPROCESSABLE = 422,
    HTTP_BUSY = 429,
    HTTP_FAULT = 500,
};

struct rh_llm {
    rh_llm_place place;
    char *model;
    int timeout_s;
    rh_llm_form form;      /* the one that the server knew last */
    int n_failed;          /* in a row */
    int64_t rest_until_us; /* not asked before */
};

rh_status rh_llm_new(rh_llm **out, const rh_llm_options *o, rh_error *err)
{
    if (!o->model || !*o->model)
        return rh_fail(err, RH_ERR_INVAL, "llm_url is set, but no llm_model: the model's name on that server");
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return rh_fail(err, RH_ERR_NOMEM, "language model: libcurl can't be used");
    rh_llm *m = rh_calloc(1, sizeof *m);
    if (!m || !(m->model = rh_strdup(o->model))) {
        rh_free(m);
        return rh_fail(err, RH_ERR_NOMEM, "language model: out of memory");
    }
    m->timeout_s = o->timeout_s;
    rh_status st = rh_llm_place_of(&m->place, o->url, o->key, o->allow_remote, err);
    if (st == RH_OK)
        *out = m;
    else
        rh_llm_free(m);
    return st;
}

void rh_llm_free(rh_llm *m)
{
    if (!m)
        return;
    rh_llm_place_done(&m->place);
    rh_free(m->model);
    rh_free(m);
}

const char *rh_llm_model(const rh_llm *m)
{
    return m->model;
}

const char *rh_llm_host(const rh_llm *m)
{
    return m->place.host;
}

bool rh_llm_is_remote(const rh_llm *m)
{
    return m->place.is_remote;
}

typedef struct {
    const rh_answer *answer;
    const json_t *report;
    const atomic_bool *cancel;
    int64_t until_us;
    json_t **out;
    bool again; /* what failed may go a second time */
} question;

static rh_status unhappy(question *q, long http, rh_error *err)
{
    q->again = http == HTTP_BUSY || http >= HTTP_FAULT;
    if (http == 401 || http == 403)
        return rh_fail(err, RH_ERR_IO, "it answered %ld: llm_key is missing or not right", http);
    if (http == 404)
        return rh_fail(err, RH_ERR_IO, "it answered 404: llm_url or llm_model is not right");
    if (http >= 300 && http < 400)
        return rh_fail(err, RH_ERR_IO, "it answered %ld, a redirect, and those are not followed", http);
    return rh_fail(err, RH_ERR_IO, "it answered with the status %ld", http);
}

/* One request. RH_AGAIN: the server does not know this form of asking. */
static rh_status once(const rh_llm *m, question *q, rh_llm_form form, rh_error *err)
{
    long http = 0;
    rh_buf reply;
    q->again = false;
    char *body = rh_llm_request(m->model, q->report, q->answer, form);
    if (!body)
        return rh_fail(err, RH_ERR_NOMEM, "language model: out of memory");
    rh_buf_init(&reply, RH_LLM_REPLY_BYTES);
    rh_status st = rh_llm_post(&m->place, body, q->until_us, q->cancel, &reply, &http, err);
    free(body);
    if (st == RH_ERR_IO)
        q->again = true;
    else if (st == RH_OK && (http == HTTP_BAD || http == HTTP_UNPROCESSABLE) && form != RH_LLM_PLAIN)
        st = RH_AGAIN;
    else if (st == RH_OK && http != HTTP_OK)
        st = unhappy(q, http, err);
    else if (st == RH_OK) {
        st = rh_llm_read(reply.data ? reply.data : "", reply.len, q->answer, q->out, err);
        q->again = st == RH_ERR_FORMAT;
    }
    rh_buf_done(&reply);
    return st;
}

static bool wait_a_little(const question *q)
{
    if (rh_now_us() + RETRY_AFTER_MS * (int64_t)1000 >= q->until_us || (q->cancel && atomic_load(q->cancel)))
        return false;
    const struct timespec pause = {.tv_nsec = RETRY_AFTER_MS * 1000000L};
    (void)nanosleep(&pause, NULL);
    return true;
}

static rh_status in_time(rh_llm *m, question *q, rh_error *err)
{
    rh_llm_form form = m->form;
    int retries = 0;
    for (;;) {
        rh_status st = once(m, q, form, err);
        if (st == RH_AGAIN) {
            form++;
            continue;
        }
        if (st == RH_OK || st == RH_ERR_NOTFOUND)
            m->form = form;
        if (!q->again || retries++ == RETRIES || !wait_a_little(q))
            return st;
    }
}

/* A server that fails is left alone for a while, so that reports do not wait for it; then one question decides. */
static void remember(rh_llm *m, rh_status st)
{
    if (st == RH_OK || st == RH_ERR_NOTFOUND)
        m->n_failed = 0;
    else if (st != RH_ERR_CANCELED && st != RH_ERR_NOMEM && ++m->n_failed >= FAILURES)
        m->rest_until_us = rh_now_us() + REST_S * (int64_t)1000000;
}

rh_status rh_llm_ask(rh_llm *m, const json_t *report, const atomic_bool *cancel, json_t **out, rh_error *err)
{
    rh_answer a = {0};
    int64_t now = rh_now_us();
    rh_status st = rh_answer_of(&a, report, err);
    if (st == RH_OK && a.n_words < RH_LLM_LEAST_WORDS)
        st = rh_fail(err, RH_ERR_INVAL, "too little was said");
    else if (st == RH_OK && now < m->rest_until_us)
        st = rh_fail(err, RH_ERR_BUSY, "it failed %d times one after the other and is left alone for %d s", m->n_failed,
                     REST_S);
    else if (st == RH_OK) {
        question q = {.answer = &a,
                      .report = report,
                      .cancel = cancel,
                      .until_us = now + m->timeout_s * (int64_t)1000000,
                      .out = out};
        st = in_time(m, &q, err);
        remember(m, st);
    }
    rh_answer_done(&a);
    return st;
}
