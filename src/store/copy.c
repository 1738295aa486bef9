/* copy.c - the rows of a whole store, table by table, as the databases themselves say what columns there are.
 *
 * The target is marked before the first row (table copying) and the mark goes after the last, so that what is not whole is
 * not taken for it. A copy that goes on replaces what it has already: rows are little beside sound, which stays. */
#include "copy.h"

#include <stdio.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/store/media.h"

enum { PAGE = 500, SQL = 1024, NAME = 4200 };

typedef struct {
    char id[RH_SESSION_ID_MAX + 1];
} session_id;

/* ---- one table ---- */

/* INSERT with the columns of the row at hand. */
static rh_status write_insert(store_copy *c, size_t slot, const store_query *row, const char *table, rh_error *err)
{
    char sql[SQL], marks[SQL / 4] = "";
    size_t n = (size_t)snprintf(sql, sizeof sql, "INSERT INTO %s (", table), m = 0;
    for (int i = 0; i < store_query_columns(row) && n < sizeof sql && m < sizeof marks; i++) {
        n += (size_t)snprintf(sql + n, sizeof sql - n, "%s\"%s\"", i ? ", " : "", store_query_name(row, i));
        m += (size_t)snprintf(marks + m, sizeof marks - m, "%s?%d", i ? ", " : "", i + 1);
    }
    if (n + m + 16 > sizeof sql)
        return rh_fail(err, RH_ERR_LIMIT, "table %s has too many columns", table);
    (void)snprintf(sql + n, sizeof sql - n, ") VALUES (%s)", marks);
    c->writes[slot] = true;
    return store_write_query(c->to.db, slot, sql, err);
}

static rh_status copy_row(store_copy *c, size_t slot, const store_query *row, rh_error *err)
{
    store_value v[STORE_MOST_VALUES];
    size_t n = (size_t)store_query_columns(row);
    if (n > STORE_MOST_VALUES)
        return rh_fail(err, RH_ERR_LIMIT, "a row has %zu columns, more than %d", n, STORE_MOST_VALUES);
    for (size_t i = 0; i < n; i++)
        v[i] = store_query_value(row, (int)i);
    return store_do(c->to.db, (rh_sql)(RH_SQL_OTHER + slot), "copy", NULL, err, v, n);
}

static rh_status copy_rows(store_copy *c, size_t slot, store_query *query, const char *table, rh_error *err)
{
    rh_status st = RH_OK;
    store_step step;
    while ((step = store_query_step(query)) == STORE_ROW && st == RH_OK) {
        if (!c->writes[slot])
            st = write_insert(c, slot, query, table, err);
        if (st == RH_OK)
            st = copy_row(c, slot, query, err);
    }
    rh_status ended = store_query_end(query, step, "read", st == RH_OK ? err : NULL);
    return st == RH_OK ? ended : st;
}

static store_query *use(store_db *d, size_t slot, const store_value *v, size_t n)
{
    return store_use(d, (rh_sql)(RH_SQL_OTHER + slot), v, n);
}

static rh_status write_select(store_db *d, size_t slot, const char *table, const char *where, rh_error *err)
{
    char sql[SQL];
    (void)snprintf(sql, sizeof sql, "SELECT * FROM %s WHERE %s", table, where);
    return store_write_query(d, slot, sql, err);
}

/* A statement of a slot of its own that gives one number. */
static rh_status number_of(store_db *d, const char *sql, int64_t *out, rh_error *err)
{
    rh_status st = store_write_query(d, COPY_COUNT, sql, err);
    return st == RH_OK ? store_number(d, (rh_sql)(RH_SQL_OTHER + COPY_COUNT), "count", out, err, NULL, 0) : st;
}

static rh_status in_transaction(store_copy *c, rh_status (*work)(store_copy *c, const void *what, rh_error *err),
                                const void *what, rh_error *err)
{
    rh_status st = store_db_begin(c->to.db, false, err);
    if (st != RH_OK)
        return st;
    st = work(c, what, err);
    if (st == RH_OK)
        st = store_db_commit(c->to.db, err);
    if (st != RH_OK)
        store_db_roll_back(c->to.db);
    return st;
}

