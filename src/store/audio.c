/* audio.c - the sound of sessions that run, in a database that several servers share. */
#include <string.h>
#include "rehearse/base/alloc.h"
#include "store_internal.h"

static rh_status run_audio(rh_store *s, store_op *o, rh_error *err)
{
    int64_t n = 0;
    rh_status st = store_write(s->db, RH_SQL_AUDIO, "sound", &n, err,
                               VALUES(T(o->id), N(o->n64), B(o->bytes, (int64_t)o->n_bytes)));
    if (st == RH_OK && n == 0)
        return rh_fail(err, RH_ERR_NOTFOUND, "session \"%s\" does not run", o->id);
    return st;
}

rh_status rh_store_audio(rh_store *s, const char *id, size_t at, const int16_t *samples, size_t n,
                         rh_store_receipt *receipt)
{
    size_t n_bytes = n * sizeof *samples;
    if (n > RH_STORE_AUDIO_PIECE)
        return RH_ERR_INVAL;
    if (rh_store_health(s, NULL) != RH_OK || atomic_load(&s->audio_bytes) + n_bytes > RH_STORE_AUDIO_BYTES)
        return RH_AGAIN;
    void *copy = rh_alloc(n_bytes ? n_bytes : 1);
    if (!copy)
        return RH_ERR_NOMEM;
    memcpy(copy, samples, n_bytes);
    return store_enqueue(s,
                         (store_op){.run = run_audio,
                                    .bytes = copy,
                                    .n_bytes = n_bytes,
                                    .n64 = (int64_t)at,
                                    .receipt = store_receipt_ref(receipt)},
                         id);
}

static rh_status run_audio_cut(rh_store *s, store_op *o, rh_error *err)
{
    return store_do(s->db, RH_SQL_AUDIO_CUT, "sound", NULL, err, VALUES(T(o->id), N(o->n64)));
}

rh_status rh_store_audio_cut(rh_store *s, const char *id, size_t at)
{
    return store_enqueue(s, (store_op){.run = run_audio_cut, .n64 = (int64_t)at}, id);
}

/* ---- reading ---- */

typedef struct {
    rh_store_audio_take take;
    void *user;
    int64_t after; /* the last row had this */
    int n_rows;
} reading;

static rh_status run_audio_read(rh_store *s, store_op *o, rh_error *err)
{
    reading *r = o->reading;
    store_query *q = store_use(s->db, RH_SQL_AUDIO_READ, VALUES(T(o->id), N(r->after), N(RH_STORE_AUDIO_ROWS)));
    store_step step;
    rh_status st = RH_OK;
    r->n_rows = 0;
    while ((step = store_query_step(q)) == STORE_ROW && st == RH_OK) {
        int64_t at = store_query_value(q, 0).whole;
        store_value data = store_query_value(q, 1);
        st = data.bytes ? r->take(r->user, (size_t)at, data.bytes, (size_t)data.whole / sizeof(int16_t), err)
                        : rh_fail(err, RH_ERR_NOMEM, "store: out of memory");
        r->after = at;
        r->n_rows++;
    }
    rh_status ended = store_query_end(q, step, "sound", err);
    return st != RH_OK ? st : ended;
}

rh_status rh_store_audio_read(rh_store *s, const char *id, rh_store_audio_take take, void *user, rh_error *err)
{
    reading r = {.take = take, .user = user, .after = -1};
    rh_status st;
    do
        st = store_ask_about(s, (store_op){.how = STORE_READ, .run = run_audio_read, .reading = &r}, id, NULL, err);
    while (st == RH_OK && r.n_rows == RH_STORE_AUDIO_ROWS);
    return st;
}
