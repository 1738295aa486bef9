/* Several nodes on one database: who has a session writes of it, and nobody else does. REHEARSE_TEST_STORE_URL: the same
 * on a PostgreSQL database (tests/postgres/with). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "folder.h"
#include "rehearse/store/store.h"

enum { ROUNDS = 12, EVENTS = 5, PIECE = 4000 };

static const char *where;
static rh_store *a, *b;

static int open_both(void **state)
{
    (void)state;
    if (!(where = test_database()))
        return -1;
    return rh_store_open_node(&a, where, "one:1", NULL) || rh_store_open_node(&b, where, "two:2", NULL);
}

static int close_both(void **state)
{
    rh_store_close(a);
    rh_store_close(b);
    return test_folder_remove(state);
}

static void begin(rh_store *s, const char *id)
{
    json_t *meta = json_object();
    assert_int_equal(rh_store_begin(s, id, 1000, meta), RH_OK);
    json_decref(meta);
}

static void write_segment(rh_store *s, const char *id, int seq)
{
    json_t *segment = json_pack("{s:i}", "n", seq);
    assert_int_equal(rh_store_segment(s, id, seq, seq, seq + 1, segment), RH_OK);
    json_decref(segment);
}

/* How many of its key there are in the session as `s` sees it. */
static size_t count(rh_store *s, const char *id, const char *key)
{
    json_t *got = NULL;
    assert_int_equal(rh_store_get(s, id, &got, NULL), RH_OK);
    assert_string_equal(json_string_value(json_object_get(got, "state")), "live");
    size_t n = json_array_size(json_object_get(got, key));
    json_decref(got);
    return n;
}

static void who_has_lost_a_session_changes_nothing_and_is_told(void **state)
{
    (void)state;
    rh_store_receipt *r = NULL;
    json_t *event = json_pack("{s:i}", "seq", 1);
    assert_int_equal(rh_store_receipt_new(&r, NULL, NULL), RH_OK);
    begin(a, "moved");
    begin(a, "stays");
    assert_int_equal(rh_store_hold(a, "moved", "0", 0, r), RH_OK);
    write_segment(a, "moved", 0);
    assert_int_equal(rh_store_flush(a, NULL), RH_OK);
    assert_int_equal(rh_store_standing(a, "moved"), RH_STANDING_OURS);
    assert_int_equal(rh_store_claim(b, "moved", -1, NULL), RH_OK);
    write_segment(a, "moved", 1);
    write_segment(a, "stays", 0);
    assert_int_equal(rh_store_event(a, "moved", "filler", 1, 2, event), RH_OK);
    assert_int_equal(rh_store_tell(a, "moved", 1, event, 1, r), RH_OK);
    assert_int_equal(rh_store_second(a, "moved", 1, event), RH_OK);
    assert_int_equal(rh_store_end(a, "moved", 3, event), RH_OK);
    assert_int_equal(rh_store_flush(a, NULL), RH_OK);
    assert_int_equal(rh_store_standing(a, "moved"), RH_STANDING_TAKEN);
    assert_int_equal(rh_store_standing(a, "stays"), RH_STANDING_OURS);
    assert_int_equal(rh_store_receipt_seq(r), 0);
    assert_int_equal(rh_store_fail(a, "moved", "why", NULL), RH_ERR_NOTFOUND);
    assert_int_equal(count(b, "moved", "segments"), 1);
    assert_int_equal(count(b, "moved", "events"), 0);
    assert_int_equal(count(b, "moved", "seconds"), 0);
    assert_int_equal(count(b, "stays", "segments"), 1);
    write_segment(b, "moved", 1);
    assert_int_equal(rh_store_flush(b, NULL), RH_OK);
    assert_int_equal(count(a, "moved", "segments"), 2);
    /* It may come back, and then the other one has lost it. */
    assert_int_equal(rh_store_claim(a, "moved", 1, NULL), RH_ERR_NOTFOUND);
    assert_int_equal(rh_store_claim(a, "moved", 2, NULL), RH_OK);
    write_segment(a, "moved", 2);
    write_segment(b, "moved", 3);
    assert_int_equal(rh_store_flush(a, NULL), RH_OK);
    assert_int_equal(rh_store_flush(b, NULL), RH_OK);
    assert_int_equal(rh_store_standing(b, "moved"), RH_STANDING_TAKEN);
    assert_int_equal(count(b, "moved", "segments"), 3);
    rh_store_receipt_free(r);
    json_decref(event);
}

