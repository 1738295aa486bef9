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
    return store_rows(
        store_use(s->db, RH_SQL_AUDITS, VALUES(R(o->start), N(o->n), T(o->person), T(o->reader), N(o->n64))), &o->out,
        err);
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

rh_status rh_store_audits(rh_store *s, const char *person, const char *session, rh_store_page page, json_t **out,
                          rh_error *err)
{
    char *end = NULL;
    store_op o = {.how = STORE_READ, .run = run_list, .person = person, .reader = session};
    o.n64 = page.before_id ? strtoll(page.before_id, &end, 10) : 0;
    if (page.before_id && (end == page.before_id || *end))
        return rh_fail(err, RH_ERR_INVAL, "before_id must be the id of the last one seen: a number");
    return store_ask_page(s, &o, page, out, err);
}

rh_status rh_store_audit_forget(rh_store *s, double unix_time, rh_error *err)
{
    store_op o = {.how = STORE_WRITE, .frees = true, .run = run_forget, .start = unix_time};
    return store_ask(s, &o, NULL, err);
}
