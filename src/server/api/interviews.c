/* interviews.c - interviews are made, listed and deleted. Questions to the store run on the pool, and
 * the plan is made there too; the loop only sends the answer. */
#include "interviews.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include "rehearse/base/clock.h"
#include "rehearse/base/json.h"
#include "server/interview/bank.h"
#include "server/interview/kept.h"
#include "server/interview/plan.h"
#include "server/interview/wish.h"
#include "server/live/live_session.h"
#include "server/status_map.h"
#include "sessions.h"

enum { DEFAULT_LIST = 50, REMEMBERED = 10 };

typedef struct ask ask;

struct ask {
    rh_job job;
    rh_status (*answer)(ask *a);
    rh_server *server;
    char id[RH_SESSION_ID_MAX + 1], client[64];
    double limit, before;
    json_t *wish; /* owned: what is to be made */
    int status;
    json_t *reply;     /* owned */
    const char *param; /* at fault */
    rh_error err;
};

/* ---- on the pool ---- */

static void make_id(char *out, size_t cap, uint64_t *random)
{
    (void)getrandom(random, sizeof *random, 0);
    (void)snprintf(out, cap, "iv-%016llx", (unsigned long long)*random);
}

static rh_status make(ask *a)
{
    json_t *bank = NULL, *recent = NULL, *plan = NULL, *data = NULL;
    const char *client = rh_json_str(a->wish, "client"), *role = rh_json_str(a->wish, "role");
    char name[RH_ROLE_NAME_BYTES] = "";
    uint64_t random = 0;
    make_id(a->id, sizeof a->id, &random);
    if (!json_object_get(a->wish, "seed"))
        json_object_set_new(a->wish, "seed", json_integer((json_int_t)(random >> 33)));
    rh_status st = rh_bank_read(a->server->site, role, &bank, name, &a->err);
    a->param = st == RH_ERR_INVAL ? "role" : NULL;
    if (st == RH_OK)
        st = rh_store_interviews(a->server->store, client, REMEMBERED, 0, &recent, &a->err);
    if (st == RH_OK)
        st = rh_interview_plan(&(rh_plan_wish){.role = role,
                                               .n_questions = (int)rh_json_num(a->wish, "questions"),
                                               .job_ad = rh_json_str(a->wish, "job_ad"),
                                               .cv = rh_json_str(a->wish, "cv"),
                                               .bank = bank,
                                               .recent = recent,
                                               .seed = (uint64_t)rh_json_num(a->wish, "seed")},
                               &plan, &a->err);
    double now = rh_round(rh_unix_time(), 1e6);
    if (st == RH_OK) {
        data = json_copy(a->wish);
        json_object_set_new(data, "role_name", json_string(name));
        json_object_set(data, "plan", plan);
        st = rh_store_interview_new(a->server->store, a->id, now, data, &a->err);
    }
    if (st == RH_OK) {
        a->reply = json_pack("{s:s, s:f}", "id", a->id, "created", now);
        json_object_update_missing(a->reply, data);
        a->status = 201;
    }
    json_decref(bank);
    json_decref(recent);
    json_decref(plan);
    json_decref(data);
    return st;
}

static rh_status list(ask *a)
{
    json_t *rows = NULL, *row;
    size_t i;
    bool limit_fits = a->limit >= 1 && a->limit <= RH_STORE_LIST_MAX && a->limit == floor(a->limit);
    a->param = !limit_fits ? "limit" : !isfinite(a->before) ? "before" : NULL;
    if (!limit_fits)
        return rh_fail(&a->err, RH_ERR_INVAL, "limit must be a whole number from 1 to %d", RH_STORE_LIST_MAX);
    if (a->param)
        return rh_fail(&a->err, RH_ERR_INVAL, "before must be a Unix time in seconds");
    rh_status st = rh_store_interviews(a->server->store, a->client[0] ? a->client : NULL, (int)a->limit, a->before,
                                       &rows, &a->err);
    json_array_foreach(rows, i, row) {
        json_t *mean = json_object_get(row, "overall");
        if (json_is_number(mean))
            json_object_set_new(row, "overall", json_real(rh_tenth(json_number_value(mean))));
    }
    if (st == RH_OK)
        a->reply = json_pack("{s:o}", "interviews", rows);
    return st;
}

