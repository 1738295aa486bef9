/* store.c - the store's thread, its queue and what it does with SQLite.
 *
 * Writes that come while somebody practises are collected into one transaction,
 * closed RH_STORE_COMMIT_MS after its first write (WAL, synchronous=NORMAL: a
 * killed process loses nothing committed). Calls that wait first commit what is
 * queued, so that a reader always sees its own writes. */
#include "rehearse/store.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "rehearse/alloc.h"
#include "rehearse/clock.h"
#include "rehearse/queue.h"
#include "store_internal.h"

typedef struct op op;
typedef rh_status (*op_run)(rh_store *s, op *o, rh_error *err);

struct op {
    op_run run;
    char id[RH_SESSION_ID_MAX + 1];
    char *text; /* JSON or a name; owned; may be NULL */
    char *kind; /* event kind, client; owned; may be NULL */
    double start, end;
    int n;
    /* a call that waits lives on its caller's stack */
    bool waits, done; /* done: {lock} */
    rh_status st;     /* {lock} */
    rh_error err;     /* {lock} */
    json_t *out;      /* {lock} */
};

struct rh_store {
    sqlite3 *db; /* store thread only, after opening */
    sqlite3_stmt *stmt[RH_SQL_COUNT];
    rh_queue *queue;
    pthread_t thread;
    bool running;
    pthread_mutex_t lock;
    pthread_cond_t answered;
    bool in_transaction; /* store thread only */
    int64_t commit_at_us;
    rh_status failed; /* store thread only: first queued write that failed since the last flush */
    rh_error failure;
};

bool rh_session_id_valid(const char *id)
{
    size_t n = 0;
    for (; id && id[n]; n++) {
        char c = id[n];
        bool ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '_' || (c == '.' && n > 0);
        if (!ok || n == RH_SESSION_ID_MAX)
            return false;
    }
    return n > 0;
}

/* ---- statements ---- */

static rh_status sql_fail(rh_store *s, const char *what, rh_error *err)
{
    int code = sqlite3_extended_errcode(s->db);
    rh_status st = (code & 0xff) == SQLITE_NOMEM        ? RH_ERR_NOMEM
                   : (code & 0xff) == SQLITE_CONSTRAINT ? RH_ERR_NOTFOUND
                                                        : RH_ERR_IO;
    return rh_fail(err, st, "store: %s: %s", what, sqlite3_errmsg(s->db));
}

static sqlite3_stmt *use(rh_store *s, rh_sql which)
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

static rh_status run_to_end(rh_store *s, sqlite3_stmt *q, const char *what, rh_error *err)
{
    int rc = sqlite3_step(q);
    sqlite3_reset(q);
    return rc == SQLITE_DONE ? RH_OK : sql_fail(s, what, err);
}

