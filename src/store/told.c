/* told.c - the numbered events of live sessions, and the tokens by which their clients come back.
 *
 * Such an event is committed to the disk itself; its receipt then says so to the session. A final
 * brings its segment in the same write, so that neither is ever there without the other. */
#include <string.h>
#include "rehearse/base/alloc.h"
#include "store_internal.h"

static rh_status run_hold(rh_store *s, store_op *o, rh_error *err)
{
    sqlite3_stmt *q = store_statement(s, RH_SQL_HOLD);
    sqlite3_bind_text(q, 1, o->text, -1, SQLITE_STATIC);
    sqlite3_bind_int(q, 2, o->n);
    sqlite3_bind_text(q, 3, o->id, -1, SQLITE_STATIC);
    rh_status st = sqlite3_step(q) == SQLITE_DONE ? RH_OK : store_sql_fail(s, "hold", err);
    sqlite3_reset(q);
    return st;
}

rh_status rh_store_hold(rh_store *s, const char *id, const char *hash, uint64_t told, rh_store_receipt *receipt)
{
    char *text = rh_strdup(hash);
    store_op o = {.run = run_hold, .text = text, .n = receipt != NULL, .seq = told};
    if (!text)
        return RH_ERR_NOMEM;
    o.receipt = store_receipt_ref(receipt);
    return store_enqueue(s, o, id);
}

static rh_status tell(rh_store *s, rh_sql which, const store_op *o, int64_t number, rh_error *err)
{
    sqlite3_stmt *q = store_statement(s, which);
    sqlite3_bind_text(q, 1, o->id, -1, SQLITE_STATIC);
    sqlite3_bind_int64(q, 2, number);
    sqlite3_bind_text(q, 3, o->text, -1, SQLITE_STATIC);
    rh_status st = sqlite3_step(q) == SQLITE_DONE ? RH_OK : store_sql_fail(s, "event", err);
    sqlite3_reset(q);
    return st;
}

static rh_status run_tell(rh_store *s, store_op *o, rh_error *err)
{
    rh_status st = tell(s, RH_SQL_TELL, o, (int64_t)o->seq, err);
    return st == RH_OK && o->n >= 0 ? tell(s, RH_SQL_TELL_SEGMENT, o, o->n, err) : st;
}

rh_status rh_store_tell(rh_store *s, const char *id, uint64_t seq, const json_t *event, int segment,
                        rh_store_receipt *receipt)
{
    store_op o = {
        .run = run_tell, .text = json_dumps(event, JSON_COMPACT | JSON_REAL_PRECISION(12)), .n = segment, .seq = seq};
    if (!o.text)
        return RH_ERR_INVAL;
    o.receipt = store_receipt_ref(receipt);
    return store_enqueue(s, o, id);
}

static rh_status run_held(rh_store *s, store_op *o, rh_error *err)
{
    json_t *rows = NULL, *told = NULL;
    sqlite3_stmt *q = store_statement(s, RH_SQL_HELD);
    sqlite3_bind_text(q, 1, o->id, -1, SQLITE_STATIC);
    rh_status st = store_rows(s, q, &rows, err);
    if (st == RH_OK && json_array_size(rows) == 0)
        st = rh_fail(err, RH_ERR_NOTFOUND, "no session \"%s\"", o->id);
    if (st == RH_OK) {
        q = store_statement(s, RH_SQL_TOLD);
        sqlite3_bind_text(q, 1, o->id, -1, SQLITE_STATIC);
        st = store_rows(s, q, &told, err);
    }
    if (st == RH_OK) {
        o->out = json_incref(json_array_get(rows, 0));
        json_object_set(o->out, "told", told);
    }
    json_decref(told);
    json_decref(rows);
    return st;
}

rh_status rh_store_held(rh_store *s, const char *id, json_t **out, rh_error *err)
{
    return store_ask_about(s, (store_op){.how = STORE_READ, .run = run_held}, id, out, err);
}

static rh_status run_forget(rh_store *s, store_op *o, rh_error *err)
{
    sqlite3_stmt *q = store_statement(s, RH_SQL_TOLD_FORGET);
    sqlite3_bind_double(q, 1, o->start);
    rh_status st = sqlite3_step(q) == SQLITE_DONE ? RH_OK : store_sql_fail(s, "forget", err);
    sqlite3_reset(q);
    return st;
}

rh_status rh_store_told_forget(rh_store *s, double unix_time, rh_error *err)
{
    store_op o = {.how = STORE_WRITE, .run = run_forget, .start = unix_time};
    return store_ask(s, &o, NULL, err);
}
