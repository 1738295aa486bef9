/* store_run.c - what each write and question does with SQLite. On the store's thread. */
#include <ctype.h>
#include <string.h>
#include "rehearse/base/clock.h"
#include "store_internal.h"

/* ---- statements ---- */

rh_status store_sql_fail(rh_store *s, const char *what, rh_error *err)
{
    switch (sqlite3_extended_errcode(s->db) & 0xff) {
    case SQLITE_NOMEM: return rh_fail(err, RH_ERR_NOMEM, "store: %s: out of memory", what);
    case SQLITE_CONSTRAINT: return rh_fail(err, RH_ERR_NOTFOUND, "store: %s: %s", what, sqlite3_errmsg(s->db));
    case SQLITE_FULL: return rh_fail(err, RH_ERR_IO, "the disk of the data folder is full");
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return rh_fail(err, RH_ERR_IO, "the database of the data folder is locked by another program");
    default: return rh_fail(err, RH_ERR_IO, "store: %s: %s", what, sqlite3_errmsg(s->db));
    }
}

sqlite3_stmt *store_statement(rh_store *s, rh_sql which)
{
    sqlite3_stmt *q = s->stmt[which];
    sqlite3_reset(q);
    sqlite3_clear_bindings(q);
    return q;
}

static void bind_text(sqlite3_stmt *q, int i, const char *text)
{
    if (text)
        sqlite3_bind_text(q, i, text, -1, SQLITE_STATIC);
}

/* A value of a statement, by its place; a text may be NULL. */
typedef struct {
    enum { TEXT, REAL, WHOLE } type;
    const char *text;
    double real;
    int whole;
} value;

/* clang-format off */
#define T(v) {.type = TEXT, .text = (v)}
#define R(v) {.type = REAL, .real = (v)}
#define N(v) {.type = WHOLE, .whole = (v)}
/* clang-format on */

static sqlite3_stmt *use_with(rh_store *s, rh_sql which, const value *v, int n)
{
    sqlite3_stmt *q = store_statement(s, which);
    for (int i = 0; i < n; i++)
        switch (v[i].type) {
        case TEXT: bind_text(q, i + 1, v[i].text); break;
        case REAL: sqlite3_bind_double(q, i + 1, v[i].real); break;
        case WHOLE: sqlite3_bind_int(q, i + 1, v[i].whole); break;
        }
    return q;
}

#define VALUES(...) (const value[]){__VA_ARGS__}, sizeof((const value[]){__VA_ARGS__}) / sizeof(value)

/* A statement that gives no rows. */
static rh_status run(rh_store *s, rh_sql which, const char *what, rh_error *err, const value *v, size_t n)
{
    sqlite3_stmt *q = use_with(s, which, v, (int)n);
    rh_status st = sqlite3_step(q) == SQLITE_DONE ? RH_OK : store_sql_fail(s, what, err);
    sqlite3_reset(q);
    return st;
}

/* ---- queued writes ---- */

static rh_status touch(rh_store *s, const char *id, rh_error *err)
{
    return run(s, RH_SQL_TOUCH, "touch", err, VALUES(R(rh_unix_time()), T(id)));
}

rh_status store_run_begin(rh_store *s, store_op *o, rh_error *err)
{
    return run(s, RH_SQL_BEGIN, "begin", err, VALUES(T(o->id), R(o->start), T(o->kind), T(o->text)));
}

rh_status store_run_segment(rh_store *s, store_op *o, rh_error *err)
{
    rh_status st =
        run(s, RH_SQL_SEGMENT, "segment", err, VALUES(T(o->id), N(o->n), R(o->start), R(o->end), T(o->text)));
    return st == RH_OK ? touch(s, o->id, err) : st;
}

rh_status store_run_event(rh_store *s, store_op *o, rh_error *err)
{
    return run(s, RH_SQL_EVENT, "event", err, VALUES(T(o->id), T(o->kind), R(o->start), R(o->end), T(o->text)));
}

rh_status store_run_second(rh_store *s, store_op *o, rh_error *err)
{
    rh_status st = run(s, RH_SQL_SECOND, "second", err, VALUES(T(o->id), N(o->n), T(o->text)));
    return st == RH_OK ? touch(s, o->id, err) : st;
}

rh_status store_run_end(rh_store *s, store_op *o, rh_error *err)
{
    return run(s, RH_SQL_END, "end", err, VALUES(R(rh_unix_time()), R(o->end), T(o->text), T(o->id)));
}

rh_status store_run_media(rh_store *s, store_op *o, rh_error *err)
{
    return run(s, RH_SQL_MEDIA, "media", err, VALUES(T(o->text), T(o->id)));
}

/* ---- questions ---- */

static json_t *column_json(sqlite3_stmt *q, int i)
{
    const char *text = (const char *)sqlite3_column_text(q, i);
    json_t *v = text ? json_loads(text, JSON_DECODE_ANY, NULL) : NULL;
    return v ? v : json_null();
}