static rh_status commit(rh_store *s, rh_error *err)
{
    if (!s->in_transaction)
        return RH_OK;
    s->in_transaction = false;
    if (sqlite3_exec(s->db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK)
        return RH_OK;
    rh_status st = sql_fail(s, "commit", err);
    sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    return st;
}

/* ---- queued writes ---- */

static rh_status touch(rh_store *s, const char *id, rh_error *err)
{
    sqlite3_stmt *q = use(s, RH_SQL_TOUCH);
    sqlite3_bind_double(q, 1, rh_unix_time());
    bind_text(q, 2, id);
    return run_to_end(s, q, "touch", err);
}

static rh_status do_begin(rh_store *s, op *o, rh_error *err)
{
    sqlite3_stmt *q = use(s, RH_SQL_BEGIN);
    bind_text(q, 1, o->id);
    sqlite3_bind_double(q, 2, o->start);
    bind_text(q, 3, o->kind);
    bind_text(q, 4, o->text);
    return run_to_end(s, q, "begin", err);
}

static rh_status do_segment(rh_store *s, op *o, rh_error *err)
{
    sqlite3_stmt *q = use(s, RH_SQL_SEGMENT);
    bind_text(q, 1, o->id);
    sqlite3_bind_int(q, 2, o->n);
    sqlite3_bind_double(q, 3, o->start);
    sqlite3_bind_double(q, 4, o->end);
    bind_text(q, 5, o->text);
    rh_status st = run_to_end(s, q, "segment", err);
    return st == RH_OK ? touch(s, o->id, err) : st;
}

static rh_status do_event(rh_store *s, op *o, rh_error *err)
{
    sqlite3_stmt *q = use(s, RH_SQL_EVENT);
    bind_text(q, 1, o->id);
    bind_text(q, 2, o->kind);
    sqlite3_bind_double(q, 3, o->start);
    sqlite3_bind_double(q, 4, o->end);
    bind_text(q, 5, o->text);
    return run_to_end(s, q, "event", err);
}

static rh_status do_second(rh_store *s, op *o, rh_error *err)
{
    sqlite3_stmt *q = use(s, RH_SQL_SECOND);
    bind_text(q, 1, o->id);
    sqlite3_bind_int(q, 2, o->n);
    bind_text(q, 3, o->text);
    rh_status st = run_to_end(s, q, "second", err);
    return st == RH_OK ? touch(s, o->id, err) : st;
}

static rh_status do_end(rh_store *s, op *o, rh_error *err)
{
    sqlite3_stmt *q = use(s, RH_SQL_END);
    sqlite3_bind_double(q, 1, rh_unix_time());
    sqlite3_bind_double(q, 2, o->end);
    bind_text(q, 3, o->text);
    bind_text(q, 4, o->id);
    return run_to_end(s, q, "end", err);
}

static rh_status do_media(rh_store *s, op *o, rh_error *err)
{
    sqlite3_stmt *q = use(s, RH_SQL_MEDIA);
    bind_text(q, 1, o->text);
    bind_text(q, 2, o->id);
    return run_to_end(s, q, "media", err);
}

static void op_free(op *o)
{
    if (!o)
        return;
    rh_free(o->text);
    rh_free(o->kind);
    rh_free(o);
}

/* Takes `text`, which is NULL when the JSON could not be written. */
static rh_status enqueue(rh_store *s, op_run run, const char *id, const char *kind, char *text,
                         double start, double end, int n)
{
    if (!rh_session_id_valid(id)) {
        rh_free(text);
        return RH_ERR_INVAL;
    }
    op *o = rh_calloc(1, sizeof *o);
    if (!o) {
        rh_free(text);
        return RH_ERR_NOMEM;
    }
    o->run = run;
    (void)snprintf(o->id, sizeof o->id, "%s", id);
    o->text = text;
    o->start = start;
    o->end = end;
    o->n = n;
    rh_status st = RH_OK;
    if (kind && !(o->kind = rh_strdup(kind)))
        st = RH_ERR_NOMEM;
    if (st == RH_OK)
        st = rh_queue_push(s->queue, o);
    if (st != RH_OK)
        op_free(o);
    return st;
}

static rh_status enqueue_json(rh_store *s, op_run run, const char *id, const char *kind,
                              const json_t *value, double start, double end, int n)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(9));
    return text ? enqueue(s, run, id, kind, text, start, end, n) : RH_ERR_INVAL;
}

rh_status rh_store_begin(rh_store *s, const char *id, double unix_time, const json_t *meta)
{
    const char *client = json_string_value(json_object_get(meta, "client"));
    return enqueue_json(s, do_begin, id, client, meta, unix_time, 0, 0);
}

rh_status rh_store_segment(rh_store *s, const char *id, int seq, double start_s, double end_s,
                           const json_t *segment)
{
    return enqueue_json(s, do_segment, id, NULL, segment, start_s, end_s, seq);
}

rh_status rh_store_event(rh_store *s, const char *id, const char *kind, double start_s,
                         double end_s, const json_t *detail)
{
    return enqueue_json(s, do_event, id, kind, detail, start_s, end_s, 0);
}

rh_status rh_store_second(rh_store *s, const char *id, int t, const json_t *measures)
{
    return enqueue_json(s, do_second, id, NULL, measures, 0, 0, t);
}

rh_status rh_store_end(rh_store *s, const char *id, double duration_s, const json_t *report)
{
    return report ? enqueue_json(s, do_end, id, NULL, report, 0, duration_s, 0)
                  : enqueue(s, do_end, id, NULL, NULL, 0, duration_s, 0);
}

rh_status rh_store_media(rh_store *s, const char *id, const char *file)
{
    char *name = file ? rh_strdup(file) : NULL;
    return file && !name ? RH_ERR_NOMEM : enqueue(s, do_media, id, NULL, name, 0, 0, 0);
}

/* ---- calls that wait ---- */

