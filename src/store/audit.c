/* audit.c - who did what with whose sessions. */
#include <stdio.h>
#include <stdlib.h>
#include "rehearse/base/clock.h"
#include "store_internal.h"

static rh_status run_note(rh_store *s, store_op *o, rh_error *err)
{
    return store_do(s->db, RH_SQL_AUDIT, "audit", NULL, err, VALUES(R(o->start), T(o->text)));
}

static rh_status run_list(rh_store *s, store_op *o, rh_error *err)
{
    json_decref(o->out); /* of an attempt before */
    o->out = NULL;
    return store_rows(store_use(s->db, RH_SQL_AUDITS, VALUES(R(o->start), N(o->n), T(o->person), T(o->reader))),
                      &o->out, err);
}

static rh_status run_forget(rh_store *s, store_op *o, rh_error *err)
{
    return store_do(s->db, RH_SQL_AUDIT_FORGET, "audit", NULL, err, VALUES(R(o->start)));
}

rh_status rh_store_audit(rh_store *s, const json_t *row)
{
    char *text = json_dumps(row, JSON_COMPACT);
    return text ? store_enqueue(s, (store_op){.run = run_note, .text = text, .start = rh_unix_time()}, "audit")
                : RH_ERR_NOMEM;
}

rh_status rh_store_audits(rh_store *s, const char *person, const char *session, int limit, double before, json_t **out,
                          rh_error *err)
{
    if (limit < 1 || limit > RH_STORE_LIST_MAX)
        return rh_fail(err, RH_ERR_INVAL, "limit %d outside 1..%d", limit, RH_STORE_LIST_MAX);
    store_op o = {.how = STORE_READ,
                  .run = run_list,
                  .person = person,
                  .reader = session,
                  .n = limit,
                  .start = before > 0 ? before : 1e18};
    return store_ask(s, &o, out, err);
}

rh_status rh_store_audit_forget(rh_store *s, double unix_time, rh_error *err)
{
    store_op o = {.how = STORE_WRITE, .frees = true, .run = run_forget, .start = unix_time};
    return store_ask(s, &o, NULL, err);
}