static rh_status get(ask *a)
{
    rh_status st = rh_store_interview(a->server->store, a->id, &a->reply, &a->err);
    if (st == RH_OK)
        rh_interview_share_out(a->reply);
    return st;
}

static rh_status delete_all(ask *a)
{
    json_t *interview = NULL, *session;
    size_t i;
    rh_status st = rh_store_interview(a->server->store, a->id, &interview, &a->err);
    json_array_foreach(json_object_get(interview, "sessions"), i, session) {
        const char *id = rh_json_str(session, "id");
        if (st == RH_OK)
            st = rh_session_delete_kept(a->server, id, &a->err);
        if (st == RH_ERR_NOTFOUND) /* it has gone meanwhile by itself */
            st = RH_OK;
    }
    json_decref(interview);
    if (st == RH_OK)
        st = rh_store_interview_delete(a->server->store, a->id, &a->err);
    a->status = 204;
    return st;
}

/* ---- on the loop ---- */

static void ask_run(rh_job *job, rh_worker *w)
{
    ask *a = (ask *)job;
    (void)w;
    a->err.code = a->answer(a);
}

static void ask_done(rh_server *s, rh_job *job)
{
    ask *a = (ask *)job;
    rh_conn *c = rh_conn_find(s, job->conn);
    /* As many digits as `before` needs to find the same place again. */
    char *text = a->reply ? json_dumps(a->reply, JSON_COMPACT | JSON_REAL_PRECISION(16)) : NULL;
    if (c && c->http) {
        rh_http_header(c->http, "cache-control", "no-store");
        if (a->err.code != RH_OK)
            rh_http_error_at(c->http, rh_status_http(a->err.code), a->param, NULL, "%s", a->err.msg);
        else
            rh_http_reply(c->http, a->status, text ? "application/json" : NULL, text ? text : "",
                          text ? strlen(text) : 0);
    }
    free(text);
    json_decref(a->reply);
    json_decref(a->wish);
    rh_free(a);
}

/* Takes `wish`. */
static void start(rh_http *h, rh_status (*answer)(ask *), json_t *wish)
{
    rh_server *s = h->server;
    ask *a = rh_calloc(1, sizeof *a);
    if (!a) {
        json_decref(wish);
        rh_http_error(h, 503, "out of memory");
        return;
    }
    *a = (ask){.job = {.run = ask_run, .done = ask_done, .conn = h->id},
               .answer = answer,
               .server = s,
               .limit = DEFAULT_LIST,
               .wish = wish,
               .status = 200};
    (void)snprintf(a->id, sizeof a->id, "%.*s", RH_SESSION_ID_MAX, h->route.param);
    if (answer == list) {
        (void)rh_query(h, "client", a->client, sizeof a->client);
        rh_query_value(h, "limit", &a->limit);
        rh_query_value(h, "before", &a->before);
    }
    if (rh_pool_submit(s->desk, &a->job) == RH_OK)
        return;
    json_decref(wish);
    rh_free(a);
    rh_http_header(h, "retry-after", "1");
    rh_http_error(h, 429, "too many requests at once: try again in a moment");
}

void rh_want_interview(rh_http *h)
{
    rh_want_body(h, false, RH_MAX_INTERVIEW_BODY_BYTES);
}

void rh_interview_new(rh_http *h)
{
    rh_error err;
    const char *param = NULL;
    json_t *wish = NULL;
    rh_status st =
        rh_interview_wish(h->body.data ? h->body.data : "", h->body.len, h->server->models->asr, &wish, &param, &err);
    if (st != RH_OK)
        rh_http_error_at(h, rh_status_http(st), param, NULL, "%s", err.msg);
    else
        start(h, make, wish);
}

void rh_interviews_list(rh_http *h)
{
    start(h, list, NULL);
}

void rh_interview_get(rh_http *h)
{
    start(h, get, NULL);
}

void rh_interview_delete(rh_http *h)
{
    rh_live_sessions_discard(h->server, h->route.param);
    start(h, delete_all, NULL);
}
