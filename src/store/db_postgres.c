/* db_postgres.c - PostgreSQL: one connection, made again when it is lost.
 *
 * Nothing of the address, which may hold a password, goes into a message. A transaction whose COMMIT got no answer
 * is in doubt: by its number the server tells, once it can be reached again, whether it was committed. */
#include "db.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "dialect.h"
#include "rehearse/base/alloc.h"
#include "rehearse/base/clock.h"
#include "unique.h"

enum { VALUE_LEN = 24, FIRST_PAUSE_MS = 100, LONGEST_PAUSE_MS = 1000, CONNECT_S = 5 };
enum { OID_BYTEA = 17, OID_INT8 = 20, OID_INT4 = 23, OID_FLOAT8 = 701, OID_NUMERIC = 1700 };

typedef struct {
    char *sql; /* in PostgreSQL's words */
    bool prepared;
    const char *value[STORE_MOST_VALUES];
    int length[STORE_MOST_VALUES], binary[STORE_MOST_VALUES]; /* of bytes */
    char number[STORE_MOST_VALUES][32];
    int n;
    unsigned char *bytes; /* of the row's column of them */
    PGresult *rows;       /* NULL: not run yet */
    int row;
    int64_t changes;
} statement;

typedef struct {
    store_db base;
    PGconn *conn; /* NULL: lost */
    char *url;
    statement statements[RH_SQL_COUNT];
    int64_t next_try_us;
    int pause_ms;
    bool open;                         /* a transaction is */
    char writer[STORE_UNIQUE_LEN + 1]; /* whose row of "written" */
    int64_t transaction;               /* the number of the one that is open, or in doubt */
    store_trouble trouble;
    bool missing; /* the failure is one of a constraint */
    char said[200];
} postgres;

static postgres *postgres_of(const store_db *d)
{
    return (postgres *)(uintptr_t)d;
}

static statement *statement_of(const store_query *q)
{
    return &postgres_of(q->db)->statements[q->which];
}

/* ---- what went wrong ---- */

static rh_status fail(const store_db *d, const char *what, rh_error *err)
{
    const postgres *p = postgres_of(d);
    if (!p->conn)
        return rh_fail(err, RH_ERR_UNAVAILABLE, "the database server can't be reached: %s", p->said);
    rh_status st = p->missing ? RH_ERR_NOTFOUND : p->trouble == STORE_LASTING ? RH_ERR_IO : RH_ERR_UNAVAILABLE;
    return rh_fail(err, st, "store: %s: %s", what, p->said);
}

static store_trouble trouble(const store_db *d)
{
    return postgres_of(d)->trouble;
}

/* Whether it may be of a password: the address has it up to the last '@', or as a parameter. One that is not written as
 * an address asks for is taken for other parts, of which the library complains. */
static bool is_secret(const char *url, const char *word, size_t n)
{
    const char *scheme = strstr(url, "://"), *from = scheme ? strchr(scheme + 3, ':') : NULL, *to = strrchr(url, '@');
    const char *parameter = strstr(url, "password=");
    return n && (memchr(word, '@', n) || (from && to > from && memmem(from, (size_t)(to - from), word, n)) ||
                 (parameter && memmem(parameter, strcspn(parameter, "&"), word, n)));
}

/* One line of what the server or the library says, without what it quotes of a password. */
static void keep_words(postgres *p, const char *said)
{
    (void)snprintf(p->said, sizeof p->said, "%s", said && *said ? said : "no reason given");
    p->said[strcspn(p->said, "\n")] = '\0';
    for (char *from = p->said, *to; (from = strchr(from, '"')) != NULL && (to = strchr(from + 1, '"')); from = to + 1)
        if (is_secret(p->url, from + 1, (size_t)(to - from - 1)))
            memset(from + 1, '*', (size_t)(to - from - 1));
}

/* Whether what has that code may succeed later. */
static bool may_pass(const char *code)
{
    static const char *const passing[] = {"08", "53", "57", "58", "40", "55", "25006"};
    for (size_t i = 0; i < sizeof passing / sizeof *passing; i++)
        if (strncmp(code, passing[i], strlen(passing[i])) == 0)
            return true;
    return false;
}

static void lose(postgres *p, const char *said)
{
    keep_words(p, said);
    p->trouble = STORE_PASSING;
    p->missing = false;
    PQfinish(p->conn);
    p->conn = NULL;
    for (int i = 0; i < RH_SQL_COUNT; i++)
        p->statements[i].prepared = false;
}

