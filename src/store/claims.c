/* claims.c - taking a session from another node, or from nobody, and letting go of it (owners.c). */
#include "store_internal.h"

static rh_status run_claim(rh_store *s, store_op *o, rh_error *err)
{
    int64_t epoch = -1;
    rh_status st = store_number(s->db, RH_SQL_CLAIM, "claim", &epoch, err, VALUES(T(o->id), T(s->node), N(o->n64)));
    if (st == RH_OK && epoch < 0)
        return rh_fail(err, RH_ERR_NOTFOUND, "session \"%s\" does not run, or another server has it", o->id);
    return st == RH_OK ? store_owners_set(s, o->id, epoch, err) : st;
}

rh_status rh_store_claim(rh_store *s, const char *id, int64_t epoch, rh_error *err)
{
    return store_ask_about(s, (store_op){.how = STORE_WRITE, .run = run_claim, .n64 = epoch}, id, NULL, err);
}

static rh_status run_unowned(rh_store *s, store_op *o, rh_error *err)
{
    return store_rows(store_use(s->db, RH_SQL_UNOWNED, VALUES(T(s->node), R(o->start))), &o->out, err);
}

rh_status rh_store_unowned(rh_store *s, double for_s, json_t **rows, rh_error *err)
{
    store_op o = {.how = STORE_READ, .run = run_unowned, .start = for_s};
    return store_ask(s, &o, rows, err);
}

static rh_status run_release(rh_store *s, store_op *o, rh_error *err)
{
    (void)s, (void)o, (void)err;
    return RH_OK; /* what waits before it still needs the epoch: store_thread.c forgets it when that is written */
}

void rh_store_release(rh_store *s, const char *id)
{
    (void)store_enqueue(s, (store_op){.run = run_release, .releases = true}, id);
}