/* ---- rows of no session ---- */

/* In pages where they are counted, for these may be many. */
static rh_status copy_apart_rows(store_copy *c, const void *what, rh_error *err)
{
    const store_table *t = what;
    size_t slot = (size_t)(t - store_tables);
    char where[160], sql[SQL];
    int64_t after = -1, last = -1;
    rh_status st = RH_OK;
    if (c->resumed) {
        (void)snprintf(sql, sizeof sql, "DELETE FROM %s WHERE %s", t->name, t->apart);
        st = store_write_query(c->to.db, COPY_COUNT, sql, err);
        if (st == RH_OK)
            st = store_do(c->to.db, (rh_sql)(RH_SQL_OTHER + COPY_COUNT), "copy", NULL, err, NULL, 0);
    }
    if (!t->number) {
        st = st == RH_OK ? write_select(c->from.db, slot, t->name, t->apart, err) : st;
        return st == RH_OK ? copy_rows(c, slot, use(c->from.db, slot, NULL, 0), t->name, err) : st;
    }
    (void)snprintf(where, sizeof where, "%s AND %s > ?1 AND %s <= ?2", t->apart, t->number, t->number);
    (void)snprintf(sql, sizeof sql, "SELECT coalesce(max(%s), -1) FROM %s", t->number, t->name);
    st = st == RH_OK ? number_of(c->from.db, sql, &last, err) : st;
    st = st == RH_OK ? write_select(c->from.db, slot, t->name, where, err) : st;
    for (; st == RH_OK && after < last; after += PAGE)
        st = copy_rows(c, slot, use(c->from.db, slot, VALUES(N(after), N(after + PAGE))), t->name, err);
    return st;
}

static rh_status copy_apart(store_copy *c, rh_error *err)
{
    rh_status st = RH_OK;
    for (const store_table *t = store_tables; t < store_tables + STORE_TABLES && st == RH_OK; t++)
        if (t->apart)
            st = in_transaction(c, copy_apart_rows, t, err);
    return st;
}

/* ---- sessions ---- */

/* The sound of a session that runs is rows where the store is shared, else a file. */
static bool is_rows(const store_copy *c, const store_table *t)
{
    return t->of_session && (strcmp(t->name, "audio") != 0 || (c->from.shared && c->to.shared));
}

static rh_status copy_session(store_copy *c, const void *what, rh_error *err)
{
    const store_value id = T(((const session_id *)what)->id);
    rh_status st =
        c->resumed ? store_do(c->to.db, RH_SQL_DELETE, "copy", NULL, err, &id, 1) : RH_OK; /* with its parts */
    if (st == RH_OK)
        st = copy_rows(c, COPY_SESSION, use(c->from.db, COPY_SESSION, &id, 1), "session", err);
    for (size_t i = 0; i < STORE_TABLES && st == RH_OK; i++)
        if (is_rows(c, &store_tables[i]))
            st = copy_rows(c, i, use(c->from.db, i, &id, 1), store_tables[i].name, err);
    return st;
}

/* Calls `work` for each session of a database, in pages. */
static rh_status each_session(store_copy *c, store_db *d,
                              rh_status (*work)(store_copy *, const session_id *, rh_error *), rh_error *err)
{
    session_id *page = rh_alloc_array(PAGE, sizeof *page), after = {""};
    rh_status st =
        page ? store_write_query(d, COPY_IDS, "SELECT id FROM session WHERE id > ?1 ORDER BY id LIMIT ?2", err)
             : rh_fail(err, RH_ERR_NOMEM, "out of memory");
    size_t n = PAGE;
    while (st == RH_OK && n == PAGE) {
        store_query *q = use(d, COPY_IDS, VALUES(T(after.id), N(PAGE)));
        store_step step;
        for (n = 0; (step = store_query_step(q)) == STORE_ROW && n < PAGE; n++)
            (void)snprintf(page[n].id, sizeof page[n].id, "%s", store_query_text(q, 0));
        st = store_query_end(q, step, "read", err);
        for (size_t i = 0; i < n && st == RH_OK; i++)
            st = work(c, &page[i], err);
        if (n)
            after = page[n - 1];
    }
    rh_free(page);
    return st;
}

