/* db_sqlite.c - SQLite: one file (WAL) of the data folder. */
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "db.h"
#include "rehearse/base/alloc.h"
#include "rehearse/store/store.h"

enum { BUSY_MS = 20 };

typedef struct {
    store_db base;
    sqlite3 *db;
    sqlite3_stmt *stmt[RH_SQL_COUNT];
    bool full; /* transactions end with a sync of the log */
} lite;

static lite *lite_of(const store_db *d)
{
    return (lite *)(uintptr_t)d;
}

static sqlite3_stmt *stmt_of(const store_query *q)
{
    return lite_of(q->db)->stmt[q->which];
}

/* ---- what went wrong ---- */

static rh_status fail(const store_db *d, const char *what, rh_error *err)
{
    const lite *l = lite_of(d);
    switch (sqlite3_extended_errcode(l->db) & 0xff) {
    case SQLITE_NOMEM: return rh_fail(err, RH_ERR_NOMEM, "store: %s: out of memory", what);
    case SQLITE_CONSTRAINT: return rh_fail(err, RH_ERR_NOTFOUND, "store: %s: %s", what, sqlite3_errmsg(l->db));
    case SQLITE_FULL: return rh_fail(err, RH_ERR_IO, "the disk of the data folder is full");
    case SQLITE_READONLY:
        return rh_fail(err, RH_ERR_IO, "the database of the data folder, or its disk, can only be read");
    case SQLITE_IOERR: return rh_fail(err, RH_ERR_IO, "the disk of the data folder fails: %s", sqlite3_errmsg(l->db));
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return rh_fail(err, RH_ERR_IO, "the database of the data folder is damaged: `rehearse store check` tells more");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return rh_fail(err, RH_ERR_UNAVAILABLE, "the database of the data folder is locked by another program");
    default: return rh_fail(err, RH_ERR_IO, "store: %s: %s", what, sqlite3_errmsg(l->db));
    }
}

static store_trouble trouble(const store_db *d)
{
    switch (sqlite3_errcode(lite_of(d)->db) & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return STORE_LOCKED;
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY: /* a file system that has become so */
    case SQLITE_CORRUPT:  /* what is read; what waits is not thrown away for it */
    case SQLITE_NOTADB:
    case SQLITE_NOMEM: return STORE_PASSING;
    default: return STORE_LASTING;
    }
}

/* ---- transactions ---- */

static rh_status execute(lite *l, const char *sql, rh_error *err)
{
    return sqlite3_exec(l->db, sql, NULL, NULL, NULL) == SQLITE_OK ? RH_OK : fail(&l->base, sql, err);
}

static rh_status begin(store_db *d, bool durable, rh_error *err)
{
    lite *l = lite_of(d);
    /* SQLite changes it only between two transactions. */
    if (l->full != durable && sqlite3_exec(l->db, durable ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL",
                                           NULL, NULL, NULL) == SQLITE_OK)
        l->full = durable;
    d->durable = l->full;
    return execute(l, "BEGIN IMMEDIATE", err);
}

static rh_status commit(store_db *d, rh_error *err)
{
    return execute(lite_of(d), "COMMIT", err);
}

static bool in_transaction(const store_db *d)
{
    return !sqlite3_get_autocommit(lite_of(d)->db);
}

static void roll_back(store_db *d)
{
    if (in_transaction(d))
        (void)sqlite3_exec(lite_of(d)->db, "ROLLBACK", NULL, NULL, NULL);
}

/* What is deleted leaves the log only with a checkpoint; a reader may be in its way for a while. */
static bool tidy(store_db *d)
{
    int left = -1;
    int rc = sqlite3_wal_checkpoint_v2(lite_of(d)->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, &left, NULL);
    return rc == SQLITE_OK && left <= 0;
}

/* ---- statements ---- */

static void reset(store_query *q)
{
    sqlite3_reset(stmt_of(q));
}