static json_t *column_text(sqlite3_stmt *q, int i)
{
    const char *text = (const char *)sqlite3_column_text(q, i);
    return text ? json_string(text) : json_null();
}

/* "Pace" in "words a minute" is pace, in characters it is another measure. */
static json_t *measures(sqlite3_stmt *q, int column)
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

static json_t *session_row(sqlite3_stmt *q)
{
    json_t *error = column_text(q, 7);
    json_t *row = json_pack("{s:o, s:f, s:f, s:o, s:f, s:o, s:o, s:o}", "id", column_text(q, 0), "created",
                            sqlite3_column_double(q, 1), "updated", sqlite3_column_double(q, 2), "state",
                            column_text(q, 3), "duration_s", sqlite3_column_double(q, 4), "meta", column_json(q, 5),
                            "scores", column_json(q, 6), "measures", measures(q, 8));
    if (json_is_string(error))
        (void)json_object_set(row, "error", error);
    json_decref(error);
    return row;
}

rh_status store_sessions(rh_store *s, sqlite3_stmt *q, json_t **out, rh_error *err)
{
    json_t *rows = json_array();
    int rc;
    while ((rc = sqlite3_step(q)) == SQLITE_ROW)
        json_array_append_new(rows, session_row(q));
    rh_status st = rc == SQLITE_DONE ? RH_OK : store_sql_fail(s, "list", err);
    sqlite3_reset(q);
    if (st == RH_OK)
        *out = rows;
    else
        json_decref(rows);
    return st;
}

rh_status store_run_list(rh_store *s, store_op *o, rh_error *err)
{
    sqlite3_stmt *q = store_statement(s, RH_SQL_LIST);
    bind_text(q, 1, o->kind);
    sqlite3_bind_double(q, 2, o->start);
    sqlite3_bind_int(q, 3, o->n);
    bind_text(q, 4, o->text);
    return store_sessions(s, q, &o->out, err);
}

rh_status store_rows(rh_store *s, sqlite3_stmt *q, json_t **out, rh_error *err)
{
    json_t *rows = json_array();
    int rc;
    while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
        json_t *row = column_json(q, 0);
        if (!json_is_object(row)) {
            json_t *inner = row;
            row = json_pack("{s:o}", "value", inner);
        }
        for (int i = 1; i < sqlite3_column_count(q); i++) {
            int type = sqlite3_column_type(q, i);
            json_object_set_new(row, sqlite3_column_name(q, i),
                                type == SQLITE_INTEGER ? json_integer(sqlite3_column_int64(q, i))
                                : type == SQLITE_FLOAT ? json_real(sqlite3_column_double(q, i))
                                                       : column_text(q, i));
        }
        json_array_append_new(rows, row);
    }
    rh_status st = rc == SQLITE_DONE ? RH_OK : store_sql_fail(s, "read", err);
    sqlite3_reset(q);
    if (st == RH_OK)
        *out = rows;
    else
        json_decref(rows);
    return st;
}

static rh_status rows_of(rh_store *s, rh_sql which, const char *id, json_t **out, rh_error *err)
{
    sqlite3_stmt *q = store_statement(s, which);
    bind_text(q, 1, id);
    return store_rows(s, q, out, err);
}

rh_status store_run_get(rh_store *s, store_op *o, rh_error *err)
{
    sqlite3_stmt *q = store_statement(s, RH_SQL_GET);
    bind_text(q, 1, o->id);
    int rc = sqlite3_step(q);
    if (rc != SQLITE_ROW) {
        sqlite3_reset(q);
        return rc == SQLITE_DONE ? rh_fail(err, RH_ERR_NOTFOUND, "no session \"%s\"", o->id)
                                 : store_sql_fail(s, "get", err);
    }
    json_t *session = session_row(q);
    json_object_set_new(session, "report", column_json(q, 9));
    json_object_set_new(session, "media", column_text(q, 10));
    sqlite3_reset(q);
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
    sqlite3_stmt *q = store_statement(s, RH_SQL_DELETE);
    bind_text(q, 1, o->id);
    int rc = sqlite3_step(q);
    if (rc == SQLITE_ROW) {
        json_decref(o->out); /* of an attempt before */
        o->out = column_text(q, 0);
        rc = sqlite3_step(q); /* the row comes first, then the end says whether it was done */
        if (rc == SQLITE_DONE) {
            sqlite3_reset(q);
            s->checkpoint_due = true; /* what was deleted must not linger in the log beside the database */
            return RH_OK;
        }
    }
    rh_status st = rc == SQLITE_DONE ? rh_fail(err, RH_ERR_NOTFOUND, "no session \"%s\"", o->id)
                                     : store_sql_fail(s, "delete", err);
    sqlite3_reset(q);
    return st;
}

