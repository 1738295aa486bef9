/* The store on a PostgreSQL server that goes away and comes back: what waits is written then, once. Run by
 * tests/postgres/with, which says how the server is stopped and started. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "rehearse/store/store.h"

enum { ROUNDS = 3, EVENTS = 40 };

static const char *url, *control;

static void server(const char *action)
{
    char command[256];
    (void)snprintf(command, sizeof command, "'%s' -m immediate %s", control, action);
    assert_int_equal(system(command), 0);
}

static void write_events(rh_store *s, int from, rh_store_receipt *r)
{
    for (int i = from; i < from + EVENTS; i++) {
        json_t *event = json_pack("{s:i}", "seq", i + 1);
        assert_int_equal(rh_store_tell(s, "one", (uint64_t)i + 1, event, -1, r), RH_OK);
        assert_int_equal(rh_store_event(s, "one", "filler", i, i, event), RH_OK); /* twice would be two */
        json_decref(event);
        usleep(2000);
    }
}

static void what_was_queued_while_the_server_was_away_is_written_once(void **state)
{
    (void)state;
    rh_store *s = NULL;
    rh_store_receipt *r = NULL;
    rh_error err = {0};
    json_t *got = NULL, *meta = json_object();
    assert_int_equal(rh_store_open(&s, url, &err), RH_OK);
    assert_int_equal(rh_store_receipt_new(&r, NULL, NULL), RH_OK);
    assert_int_equal(rh_store_begin(s, "one", 1000, meta), RH_OK);
    assert_int_equal(rh_store_flush(s, &err), RH_OK);
    for (int round = 0; round < ROUNDS; round++) {
        write_events(s, 2 * round * EVENTS, r);
        server("stop");
        int64_t told = rh_store_receipt_seq(r);
        write_events(s, (2 * round + 1) * EVENTS, r);
        assert_int_equal(rh_store_receipt_seq(r), told); /* nothing is acknowledged meanwhile */
        assert_int_equal(rh_store_health(s, &err), RH_ERR_UNAVAILABLE);
        assert_null(strstr(err.msg, "postgresql://"));
        assert_int_equal(rh_store_get(s, "one", &got, &err), RH_ERR_UNAVAILABLE);
        server("start");
        for (int i = 0; i < 200 && rh_store_receipt_seq(r) < 2 * (round + 1) * EVENTS; i++)
            usleep(100000);
        assert_int_equal(rh_store_receipt_seq(r), 2 * (round + 1) * EVENTS);
    }
    assert_int_equal(rh_store_held(s, "one", &got, &err), RH_OK);
    assert_int_equal(json_array_size(json_object_get(got, "told")), 2 * ROUNDS * EVENTS);
    json_decref(got);
    assert_int_equal(rh_store_get(s, "one", &got, &err), RH_OK);
    assert_int_equal(json_array_size(json_object_get(got, "events")), 2 * ROUNDS * EVENTS);
    json_decref(got);
    json_decref(meta);
    rh_store_receipt_free(r);
    assert_int_equal(rh_store_close(s), 0);
}

/* What psql prints of one value. */
static int64_t ask(const char *more, const char *sql)
{
    char command[600], line[64] = "";
    (void)snprintf(command, sizeof command, "psql -XAtq '%s%s' -c \"%s\"", url, more, sql);
    FILE *f = popen(command, "r");
    assert_non_null(f);
    (void)fgets(line, sizeof line, f);
    assert_int_equal(pclose(f), 0);
    return strtoll(line, NULL, 10);
}

static void until(const char *sql, int64_t value)
{
    int64_t got = -1;
    for (int i = 0; i < 300 && (got = ask("", sql)) != value; i++)
        usleep(50000);
    assert_int_equal(got, value);
}

/* A commit that waits for a standby gets no answer. Then there is the server again that has it, or one that took over
 * without it: `lost` makes that of it, where the store can't see it yet. */