static void a_session_that_was_deleted_elsewhere_is_known_to_be(void **state)
{
    (void)state;
    begin(a, "gone");
    begin(a, "other");
    assert_int_equal(rh_store_flush(a, NULL), RH_OK);
    assert_int_equal(rh_store_delete(b, "gone", NULL, NULL), RH_OK);
    write_segment(a, "other", 0);
    write_segment(a, "gone", 0);
    write_segment(a, "other", 1);
    assert_int_equal(rh_store_flush(a, NULL), RH_OK);
    assert_int_equal(rh_store_standing(a, "gone"), RH_STANDING_DELETED);
    assert_int_equal(count(b, "other", "segments"), 2);
    rh_store_release(a, "gone");
    begin(a, "gone"); /* a new one of that name */
    write_segment(a, "gone", 0);
    assert_int_equal(rh_store_flush(a, NULL), RH_OK);
    assert_int_equal(rh_store_standing(a, "gone"), RH_STANDING_OURS);
    assert_int_equal(count(b, "gone", "segments"), 1);
}

static int64_t epoch_of(const json_t *rows, const char *id)
{
    const json_t *row;
    size_t i;
    json_array_foreach(rows, i, row)
        if (strcmp(json_string_value(json_object_get(row, "id")), id) == 0)
            return json_integer_value(json_object_get(row, "epoch"));
    return -1;
}

static void one_of_many_finishes_a_session_whose_node_is_gone(void **state)
{
    (void)state;
    rh_store *dead = NULL;
    json_t *rows = NULL;
    assert_int_equal(rh_store_open_node(&dead, where, "three:3", NULL), RH_OK);
    begin(dead, "left");
    assert_int_equal(rh_store_close(dead), 0);
    if (rh_store_is_shared(a)) { /* its node was heard of a moment ago */
        assert_int_equal(rh_store_unowned(a, 60, &rows, NULL), RH_OK);
        assert_int_equal(epoch_of(rows, "left"), -1);
        json_decref(rows);
    }
    assert_int_equal(rh_store_unowned(a, -5, &rows, NULL), RH_OK);
    int64_t epoch = epoch_of(rows, "left");
    assert_int_equal(epoch, 1);
    json_decref(rows);
    assert_int_equal(rh_store_claim(b, "left", epoch, NULL), RH_OK);
    assert_int_equal(rh_store_claim(a, "left", epoch, NULL), RH_ERR_NOTFOUND);
    assert_int_equal(rh_store_end(b, "left", 1, NULL), RH_OK);
    assert_int_equal(rh_store_flush(b, NULL), RH_OK);
    assert_int_equal(rh_store_claim(a, "left", -1, NULL), RH_ERR_NOTFOUND); /* it has ended */
    assert_int_equal(rh_store_unowned(a, -5, &rows, NULL), RH_OK);
    assert_int_equal(epoch_of(rows, "left"), -1);
    json_decref(rows);
}

