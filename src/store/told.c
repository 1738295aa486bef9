/* told.c - the numbered events of live sessions, and the tokens by which their clients come back.
 *
 * Such an event is committed to the disk itself; its receipt then says so to the session. A final
 * brings its segment in the same write, so that neither is ever there without the other. */
#include <string.h>
#include "rehearse/base/alloc.h"
#include "store_internal.h"

static rh_status run_hold(rh_store *s, store_op *o, rh_error *err)
{
    return store_do(s->db, RH_SQL_HOLD, "hold", NULL, err, VALUES(T(o->text), N(o->n), T(o->id)));
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
    return store_do(s->db, which, "event", NULL, err, VALUES(T(o->id), N(number), T(o->text)));
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
        return RH_ERR_NOMEM;
    o.receipt = store_receipt_ref(receipt);
    return store_enqueue(s, o, id);
}

static rh_status run_held(rh_store *s, store_op *o, rh_error *err)
{
    json_t *rows = NULL, *told = NULL;
    rh_status st = store_rows(store_use(s->db, RH_SQL_HELD, VALUES(T(o->id), T(s->node))), &rows, err);
    if (st == RH_OK && json_array_size(rows) == 0)
        st = rh_fail(err, RH_ERR_NOTFOUND, "no session \"%s\"", o->id);
    if (st == RH_OK)
        st = store_rows(store_use(s->db, RH_SQL_TOLD, VALUES(T(o->id))), &told, err);
    if (st == RH_OK) {
        o->out = json_incref(json_array_get(rows, 0));
        json_object_set_new(o->out, "acks", json_boolean(json_integer_value(json_object_get(o->out, "acks"))));
        json_object_set_new(o->out, "elsewhere",
                            json_boolean(json_integer_value(json_object_get(o->out, "elsewhere"))));
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
    return store_do(s->db, RH_SQL_TOLD_FORGET, "forget", NULL, err, VALUES(R(o->start)));
}

rh_status rh_store_told_forget(rh_store *s, double unix_time, rh_error *err)
{
    store_op o = {.how = STORE_WRITE, .run = run_forget, .start = unix_time};
    return store_ask(s, &o, NULL, err);
}
