/* notes.c - what people add to sessions: notes on moments, goals, and links by which others may see one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/clock.h"
#include "store_internal.h"

/* ---- on the store's thread ---- */

static rh_status no_session(const char *id, rh_error *err)
{
    return rh_fail(err, RH_ERR_NOTFOUND, "no session \"%s\"", id);
}

/* RH_OK when there is the session. */
static rh_status look_for(rh_store *s, const char *id, rh_error *err)
{
    int n;
    rh_status st = store_do(s->db, RH_SQL_SESSION_THERE, "look", &n, err, VALUES(T(id)));
    return st == RH_OK && n == 0 ? no_session(id, err) : st;
}

/* The rows of a bound statement in o->out, of an attempt before or not. */
static rh_status give_rows(store_op *o, store_query *q, rh_error *err)
{
    json_t *rows = NULL;
    rh_status st = store_rows(q, &rows, err);
    json_decref(o->out);
    o->out = rows;
    return st;
}

/* The only row instead of a list of one; RH_AGAIN when there is none. */
static rh_status give_one(store_op *o, store_query *q, rh_error *err)
{
    rh_status st = give_rows(o, q, err);
    json_t *first = json_incref(json_array_get(o->out, 0));
    json_decref(o->out);
    o->out = first;
    return st == RH_OK && !first ? RH_AGAIN : st;
}

/* A statement that deletes and returns what it deleted. */
static rh_status delete_rows(rh_store *s, rh_sql which, int *n, rh_error *err, const store_value *v, size_t n_values)
{
    rh_status st = store_do(s->db, which, "delete", n, err, v, n_values);
    s->checkpoint_due |= *n > 0; /* what was deleted must not linger in the log */
    return st;
}

static rh_status run_note_new(rh_store *s, store_op *o, rh_error *err)
{
    rh_status st = look_for(s, o->id, err);
    if (st != RH_OK)
        return st;
    st = give_one(o,
                  store_use(s->db, RH_SQL_NOTE_NEW,
                            VALUES(T(o->id), R(rh_unix_time()), R(o->start), T(o->kind), T(o->text), N(o->n))),
                  err);
    return st == RH_AGAIN ? rh_fail(err, RH_ERR_BUSY, "there are %d notes here already: delete some first", o->n) : st;
}

static rh_status run_notes(rh_store *s, store_op *o, rh_error *err)
{
    rh_status st = look_for(s, o->id, err);
    return st == RH_OK ? give_rows(o, store_use(s->db, RH_SQL_NOTES, VALUES(T(o->id))), err) : st;
}

static rh_status run_note_delete(rh_store *s, store_op *o, rh_error *err)
{
    int n;
    rh_status st = delete_rows(s, RH_SQL_NOTE_DELETE, &n, err, VALUES(T(o->id), N((int64_t)o->start), T(o->person)));
    return st == RH_OK && n == 0 ? rh_fail(err, RH_ERR_NOTFOUND, "session \"%s\" has no such note", o->id) : st;
}

static rh_status run_goal_set(rh_store *s, store_op *o, rh_error *err)
{
    int n;
    if (!o->text)
        return delete_rows(s, RH_SQL_GOAL_DELETE, &n, err, VALUES(T(o->kind), T(o->person)));
    store_query *q = store_use(s->db, RH_SQL_GOAL_SET,
                               VALUES(T(o->kind), R(rh_unix_time()), T(o->text), N(RH_STORE_GOALS), T(o->person)));
    rh_status st = give_one(o, q, err);
    return st == RH_AGAIN ? rh_fail(err, RH_ERR_BUSY, "goals of %d clients are kept: remove some first", RH_STORE_GOALS)
                          : st;
}

static rh_status run_goals(rh_store *s, store_op *o, rh_error *err)
{
    return give_rows(o, store_use(s->db, RH_SQL_GOALS, VALUES(T(o->kind), T(o->person))), err);
}

static rh_status run_share_new(rh_store *s, store_op *o, rh_error *err)
{
    int n;
    rh_status st = look_for(s, o->id, err);
    if (st == RH_OK)
        st = delete_rows(s, RH_SQL_SHARES_EXPIRE, &n, err, VALUES(R(o->start)));
    if (st != RH_OK)
        return st;
    st = give_one(o,
                  store_use(s->db, RH_SQL_SHARE_NEW,
                            VALUES(T(o->id), T(o->kind), R(o->start), R(o->end), T(o->text), N(o->n), T(o->person))),
                  err);
    return st == RH_AGAIN ? rh_fail(err, RH_ERR_BUSY, "this session has %d links already: revoke some first", o->n)
                          : st;
}

static rh_status run_shares(rh_store *s, store_op *o, rh_error *err)
{
    rh_status st = look_for(s, o->id, err);
    return st == RH_OK ? give_rows(o, store_use(s->db, RH_SQL_SHARES, VALUES(T(o->id), R(o->start))), err) : st;
}

static rh_status run_share_delete(rh_store *s, store_op *o, rh_error *err)
{
    int n;
    rh_status st = delete_rows(s, RH_SQL_SHARE_DELETE, &n, err, VALUES(T(o->id), T(o->kind)));
    return st == RH_OK && n == 0 ? rh_fail(err, RH_ERR_NOTFOUND, "session \"%s\" has no such link", o->id) : st;
}

