/* check.c - reads a whole store and tells what is wrong with it. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "place.h"
#include "rehearse/base/clock.h"
#include "rehearse/store/store.h"
#include "tables.h"

enum { SQL = 700 };

typedef struct {
    store_place at;
    rh_store_found found;
    void *user;
    int n;
} checking;

static void tell(checking *c, const char *what, const char *about, const char *detail)
{
    c->n++;
    c->found(c->user, &(rh_store_finding){.what = what, .about = about ? about : "", .detail = detail ? detail : ""});
}

/* Each row of a statement is a finding: whom it is about, and what of it. `about` (may be NULL): the statement gives the
 * detail alone. */
static rh_status tell_rows(checking *c, const char *what, const char *about, const char *sql, rh_error *err)
{
    rh_status st = store_write_query(c->at.db, 0, sql, err);
    if (st != RH_OK)
        return st;
    store_query *q = store_use(c->at.db, RH_SQL_OTHER, NULL, 0);
    store_step step;
    while ((step = store_query_step(q)) == STORE_ROW)
        tell(c, what, about ? about : store_query_text(q, 0), store_query_text(q, about ? 0 : 1));
    return store_query_end(q, step, "check", err);
}

/* The same of several, which end with NULL. */
static rh_status tell_all(checking *c, const char *what, const char *about, const char *const *sql, rh_error *err)
{
    rh_status st = RH_OK;
    for (; *sql && st == RH_OK; sql++)
        st = tell_rows(c, what, about, *sql, err);
    return st;
}

/* ---- the database ---- */

static rh_status check_database(checking *c, rh_error *err)
{
    return tell_all(c, "database", "sessions.db", c->at.db->engine->faults, err);
}

/* All of a table is read; a database that types JSON has looked at it already. */
static rh_status check_table(checking *c, const char *table, const char *about, const char *column, rh_error *err)
{
    char sql[SQL];
    if (c->at.shared)
        (void)snprintf(sql, sizeof sql, "SELECT '', '' WHERE (SELECT sum(length(CAST(%s AS TEXT))) FROM %s) < 0",
                       column, table);
    else
        (void)snprintf(
            sql, sizeof sql,
            "SELECT %s, '%s of a row of table %s is not JSON' FROM %s WHERE %s IS NOT NULL AND NOT json_valid(%s)",
            about, column, table, table, column, column);
    return tell_rows(c, "json", NULL, sql, err);
}

static rh_status check_orphans(checking *c, const store_table *t, rh_error *err)
{
    char sql[SQL];
    (void)snprintf(sql, sizeof sql,
                   "SELECT session, 'rows of table %s are of a session that is not there' FROM %s"
                   " WHERE session IS NOT NULL AND session NOT IN (SELECT id FROM session) GROUP BY session",
                   t->name, t->name);
    return tell_rows(c, "orphan", NULL, sql, err);
}

static rh_status check_rows(checking *c, rh_error *err)
{
    rh_status st = check_table(c, "session", "id", "meta", err);
    if (st == RH_OK)
        st = check_table(c, "session", "id", "report", err);
    for (const store_table *t = store_tables; t < store_tables + STORE_TABLES && st == RH_OK; t++) {
        if (t->json)
            st = check_table(c, t->name, t->key, t->json, err);
        if (st == RH_OK && t->of_session)
            st = check_orphans(c, t, err);
    }
    return st;
}

/* ---- what does not move ---- */

#define AN_HOUR_AGO "unixepoch() - 3600"

static rh_status check_moves(checking *c, rh_error *err)
{
    static const char *const unfinished[] = {
        "SELECT id, 'it did not end, and nothing was written of it for an hour: a server finishes it when it starts'"
        " FROM session WHERE state = 'live' AND updated < " AN_HOUR_AGO,
        "SELECT id, 'it waits for its analysis, and there is no job of it' FROM session"
        " WHERE state IN ('queued', 'analysing') AND id NOT IN (SELECT session FROM job WHERE session IS NOT NULL)",
        "SELECT source, 'the store is an unfinished copy of this: rehearse store copy goes on with it' FROM copying",
        NULL,
    };
    static const char *const jobs[] = {
        "SELECT id, 'who had it was not heard of for an hour, and nobody took it' FROM job"
        " WHERE state = 'running' AND due < " AN_HOUR_AGO,
        "SELECT id, 'it could have begun an hour ago, and nobody took it' FROM job"
        " WHERE state = 'queued' AND due < " AN_HOUR_AGO " AND created < " AN_HOUR_AGO,
        "SELECT job.id, 'its session does not wait for it any more' FROM job JOIN session ON session.id = job.session"
        " WHERE session.state NOT IN ('queued', 'analysing')",
        NULL,
    };
    rh_status st = tell_all(c, "unfinished", NULL, unfinished, err);
    return st == RH_OK ? tell_all(c, "job", NULL, jobs, err) : st;
}

