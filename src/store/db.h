/* db.h - a database as the store sees it: prepared statements with typed values, and transactions.
 *
 * An engine is a table of functions; db.c calls them. What a failure was stays asked for (store_db_trouble())
 * until the next call that may fail. Threads: one, the store's. */
#ifndef RH_STORE_DB_H
#define RH_STORE_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "rehearse/base/status.h"
#include "sql.h"

typedef struct store_db store_db;
typedef struct store_engine store_engine;

/* A value that goes into a statement, or a column that comes out of it. */
typedef struct {
    enum { STORE_NULL, STORE_TEXT, STORE_REAL, STORE_WHOLE, STORE_BYTES } type;
    const char *text; /* NULL is STORE_NULL; borrowed until the statement is used again; of a row until the next */
    double real;
    int64_t whole;     /* of bytes: how many */
    const void *bytes; /* as text; a row has one column of them */
} store_value;

enum { STORE_MOST_VALUES = 24 }; /* of a statement, and columns of a table */

/* clang-format off */
#define T(v) {.type = STORE_TEXT, .text = (v)}
#define R(v) {.type = STORE_REAL, .real = (v)}
#define N(v) {.type = STORE_WHOLE, .whole = (v)}
#define B(v, n) {.type = STORE_BYTES, .bytes = (v), .whole = (n)}
/* clang-format on */
#define VALUES(...) (const store_value[]){__VA_ARGS__}, sizeof((const store_value[]){__VA_ARGS__}) / sizeof(store_value)

typedef struct {
    store_db *db;
    rh_sql which;
} store_query;

typedef enum { STORE_ROW, STORE_DONE, STORE_FAILED } store_step;

typedef enum {
    STORE_LASTING, /* the same would fail again */
    STORE_PASSING, /* a full disk and the like: it may go later */
    STORE_LOCKED,  /* another program holds the database */
} store_trouble;

struct store_db {
    const store_engine *engine;
    int found;     /* the version of its schema as it was opened */
    bool durable;  /* the transaction that is open ends on the disk itself, not only with the system */
    bool spoiled;  /* a statement of the transaction failed, and with it the whole: it can be rolled back only */
    bool in_doubt; /* the answer to a commit was lost: store_db_resolve() before anything else is written */
    store_query queries[RH_SQL_COUNT];
};

struct store_engine {
    bool shared; /* several servers may use it at once: transactions are short, and nodes are told from one another */
    /* Opens, migrates forwards under a lock, prepares all statements. `as_it_is`: makes nothing, refuses what is older,
     * and lets statements take as long as they take. */
    rh_status (*open)(store_db **out, const char *where, bool as_it_is, rh_error *err);
    void (*close)(store_db *d);
    rh_status (*begin)(store_db *d, bool durable, rh_error *err);
    rh_status (*commit)(store_db *d, rh_error *err);
    rh_status (*resolve)(store_db *d, bool *committed, rh_error *err); /* NULL: never in doubt */
    void (*roll_back)(store_db *d);                                    /* also of what a failure has undone already */
    bool (*in_transaction)(const store_db *d);
    void (*bind)(store_query *q, const store_value *v, size_t n); /* anew, from the first on; the rest is null */
    store_step (*step)(store_query *q);
    void (*reset)(store_query *q);
    int (*n_columns)(const store_query *q);
    const char *(*name)(const store_query *q, int column);
    store_value (*column)(const store_query *q, int column);
    int64_t (*changes)(const store_query *q); /* rows that it wrote; once it is done */
    store_trouble (*trouble)(const store_db *d);
    rh_status (*fail)(const store_db *d, const char *what, rh_error *err);
    bool (*tidy)(store_db *d); /* nothing that was deleted lingers; false: something is in the way */

    /* For who has a whole store in hand. */
    rh_status (*write_query)(store_query *q, const char *sql, rh_error *err); /* of RH_SQL_OTHER on */
    rh_status (*name_of)(store_db *d, char *out, size_t size, rh_error *err); /* tells the database from others */
    /* Rows of a table came with their numbers: new ones count on from there. NULL: they do so by themselves. */
    rh_status (*count_on)(store_db *d, const char *table, const char *column, rh_error *err);
    const char *const *faults; /* statements, up to NULL, each row of which is something wrong with the database */
};

extern const store_engine store_sqlite;
extern const store_engine store_postgres; /* only where the build has it */

/* `where`: the path of a file, ":memory:", or the URL of a PostgreSQL database. Errors as of rh_store_open(). */
rh_status store_db_open(store_db **out, const char *where, bool as_it_is, rh_error *err);
void store_db_close(store_db *d); /* NULL is fine */

/* durable: it is to end on the disk itself. db->durable says whether it will. */
rh_status store_db_begin(store_db *d, bool durable, rh_error *err);
rh_status store_db_commit(store_db *d, rh_error *err);
/* What became of the transaction that is in doubt; a failure: nobody can say yet. */
rh_status store_db_resolve(store_db *d, bool *committed, rh_error *err);
void store_db_roll_back(store_db *d);
bool store_db_in_transaction(const store_db *d);
store_trouble store_db_trouble(const store_db *d);
bool store_db_tidy(store_db *d);

/* Writes a statement of `slot` (from 0 on) anew, in the words of SQLite. */
rh_status store_write_query(store_db *d, size_t slot, const char *sql, rh_error *err);

/* A statement with its values. Whoever steps it resets it. */
store_query *store_use(store_db *d, rh_sql which, const store_value *v, size_t n);
store_step store_query_step(store_query *q);
void store_query_reset(store_query *q);
/* The same with an error, for what has been stepped to its end: `st` is the last step. */
rh_status store_query_end(store_query *q, store_step st, const char *what, rh_error *err);
int store_query_columns(const store_query *q);
const char *store_query_name(const store_query *q, int column);
store_value store_query_value(const store_query *q, int column);
const char *store_query_text(const store_query *q, int column); /* NULL where it is null */
double store_query_real(const store_query *q, int column);

/* A statement that is stepped to its end. *n_rows (may be NULL): how many rows it gave. */
rh_status store_do(store_db *d, rh_sql which, const char *what, int *n_rows, rh_error *err, const store_value *v,
                   size_t n);
/* One that gives no rows; *n_rows: how many it wrote. */
rh_status store_write(store_db *d, rh_sql which, const char *what, int64_t *n_rows, rh_error *err, const store_value *v,
                      size_t n);
/* One that gives one row at most, of one number; *number stays where it gives none. */
rh_status store_number(store_db *d, rh_sql which, const char *what, int64_t *number, rh_error *err,
                       const store_value *v, size_t n);

#endif
