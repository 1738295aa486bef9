/* jobs.c - see jobs.h. What is asked and done is on the store's thread (run_*), the rest on its callers'. */
#include "rehearse/store/jobs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/clock.h"
#include "rehearse/base/json.h"
#include "store_internal.h"

static const char RECORDING[] = "recording";

void rh_store_job_clear(rh_store_job *j)
{
    json_decref(j->data);
    *j = (rh_store_job){0};
}

/* A statement that only whoever has the job can do. */
static rh_status write_own(rh_store *s, rh_sql which, const char *id, rh_error *err, const store_value *v, size_t n_v)
{
    int64_t n = 0;
    rh_status st = store_write(s->db, which, "job", &n, err, v, n_v);
    if (st == RH_OK && n == 0)
        return rh_fail(err, RH_ERR_CANCELED, "job %s was deleted, or another server has it", id);
    return st;
}

/* ---- adding ---- */

rh_status store_job_add(rh_store *s, const store_job *j, int most, rh_error *err)
{
    int64_t n = 0;
    rh_status st = store_write(s->db, RH_SQL_JOB_ADD, "job", &n, err,
                               VALUES(T(j->id), T(j->kind), T(j->session), T(j->data), N(most)));
    if (st == RH_OK && n == 0)
        return rh_fail(err, RH_ERR_BUSY, "%d recordings already wait: try again in a moment", most);
    return st;
}

rh_status store_run_recording(rh_store *s, store_op *o, rh_error *err)
{
    json_t *meta = json_loads(o->text, 0, NULL);
    const char *client = json_string_value(json_object_get(meta, "client"));
    rh_status st =
        store_do(s->db, RH_SQL_RECORDING, "recording", NULL, err, VALUES(T(o->id), R(o->start), T(client), T(o->text)));
    json_decref(meta);
    if (st == RH_ERR_NOTFOUND)
        return rh_fail(err, RH_ERR_INVAL, "there is a session \"%s\" already", o->id);
    return st == RH_OK ? store_job_add(s, &(store_job){.id = o->id, .kind = RECORDING, .session = o->id, .data = "{}"},
                                       o->n, err)
                       : st;
}

rh_status store_write_json(rh_store *s, store_op o, const char *id, const json_t *value, rh_error *err)
{
    o.how = STORE_WRITE;
    o.durable = true;
    o.text = value ? json_dumps(value, JSON_COMPACT | JSON_REAL_PRECISION(9)) : NULL;
    rh_status st =
        o.text || !value ? store_ask_about(s, o, id, NULL, err) : rh_fail(err, RH_ERR_NOMEM, "store: out of memory");
    free(o.text);
    return st;
}

rh_status rh_store_recording(rh_store *s, const char *id, double unix_time, const json_t *meta, int most, rh_error *err)
{
    return store_write_json(s, (store_op){.run = store_run_recording, .start = unix_time, .n = most}, id, meta, err);
}

/* ---- claiming ---- */

static rh_status session_state(rh_store *s, const char *state, const char *id, rh_error *err)
{
    return store_do(s->db, RH_SQL_JOB_SESSION_STATE, "job", NULL, err, VALUES(T(state), R(rh_unix_time()), T(id)));
}

static rh_status begin_anew(rh_store *s, const char *id, rh_error *err)
{
    static const rh_sql kept[] = {RH_SQL_CLEAR_SEGMENTS, RH_SQL_CLEAR_EVENTS, RH_SQL_CLEAR_SECONDS};
    int64_t epoch = -1;
    rh_status st =
        store_number(s->db, RH_SQL_JOB_SESSION_TAKE, "job", &epoch, err, VALUES(R(rh_unix_time()), T(s->node), T(id)));
    if (st == RH_OK && epoch >= 0) /* what an earlier claim still writes of it is written no more */
        st = store_owners_set(s, id, epoch, err);
    for (size_t i = 0; i < sizeof kept / sizeof *kept && st == RH_OK; i++)
        st = store_clear(s, kept[i], id, err);
    return st;
}

static rh_status run_claim(rh_store *s, store_op *o, rh_error *err)
{
    json_t *rows = NULL;
    rh_status st = store_rows(store_use(s->db, RH_SQL_JOB_CLAIM, VALUES(R(RH_JOB_LEASE_S))), &rows, err);
    const json_t *row = json_array_get(rows, 0);
    if (row && strcmp(rh_json_str(row, "job_kind"), RECORDING) == 0)
        st = begin_anew(s, rh_json_str(row, "job"), err);
    o->out = rows;
    return st;
}

static rh_status claimed(rh_store *s, rh_status st, json_t *rows, rh_store_job *out, rh_error *err)
{
    json_t *row = json_array_get(rows, 0);
    *out = (rh_store_job){0};
    if (st != RH_OK)
        return st;
    if (!row) {
        json_decref(rows);
        return RH_AGAIN;
    }
    (void)snprintf(out->id, sizeof out->id, "%s", rh_json_str(row, "job"));
    (void)snprintf(out->kind, sizeof out->kind, "%s", rh_json_str(row, "job_kind"));
    out->attempts = (int)json_integer_value(json_object_get(row, "job_attempts"));
    out->epoch = json_integer_value(json_object_get(row, "job_epoch"));
    static const char *const columns[] = {"job", "job_kind", "job_session", "job_attempts", "job_epoch"};
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        json_object_del(row, columns[i]);
    out->data = json_incref(row);
    json_decref(rows);
    if (out->attempts <= RH_JOB_ATTEMPTS)
        return RH_OK;
    rh_error why;
    (void)rh_fail(&why, RH_ERR_LIMIT, "the program ended %d times while it worked on this", out->attempts - 1);
    st = rh_store_job_fail(s, out, why.msg, err);
    rh_store_release(s, out->id);
    if (st == RH_OK && err)
        *err = why;
    return st == RH_OK ? RH_ERR_LIMIT : st;
}