static void a_node_that_lives_keeps_its_session_from_those_who_begin_it_anew(void **state)
{
    (void)state;
    json_t *held = NULL;
    if (!rh_store_is_shared(a))
        return; /* there is one node only */
    begin(a, "same");
    assert_int_equal(rh_store_flush(a, NULL), RH_OK);
    assert_int_equal(rh_store_held(b, "same", &held, NULL), RH_OK);
    assert_true(json_is_true(json_object_get(held, "elsewhere")));
    json_decref(held);
    begin(b, "same");
    assert_int_equal(rh_store_flush(b, NULL), RH_OK);
    assert_int_equal(rh_store_standing(b, "same"), RH_STANDING_TAKEN);
    write_segment(a, "same", 0);
    assert_int_equal(rh_store_flush(a, NULL), RH_OK);
    assert_int_equal(count(b, "same", "segments"), 1);
    /* Who writes nothing learns it too. */
    assert_int_equal(rh_store_claim(b, "same", -1, NULL), RH_OK);
    for (int i = 0; i < 60 && rh_store_standing(a, "same") == RH_STANDING_OURS; i++)
        usleep(100000);
    assert_int_equal(rh_store_standing(a, "same"), RH_STANDING_TAKEN);
}

static rh_status collect(void *user, size_t at, const int16_t *x, size_t n, rh_error *err)
{
    (void)err;
    int16_t *all = user;
    memcpy(all + at, x, n * sizeof *x);
    return RH_OK;
}

static void sound_is_there_once_it_is_acknowledged(void **state)
{
    (void)state;
    enum { PIECES = 40 };
    static int16_t said[PIECES * PIECE], read[PIECES * PIECE];
    rh_store_receipt *r = NULL;
    for (size_t i = 0; i < sizeof said / sizeof *said; i++)
        said[i] = (int16_t)(i * 7919);
    assert_int_equal(rh_store_receipt_new(&r, NULL, NULL), RH_OK);
    begin(a, "sound");
    for (size_t i = 0; i < PIECES; i++)
        assert_int_equal(rh_store_audio(a, "sound", i * PIECE, said + i * PIECE, PIECE, r), RH_OK);
    for (int i = 0; i < 50 && rh_store_receipt_audio(r) < PIECES * PIECE; i++)
        usleep(100000);
    assert_int_equal(rh_store_receipt_audio(r), PIECES * PIECE);
    assert_int_equal(rh_store_audio_read(b, "sound", collect, read, NULL), RH_OK);
    assert_memory_equal(said, read, sizeof said);
    /* What is said anew counts. */
    assert_int_equal(rh_store_audio_cut(a, "sound", 10 * PIECE), RH_OK);
    assert_int_equal(rh_store_audio(a, "sound", 10 * PIECE, said, 10, NULL), RH_OK);
    assert_int_equal(rh_store_flush(a, NULL), RH_OK);
    memset(read, 0, sizeof read);
    assert_int_equal(rh_store_audio_read(b, "sound", collect, read, NULL), RH_OK);
    assert_memory_equal(said, read, 10 * PIECE * sizeof *said);
    assert_memory_equal(said, read + 10 * PIECE, 10 * sizeof *said);
    assert_int_equal(read[10 * PIECE + 10], 0);
    if (rh_store_is_shared(a)) { /* where it is kept there, it goes with the end */
        assert_int_equal(rh_store_end(a, "sound", 1, NULL), RH_OK);
        assert_int_equal(rh_store_flush(a, NULL), RH_OK);
        memset(read, 0, sizeof read);
        assert_int_equal(rh_store_audio_read(b, "sound", collect, read, NULL), RH_OK);
        assert_int_equal(read[1], 0);
    }
    assert_int_equal(rh_store_audio(a, "sound", 0, said, RH_STORE_AUDIO_PIECE + 1, NULL), RH_ERR_INVAL);
    rh_store_receipt_free(r);
}