/* A result that is no good: what of, and whether the connection is. Frees it. */
static void note_failure(postgres *p, PGresult *r)
{
    const char *code = r ? PQresultErrorField(r, PG_DIAG_SQLSTATE) : NULL;
    const char *said = r ? PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY) : NULL;
    keep_words(p, said ? said : PQerrorMessage(p->conn));
    p->trouble = !code || may_pass(code) ? STORE_PASSING : STORE_LASTING;
    p->missing = code && strncmp(code, "23", 2) == 0;
    p->base.spoiled = p->open;
    /* The library has no code where the connection broke, and may think it good until the next word on it. */
    bool gone = !code || strncmp(code, "57P", 3) == 0 || strcmp(code, "25006") == 0 /* it follows another now */;
    PQclear(r);
    if (PQstatus(p->conn) == CONNECTION_BAD || gone) {
        char why[sizeof p->said];
        memcpy(why, p->said, sizeof why);
        lose(p, why);
    }
}

static bool is_fine(const PGresult *r)
{
    ExecStatusType st = PQresultStatus(r);
    return st == PGRES_COMMAND_OK || st == PGRES_TUPLES_OK;
}

/* Frees and notes what is not. */
static bool is_good(postgres *p, PGresult *r)
{
    if (is_fine(r)) {
        p->trouble = STORE_LASTING; /* what fails next, by no fault of the server's, would fail again */
        p->missing = false;
        return true;
    }
    note_failure(p, r);
    return false;
}

/* *text (may be NULL): the first value of the last result. */
static bool execute_into(postgres *p, const char *sql, char *text, size_t size)
{
    PGresult *r = p->conn ? PQexec(p->conn, sql) : NULL;
    if (!p->conn || !is_good(p, r))
        return false;
    if (text)
        (void)snprintf(text, size, "%s", PQntuples(r) > 0 ? PQgetvalue(r, 0, 0) : "");
    PQclear(r);
    return true;
}

/* *text (may be NULL): VALUE_LEN. */
static bool execute(postgres *p, const char *sql, char *text)
{
    return execute_into(p, sql, text, VALUE_LEN);
}

/* ---- the connection ---- */

static void be_silent(void *arg, const char *message)
{
    (void)arg, (void)message;
}

static bool connect_now(postgres *p)
{
    static const char *const keys[] = {
        "connect_timeout",      "application_name", "tcp_user_timeout", "keepalives_idle",
        "target_session_attrs", "dbname",           "client_encoding",  NULL};
    char limit[8];
    (void)snprintf(limit, sizeof limit, "%d", CONNECT_S);
    const char *const values[] = {limit, "rehearse", "10000", "5", "read-write", p->url, "UTF8", NULL};
    p->conn = PQconnectdbParams(keys, values, 1);
    if (PQstatus(p->conn) == CONNECTION_OK) {
        PQsetNoticeProcessor(p->conn, be_silent, NULL);
        if (execute(p,
                    "SET synchronous_commit = on; SET statement_timeout = '10s'; SET lock_timeout = '5s';"
                    /* a node that stands still in a transaction holds up others that take its sessions */
                    " SET idle_in_transaction_session_timeout = '3s'; SET default_transaction_read_only = off;"
                    " SET standard_conforming_strings = on",
                    NULL)) {
            p->pause_ms = 0;
            return true;
        }
    }
    if (p->conn) {
        char why[sizeof p->said];
        (void)snprintf(why, sizeof why, "%s", PQerrorMessage(p->conn));
        lose(p, why);
    }
    p->pause_ms = p->pause_ms ? 2 * p->pause_ms : FIRST_PAUSE_MS;
    p->pause_ms = p->pause_ms > LONGEST_PAUSE_MS ? LONGEST_PAUSE_MS : p->pause_ms;
    p->next_try_us = rh_now_us() + p->pause_ms * (int64_t)1000;
    return false;
}

/* Whether there is one; tried again after a pause that grows. */
static bool connected(postgres *p)
{
    if (p->conn)
        return true;
    p->trouble = STORE_PASSING;
    return rh_now_us() >= p->next_try_us && connect_now(p);
}

/* A connection that broke unnoticed while nothing was under way is made again at once, for the first word on it. */
static bool again(postgres *p)
{
    return !p->conn && !p->base.spoiled && !p->base.in_doubt && connected(p);
}

/* ---- transactions ---- */

static bool in_transaction(const store_db *d)
{
    const postgres *p = postgres_of(d);
    return p->conn && PQtransactionStatus(p->conn) != PQTRANS_IDLE;
}