/* Ids by a time. */
static rh_status ids_of(rh_store *s, rh_sql which, store_op *o, rh_error *err)
{
    sqlite3_stmt *q = use_with(s, which, VALUES(R(o->start)));
    int rc;
    o->out = json_array();
    while ((rc = sqlite3_step(q)) == SQLITE_ROW)
        json_array_append_new(o->out, column_text(q, 0));
    sqlite3_reset(q);
    return rc == SQLITE_DONE ? RH_OK : store_sql_fail(s, "list", err);
}

rh_status store_run_older(rh_store *s, store_op *o, rh_error *err)
{
    return ids_of(s, RH_SQL_OLDER, o, err);
}

rh_status store_run_unended(rh_store *s, store_op *o, rh_error *err)
{
    return ids_of(s, RH_SQL_UNENDED, o, err);
}

/* ---- recordings, and what was broken ---- */

rh_status store_run_recording(rh_store *s, store_op *o, rh_error *err)
{
    json_t *meta = json_loads(o->text, 0, NULL);
    const char *client = json_string_value(json_object_get(meta, "client"));
    rh_status st =
        run(s, RH_SQL_RECORDING, "recording", err, VALUES(T(o->id), R(o->start), T(client), T(o->text), T(o->kind)));
    json_decref(meta);
    return st == RH_ERR_NOTFOUND ? rh_fail(err, RH_ERR_INVAL, "there is a session \"%s\" already", o->id) : st;
}

rh_status store_run_pending(rh_store *s, store_op *o, rh_error *err)
{
    sqlite3_stmt *q = store_statement(s, RH_SQL_PENDING);
    return store_rows(s, q, &o->out, err);
}

static rh_status clear(rh_store *s, rh_sql which, const char *id, rh_error *err)
{
    return run(s, which, "begin anew", err, VALUES(T(id)));
}

rh_status store_run_attempt(rh_store *s, store_op *o, rh_error *err)
{
    sqlite3_stmt *q = store_statement(s, RH_SQL_ATTEMPT);
    sqlite3_bind_double(q, 1, rh_unix_time());
    bind_text(q, 2, o->id);
    int rc = sqlite3_step(q), attempts = 0;
    if (rc == SQLITE_ROW) {
        attempts = sqlite3_column_int(q, 0);
        rc = sqlite3_step(q);
    }
    rh_status st = rc == SQLITE_DONE ? RH_OK : store_sql_fail(s, "attempt", err);
    sqlite3_reset(q);
    if (st == RH_OK && attempts == 0)
        return rh_fail(err, RH_ERR_NOTFOUND, "no session \"%s\" waits for its report", o->id);
    static const rh_sql kept[] = {RH_SQL_CLEAR_SEGMENTS, RH_SQL_CLEAR_EVENTS, RH_SQL_CLEAR_SECONDS};
    for (size_t i = 0; o->n && i < sizeof kept / sizeof *kept && st == RH_OK; i++)
        st = clear(s, kept[i], o->id, err);
    json_decref(o->out);
    o->out = json_integer(attempts);
    return st;
}

rh_status store_run_forget_segments(rh_store *s, store_op *o, rh_error *err)
{
    return clear(s, RH_SQL_CLEAR_SEGMENTS, o->id, err);
}

rh_status store_run_put_back(rh_store *s, store_op *o, rh_error *err)
{
    return run(s, RH_SQL_PUT_BACK, "put back", err, VALUES(N(o->n), T(o->id)));
}

rh_status store_run_fail(rh_store *s, store_op *o, rh_error *err)
{
    return run(s, RH_SQL_FAIL, "fail", err, VALUES(R(rh_unix_time()), T(o->text), T(o->id)));
}

rh_status store_run_report_llm(rh_store *s, store_op *o, rh_error *err)
{
    rh_status st = run(s, RH_SQL_REPORT_LLM, "report", err, VALUES(T(o->text), T(o->id)));
    if (st == RH_OK && sqlite3_changes(s->db) == 0)
        return rh_fail(err, RH_ERR_NOTFOUND, "no report of a session \"%s\"", o->id);
    return st;
}

rh_status store_run_files(rh_store *s, store_op *o, rh_error *err)
{
    sqlite3_stmt *q = store_statement(s, RH_SQL_FILES);
    json_t *all = json_object();
    int rc;
    while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
        json_t *row = json_pack("{s:o, s:o, s:o}", "state", column_text(q, 1), "media", column_text(q, 2), "recording",
                                column_text(q, 3));
        json_object_set_new(all, (const char *)sqlite3_column_text(q, 0), row);
    }
    rh_status st = rc == SQLITE_DONE ? RH_OK : store_sql_fail(s, "list", err);
    sqlite3_reset(q);
    json_decref(o->out);
    o->out = all;
    return st;
}
