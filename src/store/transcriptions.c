/* transcriptions.c - see transcriptions.h: rows of the table of jobs. */
#include "rehearse/store/transcriptions.h"

#include "rehearse/base/json.h"
#include "store_internal.h"

rh_status store_run_transcription(rh_store *s, store_op *o, rh_error *err)
{
    return store_job_add(s, &(store_job){.id = o->id, .kind = "transcription", .data = o->text}, o->n, err);
}

rh_status rh_store_transcription_new(rh_store *s, const char *id, const json_t *data, int most, rh_error *err)
{
    return store_write_json(s, (store_op){.run = store_run_transcription, .n = most}, id, data, err);
}

static rh_status none(const char *id, rh_error *err)
{
    return rh_fail(err, RH_ERR_NOTFOUND, "no transcription \"%s\"", id);
}

static rh_status run_get(rh_store *s, store_op *o, rh_error *err)
{
    json_t *rows = NULL;
    rh_status st = store_rows(store_use(s->db, RH_SQL_TRANSCRIPTION, VALUES(T(o->id))), &rows, err);
    o->out = json_incref(json_array_get(rows, 0));
    json_decref(rows);
    return st == RH_OK && !o->out ? none(o->id, err) : st;
}

rh_status rh_store_transcription(rh_store *s, const char *id, json_t **out, rh_error *err)
{
    return store_ask_about(s, (store_op){.how = STORE_READ, .run = run_get}, id, out, err);
}

static rh_status run_list(rh_store *s, store_op *o, rh_error *err)
{
    return store_rows(store_use(s->db, RH_SQL_TRANSCRIPTIONS, VALUES(T(o->person), T(o->kind), N(o->n))), &o->out, err);
}

rh_status rh_store_transcriptions(rh_store *s, const char *person, int limit, const char *after, json_t **out,
                                  rh_error *err)
{
    if (limit < 1 || limit > RH_STORE_LIST_MAX)
        return rh_fail(err, RH_ERR_INVAL, "limit %d outside 1..%d", limit, RH_STORE_LIST_MAX);
    store_op o = {.how = STORE_READ, .run = run_list, .person = person, .kind = store_lent(after), .n = limit};
    return store_ask(s, &o, out, err);
}

static rh_status run_erase(rh_store *s, store_op *o, rh_error *err)
{
    int n = 0;
    rh_status st = store_do(s->db, RH_SQL_TRANSCRIPTION_DELETE, "delete", &n, err, VALUES(T(o->id)));
    if (st == RH_OK && n > 0)
        st = store_do(s->db, RH_SQL_MEDIA_REMOVE_SESSION, "delete", NULL, err, VALUES(T(o->id)));
    s->checkpoint_due |= st == RH_OK && n > 0; /* as with sessions: nothing of it lingers in the log */
    return st == RH_OK && n == 0 ? none(o->id, err) : st;
}

rh_status rh_store_transcription_erase(rh_store *s, const char *media_dir, const char *id, rh_error *err)
{
    rh_status st = store_ask_about(s, (store_op){.how = STORE_WRITE, .frees = true, .run = run_erase}, id, NULL, err);
    if (st == RH_OK)
        rh_store_remove_files(media_dir, id);
    return st;
}

static rh_status run_older(rh_store *s, store_op *o, rh_error *err)
{
    return store_rows(store_use(s->db, RH_SQL_TRANSCRIPTIONS_OLDER, VALUES(R(o->start))), &o->out, err);
}

rh_status rh_store_transcriptions_expire(rh_store *s, const char *media_dir, double unix_time, int *n, rh_error *err)
{
    store_op o = {.how = STORE_READ, .run = run_older, .start = unix_time};
    return store_erase_rows(s, &o, rh_store_transcription_erase, media_dir, n, err);
}