static rh_status ask(rh_store *s, op *o, json_t **out, rh_error *err)
{
    o->waits = true;
    rh_status st = rh_queue_push(s->queue, o);
    if (st != RH_OK)
        return rh_fail(err, st == RH_END ? RH_ERR_IO : st, "store: %s",
                       st == RH_END ? "closed" : "too much waits to be written, try again");
    pthread_mutex_lock(&s->lock);
    while (!o->done)
        pthread_cond_wait(&s->answered, &s->lock);
    pthread_mutex_unlock(&s->lock);
    if (o->st != RH_OK && err)
        *err = o->err;
    if (out && o->st == RH_OK)
        *out = o->out;
    else
        json_decref(o->out);
    return o->st;
}

static rh_status do_flush(rh_store *s, op *o, rh_error *err)
{
    (void)o;
    rh_status st = s->failed;
    if (st != RH_OK && err)
        *err = s->failure;
    s->failed = RH_OK;
    return st;
}

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

static json_t *session_row(sqlite3_stmt *q)
{
    return json_pack("{s:o, s:f, s:f, s:o, s:f, s:o, s:o}", "id", column_text(q, 0), "created",
                     sqlite3_column_double(q, 1), "updated", sqlite3_column_double(q, 2), "state",
                     column_text(q, 3), "duration_s", sqlite3_column_double(q, 4), "meta",
                     column_json(q, 5), "scores", column_json(q, 6));
}

static rh_status do_list(rh_store *s, op *o, rh_error *err)
{
    sqlite3_stmt *q = use(s, RH_SQL_LIST);
    bind_text(q, 1, o->kind);
    sqlite3_bind_double(q, 2, o->start);
    sqlite3_bind_int(q, 3, o->n);
    int rc;
    o->out = json_array();
    while ((rc = sqlite3_step(q)) == SQLITE_ROW)
        json_array_append_new(o->out, session_row(q));
    rh_status st = rc == SQLITE_DONE ? RH_OK : sql_fail(s, "list", err);
    sqlite3_reset(q);
    return st;
}

/* Rows of one session; each row's JSON column `data`, with its times as start and end, or t. */
static rh_status rows_of(rh_store *s, rh_sql which, const char *id, json_t **out, rh_error *err)
{
    sqlite3_stmt *q = use(s, which);
    bind_text(q, 1, id);
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
    sqlite3_reset(q);
    if (rc != SQLITE_DONE) {
        json_decref(rows);
        return sql_fail(s, "read", err);
    }
    *out = rows;
    return RH_OK;
}

static rh_status do_get(rh_store *s, op *o, rh_error *err)
{
    sqlite3_stmt *q = use(s, RH_SQL_GET);
    bind_text(q, 1, o->id);
    int rc = sqlite3_step(q);
    if (rc != SQLITE_ROW) {
        sqlite3_reset(q);
        return rc == SQLITE_DONE ? rh_fail(err, RH_ERR_NOTFOUND, "no session \"%s\"", o->id)
                                 : sql_fail(s, "get", err);
    }
    json_t *session = session_row(q);
    json_object_set_new(session, "report", column_json(q, 7));
    json_object_set_new(session, "media", column_text(q, 8));
    sqlite3_reset(q);
    static const struct {
        const char *key;
        rh_sql sql;
    } parts[] = {{"segments", RH_SQL_SEGMENTS}, {"events", RH_SQL_EVENTS}, {"seconds", RH_SQL_SECONDS}};
    rh_status st = RH_OK;
    for (size_t i = 0; i < 3 && st == RH_OK; i++) {
        json_t *rows = NULL;
        st = rows_of(s, parts[i].sql, o->id, &rows, err);
        if (st == RH_OK)
            json_object_set_new(session, parts[i].key, rows);
    }
    o->out = session;
    return st;
}

static rh_status do_delete(rh_store *s, op *o, rh_error *err)
{
    sqlite3_stmt *q = use(s, RH_SQL_DELETE);
    bind_text(q, 1, o->id);
    int rc = sqlite3_step(q);
    if (rc == SQLITE_ROW)
        o->out = column_text(q, 0);
    sqlite3_reset(q);
    if (rc == SQLITE_DONE)
        return rh_fail(err, RH_ERR_NOTFOUND, "no session \"%s\"", o->id);
    if (rc != SQLITE_ROW)
        return sql_fail(s, "delete", err);
    /* what was deleted must not linger in the log beside the database */
    sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    return RH_OK;
}

static rh_status ids_of(rh_store *s, sqlite3_stmt *q, op *o, rh_error *err)
{
    int rc;
    o->out = json_array();
    while ((rc = sqlite3_step(q)) == SQLITE_ROW)
        json_array_append_new(o->out, column_text(q, 0));
    sqlite3_reset(q);
    return rc == SQLITE_DONE ? RH_OK : sql_fail(s, "list", err);
}