static void roll_back(store_db *d)
{
    if (in_transaction(d))
        (void)execute(postgres_of(d), "ROLLBACK", NULL);
    postgres_of(d)->open = false;
    d->spoiled = false;
}

static bool begin_now(postgres *p)
{
    char sql[400];
    /* The row may have been swept, or a standby that was behind has taken over. */
    (void)snprintf(sql, sizeof sql,
                   "BEGIN; INSERT INTO written VALUES ('%s', %lld, date_part('epoch', clock_timestamp()))"
                   " ON CONFLICT (writer) DO UPDATE SET number = excluded.number, at = excluded.at",
                   p->writer, (long long)p->transaction);
    return execute(p, sql, NULL);
}

static rh_status begin(store_db *d, bool durable, rh_error *err)
{
    postgres *p = postgres_of(d);
    (void)durable; /* all are */
    d->durable = true;
    d->spoiled = false;
    p->transaction++;
    bool had = p->conn != NULL;
    if (!connected(p) || (!begin_now(p) && (!had || !again(p) || !begin_now(p)))) {
        rh_status st = fail(d, "begin", err);
        roll_back(d);
        return st;
    }
    p->open = true;
    return RH_OK;
}

static rh_status commit(store_db *d, rh_error *err)
{
    postgres *p = postgres_of(d);
    if (!p->conn || d->spoiled) /* a COMMIT would be a ROLLBACK, and say that it went well */
        return fail(d, "commit", err);
    p->open = false;
    bool done = execute(p, "COMMIT", NULL);
    d->in_doubt = !done && !p->conn;
    return done ? RH_OK : fail(d, "commit", err);
}

static rh_status resolve(store_db *d, bool *committed, rh_error *err)
{
    postgres *p = postgres_of(d);
    char sql[200], number[VALUE_LEN];
    /* Waits for the transaction itself where the server has not ended it yet, or gives up after a while. The insertion
     * does so too where there is no row. */
    (void)snprintf(sql, sizeof sql,
                   "INSERT INTO written VALUES ('%s', 0, date_part('epoch', clock_timestamp()))"
                   " ON CONFLICT (writer) DO UPDATE SET at = excluded.at RETURNING number",
                   p->writer);
    if (!connected(p) || !execute(p, sql, number))
        return fail(d, "look for a transaction", err);
    d->in_doubt = false;
    *committed = strtoll(number, NULL, 10) == p->transaction;
    return RH_OK;
}

static bool tidy(store_db *d)
{
    (void)d; /* the server's own vacuum does it */
    return true;
}

/* ---- statements ---- */

static void reset(store_query *q)
{
    statement *t = statement_of(q);
    PQclear(t->rows);
    t->rows = NULL;
    PQfreemem(t->bytes);
    t->bytes = NULL;
}

static void bind(store_query *q, const store_value *v, size_t n)
{
    statement *t = statement_of(q);
    reset(q);
    memset(t->value, 0, sizeof t->value);
    memset(t->binary, 0, sizeof t->binary);
    for (size_t i = 0; i < n && i < STORE_MOST_VALUES; i++) {
        t->value[i] = v[i].type == STORE_TEXT ? v[i].text : v[i].type == STORE_NULL ? NULL : t->number[i];
        if (v[i].type == STORE_REAL)
            (void)snprintf(t->number[i], sizeof t->number[i], "%.17g", v[i].real);
        else if (v[i].type == STORE_WHOLE)
            (void)snprintf(t->number[i], sizeof t->number[i], "%lld", (long long)v[i].whole);
        if (v[i].type == STORE_BYTES) {
            t->value[i] = v[i].bytes;
            t->length[i] = (int)v[i].whole;
            t->binary[i] = 1;
        }
    }
}

static bool prepare(postgres *p, statement *t, const char *name)
{
    PGresult *r = PQprepare(p->conn, name, t->sql, 0, NULL);
    if (!is_good(p, r))
        return false;
    PQclear(r);
    r = PQdescribePrepared(p->conn, name);
    if (!is_good(p, r))
        return false;
    t->n = PQnparams(r);
    PQclear(r);
    t->prepared = true;
    return true;
}

static bool run_now(postgres *p, statement *t, const char *name)
{
    if (!connected(p) || (!t->prepared && !prepare(p, t, name)))
        return false;
    PGresult *r = PQexecPrepared(p->conn, name, t->n, t->value, t->length, t->binary, 0);
    if (!is_good(p, r))
        return false;
    t->rows = r;
    return true;
}

