/* db.c - a database of any engine. */
#include "db.h"

#include <assert.h>
#include <string.h>
#include "rehearse/store/store.h"

bool rh_store_is_url(const char *where)
{
    return strstr(where, "://") != NULL;
}

rh_status store_db_open(store_db **out, const char *where, bool as_it_is, rh_error *err)
{
    const store_engine *engine = &store_sqlite;
    store_db *d = NULL;
    if (rh_store_is_url(where)) {
        if (strncmp(where, "postgresql://", 13) != 0 && strncmp(where, "postgres://", 11) != 0)
            return rh_fail(err, RH_ERR_INVAL, "store_url must begin with postgresql://, or be empty");
#ifdef RH_HAS_POSTGRES
        engine = &store_postgres;
#else
        return rh_fail(
            err, RH_ERR_UNSUPPORTED,
            "store_url: this build has no PostgreSQL: build it where libpq-dev is, or leave store_url empty");
#endif
    }
    rh_status st = engine->open(&d, where, as_it_is, err);
    if (st != RH_OK)
        return st;
    d->engine = engine;
    for (int i = 0; i < RH_SQL_COUNT; i++)
        d->queries[i] = (store_query){.db = d, .which = (rh_sql)i};
    *out = d;
    return RH_OK;
}

void store_db_close(store_db *d)
{
    if (d)
        d->engine->close(d);
}

rh_status store_db_begin(store_db *d, bool durable, rh_error *err)
{
    return d->engine->begin(d, durable, err);
}

rh_status store_db_commit(store_db *d, rh_error *err)
{
    return d->engine->commit(d, err);
}

rh_status store_db_resolve(store_db *d, bool *committed, rh_error *err)
{
    return d->engine->resolve(d, committed, err);
}

void store_db_roll_back(store_db *d)
{
    d->engine->roll_back(d);
}

bool store_db_in_transaction(const store_db *d)
{
    return d->engine->in_transaction(d);
}

store_trouble store_db_trouble(const store_db *d)
{
    return d->engine->trouble(d);
}

bool store_db_tidy(store_db *d)
{
    return d->engine->tidy(d);
}

rh_status store_write_query(store_db *d, size_t slot, const char *sql, rh_error *err)
{
    assert(slot < RH_SQL_COUNT - RH_SQL_OTHER);
    return d->engine->write_query(&d->queries[RH_SQL_OTHER + slot], sql, err);
}

store_query *store_use(store_db *d, rh_sql which, const store_value *v, size_t n)
{
    store_query *q = &d->queries[which];
    d->engine->bind(q, v, n);
    return q;
}

store_step store_query_step(store_query *q)
{
    return q->db->engine->step(q);
}

void store_query_reset(store_query *q)
{
    q->db->engine->reset(q);
}

rh_status store_query_end(store_query *q, store_step st, const char *what, rh_error *err)
{
    rh_status ended = st == STORE_FAILED ? q->db->engine->fail(q->db, what, err) : RH_OK;
    store_query_reset(q);
    return ended;
}

int store_query_columns(const store_query *q)
{
    return q->db->engine->n_columns(q);
}

const char *store_query_name(const store_query *q, int column)
{
    return q->db->engine->name(q, column);
}

store_value store_query_value(const store_query *q, int column)
{
    return q->db->engine->column(q, column);
}

const char *store_query_text(const store_query *q, int column)
{
    store_value v = store_query_value(q, column);
    return v.type == STORE_TEXT ? v.text : NULL;
}

double store_query_real(const store_query *q, int column)
{
    store_value v = store_query_value(q, column);
    return v.type == STORE_REAL ? v.real : v.type == STORE_WHOLE ? (double)v.whole : 0;
}

static int64_t changes_of(const store_query *q)
{
    return q->db->engine->changes(q);
}

rh_status store_write(store_db *d, rh_sql which, const char *what, int64_t *n_rows, rh_error *err, const store_value *v,
                      size_t n)
{
    store_query *q = store_use(d, which, v, n);
    store_step step = store_query_step(q);
    *n_rows = step == STORE_DONE ? changes_of(q) : 0;
    return store_query_end(q, step, what, err);
}

rh_status store_number(store_db *d, rh_sql which, const char *what, int64_t *number, rh_error *err,
                       const store_value *v, size_t n)
{
    store_query *q = store_use(d, which, v, n);
    store_step step = store_query_step(q);
    if (step == STORE_ROW) {
        *number = store_query_value(q, 0).whole;
        step = store_query_step(q);
    }
    return store_query_end(q, step, what, err);
}

rh_status store_do(store_db *d, rh_sql which, const char *what, int *n_rows, rh_error *err, const store_value *v,
                   size_t n)
{
    store_query *q = store_use(d, which, v, n);
    int rows = 0;
    store_step step;
    while ((step = store_query_step(q)) == STORE_ROW)
        rows++;
    if (n_rows)
        *n_rows = rows;
    return store_query_end(q, step, what, err);
}