static rh_status do_older(rh_store *s, op *o, rh_error *err)
{
    sqlite3_stmt *q = use(s, RH_SQL_OLDER);
    sqlite3_bind_double(q, 1, o->start);
    return ids_of(s, q, o, err);
}

static rh_status do_unended(rh_store *s, op *o, rh_error *err)
{
    sqlite3_stmt *q = use(s, RH_SQL_UNENDED);
    sqlite3_bind_double(q, 1, o->start);
    return ids_of(s, q, o, err);
}

rh_status rh_store_flush(rh_store *s, rh_error *err)
{
    op o = {.run = do_flush};
    return ask(s, &o, NULL, err);
}

rh_status rh_store_list(rh_store *s, const char *client, int limit, double before, json_t **out,
                        rh_error *err)
{
    if (limit < 1 || limit > RH_STORE_LIST_MAX)
        return rh_fail(err, RH_ERR_INVAL, "limit %d outside 1..%d", limit, RH_STORE_LIST_MAX);
    char *name = client ? rh_strdup(client) : NULL;
    if (client && !name)
        return rh_fail(err, RH_ERR_NOMEM, "store: out of memory");
    op o = {.run = do_list, .kind = name, .n = limit, .start = before > 0 ? before : 1e18};
    rh_status st = ask(s, &o, out, err);
    rh_free(name);
    return st;
}

static rh_status ask_about(rh_store *s, op_run run, const char *id, json_t **out, rh_error *err)
{
    if (!rh_session_id_valid(id))
        return rh_fail(err, RH_ERR_NOTFOUND,
                       "no such session: an id has up to %d letters, digits, '-', '_' and '.'",
                       RH_SESSION_ID_MAX);
    op o = {.run = run};
    (void)snprintf(o.id, sizeof o.id, "%s", id);
    return ask(s, &o, out, err);
}

rh_status rh_store_get(rh_store *s, const char *id, json_t **out, rh_error *err)
{
    return ask_about(s, do_get, id, out, err);
}

rh_status rh_store_delete(rh_store *s, const char *id, json_t **media, rh_error *err)
{
    return ask_about(s, do_delete, id, media, err);
}

rh_status rh_store_older(rh_store *s, double unix_time, json_t **ids, rh_error *err)
{
    op o = {.run = do_older, .start = unix_time};
    return ask(s, &o, ids, err);
}

rh_status rh_store_unended(rh_store *s, double unix_time, json_t **ids, rh_error *err)
{
    op o = {.run = do_unended, .start = unix_time};
    return ask(s, &o, ids, err);
}

/* ---- the thread ---- */

static void answer(rh_store *s, op *o)
{
    rh_error err = {0};
    rh_status st = commit(s, &err);
    if (st == RH_OK)
        st = o->run(s, o, &err);
    pthread_mutex_lock(&s->lock);
    o->st = st;
    o->err = err;
    o->done = true;
    pthread_cond_broadcast(&s->answered);
    pthread_mutex_unlock(&s->lock);
}