static rh_status copy_one(store_copy *c, const session_id *s, rh_error *err)
{
    rh_status st = in_transaction(c, copy_session, s, err);
    c->n_rows_done++;
    c->out->n_sessions += st == RH_OK;
    store_copy_tell(c);
    return st;
}

static rh_status copy_sessions(store_copy *c, rh_error *err)
{
    rh_status st = write_select(c->from.db, COPY_SESSION, "session", "id = ?1", err);
    for (size_t i = 0; i < STORE_TABLES && st == RH_OK; i++)
        if (is_rows(c, &store_tables[i]))
            st = write_select(c->from.db, i, store_tables[i].name, "session = ?1", err);
    return st == RH_OK ? each_session(c, c->from.db, copy_one, err) : st;
}

/* Of a copy that goes on: the source has it no more. */
static rh_status drop_one(store_copy *c, const session_id *s, rh_error *err)
{
    const store_value id = T(s->id);
    int n = 0;
    rh_status st = store_do(c->from.db, RH_SQL_SESSION_THERE, "look", &n, err, &id, 1);
    if (st != RH_OK || n)
        return st;
    st = store_do(c->to.db, RH_SQL_DELETE, "copy", NULL, err, &id, 1);
    return st == RH_OK ? store_do(c->to.db, RH_SQL_MEDIA_REMOVE_SESSION, "copy", NULL, err, &id, 1) : st;
}

/* ---- the target ---- */