static rh_status run_share(rh_store *s, store_op *o, rh_error *err)
{
    rh_status st = give_one(o, store_use(s->db, RH_SQL_SHARE, VALUES(T(o->id), R(o->start))), err);
    return st == RH_AGAIN ? rh_fail(err, RH_ERR_NOTFOUND, "this link has expired or was revoked") : st;
}

static rh_status run_share_with(rh_store *s, store_op *o, rh_error *err)
{
    store_query *q = store_use(s->db, RH_SQL_SHARE_WITH, VALUES(T(o->id), T(o->person), R(rh_unix_time())));
    rh_status st = give_one(o, q, err);
    return st == RH_AGAIN ? no_session(o->id, err) : st;
}

static rh_status run_person(rh_store *s, store_op *o, rh_error *err)
{
    rh_status st =
        give_one(o, store_use(s->db, o->n ? RH_SQL_INTERVIEW_PERSON : RH_SQL_SESSION_PERSON, VALUES(T(o->id))), err);
    return st == RH_AGAIN ? rh_fail(err, RH_ERR_NOTFOUND, "no %s \"%s\"", o->n ? "interview" : "session", o->id) : st;
}

/* ---- any thread ---- */

static rh_status out_of_memory(rh_error *err)
{
    return rh_fail(err, RH_ERR_NOMEM, "store: out of memory");
}

/* Asks with `data` as the operation's text and a copy of `kind`. */
static rh_status ask_with(rh_store *s, store_op o, const char *id, const json_t *data, const char *kind, json_t **out,
                          rh_error *err)
{
    o.text = data ? json_dumps(data, JSON_COMPACT) : NULL;
    o.kind = kind ? rh_strdup(kind) : NULL;
    rh_status st = (data && !o.text) || (kind && !o.kind) ? out_of_memory(err)
                   : id                                   ? store_ask_about(s, o, id, out, err)
                                                          : store_ask(s, &o, out, err);
    free(o.text);
    rh_free(o.kind);
    return st;
}

rh_status rh_store_note_new(rh_store *s, const char *id, const rh_store_note *n, json_t **out, rh_error *err)
{
    json_t *data = json_pack("{s:s, s:s*}", "text", n->text, "author", n->author);
    store_op o = {.how = STORE_WRITE, .run = run_note_new, .start = n->t, .n = n->most};
    rh_status st = data ? ask_with(s, o, id, data, n->share, out, err) : out_of_memory(err);
    json_decref(data);
    return st;
}

rh_status rh_store_notes(rh_store *s, const char *id, json_t **out, rh_error *err)
{
    return store_ask_about(s, (store_op){.how = STORE_READ, .run = run_notes}, id, out, err);
}

rh_status rh_store_note_delete(rh_store *s, const char *id, int note, const char *share, rh_error *err)
{
    store_op o = {.how = STORE_WRITE, .run = run_note_delete, .start = note, .person = share};
    return store_ask_about(s, o, id, NULL, err);
}

rh_status rh_store_goal_set(rh_store *s, const char *person, const char *client, const json_t *goal, rh_error *err)
{
    return ask_with(s, (store_op){.how = STORE_WRITE, .run = run_goal_set, .person = person}, NULL, goal, client, NULL,
                    err);
}

rh_status rh_store_goals(rh_store *s, const rh_store_whose *of, json_t **out, rh_error *err)
{
    return ask_with(s, (store_op){.how = STORE_READ, .run = run_goals, .person = of->person}, NULL, NULL, of->client,
                    out, err);
}

rh_status rh_store_share_new(rh_store *s, const char *id, const rh_store_link *link, const json_t *data, json_t **out,
                             rh_error *err)
{
    store_op o = {.how = STORE_WRITE,
                  .run = run_share_new,
                  .person = link->person,
                  .start = link->now,
                  .end = link->expires,
                  .n = RH_STORE_SHARES};
    return ask_with(s, o, id, data, link->hash, out, err);
}

rh_status rh_store_share_with(rh_store *s, const char *id, const char *mentor, json_t **out, rh_error *err)
{
    return store_ask_about(s, (store_op){.how = STORE_READ, .run = run_share_with, .person = mentor}, id, out, err);
}

rh_status rh_store_person(rh_store *s, const char *id, bool interview, char out[RH_STORE_PERSON_MAX + 1], rh_error *err)
{
    json_t *row = NULL;
    rh_status st = store_ask_about(s, (store_op){.how = STORE_READ, .run = run_person, .n = interview}, id, &row, err);
    if (st == RH_OK)
        (void)snprintf(out, RH_STORE_PERSON_MAX + 1, "%s", json_string_value(json_object_get(row, "person")));
    json_decref(row);
    return st;
}

rh_status rh_store_shares(rh_store *s, const char *id, double now, json_t **out, rh_error *err)
{
    return store_ask_about(s, (store_op){.how = STORE_READ, .run = run_shares, .start = now}, id, out, err);
}

rh_status rh_store_share_delete(rh_store *s, const char *id, const char *share, rh_error *err)
{
    return ask_with(s, (store_op){.how = STORE_WRITE, .run = run_share_delete}, id, NULL, share, NULL, err);
}

rh_status rh_store_share(rh_store *s, const char *share, double now, json_t **out, rh_error *err)
{
    return store_ask_about(s, (store_op){.how = STORE_READ, .run = run_share, .start = now}, share, out, err);
}
