/* store_run.c - what each write and question does with the database. On the store's thread. */
#include <ctype.h>
#include <string.h>
#include "rehearse/base/clock.h"
#include "place.h"
#include "store_internal.h"

/* ---- queued writes ---- */

rh_status store_run_begin(rh_store *s, store_op *o, rh_error *err)
{
    int64_t epoch = -1;
    rh_status st = store_number(
        s->db, RH_SQL_BEGIN, "begin", &epoch, err,
        VALUES(T(o->id), R(o->start), T(o->kind), T(o->text), T(s->node), N(store_owners_epoch(s, o->id))));
    if (st == RH_OK) {
        st = store_owners_set(s, o->id, epoch, err);
        if (st == RH_OK && epoch < 0) {
            store_owners_note(s, o->id, RH_STANDING_TAKEN);
            st = RH_END;
        }
    }
    return st;
}

rh_status store_run_segment(rh_store *s, store_op *o, rh_error *err)
{
    return store_do(s->db, RH_SQL_SEGMENT, "segment", NULL, err,
                    VALUES(T(o->id), N(o->n), R(o->start), R(o->end), T(o->text)));
}

rh_status store_run_event(rh_store *s, store_op *o, rh_error *err)
{
    return store_do(s->db, RH_SQL_EVENT, "event", NULL, err,
                    VALUES(T(o->id), T(o->kind), R(o->start), R(o->end), T(o->text)));
}

rh_status store_run_second(rh_store *s, store_op *o, rh_error *err)
{
    return store_do(s->db, RH_SQL_SECOND, "second", NULL, err, VALUES(T(o->id), N(o->n), T(o->text)));
}

static rh_status forget_audio(rh_store *s, const char *id, rh_error *err)
{
    return s->db->engine->shared ? store_do(s->db, RH_SQL_AUDIO_CUT, "sound", NULL, err, VALUES(T(id), N(0))) : RH_OK;
}

rh_status store_run_end(rh_store *s, store_op *o, rh_error *err)
{
    rh_status st =
        store_do(s->db, RH_SQL_END, "end", NULL, err, VALUES(R(rh_unix_time()), R(o->end), T(o->text), T(o->id)));
    if (st == RH_OK)
        st = store_do(s->db, RH_SQL_JOB_DROP_SESSION, "end", NULL, err, VALUES(T(o->id)));
    return st == RH_OK ? forget_audio(s, o->id, err) : st;
}

rh_status store_run_media(rh_store *s, store_op *o, rh_error *err)
{
    return store_do(s->db, RH_SQL_MEDIA, "media", NULL, err, VALUES(T(o->text), T(o->id)));
}

/* ---- questions ---- */

static json_t *column_json(const store_query *q, int i)
{
    const char *text = store_query_text(q, i);
    json_t *v = text ? json_loads(text, JSON_DECODE_ANY, NULL) : NULL;
    return v ? v : json_null();
}

static json_t *column_text(const store_query *q, int i)
{
    const char *text = store_query_text(q, i);
    return text ? json_string(text) : json_null();
}

/* "Pace" in "words a minute" is pace, in characters it is another measure. */
static json_t *measures(const store_query *q, int column)
{
    json_t *list = column_json(q, column), *all = json_object(), *m;
    size_t i;
    json_array_foreach(list, i, m) {
        char key[48] = "";
        const char *name = json_string_value(json_object_get(m, "name"));
        const char *unit = json_string_value(json_object_get(m, "unit"));
        for (size_t k = 0; name && name[k] && k + 1 < sizeof key - 12; k++)
            key[k] = name[k] == ' ' ? '_' : (char)tolower((unsigned char)name[k]);
        if (unit && strncmp(unit, "characters", 10) == 0)
            strcat(key, "_characters");
        json_object_set(all, key, json_object_get(m, "value"));
    }
    json_decref(list);
    return all;
}