static void write_queued(rh_store *s, op *o)
{
    rh_error err = {0};
    rh_status st = RH_OK;
    if (!s->in_transaction) {
        if (sqlite3_exec(s->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK)
            s->in_transaction = true;
        else
            st = sql_fail(s, "begin transaction", &err);
        s->commit_at_us = rh_now_us() + RH_STORE_COMMIT_MS * 1000;
    }
    if (st == RH_OK)
        st = o->run(s, o, &err);
    /* A session that was deleted while it ran has no row to write to: that is nobody's failure. */
    if (st != RH_OK && st != RH_ERR_NOTFOUND && s->failed == RH_OK) {
        s->failed = st;
        s->failure = err;
    }
    op_free(o);
}

static void *store_thread(void *arg)
{
    rh_store *s = arg;
    for (;;) {
        int64_t wait = -1;
        if (s->in_transaction) {
            wait = s->commit_at_us - rh_now_us();
            if (wait <= 0) {
                rh_error err = {0};
                rh_status st = commit(s, &err);
                if (st != RH_OK && s->failed == RH_OK) {
                    s->failed = st;
                    s->failure = err;
                }
                continue;
            }
        }
        void *item;
        rh_status st = rh_queue_pop(s->queue, &item, wait);
        if (st == RH_END)
            break;
        if (st != RH_OK)
            continue;
        op *o = item;
        if (o->waits)
            answer(s, o);
        else
            write_queued(s, o);
    }
    (void)commit(s, NULL);
    return NULL;
}

/* ---- open and close ---- */

static void make_folder_of(const char *path)
{
    char dir[4096];
    if (snprintf(dir, sizeof dir, "%s", path) >= (int)sizeof dir)
        return;
    for (char *slash = strchr(dir + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(dir, 0700); /* an error shows when the database is opened */
        *slash = '/';
    }
}

static rh_status prepare(rh_store *s, rh_error *err)
{
    for (int i = 0; i < RH_SQL_COUNT; i++)
        if (sqlite3_prepare_v3(s->db, rh_sql_text[i], -1, SQLITE_PREPARE_PERSISTENT, &s->stmt[i],
                               NULL) != SQLITE_OK)
            return sql_fail(s, "prepare", err);
    return RH_OK;
}

static rh_status migrate(rh_store *s, const char *path, rh_error *err)
{
    sqlite3_stmt *q = NULL;
    if (sqlite3_prepare_v2(s->db, "PRAGMA user_version", -1, &q, NULL) != SQLITE_OK ||
        sqlite3_step(q) != SQLITE_ROW) {
        sqlite3_finalize(q);
        return rh_fail(err, RH_ERR_FORMAT, "%s is not a session database", path);
    }
    int version = sqlite3_column_int(q, 0);
    sqlite3_finalize(q);
    if (version > rh_migrations_len)
        return rh_fail(err, RH_ERR_FORMAT, "%s was written by a newer version (schema %d, known: %d)",
                       path, version, rh_migrations_len);
    for (; version < rh_migrations_len; version++) {
        char set[64];
        (void)snprintf(set, sizeof set, "PRAGMA user_version = %d", version + 1);
        if (sqlite3_exec(s->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK ||
            sqlite3_exec(s->db, rh_migrations[version], NULL, NULL, NULL) != SQLITE_OK ||
            sqlite3_exec(s->db, set, NULL, NULL, NULL) != SQLITE_OK ||
            sqlite3_exec(s->db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
            return sql_fail(s, "migrate", err);
    }
    return RH_OK;
}

static rh_status open_database(rh_store *s, const char *path, rh_error *err)
{
    make_folder_of(path);
    mode_t old = umask(077); /* what people said is theirs alone */
    int rc = sqlite3_open_v2(path, &s->db,
                             SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
    if (rc == SQLITE_OK) {
        sqlite3_busy_timeout(s->db, 5000);
        rc = sqlite3_exec(s->db,
                          "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
                          "PRAGMA foreign_keys=ON; PRAGMA secure_delete=ON;",
                          NULL, NULL, NULL);
    }
    umask(old);
    if (rc == SQLITE_NOTADB)
        return rh_fail(err, RH_ERR_FORMAT, "%s is not a session database", path);
    if (rc != SQLITE_OK)
        return rh_fail(err, RH_ERR_IO, "%s cannot be opened: %s", path,
                       s->db ? sqlite3_errmsg(s->db) : "out of memory");
    rh_status st = migrate(s, path, err);
    return st == RH_OK ? prepare(s, err) : st;
}

rh_status rh_store_open(rh_store **out, const char *path, rh_error *err)
{
    rh_store *s = rh_calloc(1, sizeof *s);
    if (!s)
        return rh_fail(err, RH_ERR_NOMEM, "store: out of memory");
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->answered, NULL);
    rh_status st = open_database(s, path, err);
    if (st == RH_OK)
        st = rh_queue_new(&s->queue, RH_STORE_QUEUE, err);
    if (st == RH_OK) {
        if (pthread_create(&s->thread, NULL, store_thread, s) == 0)
            s->running = true;
        else
            st = rh_fail(err, RH_ERR_NOMEM, "store: no thread");
    }
    if (st != RH_OK)
        rh_store_close(s);
    else
        *out = s;
    return st;
}

void rh_store_close(rh_store *s)
{
    if (!s)
        return;
    if (s->running) {
        rh_queue_close(s->queue);
        pthread_join(s->thread, NULL);
    }
    for (int i = 0; i < RH_SQL_COUNT; i++)
        sqlite3_finalize(s->stmt[i]);
    sqlite3_close(s->db);
    rh_queue_free(s->queue);
    pthread_cond_destroy(&s->answered);
    pthread_mutex_destroy(&s->lock);
    rh_free(s);
}
