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
        assert_int_equal(rh_store_health(s, &err), RH_ERR_IO);
        assert_null(strstr(err.msg, "postgresql://"));
        assert_int_equal(rh_store_get(s, "one", &got, &err), RH_ERR_IO);
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

int main(void)
{
    url = getenv("REHEARSE_TEST_STORE_URL");
    control = getenv("REHEARSE_TEST_PG_CTL");
    if (!url || !control)
        return 77;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_queued_while_the_server_was_away_is_written_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
