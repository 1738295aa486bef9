/* The schema of the store: older ones are brought up to date once, whoever opens them; newer ones are left alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include "folder.h"
#include "rehearse/store/store.h"

enum { OPENERS = 4 };

static const char *folder;
static char path[128];

static int make_folder(void **state)
{
    (void)state;
    if (!(folder = test_folder()))
        return -1;
    (void)snprintf(path, sizeof path, "%s/sessions.db", folder);
    return 0;
}

static void execute(const char *sql)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void *open_it(void *out)
{
    return (void *)(intptr_t)rh_store_open(out, path, NULL);
}

/* As version 1 left it, with a session. */
static const char version_1[] =
    "PRAGMA journal_mode=WAL; BEGIN;"
    "CREATE TABLE session (id TEXT PRIMARY KEY, created REAL NOT NULL, updated REAL NOT NULL, state TEXT NOT NULL,"
    " duration_s REAL NOT NULL DEFAULT 0, client TEXT, meta TEXT NOT NULL DEFAULT '{}', report TEXT, media TEXT)"
    " STRICT;"
    "CREATE TABLE segment (session TEXT NOT NULL REFERENCES session (id) ON DELETE CASCADE, seq INTEGER NOT NULL,"
    " start_s REAL NOT NULL, end_s REAL NOT NULL, data TEXT NOT NULL, PRIMARY KEY (session, seq))"
    " STRICT, WITHOUT ROWID;"
    "CREATE TABLE event (id INTEGER PRIMARY KEY, session TEXT NOT NULL REFERENCES session (id) ON DELETE CASCADE,"
    " kind TEXT NOT NULL, start_s REAL NOT NULL, end_s REAL NOT NULL, data TEXT NOT NULL) STRICT;"
    "CREATE TABLE second (session TEXT NOT NULL REFERENCES session (id) ON DELETE CASCADE, t INTEGER NOT NULL,"
    " data TEXT NOT NULL, PRIMARY KEY (session, t)) STRICT, WITHOUT ROWID;"
    "INSERT INTO session (id, created, updated, state, meta) VALUES ('old', 1000, 1000, 'done', '{\"question\": \"Q\"}');"
    "PRAGMA user_version = 1; COMMIT";

static void an_old_schema_is_migrated_once_by_many_openers_and_a_newer_one_is_refused(void **state)
{
    (void)state;
    rh_store *s[OPENERS] = {0};
    pthread_t threads[OPENERS];
    execute(version_1);
    for (int i = 0; i < OPENERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, open_it, &s[i]), 0);
    for (int i = 0; i < OPENERS; i++) {
        void *ended = NULL;
        assert_int_equal(pthread_join(threads[i], &ended), 0);
        assert_int_equal((intptr_t)ended, RH_OK);
    }
    json_t *got = NULL;
    rh_store_note note = {.t = 1, .text = "new table", .most = 1};
    assert_int_equal(rh_store_note_new(s[1], "old", &note, NULL, NULL), RH_OK);
    assert_int_equal(rh_store_get(s[0], "old", &got, NULL), RH_OK);
    assert_string_equal(json_string_value(json_object_get(json_object_get(got, "meta"), "question")), "Q");
    assert_int_equal(json_array_size(json_object_get(got, "notes")), 1);
    json_decref(got);
    for (int i = 0; i < OPENERS; i++)
        rh_store_close(s[i]);

    rh_error err;
    execute("PRAGMA user_version = 1000");
    assert_int_equal(rh_store_open(&s[0], path, &err), RH_ERR_FORMAT);
    assert_non_null(strstr(err.msg, "newer version (schema 1000"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_old_schema_is_migrated_once_by_many_openers_and_a_newer_one_is_refused),
    };
    return cmocka_run_group_tests(tests, make_folder, test_folder_remove);
}
