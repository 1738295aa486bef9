/* notes.c - what people add to sessions: notes on moments, goals, and links by which others may see one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/clock.h"
#include "store_internal.h"

/* ---- on the store's thread ---- */

static void bind(sqlite3_stmt *q, int i, const char *text)
{
    if (text)
        sqlite3_bind_text(q, i, text, -1, SQLITE_STATIC);
}

static rh_status no_session(const char *id, rh_error *err)
{
    return rh_fail(err, RH_ERR_NOTFOUND, "no session \"%s\"", id);
}

/* RH_OK when there is the session. */
static rh_status look_for(rh_store *s, const char *id, rh_error *err)
{
    sqlite3_stmt *q = store_statement(s, RH_SQL_SESSION_THERE);
    bind(q, 1, id);
    int rc = sqlite3_step(q);
    sqlite3_reset(q);
    return rc == SQLITE_ROW ? RH_OK : rc == SQLITE_DONE ? no_session(id, err) : store_sql_fail(s, "look", err);
}

/* The rows of a bound statement in o->out, of an attempt before or not. */
static rh_status give_rows(rh_store *s, store_op *o, sqlite3_stmt *q, rh_error *err)
{
    json_t *rows = NULL;
    rh_status st = store_rows(s, q, &rows, err);
    json_decref(o->out);
    o->out = rows;
    return st;
}

/* The only row instead of a list of one; RH_AGAIN when there is none. */
static rh_status give_one(rh_store *s, store_op *o, sqlite3_stmt *q, rh_error *err)
{
    rh_status st = give_rows(s, o, q, err);
    json_t *first = json_incref(json_array_get(o->out, 0));
    json_decref(o->out);
    o->out = first;
    return st == RH_OK && !first ? RH_AGAIN : st;
}

/* A statement that deletes and returns what it deleted. */
static rh_status delete_rows(rh_store *s, sqlite3_stmt *q, size_t *n, rh_error *err)
{
    json_t *rows = NULL;
    rh_status st = store_rows(s, q, &rows, err);
    *n = json_array_size(rows);
    s->checkpoint_due |= *n > 0; /* what was deleted must not linger in the log */
    json_decref(rows);
    return st;
}

static rh_status run_note_new(rh_store *s, store_op *o, rh_error *err)
{
    rh_status st = look_for(s, o->id, err);
    if (st != RH_OK)
        return st;
    sqlite3_stmt *q = store_statement(s, RH_SQL_NOTE_NEW);
    bind(q, 1, o->id);
    sqlite3_bind_double(q, 2, rh_unix_time());
    sqlite3_bind_double(q, 3, o->start);
    bind(q, 4, o->kind);
    bind(q, 5, o->text);
    sqlite3_bind_int(q, 6, o->n);
    st = give_one(s, o, q, err);
    return st == RH_AGAIN ? rh_fail(err, RH_ERR_BUSY, "there are %d notes here already: delete some first", o->n) : st;
}

static rh_status run_notes(rh_store *s, store_op *o, rh_error *err)
{
    rh_status st = look_for(s, o->id, err);
    sqlite3_stmt *q = store_statement(s, RH_SQL_NOTES);
    bind(q, 1, o->id);
    return st == RH_OK ? give_rows(s, o, q, err) : st;
}

static rh_status run_note_delete(rh_store *s, store_op *o, rh_error *err)
{
    size_t n;
    sqlite3_stmt *q = store_statement(s, RH_SQL_NOTE_DELETE);
    bind(q, 1, o->id);
    sqlite3_bind_int64(q, 2, (sqlite3_int64)o->start);
    rh_status st = delete_rows(s, q, &n, err);
    return st == RH_OK && n == 0 ? rh_fail(err, RH_ERR_NOTFOUND, "session \"%s\" has no such note", o->id) : st;
}