rh_status rh_store_job_claim(rh_store *s, rh_store_job *out, rh_error *err)
{
    store_op o = {.how = STORE_WRITE, .durable = true, .run = run_claim};
    json_t *rows = NULL;
    rh_status st = store_ask(s, &o, &rows, err);
    return claimed(s, st, rows, out, err);
}

/* ---- while it runs, and its end ---- */

static rh_status run_beat(rh_store *s, store_op *o, rh_error *err)
{
    return write_own(s, RH_SQL_JOB_BEAT, o->id, err,
                     VALUES(R(RH_JOB_LEASE_S), R(o->start), T(o->id), N((int64_t)o->seq)));
}

rh_status rh_store_job_beat(rh_store *s, const rh_store_job *j, double done, rh_error *err)
{
    store_op o = {.how = STORE_WRITE, .run = run_beat, .start = done, .seq = (uint64_t)j->epoch};
    return store_ask_about(s, o, j->id, NULL, err);
}

static rh_status run_put_back(rh_store *s, store_op *o, rh_error *err)
{
    rh_status st =
        write_own(s, RH_SQL_JOB_PUT_BACK, o->id, err, VALUES(R(o->start), N(o->n), T(o->id), N((int64_t)o->seq)));
    return st == RH_OK ? session_state(s, "queued", o->id, err) : st;
}

rh_status rh_store_job_put_back(rh_store *s, const rh_store_job *j, double wait_s, bool uncount, rh_error *err)
{
    store_op o = {.how = STORE_WRITE, .run = run_put_back, .start = wait_s, .n = uncount, .seq = (uint64_t)j->epoch};
    return store_ask_about(s, o, j->id, NULL, err);
}

/* The job goes, and what it was for stands in its session, in one transaction. */
static rh_status run_end_session(rh_store *s, store_op *o, rh_error *err)
{
    rh_status st = write_own(s, RH_SQL_JOB_DROP, o->id, err, VALUES(T(o->id), N((int64_t)o->seq)));
    return st == RH_OK ? store_run_end(s, o, err) : st;
}

rh_status rh_store_job_end_session(rh_store *s, const char *id, int64_t epoch, double duration_s, const json_t *report,
                                   rh_error *err)
{
    store_op o = {.run = run_end_session, .end = duration_s, .seq = (uint64_t)epoch};
    return store_write_json(s, o, id, report, err);
}

/* One of no session stays, with the reason. */
static rh_status run_fail(rh_store *s, store_op *o, rh_error *err)
{
    int64_t n = 0;
    rh_status st =
        store_write(s->db, RH_SQL_JOB_FAIL, "fail", &n, err, VALUES(T(o->kind), T(o->id), N((int64_t)o->seq)));
    if (st != RH_OK || n > 0)
        return st;
    st = write_own(s, RH_SQL_JOB_DROP, o->id, err, VALUES(T(o->id), N((int64_t)o->seq)));
    if (st != RH_OK)
        return st;
    return store_do(s->db, RH_SQL_JOB_SESSION_FAIL, "fail", NULL, err, VALUES(T(o->kind), R(rh_unix_time()), T(o->id)));
}

rh_status rh_store_job_fail(rh_store *s, const rh_store_job *j, const char *why, rh_error *err)
{
    store_op o = {
        .how = STORE_WRITE, .durable = true, .run = run_fail, .kind = store_lent(why), .seq = (uint64_t)j->epoch};
    return store_ask_about(s, o, j->id, NULL, err);
}

static rh_status run_result(rh_store *s, store_op *o, rh_error *err)
{
    return write_own(s, RH_SQL_JOB_RESULT, o->id, err, VALUES(T(o->text), T(o->id), N((int64_t)o->seq)));
}

rh_status rh_store_job_result(rh_store *s, const rh_store_job *j, const char *text, rh_error *err)
{
    store_op o = {
        .how = STORE_WRITE, .durable = true, .run = run_result, .text = store_lent(text), .seq = (uint64_t)j->epoch};
    return store_ask_about(s, o, j->id, NULL, err);
}

/* ---- all of them ---- */

static rh_status run_waiting(rh_store *s, store_op *o, rh_error *err)
{
    int64_t n = 0;
    rh_status st = store_number(s->db, RH_SQL_JOBS_WAITING, "jobs", &n, err, NULL, 0);
    o->out = json_integer(n);
    return st;
}

rh_status rh_store_jobs_waiting(rh_store *s, int *n, rh_error *err)
{
    store_op o = {.how = STORE_READ, .run = run_waiting};
    json_t *got = NULL;
    rh_status st = store_ask(s, &o, &got, err);
    if (st == RH_OK)
        *n = (int)json_integer_value(got);
    json_decref(got);
    return st;
}

static rh_status run_abandon(rh_store *s, store_op *o, rh_error *err)
{
    (void)o;
    return store_do(s->db, RH_SQL_JOB_ABANDON, "jobs", NULL, err, NULL, 0);
}

rh_status rh_store_jobs_abandon(rh_store *s, rh_error *err)
{
    store_op o = {.how = STORE_WRITE, .run = run_abandon};
    return store_ask(s, &o, NULL, err);
}