static bool run(store_query *q)
{
    postgres *p = postgres_of(q->db);
    bool had = p->conn != NULL;
    statement *t = statement_of(q);
    char name[16];
    (void)snprintf(name, sizeof name, "s%d", (int)q->which);
    if (!p->conn && p->base.spoiled) /* lost in the middle of a transaction: that is over */
        return false;
    bool reads = strncmp(t->sql, "SELECT", 6) == 0;
    if (!run_now(p, t, name) && (!reads || !had || !again(p) || !run_now(p, t, name)))
        return false;
    t->row = -1;
    t->changes = strtoll(PQcmdTuples(t->rows), NULL, 10);
    return true;
}

static store_step step(store_query *q)
{
    statement *t = statement_of(q);
    if (!t->rows && !run(q))
        return STORE_FAILED;
    return ++t->row < PQntuples(t->rows) ? STORE_ROW : STORE_DONE;
}

static int n_columns(const store_query *q)
{
    return PQnfields(statement_of(q)->rows);
}

static const char *name(const store_query *q, int column)
{
    return PQfname(statement_of(q)->rows, column);
}

static store_value column_bytes(statement *t, const char *text)
{
    size_t n = 0;
    PQfreemem(t->bytes);
    t->bytes = PQunescapeBytea((const unsigned char *)text, &n);
    return (store_value)B(t->bytes, t->bytes ? (int64_t)n : 0);
}

static store_value column(const store_query *q, int i)
{
    statement *t = statement_of(q);
    if (PQgetisnull(t->rows, t->row, i))
        return (store_value){.type = STORE_NULL};
    const char *text = PQgetvalue(t->rows, t->row, i);
    switch (PQftype(t->rows, i)) {
    case OID_INT4:
    case OID_INT8: return (store_value)N(strtoll(text, NULL, 10));
    case OID_NUMERIC:
    case OID_FLOAT8: return (store_value)R(strtod(text, NULL));
    case OID_BYTEA: return column_bytes(t, text);
    default: return (store_value)T(text);
    }
}

static int64_t changes(const store_query *q)
{
    return statement_of(q)->changes;
}

/* ---- open and close ---- */

static void close_connection(store_db *d)
{
    postgres *p = postgres_of(d);
    for (int i = 0; i < RH_SQL_COUNT; i++) {
        PQclear(p->statements[i].rows);
        PQfreemem(p->statements[i].bytes);
        rh_free(p->statements[i].sql);
    }
    PQfinish(p->conn);
    rh_free(p->url);
    rh_free(p);
}

static rh_status migrate_one(postgres *p, int version, rh_error *err)
{
    char *sql = store_postgres_sql(rh_migrations[version]), set[64];
    if (!sql)
        return rh_fail(err, RH_ERR_NOMEM, "store: out of memory");
    (void)snprintf(set, sizeof set, "UPDATE schema_version SET version = %d", version + 1);
    bool ok =
        (version > 0 || execute(p, store_postgres_functions, NULL)) && execute(p, sql, NULL) && execute(p, set, NULL);
    rh_free(sql);
    return ok ? RH_OK : fail(&p->base, "migrate", err);
}

static rh_status newer(const postgres *p, rh_error *err)
{
    return rh_fail(err, RH_ERR_FORMAT, "the database was written by a newer version (schema %d, known: %d)",
                   p->base.found, rh_migrations_len);
}

/* In one transaction, under a lock that other nodes wait for. */
static rh_status migrate_all(postgres *p, rh_error *err)
{
    char text[VALUE_LEN];
    if (!execute(p,
                 "BEGIN; SELECT pg_advisory_xact_lock(7203145891);"
                 "CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL);"
                 "CREATE TABLE IF NOT EXISTS written"
                 " (writer TEXT PRIMARY KEY, number BIGINT NOT NULL, at DOUBLE PRECISION NOT NULL);"
                 "DELETE FROM written WHERE at < date_part('epoch', clock_timestamp()) - 604800;"
                 "INSERT INTO schema_version SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM schema_version);"
                 "SELECT version FROM schema_version",
                 text))
        return fail(&p->base, "migrate", err);
    int version = p->base.found = atoi(text);
    rh_status st = version > rh_migrations_len ? newer(p, err) : RH_OK;
    for (; st == RH_OK && version < rh_migrations_len; version++)
        st = migrate_one(p, version, err);
    if (st == RH_OK && !execute(p, "COMMIT", NULL))
        st = fail(&p->base, "migrate", err);
    roll_back(&p->base);
    return st;
}