static void bind(store_query *q, const store_value *v, size_t n)
{
    sqlite3_stmt *stmt = stmt_of(q);
    sqlite3_reset(stmt);
    sqlite3_clear_bindings(stmt);
    for (size_t k = 0; k < n; k++) {
        int i = (int)k + 1;
        switch (v[k].type) {
        case STORE_NULL: break;
        case STORE_TEXT:
            if (v[k].text)
                sqlite3_bind_text(stmt, i, v[k].text, -1, SQLITE_STATIC);
            break;
        case STORE_REAL: sqlite3_bind_double(stmt, i, v[k].real); break;
        case STORE_WHOLE: sqlite3_bind_int64(stmt, i, v[k].whole); break;
        case STORE_BYTES: sqlite3_bind_blob64(stmt, i, v[k].bytes, (uint64_t)v[k].whole, SQLITE_STATIC); break;
        }
    }
}

static store_step step(store_query *q)
{
    int rc = sqlite3_step(stmt_of(q));
    return rc == SQLITE_ROW ? STORE_ROW : rc == SQLITE_DONE ? STORE_DONE : STORE_FAILED;
}

static int n_columns(const store_query *q)
{
    return sqlite3_column_count(stmt_of(q));
}

static const char *name(const store_query *q, int column)
{
    return sqlite3_column_name(stmt_of(q), column);
}

static store_value column(const store_query *q, int i)
{
    sqlite3_stmt *stmt = stmt_of(q);
    switch (sqlite3_column_type(stmt, i)) {
    case SQLITE_INTEGER: return (store_value)N(sqlite3_column_int64(stmt, i));
    case SQLITE_FLOAT: return (store_value)R(sqlite3_column_double(stmt, i));
    case SQLITE_NULL: return (store_value){.type = STORE_NULL};
    case SQLITE_BLOB: return (store_value)B(sqlite3_column_blob(stmt, i), sqlite3_column_bytes(stmt, i));
    default: return (store_value)T((const char *)sqlite3_column_text(stmt, i));
    }
}

static int64_t changes(const store_query *q)
{
    return sqlite3_changes(lite_of(q->db)->db);
}

/* ---- open and close ---- */

static rh_status prepare(lite *l, rh_error *err)
{
    for (int i = 0; i < RH_SQL_OTHER; i++)
        if (sqlite3_prepare_v3(l->db, rh_sql_text[i], -1, SQLITE_PREPARE_PERSISTENT, &l->stmt[i], NULL) != SQLITE_OK)
            return fail(&l->base, "prepare", err);
    return RH_OK;
}

static rh_status read_version(lite *l, const char *path, int *version, rh_error *err)
{
    sqlite3_stmt *q = NULL;
    bool ok =
        sqlite3_prepare_v2(l->db, "PRAGMA user_version", -1, &q, NULL) == SQLITE_OK && sqlite3_step(q) == SQLITE_ROW;
    if (ok)
        *version = sqlite3_column_int(q, 0);
    sqlite3_finalize(q);
    if (!ok)
        return rh_fail(err, RH_ERR_FORMAT, "%s is not a session database", path);
    if (*version > rh_migrations_len)
        return rh_fail(err, RH_ERR_FORMAT, "%s was written by a newer version (schema %d, known: %d)", path, *version,
                       rh_migrations_len);
    return RH_OK;
}