static json_t *session_row(const store_query *q)
{
    json_t *error = column_text(q, 7);
    json_t *row = json_pack("{s:o, s:f, s:f, s:o, s:f, s:o, s:o, s:o}", "id", column_text(q, 0), "created",
                            store_query_real(q, 1), "updated", store_query_real(q, 2), "state", column_text(q, 3),
                            "duration_s", store_query_real(q, 4), "meta", column_json(q, 5), "scores",
                            column_json(q, 6), "measures", measures(q, 8));
    if (json_is_string(error))
        (void)json_object_set(row, "error", error);
    json_decref(error);
    return row;
}

rh_status store_sessions(store_query *q, json_t **out, rh_error *err)
{
    json_t *rows = json_array();
    store_step step;
    while ((step = store_query_step(q)) == STORE_ROW)
        json_array_append_new(rows, session_row(q));
    rh_status st = store_query_end(q, step, "list", err);
    if (st == RH_OK)
        *out = rows;
    else
        json_decref(rows);
    return st;
}

rh_status store_run_list(rh_store *s, store_op *o, rh_error *err)
{
    return store_sessions(store_use(s->db, RH_SQL_LIST,
                                    VALUES(T(o->kind), R(o->start), N(o->n), T(o->text), T(o->person), T(o->reader),
                                           R(rh_unix_time()), T(o->id))),
                          &o->out, err);
}

static json_t *column_value(const store_query *q, int i)
{
    store_value v = store_query_value(q, i);
    return v.type == STORE_WHOLE ? json_integer(v.whole) : v.type == STORE_REAL ? json_real(v.real) : column_text(q, i);
}

rh_status store_rows(store_query *q, json_t **out, rh_error *err)
{
    json_t *rows = json_array();
    store_step step;
    while ((step = store_query_step(q)) == STORE_ROW) {
        json_t *row = column_json(q, 0);
        if (!json_is_object(row)) {
            json_t *inner = row;
            row = json_pack("{s:o}", "value", inner);
        }
        for (int i = 1; i < store_query_columns(q); i++)
            json_object_set_new(row, store_query_name(q, i), column_value(q, i));
        json_array_append_new(rows, row);
    }
    rh_status st = store_query_end(q, step, "read", err);
    if (st == RH_OK)
        *out = rows;
    else
        json_decref(rows);
    return st;
}

static rh_status rows_of(rh_store *s, rh_sql which, const char *id, json_t **out, rh_error *err)
{
    return store_rows(store_use(s->db, which, VALUES(T(id))), out, err);
}

rh_status store_run_get(rh_store *s, store_op *o, rh_error *err)
{
    store_query *q = store_use(s->db, RH_SQL_GET, VALUES(T(o->id)));
    store_step step = store_query_step(q);
    if (step != STORE_ROW) {
        rh_status failed = store_query_end(q, step, "get", err);
        return failed == RH_OK ? rh_fail(err, RH_ERR_NOTFOUND, "no session \"%s\"", o->id) : failed;
    }
    json_t *session = session_row(q);
    json_object_set_new(session, "report", column_json(q, 9));
    json_object_set_new(session, "media", column_text(q, 10));
    if (store_query_value(q, 11).type == STORE_REAL) /* it waits for its analysis */
        json_object_set_new(session, "progress", json_real(store_query_real(q, 11)));
    store_query_reset(q);
    static const struct {
        const char *key;
        rh_sql sql;
    } parts[] = {
        {"segments", RH_SQL_SEGMENTS}, {"events", RH_SQL_EVENTS}, {"seconds", RH_SQL_SECONDS}, {"notes", RH_SQL_NOTES}};
    rh_status st = RH_OK;
    for (size_t i = 0; i < sizeof parts / sizeof *parts && st == RH_OK; i++) {
        json_t *rows = NULL;
        st = rows_of(s, parts[i].sql, o->id, &rows, err);
        if (st == RH_OK)
            json_object_set_new(session, parts[i].key, rows);
    }
    o->out = session;
    return st;
}

