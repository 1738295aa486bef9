/* interviews.c - interviews are made, listed and deleted. Questions to the store run on the pool, and
 * the plan is made there too; the loop only sends the answer. */
#include "interviews.h"

#include <stdio.h>
#include <sys/random.h>
#include "rehearse/base/clock.h"
#include "rehearse/base/json.h"
#include "server/interview/bank.h"
#include "server/interview/kept.h"
#include "server/interview/plan.h"
#include "server/interview/wish.h"
#include "server/live/live_session.h"
#include "server/status_map.h"
#include "ask.h"
#include "sessions.h"

enum { REMEMBERED = 10, DIGITS = RH_ASK_LIST_DIGITS };

/* ---- on the pool ---- */

static void make_id(char *out, size_t cap, uint64_t *random)
{
    (void)getrandom(random, sizeof *random, 0);
    (void)snprintf(out, cap, "iv-%016llx", (unsigned long long)*random);
}

static rh_status make(rh_ask *a)
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
        st = rh_store_interviews(a->server->store, &(rh_store_whose){.person = a->asker.name, .client = client},
                                 (rh_store_page){.limit = REMEMBERED}, &recent, &a->err);
    if (st == RH_OK)
        st = rh_interview_plan(&(rh_plan_wish){.role = role,
                                               .n_questions = (int)rh_json_num(a->wish, "questions"),
                                               .job_ad = rh_json_str(a->wish, "job_ad"),
                                               .cv = rh_json_str(a->wish, "cv"),
                                               .bank = bank,
                                               .recent = recent,
                                               .seed = (uint64_t)rh_json_num(a->wish, "seed")},
                               &plan, &a->err);
    double now = rh_unix_time();
    if (st == RH_OK) {
        data = json_copy(a->wish);
        if (*a->asker.name)
            json_object_set_new(data, "person", json_string(a->asker.name));
        json_object_set_new(data, "role_name", json_string(name));
        json_object_set(data, "plan", plan);
        st = rh_store_interview_new(a->server->store, a->id, now, data, &a->err);
    }
    if (st == RH_OK) {
        json_t *made = json_pack("{s:s, s:f}", "id", a->id, "created", now);
        json_object_update_missing(made, data);
        rh_ask_json_exact(a, made, DIGITS);
        a->status = 201;
    }
    json_decref(bank);
    json_decref(recent);
    json_decref(plan);
    json_decref(data);
    return st;
}

static rh_status list(rh_ask *a)
{
    json_t *rows = NULL, *row;
    size_t i;
    rh_store_whose of = rh_ask_whose(a);
    rh_status st = rh_ask_range(a);
    if (st == RH_OK)
        st = rh_store_interviews(a->server->store, &of, rh_ask_page_of(a), &rows, &a->err);
    json_array_foreach(rows, i, row) {
        json_t *mean = json_object_get(row, "overall");
        if (json_is_number(mean))
            json_object_set_new(row, "overall", json_real(rh_tenth(json_number_value(mean))));
    }
    if (st == RH_OK)
        rh_ask_json_exact(a, json_pack("{s:o}", "interviews", rows), DIGITS);
    return st;
}

static rh_status get(rh_ask *a)
{
    json_t *interview = NULL;
    rh_status st = rh_store_interview(a->server->store, a->id, &interview, &a->err);
    if (st == RH_OK) {
        rh_interview_share_out(interview);
        rh_ask_json_exact(a, interview, DIGITS);
    }
    return st;
}

static rh_status delete_all(rh_ask *a)
{
    json_t *interview = NULL, *session;
    size_t i;
    rh_status st = rh_store_interview(a->server->store, a->id, &interview, &a->err);
    json_array_foreach(json_object_get(interview, "sessions"), i, session) {
        const char *id = rh_json_str(session, "id");
        if (st == RH_OK)
            st = rh_store_erase(a->server->store, a->server->media_dir, id, &a->err);
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
    if (st != RH_OK) {
        rh_http_error_at(h, rh_status_http(st), param, NULL, "%s", err.msg);
        return;
    }
    rh_ask *a = rh_ask_new(h, make, NULL);
    if (a)
        a->wish = wish;
    else
        json_decref(wish);
    rh_ask_go(h, a);
}

void rh_interviews_list(rh_http *h)
{
    rh_ask_start(h, list, NULL);
}

void rh_interview_get(rh_http *h)
{
    rh_ask_start(h, get, NULL);
}

void rh_interview_delete(rh_http *h)
{
    rh_live_sessions_discard(h->server, h->route.param, &h->who);
    rh_ask_start(h, delete_all, NULL);
}