/* All versions that are missing in one transaction, whose lock keeps other programs from doing the same. */
static rh_status migrate(lite *l, const char *path, bool as_it_is, rh_error *err)
{
    int version = 0;
    char set[64];
    rh_status st = read_version(l, path, &version, err);
    l->base.found = version;
    if (st != RH_OK || version == rh_migrations_len)
        return st;
    if (as_it_is)
        return rh_fail(err, RH_ERR_FORMAT, "%s has schema %d of %d: `rehearse store migrate` brings it up to date",
                       path, version, rh_migrations_len);
    if (sqlite3_exec(l->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
        return fail(&l->base, "migrate", err);
    st = read_version(l, path, &version, err); /* another may have been faster */
    for (; st == RH_OK && version < rh_migrations_len; version++)
        if (sqlite3_exec(l->db, rh_migrations[version], NULL, NULL, NULL) != SQLITE_OK)
            st = fail(&l->base, "migrate", err);
    (void)snprintf(set, sizeof set, "PRAGMA user_version = %d; COMMIT", version);
    if (st == RH_OK && sqlite3_exec(l->db, set, NULL, NULL, NULL) != SQLITE_OK)
        st = fail(&l->base, "migrate", err);
    roll_back(&l->base);
    return st;
}

static void close_file(store_db *d)
{
    lite *l = lite_of(d);
    for (int i = 0; i < RH_SQL_COUNT; i++)
        sqlite3_finalize(l->stmt[i]);
    sqlite3_close(l->db);
    rh_free(l);
}

static const char *why_not(const lite *l, const char *path)
{
    bool read_only = access(path, F_OK) == 0 && access(path, W_OK) != 0; /* the library has no word for it here */
    return read_only ? strerror(errno) : l->db ? sqlite3_errmsg(l->db) : "out of memory";
}

static rh_status open_file(store_db **out, const char *path, bool as_it_is, rh_error *err)
{
    lite *l = rh_calloc(1, sizeof *l);
    if (!l)
        return rh_fail(err, RH_ERR_NOMEM, "store: out of memory");
    if (!as_it_is)
        rh_store_make_folder(path);
    mode_t old = umask(077); /* what people said is theirs alone */
    int make = as_it_is ? 0 : SQLITE_OPEN_CREATE;
    int rc = sqlite3_open_v2(path, &l->db, SQLITE_OPEN_READWRITE | make | SQLITE_OPEN_NOMUTEX, NULL);
    if (rc == SQLITE_OK) {
        sqlite3_busy_timeout(l->db, RH_STORE_PATIENCE_S * 1000); /* while it is opened */
        rc = sqlite3_exec(l->db,
                          "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;"
                          "PRAGMA secure_delete=ON; PRAGMA wal_autocheckpoint=250; PRAGMA journal_size_limit=1048576;",
                          NULL, NULL, NULL);
    }
    umask(old);
    rh_status st = RH_OK;
    if (rc == SQLITE_NOTADB)
        st = rh_fail(err, RH_ERR_FORMAT, "%s is not a session database", path);
    else if (rc != SQLITE_OK)
        st = rh_fail(err, RH_ERR_IO, "%s cannot be opened: %s", path, why_not(l, path));
    if (st == RH_OK)
        st = migrate(l, path, as_it_is, err);
    if (st == RH_OK)
        st = prepare(l, err);
    if (st != RH_OK) {
        close_file(&l->base);
        return st;
    }
    sqlite3_busy_timeout(l->db, BUSY_MS); /* the thread has other things to do than to wait */
    *out = &l->base;
    return RH_OK;
}

/* ---- a whole store in hand ---- */

static rh_status write_query(store_query *q, const char *sql, rh_error *err)
{
    lite *l = lite_of(q->db);
    sqlite3_stmt **stmt = &l->stmt[q->which];
    sqlite3_finalize(*stmt);
    *stmt = NULL;
    return sqlite3_prepare_v2(l->db, sql, -1, stmt, NULL) == SQLITE_OK ? RH_OK : fail(&l->base, "prepare", err);
}

static rh_status name_of(store_db *d, char *out, size_t size, rh_error *err)
{
    char *path = realpath(sqlite3_db_filename(lite_of(d)->db, "main"), NULL);
    bool fits = path && snprintf(out, size, "%s", path) < (int)size;
    free(path);
    return fits ? RH_OK : rh_fail(err, RH_ERR_IO, "the path of the database can't be told");
}

static const char *const faults[] = {
    "SELECT integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok'",
    "SELECT 'a row of table ' || \"table\" || ' refers to one of table ' || parent || ' that is not there'"
    " FROM pragma_foreign_key_check",
    NULL,
};

const store_engine store_sqlite = {
    .open = open_file,
    .close = close_file,
    .begin = begin,
    .commit = commit,
    .roll_back = roll_back,
    .in_transaction = in_transaction,
    .bind = bind,
    .step = step,
    .reset = reset,
    .n_columns = n_columns,
    .name = name,
    .column = column,
    .changes = changes,
    .trouble = trouble,
    .fail = fail,
    .tidy = tidy,
    .write_query = write_query,
    .name_of = name_of,
    .faults = faults,
};