/* The thread that copies it does not know that the end is in the queue already. */
static void sound_that_comes_after_the_end_is_not_kept(void **state)
{
    (void)state;
    static const int16_t said[PIECE] = {1};
    int16_t read[2 * PIECE] = {0};
    rh_store_receipt *r = NULL;
    assert_int_equal(rh_store_receipt_new(&r, NULL, NULL), RH_OK);
    begin(a, "late");
    assert_int_equal(rh_store_end(a, "late", 1, NULL), RH_OK);
    assert_int_equal(rh_store_audio(a, "late", PIECE, said, PIECE, r), RH_OK);
    begin(a, "failed");
    assert_int_equal(rh_store_fail(a, "failed", "why", NULL), RH_OK);
    assert_int_equal(rh_store_audio(a, "failed", PIECE, said, PIECE, r), RH_OK);
    assert_int_equal(rh_store_flush(a, NULL), RH_OK); /* that is nobody's failure */
    assert_int_equal(rh_store_audio_read(b, "late", collect, read, NULL), RH_OK);
    assert_int_equal(rh_store_audio_read(b, "failed", collect, read, NULL), RH_OK);
    assert_int_equal(read[PIECE], 0);
    assert_int_equal(rh_store_receipt_audio(r), 0);
    rh_store_receipt_free(r);
}

/* ---- two nodes that take a session from each other all the time ---- */

static void *snatch(void *store)
{
    rh_store *s = store;
    rh_store_receipt *r = NULL; /* such events are written at once */
    if (rh_store_receipt_new(&r, NULL, NULL) != RH_OK)
        return "no receipt";
    for (int round = 0; round < ROUNDS; round++) {
        json_t *held = NULL;
        if (rh_store_claim(s, "wanted", -1, NULL) != RH_OK || rh_store_held(s, "wanted", &held, NULL) != RH_OK)
            return "not taken";
        size_t n = json_array_size(json_object_get(held, "told"));
        json_decref(held);
        for (size_t i = 1; i <= EVENTS; i++) {
            json_t *event = json_pack("{s:I, s:I}", "seq", (json_int_t)(n + i), "before", (json_int_t)n);
            if (rh_store_tell(s, "wanted", n + i, event, -1, r) != RH_OK)
                return "not told";
            json_decref(event);
            usleep(3000);
        }
        rh_store_flush(s, NULL);
    }
    rh_store_receipt_free(r);
    return NULL;
}

static void events_of_two_that_fight_for_a_session_follow_each_other(void **state)
{
    (void)state;
    pthread_t other;
    void *failed = NULL;
    json_t *held = NULL, *event;
    size_t i, before = 0;
    begin(a, "wanted");
    assert_int_equal(rh_store_flush(a, NULL), RH_OK);
    assert_int_equal(pthread_create(&other, NULL, snatch, b), 0);
    assert_null(snatch(a));
    assert_int_equal(pthread_join(other, &failed), 0);
    assert_null(failed);
    assert_int_equal(rh_store_held(a, "wanted", &held, NULL), RH_OK);
    json_t *told = json_object_get(held, "told");
    assert_in_range(json_array_size(told), EVENTS, 2 * ROUNDS * EVENTS); /* the last one is not disturbed */
    json_array_foreach(told, i, event) {
        size_t knew = (size_t)json_integer_value(json_object_get(event, "before"));
        assert_int_equal(json_integer_value(json_object_get(event, "seq")), i + 1);
        assert_true(knew == before || knew == i); /* whoever took it goes on where the other one ended */
        before = knew;
    }
    json_decref(held);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_has_lost_a_session_changes_nothing_and_is_told),
        cmocka_unit_test(a_session_that_was_deleted_elsewhere_is_known_to_be),
        cmocka_unit_test(one_of_many_finishes_a_session_whose_node_is_gone),
        cmocka_unit_test(a_node_that_lives_keeps_its_session_from_those_who_begin_it_anew),
        cmocka_unit_test(sound_is_there_once_it_is_acknowledged),
        cmocka_unit_test(sound_that_comes_after_the_end_is_not_kept),
        cmocka_unit_test(events_of_two_that_fight_for_a_session_follow_each_other),
    };
    return cmocka_run_group_tests(tests, open_both, close_both);
}