rh_status store_run_delete(rh_store *s, store_op *o, rh_error *err)
{
    store_query *q = store_use(s->db, RH_SQL_DELETE, VALUES(T(o->id)));
    store_step step = store_query_step(q);
    bool there = step == STORE_ROW;
    if (there) {
        json_decref(o->out); /* of an attempt before */
        o->out = column_text(q, 0);
        step = store_query_step(q); /* the row comes first, then the end says whether it was done */
    }
    rh_status st = store_query_end(q, step, "delete", err);
    if (st == RH_OK)
        st = store_do(s->db, RH_SQL_MEDIA_REMOVE_SESSION, "delete", NULL, err, VALUES(T(o->id)));
    if (st == RH_OK && !there)
        return rh_fail(err, RH_ERR_NOTFOUND, "no session \"%s\"", o->id);
    s->checkpoint_due |= st == RH_OK; /* what was deleted must not linger in the log beside the database */
    return st;
}

rh_status store_run_older(rh_store *s, store_op *o, rh_error *err)
{
    store_query *q = store_use(s->db, RH_SQL_OLDER, VALUES(R(o->start)));
    store_step step;
    o->out = json_array();
    while ((step = store_query_step(q)) == STORE_ROW)
        json_array_append_new(o->out, column_text(q, 0));
    return store_query_end(q, step, "list", err);
}

/* ---- what was broken, parts, files ---- */

rh_status store_run_attempt(rh_store *s, store_op *o, rh_error *err)
{
    store_query *q = store_use(s->db, RH_SQL_ATTEMPT, VALUES(R(rh_unix_time()), T(o->id), T(s->node)));
    store_step step = store_query_step(q);
    int64_t attempts = 0, epoch = 0;
    if (step == STORE_ROW) {
        attempts = store_query_value(q, 0).whole;
        epoch = store_query_value(q, 1).whole;
        step = store_query_step(q);
    }
    rh_status st = store_query_end(q, step, "attempt", err);
    if (st == RH_OK && attempts == 0)
        return rh_fail(err, RH_ERR_NOTFOUND, "no session \"%s\" waits for its report", o->id);
    st = st == RH_OK ? store_owners_set(s, o->id, epoch, err) : st;
    json_decref(o->out);
    o->out = json_integer(attempts);
    return st;
}

rh_status store_clear(rh_store *s, rh_sql which, const char *id, rh_error *err)
{
    return store_do(s->db, which, "begin anew", NULL, err, VALUES(T(id)));
}

rh_status store_run_forget_segments(rh_store *s, store_op *o, rh_error *err)
{
    return store_clear(s, RH_SQL_CLEAR_SEGMENTS, o->id, err);
}

rh_status store_run_put_back(rh_store *s, store_op *o, rh_error *err)
{
    return store_do(s->db, RH_SQL_PUT_BACK, "put back", NULL, err, VALUES(N(o->n), T(o->id)));
}

rh_status store_run_fail(rh_store *s, store_op *o, rh_error *err)
{
    rh_status st = store_do(s->db, RH_SQL_FAIL, "fail", NULL, err, VALUES(R(rh_unix_time()), T(o->text), T(o->id)));
    return st == RH_OK ? forget_audio(s, o->id, err) : st;
}

rh_status store_run_report_llm(rh_store *s, store_op *o, rh_error *err)
{
    int64_t n = 0;
    rh_status st = store_write(s->db, RH_SQL_REPORT_LLM, "report", &n, err, VALUES(T(o->text), T(o->id)));
    if (st == RH_OK && n == 0)
        return rh_fail(err, RH_ERR_NOTFOUND, "no report of a session \"%s\"", o->id);
    return st;
}

rh_status store_files(store_db *d, json_t **out, rh_error *err)
{
    store_query *q = store_use(d, RH_SQL_FILES, NULL, 0);
    json_t *all = json_object();
    store_step step;
    while ((step = store_query_step(q)) == STORE_ROW) {
        json_t *row = json_pack("{s:o, s:o}", "state", column_text(q, 1), "media", column_text(q, 2));
        json_object_set_new(all, store_query_text(q, 0), row);
    }
    rh_status st = store_query_end(q, step, "list", err);
    if (st == RH_OK)
        *out = all;
    else
        json_decref(all);
    return st;
}

rh_status store_run_files(rh_store *s, store_op *o, rh_error *err)
{
    json_decref(o->out); /* of an attempt before */
    o->out = NULL;
    return store_files(s->db, &o->out, err);
}