static rh_status must_be_empty(store_copy *c, rh_error *err)
{
    rh_status st = RH_OK;
    for (size_t i = 0; i < STORE_TABLES + 2 && st == RH_OK; i++) {
        char sql[80];
        int64_t n = 0;
        const char *table = i < STORE_TABLES ? store_tables[i].name : i == STORE_TABLES ? "session" : "media";
        (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM (SELECT 1 FROM %s LIMIT 1) AS one", table);
        st = number_of(c->to.db, sql, &n, err);
        if (st == RH_OK && n)
            st = rh_fail(
                err, RH_ERR_INVAL,
                "there is something in the store that is to become the copy (table %s): copy into an empty one", table);
    }
    return st;
}

/* "": there is none. */
static rh_status read_mark(store_db *d, char out[NAME], rh_error *err)
{
    store_query *q = store_use(d, RH_SQL_COPYING, NULL, 0);
    store_step step = store_query_step(q);
    *out = '\0';
    if (step == STORE_ROW) {
        (void)snprintf(out, NAME, "%s", store_query_text(q, 0));
        step = store_query_step(q);
    }
    return store_query_end(q, step, "look", err);
}

/* Marks the target, or finds the mark of an earlier copy of the same store. */
static rh_status mark(store_copy *c, rh_error *err)
{
    char source[NAME], target[NAME], marked[NAME] = "";
    rh_status st = c->from.db->engine->name_of(c->from.db, source, sizeof source, err);
    if (st == RH_OK)
        st = c->to.db->engine->name_of(c->to.db, target, sizeof target, err);
    if (st == RH_OK && strcmp(source, target) == 0)
        return rh_fail(err, RH_ERR_INVAL, "a store can't be copied into itself");
    if (st == RH_OK)
        st = read_mark(c->from.db, marked, err);
    if (st == RH_OK && *marked)
        return rh_fail(err, RH_ERR_INVAL, "what is to be copied is an unfinished copy itself: finish it first");
    st = st == RH_OK ? read_mark(c->to.db, marked, err) : st;
    c->resumed = *marked != '\0';
    if (st == RH_OK && c->resumed && strcmp(marked, source) != 0)
        return rh_fail(err, RH_ERR_INVAL, "that is an unfinished copy of %.150s: copy into an empty store", marked);
    if (st == RH_OK && !c->resumed) {
        st = must_be_empty(c, err);
        if (st == RH_OK)
            st = store_do(c->to.db, RH_SQL_COPY_BEGIN, "copy", NULL, err, VALUES(T(source)));
    }
    return st;
}

static rh_status end_mark(store_copy *c, const void *what, rh_error *err)
{
    (void)what;
    rh_status st = RH_OK;
    for (const store_table *t = store_tables; t < store_tables + STORE_TABLES && st == RH_OK; t++)
        if (t->number && c->to.db->engine->count_on)
            st = c->to.db->engine->count_on(c->to.db, t->name, t->number, err);
    return st == RH_OK ? store_do(c->to.db, RH_SQL_COPY_END, "copy", NULL, err, NULL, 0) : st;
}

/* On the disk itself, with all that was written before. */
static rh_status finish(store_copy *c, rh_error *err)
{
    rh_status st = store_db_begin(c->to.db, true, err);
    if (st != RH_OK)
        return st;
    st = end_mark(c, NULL, err);
    if (st == RH_OK)
        st = store_db_commit(c->to.db, err);
    if (st != RH_OK)
        store_db_roll_back(c->to.db);
    return st;
}

static rh_status copy_all(store_copy *c, rh_error *err)
{
    rh_status st = mark(c, err);
    if (st == RH_OK)
        st = number_of(c->from.db, "SELECT count(*) FROM session", &c->n_rows, err);
    if (st == RH_OK)
        st = store_copy_measure(c, err);
    if (st == RH_OK)
        st = copy_apart(c, err);
    if (st == RH_OK)
        st = copy_sessions(c, err);
    if (st == RH_OK && c->resumed)
        st = each_session(c, c->to.db, drop_one, err);
    if (st == RH_OK)
        st = store_copy_files(c, err);
    if (st == RH_OK) /* nobody has begun to write to it meanwhile */
        st = store_place_idle(&c->from, err);
    return st == RH_OK ? finish(c, err) : st;
}

/* ---- both ---- */

static rh_status open_both(store_copy *c, const rh_store_place *from, const rh_store_place *to, rh_error *err)
{
    static const char who[] = "rehearse store copy";
    rh_status st = store_place_find(&c->from, from, true, err);
    if (st == RH_OK)
        st = store_place_find(&c->to, to, false, err);
    if (st == RH_OK && !c->from.shared && !c->to.shared && store_same_folder(c->from.folder, c->to.folder))
        st = rh_fail(err, RH_ERR_INVAL, "a store can't be copied into itself");
    if (st == RH_OK)
        st = store_place_lock(&c->from, who, err);
    if (st == RH_OK && !store_same_folder(c->from.folder, c->to.folder))
        st = store_place_lock(&c->to, who, err);
    if (st == RH_OK)
        st = store_place_open(&c->from, from, true, err);
    if (st == RH_OK)
        st = store_place_open(&c->to, to, false, err);
    if (st == RH_OK)
        st = store_place_idle(&c->from, err);
    return st == RH_OK ? store_place_idle(&c->to, err) : st;
}

rh_status rh_store_copy(const rh_store_place *from, const rh_store_place *to, void (*progress)(void *user, double done),
                        void *user, rh_store_copied *out, rh_error *err)
{
    *out = (rh_store_copied){0};
    store_copy c = {.progress = progress, .user = user, .out = out, .piece = rh_alloc(RH_MEDIA_PIECE)};
    rh_status st = c.piece ? open_both(&c, from, to, err) : rh_fail(err, RH_ERR_NOMEM, "out of memory");
    if (st == RH_OK)
        st = copy_all(&c, err);
    out->resumed = c.resumed;
    store_place_close(&c.from);
    store_place_close(&c.to);
    rh_free(c.piece);
    return st;
}