static rh_status run_goal_set(rh_store *s, store_op *o, rh_error *err)
{
    size_t n;
    sqlite3_stmt *q = store_statement(s, o->text ? RH_SQL_GOAL_SET : RH_SQL_GOAL_DELETE);
    bind(q, 1, o->kind);
    if (!o->text)
        return delete_rows(s, q, &n, err);
    sqlite3_bind_double(q, 2, rh_unix_time());
    bind(q, 3, o->text);
    sqlite3_bind_int(q, 4, RH_STORE_GOALS);
    rh_status st = give_one(s, o, q, err);
    return st == RH_AGAIN ? rh_fail(err, RH_ERR_BUSY, "goals of %d clients are kept: remove some first", RH_STORE_GOALS)
                          : st;
}

static rh_status run_goals(rh_store *s, store_op *o, rh_error *err)
{
    sqlite3_stmt *q = store_statement(s, RH_SQL_GOALS);
    bind(q, 1, o->kind);
    return give_rows(s, o, q, err);
}

static rh_status run_share_new(rh_store *s, store_op *o, rh_error *err)
{
    size_t n;
    rh_status st = look_for(s, o->id, err);
    sqlite3_stmt *q = store_statement(s, RH_SQL_SHARES_EXPIRE);
    sqlite3_bind_double(q, 1, o->start);
    if (st == RH_OK)
        st = delete_rows(s, q, &n, err);
    if (st != RH_OK)
        return st;
    q = store_statement(s, RH_SQL_SHARE_NEW);
    bind(q, 1, o->id);
    bind(q, 2, o->kind);
    sqlite3_bind_double(q, 3, o->start);
    sqlite3_bind_double(q, 4, o->end);
    bind(q, 5, o->text);
    sqlite3_bind_int(q, 6, o->n);
    st = give_one(s, o, q, err);
    return st == RH_AGAIN ? rh_fail(err, RH_ERR_BUSY, "this session has %d links already: revoke some first", o->n)
                          : st;
}

static rh_status run_shares(rh_store *s, store_op *o, rh_error *err)
{
    rh_status st = look_for(s, o->id, err);
    sqlite3_stmt *q = store_statement(s, RH_SQL_SHARES);
    bind(q, 1, o->id);
    sqlite3_bind_double(q, 2, o->start);
    return st == RH_OK ? give_rows(s, o, q, err) : st;
}

static rh_status run_share_delete(rh_store *s, store_op *o, rh_error *err)
{
    size_t n;
    sqlite3_stmt *q = store_statement(s, RH_SQL_SHARE_DELETE);
    bind(q, 1, o->id);
    bind(q, 2, o->kind);
    rh_status st = delete_rows(s, q, &n, err);
    return st == RH_OK && n == 0 ? rh_fail(err, RH_ERR_NOTFOUND, "session \"%s\" has no such link", o->id) : st;
}

static rh_status run_share(rh_store *s, store_op *o, rh_error *err)
{
    sqlite3_stmt *q = store_statement(s, RH_SQL_SHARE);
    bind(q, 1, o->id);
    sqlite3_bind_double(q, 2, o->start);
    rh_status st = give_one(s, o, q, err);
    return st == RH_AGAIN ? rh_fail(err, RH_ERR_NOTFOUND, "this link has expired or was revoked") : st;
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

rh_status rh_store_note_delete(rh_store *s, const char *id, int note, rh_error *err)
{
    store_op o = {.how = STORE_WRITE, .run = run_note_delete, .start = note};
    return store_ask_about(s, o, id, NULL, err);
}

rh_status rh_store_goal_set(rh_store *s, const char *client, const json_t *goal, rh_error *err)
{
    return ask_with(s, (store_op){.how = STORE_WRITE, .run = run_goal_set}, NULL, goal, client, NULL, err);
}

rh_status rh_store_goals(rh_store *s, const char *client, json_t **out, rh_error *err)
{
    return ask_with(s, (store_op){.how = STORE_READ, .run = run_goals}, NULL, NULL, client, out, err);
}

rh_status rh_store_share_new(rh_store *s, const char *id, const char *hash, double now, double expires,
                             const json_t *data, json_t **out, rh_error *err)
{
    store_op o = {.how = STORE_WRITE, .run = run_share_new, .start = now, .end = expires, .n = RH_STORE_SHARES};
    return ask_with(s, o, id, data, hash, out, err);
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