/* ---- files ---- */

static rh_status check_media_rows(checking *c, rh_error *err)
{
    static const char *const missing[] = {
        "SELECT media, 'session ' || id || ' names it, and it is not there' FROM session WHERE media IS NOT NULL"
        " AND media NOT IN (SELECT name FROM media WHERE size IS NOT NULL)",
        "SELECT id || '.upload', 'the recording of job ' || id || ' is not there' FROM job"
        " WHERE state IN ('queued', 'running')"
        " AND id || '.upload' NOT IN (SELECT name FROM media WHERE size IS NOT NULL)",
        "SELECT name, 'pieces of it are missing' FROM media WHERE size IS NOT NULL AND size <>"
        " (SELECT coalesce(sum(length(media_piece.data)), 0) FROM media_piece WHERE media_piece.name = media.name)",
        NULL,
    };
    static const char *const left[] = {
        "SELECT name, 'no session needs it' FROM media WHERE created < " AN_HOUR_AGO
        " AND session NOT IN (SELECT id FROM session)"
        " AND session NOT IN (SELECT id FROM job WHERE state IN ('queued', 'running'))"
        " AND session NOT IN (SELECT id FROM upload WHERE kept < length)",
        "SELECT name, 'it never came whole' FROM media WHERE size IS NULL AND created < " AN_HOUR_AGO
        " AND session NOT IN (SELECT id FROM upload WHERE kept < length)",
        NULL,
    };
    rh_status st = tell_all(c, "file-missing", NULL, missing, err);
    return st == RH_OK ? tell_all(c, "file-left", NULL, left, err) : st;
}

static void need_file(checking *c, const char *name, const char *detail)
{
    char path[STORE_PATH + RH_SESSION_ID_MAX + 16];
    struct stat f;
    (void)snprintf(path, sizeof path, "%s/%s", c->at.media, name);
    if (stat(path, &f) != 0 || !S_ISREG(f.st_mode))
        tell(c, "file-missing", name, detail);
    else if (f.st_size == 0)
        tell(c, "file-missing", name, "it is empty");
}

static void check_named(checking *c, const json_t *sessions)
{
    const char *id;
    const json_t *row;
    json_object_foreach((json_t *)(uintptr_t)sessions, id, row) {
        const char *media = json_string_value(json_object_get(row, "media"));
        const char *state = json_string_value(json_object_get(row, "state"));
        char name[RH_SESSION_ID_MAX + 16];
        (void)snprintf(name, sizeof name, "%s.upload", id);
        if (media)
            need_file(c, media, "its session names it, and it is not there");
        if (state && (strcmp(state, "queued") == 0 || strcmp(state, "analysing") == 0 || strcmp(state, "job") == 0))
            need_file(c, name, "the recording that waits is not there");
    }
}

static void check_left(checking *c, const json_t *sessions)
{
    DIR *dir = opendir(c->at.media); /* none: there are no files */
    double until = rh_unix_time() - RH_STORE_STUCK_S;
    for (struct dirent *e; dir && (e = readdir(dir));) {
        char id[RH_SESSION_ID_MAX + 1];
        struct stat f;
        const char *ending = store_media_ending(e->d_name, id);
        if (ending && fstatat(dirfd(dir), e->d_name, &f, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(f.st_mode) &&
            (double)f.st_mtim.tv_sec < until && !store_media_needed(json_object_get(sessions, id), e->d_name, ending))
            tell(c, "file-left", e->d_name, "no session needs it");
    }
    if (dir)
        closedir(dir);
}

static rh_status check_files(checking *c, rh_error *err)
{
    json_t *sessions = NULL;
    rh_status st = store_files(c->at.db, &sessions, err);
    if (st == RH_OK && c->at.shared)
        st = check_media_rows(c, err);
    else if (st == RH_OK)
        check_named(c, sessions);
    if (st == RH_OK)
        check_left(c, sessions);
    json_decref(sessions);
    return st;
}

rh_status rh_store_check(const rh_store_place *at, rh_store_found found, void *user, int *n, rh_error *err)
{
    checking c = {.found = found, .user = user};
    rh_status st = store_place_find(&c.at, at, true, err);
    if (st == RH_OK)
        st = store_place_open(&c.at, at, true, err);
    static rh_status (*const parts[])(checking *, rh_error *) = {check_database, check_rows, check_moves, check_files};
    for (size_t i = 0; i < sizeof parts / sizeof *parts && st == RH_OK; i++) {
        rh_error why;
        st = parts[i](&c, &why);
        if (st == RH_ERR_IO) { /* a part that can't be read is a finding; the others may be */
            tell(&c, "database", "", why.msg);
            st = RH_OK;
        } else if (st != RH_OK && err) {
            *err = why;
        }
    }
    if (n)
        *n = c.n;
    store_place_close(&c.at);
    return st;
}
