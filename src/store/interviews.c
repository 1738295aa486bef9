/* interviews.c - interviews in the store: a row each, their sessions name them in their meta. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "store_internal.h"

/* ---- on the store's thread ---- */

/* A statement that deletes, with one value; *n rows. */
static rh_status delete_rows(rh_store *s, rh_sql which, store_value by, int *n, rh_error *err)
{
    rh_status st = store_do(s->db, which, "delete", n, err, &by, 1);
    s->checkpoint_due |= st == RH_OK && *n > 0; /* what was deleted must not linger in the log */
    return st;
}

static rh_status run_new(rh_store *s, store_op *o, rh_error *err)
{
    int64_t n = 0;
    rh_status st = store_write(s->db, RH_SQL_INTERVIEW_NEW, "interview", &n, err,
                               VALUES(T(o->id), R(o->start), T(o->kind), T(o->text), N(RH_STORE_INTERVIEWS)));
    if (st == RH_OK && n == 0)
        return rh_fail(err, RH_ERR_BUSY, "%d interviews are kept: delete some first", RH_STORE_INTERVIEWS);
    return st;
}

static rh_status run_list(rh_store *s, store_op *o, rh_error *err)
{
    return store_rows(
        store_use(s->db, RH_SQL_INTERVIEWS, VALUES(T(o->kind), R(o->start), N(o->n), T(o->person), T(o->id))), &o->out,
        err);
}

static rh_status not_found(const char *id, rh_error *err)
{
    return rh_fail(err, RH_ERR_NOTFOUND, "no interview \"%s\"", id);
}

static rh_status run_get(rh_store *s, store_op *o, rh_error *err)
{
    json_t *rows = NULL, *sessions = NULL;
    rh_status st = store_rows(store_use(s->db, RH_SQL_INTERVIEW, VALUES(T(o->id))), &rows, err);
    if (st == RH_OK && json_array_size(rows) == 0)
        st = not_found(o->id, err);
    if (st == RH_OK)
        st = store_sessions(store_use(s->db, RH_SQL_INTERVIEW_SESSIONS, VALUES(T(o->id))), &sessions, err);
    if (st == RH_OK) {
        json_decref(o->out); /* of an attempt before */
        o->out = json_incref(json_array_get(rows, 0));
        json_object_set(o->out, "sessions", sessions);
    }
    json_decref(rows);
    json_decref(sessions);
    return st;
}

static rh_status run_delete(rh_store *s, store_op *o, rh_error *err)
{
    int n;
    rh_status st = delete_rows(s, RH_SQL_INTERVIEW_DELETE, (store_value)T(o->id), &n, err);
    return st == RH_OK && n == 0 ? not_found(o->id, err) : st;
}

static rh_status run_expire(rh_store *s, store_op *o, rh_error *err)
{
    int n;
    return delete_rows(s, RH_SQL_INTERVIEWS_OLDER, (store_value)R(o->start), &n, err);
}

/* ---- any thread ---- */

rh_status rh_store_interview_new(rh_store *s, const char *id, double unix_time, const json_t *data, rh_error *err)
{
    const char *client = json_string_value(json_object_get(data, "client"));
    char *text = json_dumps(data, JSON_COMPACT), *name = client ? rh_strdup(client) : NULL;
    store_op o = {.how = STORE_WRITE, .run = run_new, .text = text, .kind = name, .start = unix_time};
    rh_status st = text && (name || !client) ? store_ask_about(s, o, id, NULL, err)
                                             : rh_fail(err, RH_ERR_NOMEM, "store: out of memory");
    free(text);
    rh_free(name);
    return st;
}

rh_status rh_store_interviews(rh_store *s, const rh_store_whose *of, rh_store_page page, json_t **out, rh_error *err)
{
    char *name = of->client ? rh_strdup(of->client) : NULL;
    if (of->client && !name)
        return rh_fail(err, RH_ERR_NOMEM, "store: out of memory");
    store_op o = {.how = STORE_READ, .run = run_list, .kind = name, .person = of->person};
    rh_status st = store_ask_page(s, &o, page, out, err);
    rh_free(name);
    return st;
}

rh_status rh_store_interview(rh_store *s, const char *id, json_t **out, rh_error *err)
{
    if (!rh_session_id_valid(id))
        return not_found("", err);
    return store_ask_about(s, (store_op){.how = STORE_READ, .run = run_get}, id, out, err);
}

rh_status rh_store_interview_delete(rh_store *s, const char *id, rh_error *err)
{
    if (!rh_session_id_valid(id))
        return not_found("", err);
    return store_ask_about(s, (store_op){.how = STORE_WRITE, .frees = true, .run = run_delete}, id, NULL, err);
}

rh_status rh_store_interviews_expire(rh_store *s, double unix_time, rh_error *err)
{
    store_op o = {.how = STORE_WRITE, .frees = true, .run = run_expire, .start = unix_time};
    return store_ask(s, &o, NULL, err);
}