/* What is there must be of this version. */
static rh_status take_as_it_is(postgres *p, rh_error *err)
{
    char text[VALUE_LEN];
    if (!execute(p, "SET statement_timeout = 0; SELECT to_regclass('schema_version')", text))
        return fail(&p->base, "look", err);
    if (!*text)
        return rh_fail(err, RH_ERR_NOTFOUND, "the database has no store");
    if (!execute(p, "SELECT version FROM schema_version", text))
        return fail(&p->base, "look", err);
    p->base.found = atoi(text);
    if (p->base.found > rh_migrations_len)
        return newer(p, err);
    return p->base.found == rh_migrations_len
               ? RH_OK
               : rh_fail(err, RH_ERR_FORMAT,
                         "the database has schema %d of %d: `rehearse store migrate` brings it up to date",
                         p->base.found, rh_migrations_len);
}

static rh_status open_connection(store_db **out, const char *url, bool as_it_is, rh_error *err)
{
    postgres *p = rh_calloc(1, sizeof *p);
    if (!p)
        return rh_fail(err, RH_ERR_NOMEM, "store: out of memory");
    rh_status st = (p->url = rh_strdup(url)) ? RH_OK : rh_fail(err, RH_ERR_NOMEM, "store: out of memory");
    store_unique(p->writer);
    for (int i = 0; st == RH_OK && i < RH_SQL_OTHER; i++)
        if (!(p->statements[i].sql = store_postgres_sql(rh_sql_text[i])))
            st = rh_fail(err, RH_ERR_NOMEM, "store: out of memory");
    if (st == RH_OK && !connect_now(p))
        st = fail(&p->base, "connect", err);
    if (st == RH_OK)
        st = as_it_is ? take_as_it_is(p, err) : migrate_all(p, err);
    for (int i = 0; st == RH_OK && i < RH_SQL_OTHER; i++) {
        char name_of[16];
        (void)snprintf(name_of, sizeof name_of, "s%d", i);
        if (!prepare(p, &p->statements[i], name_of))
            st = fail(&p->base, "prepare", err);
    }
    if (st != RH_OK)
        close_connection(&p->base);
    else
        *out = &p->base;
    return st;
}

/* ---- a whole store in hand ---- */

static rh_status write_query(store_query *q, const char *sql, rh_error *err)
{
    postgres *p = postgres_of(q->db);
    statement *t = statement_of(q);
    char name_of_it[16], drop[32];
    reset(q);
    (void)snprintf(name_of_it, sizeof name_of_it, "s%d", (int)q->which);
    (void)snprintf(drop, sizeof drop, "DEALLOCATE %s", name_of_it);
    if (t->prepared && !execute(p, drop, NULL))
        return fail(&p->base, "prepare", err);
    t->prepared = false;
    rh_free(t->sql);
    t->sql = store_postgres_sql(sql);
    if (!t->sql)
        return rh_fail(err, RH_ERR_NOMEM, "store: out of memory");
    return connected(p) && prepare(p, t, name_of_it) ? RH_OK : fail(&p->base, "prepare", err);
}

static rh_status name_of(store_db *d, char *out, size_t size, rh_error *err)
{
    postgres *p = postgres_of(d);
    char system[VALUE_LEN], database[64], schema[64];
    if (!execute_into(p, "SELECT system_identifier FROM pg_control_system()", system, sizeof system) ||
        !execute_into(p, "SELECT current_database()", database, sizeof database) ||
        !execute_into(p, "SELECT current_schema()", schema, sizeof schema))
        return fail(d, "look", err);
    (void)snprintf(out, size, "PostgreSQL %s %s.%s", system, database, schema);
    return RH_OK;
}

static rh_status count_on(store_db *d, const char *table, const char *column, rh_error *err)
{
    char sql[240];
    (void)snprintf(
        sql, sizeof sql,
        "SELECT setval(pg_get_serial_sequence('%s', '%s'), (SELECT coalesce(max(%s), 0) + 1 FROM %s), false)", table,
        column, column, table);
    return execute(postgres_of(d), sql, NULL) ? RH_OK : fail(d, "count on", err);
}

static const char *const faults[] = {NULL}; /* what can't be read is an error of whoever reads it */

const store_engine store_postgres = {
    .open = open_connection,
    .shared = true,
    .close = close_connection,
    .begin = begin,
    .commit = commit,
    .resolve = resolve,
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
    .count_on = count_on,
    .faults = faults,
};