static void answer_lost(const char *id, bool lost)
{
    rh_store *s = NULL;
    rh_store_receipt *r = NULL;
    rh_error err = {0};
    json_t *meta = json_object(), *event = json_pack("{s:i}", "seq", 1);
    char sql[160];
    assert_int_equal(rh_store_open(&s, url, &err), RH_OK);
    assert_int_equal(rh_store_receipt_new(&r, NULL, NULL), RH_OK);
    assert_int_equal(rh_store_begin(s, id, 1000, meta), RH_OK);
    assert_int_equal(rh_store_flush(s, &err), RH_OK);
    (void)ask("", "ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
    (void)ask("", "SELECT pg_reload_conf()");
    until("SELECT count(*) FROM pg_settings WHERE name = 'synchronous_standby_names' AND setting = 'nobody'", 1);
    usleep(500000);
    assert_int_equal(rh_store_event(s, id, "filler", 1, 1, event), RH_OK);
    assert_int_equal(rh_store_tell(s, id, 1, event, -1, r), RH_OK);
    until("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'", 1);
    assert_true(rh_store_receipt_seq(r) < 1);
    server("stop");
    server("start -o '-p 5433 -c synchronous_standby_names='");
    (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM event WHERE session = '%s'", id);
    assert_int_equal(ask("&port=5433", sql), 1); /* it was committed, and nobody knows */
    if (lost) {
        (void)snprintf(sql, sizeof sql, "DELETE FROM event WHERE session = '%s'", id);
        (void)ask("&port=5433", sql);
        (void)snprintf(sql, sizeof sql, "DELETE FROM told WHERE session = '%s'", id);
        (void)ask("&port=5433", sql);
        (void)ask("&port=5433", "UPDATE written SET number = number - 1");
    }
    (void)ask("&port=5433", "ALTER SYSTEM RESET synchronous_standby_names");
    server("stop");
    server("start");
    for (int i = 0; i < 200 && rh_store_receipt_seq(r) < 1; i++)
        usleep(100000);
    assert_int_equal(rh_store_receipt_seq(r), 1);
    for (int i = 0; i < 2; i++) { /* once, however often it was tried */
        (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM %s WHERE session = '%s'", i ? "event" : "told", id);
        assert_int_equal(ask("", sql), 1);
    }
    json_decref(event);
    json_decref(meta);
    rh_store_receipt_free(r);
    assert_int_equal(rh_store_close(s), 0);
}

static void a_commit_without_an_answer_that_was_done_is_not_done_again(void **state)
{
    (void)state;
    answer_lost("two", false);
}

static void a_commit_without_an_answer_that_a_standby_lacks_is_done_again(void **state)
{
    (void)state;
    answer_lost("three", true);
}

/* The connection is ended from outside while the transaction waits for a lock within it: nothing of it is there, nothing of it was
 * acknowledged, and all of it is written anew. */
static void what_is_cut_off_in_mid_transaction_is_written_once(void **state)
{
    (void)state;
    rh_store *s = NULL;
    rh_store_receipt *r = NULL;
    rh_error err = {0};
    char hold[500];
    json_t *meta = json_object(), *event = json_pack("{s:i}", "seq", 1);
    static const char blocked[] = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'rehearse'"
                                  " AND wait_event_type = 'Lock'";
    assert_int_equal(rh_store_open(&s, url, &err), RH_OK);
    assert_int_equal(rh_store_receipt_new(&r, NULL, NULL), RH_OK);
    assert_int_equal(rh_store_begin(s, "five", 1000, meta), RH_OK);
    assert_int_equal(rh_store_flush(s, &err), RH_OK);
    (void)snprintf(hold, sizeof hold,
                   "psql -XAtq '%s' -c 'BEGIN; LOCK TABLE told IN EXCLUSIVE MODE; SELECT pg_sleep(600); ROLLBACK' &",
                   url);
    assert_int_equal(system(hold), 0);
    until("SELECT count(*) FROM pg_locks WHERE mode = 'ExclusiveLock' AND granted"
          " AND relation = (SELECT oid FROM pg_class WHERE relname = 'told')",
          1);
    assert_int_equal(rh_store_event(s, "five", "filler", 1, 1, event), RH_OK); /* is in it, and would be twice */
    assert_int_equal(rh_store_tell(s, "five", 1, event, -1, r), RH_OK);
    until(blocked, 1);
    assert_int_equal(ask("", "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                             " WHERE application_name = 'rehearse'"),
                     1);
    assert_true(rh_store_receipt_seq(r) < 1);
    assert_int_equal(ask("", "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                             " WHERE query LIKE 'BEGIN; LOCK TABLE told%'"),
                     1); /* who holds it */
    for (int i = 0; i < 100 && rh_store_receipt_seq(r) < 1; i++)
        usleep(100000);
    assert_int_equal(rh_store_receipt_seq(r), 1);
    assert_int_equal(ask("", "SELECT count(*) FROM event WHERE session = 'five'"), 1);
    assert_int_equal(ask("", "SELECT count(*) FROM told WHERE session = 'five'"), 1);
    assert_int_equal(rh_store_health(s, &err), RH_OK);
    assert_int_equal(rh_store_delete(s, "nobody", NULL, &err), RH_ERR_NOTFOUND); /* not what was before */
    json_decref(event);
    json_decref(meta);
    rh_store_receipt_free(r);
    assert_int_equal(rh_store_close(s), 0);
}

/* A question is no worse for a connection that broke while it was idle. */
static void the_first_question_after_a_restart_is_answered(void **state)
{
    (void)state;
    rh_store *s = NULL;
    rh_error err = {0};
    json_t *got = NULL, *meta = json_object();
    assert_int_equal(rh_store_open(&s, url, &err), RH_OK);
    assert_int_equal(rh_store_begin(s, "four", 1000, meta), RH_OK);
    assert_int_equal(rh_store_flush(s, &err), RH_OK);
    server("restart");
    if (rh_store_get(s, "four", &got, &err) != RH_OK)
        fail_msg("%s", err.msg);
    json_decref(got);
    json_decref(meta);
    assert_int_equal(rh_store_close(s), 0);
}

int main(void)
{
    url = getenv("REHEARSE_TEST_STORE_URL");
    control = getenv("REHEARSE_TEST_PG_CTL");
    if (!url || !control)
        return 77;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_queued_while_the_server_was_away_is_written_once),
        cmocka_unit_test(a_commit_without_an_answer_that_was_done_is_not_done_again),
        cmocka_unit_test(a_commit_without_an_answer_that_a_standby_lacks_is_done_again),
        cmocka_unit_test(what_is_cut_off_in_mid_transaction_is_written_once),
        cmocka_unit_test(the_first_question_after_a_restart_is_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
