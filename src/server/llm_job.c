/* llm_job.c - see llm_job.h. What was not asked when the program ends stays as the rules made it. */
#include "llm_job.h"

#include <stdio.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/json.h"
#include "rehearse/llm/llm.h"

/* Of one report, from before it is kept until the model's part is. */
struct rh_llm_job {
    rh_job job;
    struct rh_llm_job *next; /* {llm_lock} */
    char id[RH_SESSION_ID_MAX + 1];
    atomic_bool cancel;
};

typedef struct rh_llm_job llm_job;

rh_status rh_llm_open(rh_server *s, rh_error *err)
{
    const rh_config *c = s->o.config;
    rh_llm_options o = {.url = c->llm_url,
                        .model = c->llm_model,
                        .key = c->llm_key,
                        .allow_remote = strcmp(c->llm_allow_remote, "on") == 0,
                        .timeout_s = c->llm_timeout_s};
    if (!*o.url)
        return RH_OK;
    rh_status st = rh_llm_new(&s->llm, &o, err);
    if (st == RH_OK)
        st = rh_pool_new(&s->asks, s, 1, RH_MAX_LLM_JOBS, RH_NICE_FILES, err);
    if (st == RH_OK)
        rh_log(rh_llm_is_remote(s->llm) ? RH_LOG_WARN : RH_LOG_INFO, "reports: %s at %s is asked about answers%s",
               rh_llm_model(s->llm), rh_llm_host(s->llm),
               rh_llm_is_remote(s->llm) ? ", so what people say goes to another machine" : "");
    return st;
}

/* What no other run of the program has. */
static json_int_t this_run(const rh_server *s)
{
    return (json_int_t)(s->started * 1000);
}

static llm_job *find(const rh_server *s, const char *id)
{
    llm_job *j = s->llm_jobs;
    while (j && strcmp(j->id, id) != 0)
        j = j->next;
    return j;
}

/* Out of the list: from now on what the store has is the last word. */
static void forget(rh_server *s, llm_job *j)
{
    pthread_mutex_lock(&s->done_lock);
    RH_LIST_REMOVE(llm_job, s->llm_jobs, j);
    pthread_mutex_unlock(&s->done_lock);
}

void rh_llm_close(rh_server *s)
{
    while (s->llm_jobs) {
        llm_job *j = s->llm_jobs;
        s->llm_jobs = j->next;
        rh_free(j);
    }
    rh_pool_free(s->asks);
    rh_llm_free(s->llm);
}

static json_t *unavailable(const rh_server *s, const char *reason)
{
    return json_pack("{s:s, s:s, s:s}", "state", "unavailable", "model", rh_llm_model(s->llm), "reason", reason);
}

json_t *rh_llm_expect(rh_server *s, const char *id)
{
    if (!s->llm)
        return json_pack("{s:s}", "state", "off");
    llm_job *j = rh_calloc(1, sizeof *j);
    if (!j)
        return NULL;
    (void)snprintf(j->id, sizeof j->id, "%s", id);
    pthread_mutex_lock(&s->done_lock);
    j->next = s->llm_jobs;
    s->llm_jobs = j;
    pthread_mutex_unlock(&s->done_lock);
    return json_pack("{s:s, s:s, s:I}", "state", "asked", "model", rh_llm_model(s->llm), "run", this_run(s));
}

static json_t *what_it_says(llm_job *j, rh_server *s, const json_t *report, rh_error *err)
{
    json_t *said = NULL;
    bool stopped = atomic_load(&j->cancel);
    rh_status st = stopped ? RH_ERR_CANCELED : rh_llm_ask(s->llm, report, &j->cancel, &said, err);
    if (st == RH_OK) {
        json_object_set_new(said, "state", json_string("done"));
        json_object_set_new(said, "model", json_string(rh_llm_model(s->llm)));
        return said;
    }
    if (st == RH_ERR_CANCELED)
        (void)rh_fail(err, st, "the program was stopped before it had answered");
    return unavailable(s, err->msg);
}

static void ask_run(rh_job *base, rh_worker *w)
{
    llm_job *j = (llm_job *)base;
    rh_server *s = w->server;
    json_t *session = NULL, *part;
    rh_error err = {0};
    rh_status st = rh_store_get(s->store, j->id, &session, &err); /* not there: deleted meanwhile */
    if (st == RH_OK) {
        part = what_it_says(j, s, json_object_get(session, "report"), &err);
        rh_log(RH_LOG_INFO, "report of %s: %s %s", j->id, rh_llm_model(s->llm),
               err.code ? err.msg : "has added its part");
        (void)rh_store_report_llm(s->store, j->id, part, NULL);
        json_decref(part);
    }
    json_decref(session);
    forget(s, j);
}

static void ask_done(rh_server *s, rh_job *job)
{
    (void)s;
    rh_free(job);
}

void rh_llm_reported(rh_server *s, const char *id, bool made)
{
    pthread_mutex_lock(&s->done_lock);
    llm_job *j = find(s, id);
    pthread_mutex_unlock(&s->done_lock);
    if (!j)
        return;
    j->job = (rh_job){.run = ask_run, .done = ask_done};
    if (made && rh_pool_submit(s->asks, &j->job) == RH_OK)
        return;
    json_t *part = made ? unavailable(s, "too many reports waited for it, or the program was stopped") : NULL;
    if (part)
        (void)rh_store_report_llm(s->store, id, part, NULL);
    json_decref(part);
    forget(s, j);
    rh_free(j);
}

void rh_llm_cancel(rh_server *s, const char *id)
{
    pthread_mutex_lock(&s->done_lock);
    for (llm_job *j = s->llm_jobs; j; j = j->next)
        if (!id || strcmp(j->id, id) == 0)
            atomic_store(&j->cancel, true);
    pthread_mutex_unlock(&s->done_lock);
}

void rh_llm_tell(const rh_server *s, json_t *report)
{
    json_t *part = json_object_get(report, "llm");
    if (!json_is_object(report))
        return;
    if (!part) /* kept by an earlier version */
        json_object_set_new(report, "llm", json_pack("{s:s}", "state", "off"));
    else if (strcmp(rh_json_str(part, "state"), "asked") == 0 &&
             json_integer_value(json_object_get(part, "run")) != this_run(s)) {
        json_object_set_new(part, "state", json_string("unavailable"));
        json_object_set_new(part, "reason", json_string("the program ended before it had answered"));
    }
}

json_t *rh_llm_capability(const rh_server *s)
{
    if (!s->llm)
        return json_null();
    return json_pack("{s:s, s:s, s:b}", "model", rh_llm_model(s->llm), "host", rh_llm_host(s->llm), "remote",
                     (int)rh_llm_is_remote(s->llm));
}
