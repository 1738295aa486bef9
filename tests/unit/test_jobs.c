/* The table of jobs: each is claimed by one, done once, and not lost with whoever had it.
 * REHEARSE_TEST_STORE_URL: the same on a PostgreSQL database, which is empty at first (tests/postgres/with). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "folder.h"
#include "rehearse/store/jobs.h"
#include "rehearse/store/media.h"
#include "rehearse/store/transcriptions.h"
#include "rehearse/store/uploads.h"

enum { N_JOBS = 24, MOST = 100 };

static const char *where;
static rh_store *a, *b; /* two servers of one database */

static int open_two(void **state)
{
    (void)state;
    if (!(where = test_database()))
        return -1;
    return rh_store_open(&a, where, NULL) == RH_OK && rh_store_open(&b, where, NULL) == RH_OK ? 0 : -1;
}

static int close_two(void **state)
{
    (void)state;
    rh_store_close(a);
    rh_store_close(b);
    return test_folder_remove(state);
}

static void record(const char *id)
{
    rh_error err;
    json_t *meta = json_pack("{s:s, s:s}", "kind", "behavioural", "question", "Why?");
    assert_int_equal(rh_store_recording(a, id, 1000, meta, MOST, &err), RH_OK);
    json_decref(meta);
}

static json_t *session(rh_store *s, const char *id)
{
    json_t *got = NULL;
    assert_int_equal(rh_store_get(s, id, &got, NULL), RH_OK);
    return got;
}

static void assert_state(const char *id, const char *state)
{
    json_t *got = session(b, id);
    assert_string_equal(json_string_value(json_object_get(got, "state")), state);
    json_decref(got);
}

static void forget(const char *id)
{
    assert_int_equal(rh_store_delete(a, id, NULL, NULL), RH_OK);
}

static void recording_is_claimed_with_its_meta_and_is_over_with_its_report(void **state)
{
    (void)state;
    rh_store_job j, none;
    rh_error err;
    record("one");
    assert_state("one", "queued");
    json_t *meta = json_object();
    assert_int_equal(rh_store_recording(b, "one", 1000, meta, MOST, &err), RH_ERR_INVAL);
    json_decref(meta);
    assert_int_equal(rh_store_job_claim(b, &j, &err), RH_OK);
    assert_string_equal(j.id, "one");
    assert_string_equal(j.kind, "recording");
    assert_string_equal(json_string_value(json_object_get(j.data, "question")), "Why?");
    assert_string_equal(json_string_value(json_object_get(j.data, "kind")), "behavioural");
    assert_int_equal(json_object_size(j.data), 2);
    assert_int_equal(j.attempts, 1);
    assert_state("one", "analysing");
    assert_int_equal(rh_store_job_claim(a, &none, &err), RH_AGAIN);
    assert_int_equal(rh_store_job_beat(b, &j, 0.5, &err), RH_OK);
    json_t *got = session(a, "one"), *report = json_pack("{s:i}", "made", 1);
    assert_true(json_real_value(json_object_get(got, "progress")) == 0.5);
    json_decref(got);
    assert_int_equal(rh_store_job_end_session(b, j.id, j.epoch, 3, report, &err), RH_OK);
    json_decref(report);
    assert_state("one", "done");
    int n = -1;
    assert_int_equal(rh_store_jobs_waiting(a, &n, &err), RH_OK);
    assert_int_equal(n, 0);
    rh_store_job_clear(&j);
    forget("one");
}

static void only_so_many_wait(void **state)
{
    (void)state;
    rh_error err;
    json_t *data = json_object(), *list = NULL;
    const rh_store_whose all = {0};
    record("first");
    assert_int_equal(rh_store_recording(a, "second", 1000, data, 1, &err), RH_ERR_BUSY);
    assert_int_equal(rh_store_list(a, &all, (rh_store_page){.limit = 10}, &list, &err), RH_OK);
    assert_int_equal(json_array_size(list), 1); /* no session without its job */
    json_decref(list);
    json_decref(data);
    forget("first");
}

static void whoever_has_lost_a_job_writes_nothing_of_it(void **state)
{
    (void)state;
    rh_store_job lost, j;
    rh_error err;
    record("two");
    assert_int_equal(rh_store_job_claim(a, &lost, &err), RH_OK);
    json_t *segment = json_pack("{s:s}", "text", "half of it");
    assert_int_equal(rh_store_segment(a, "two", 0, 0, 1, segment), RH_OK);
    json_decref(segment);
    assert_int_equal(rh_store_flush(a, &err), RH_OK);
    assert_int_equal(rh_store_jobs_abandon(b, &err), RH_OK); /* as if its lease had run out */
    assert_int_equal(rh_store_job_beat(a, &lost, 0.5, &err), RH_OK);
    assert_int_equal(rh_store_job_claim(b, &j, &err), RH_AGAIN); /* it was only late, and nobody has taken it */
    assert_int_equal(rh_store_jobs_abandon(b, &err), RH_OK);
    assert_int_equal(rh_store_job_claim(b, &j, &err), RH_OK);
    assert_int_equal(j.attempts, 2);
    json_t *got = session(b, "two"), *report = json_pack("{s:s}", "by", "b"), *late = json_pack("{s:s}", "by", "a");
    assert_int_equal(json_array_size(json_object_get(got, "segments")), 0); /* begun anew */
    json_decref(got);
    segment = json_pack("{s:s}", "text", "too late");
    assert_int_equal(rh_store_segment(a, "two", 1, 1, 2, segment), RH_OK);
    assert_int_equal(rh_store_event(a, "two", "pause", 1, 2, segment), RH_OK);
    assert_int_equal(rh_store_second(a, "two", 1, segment), RH_OK);
    assert_int_equal(rh_store_flush(a, &err), RH_OK);
    assert_int_equal(rh_store_standing(a, "two"), RH_STANDING_TAKEN);
    assert_int_equal(rh_store_segment(b, "two", 0, 0, 1, segment), RH_OK);
    assert_int_equal(rh_store_flush(b, &err), RH_OK);
    json_decref(segment);
    got = session(b, "two");
    assert_int_equal(json_array_size(json_object_get(got, "segments")), 1); /* its own */
    assert_int_equal(json_array_size(json_object_get(got, "events")), 0);
    assert_int_equal(json_array_size(json_object_get(got, "seconds")), 0);
    json_decref(got);
    rh_store_release(a, "two");
    assert_int_equal(rh_store_job_beat(a, &lost, 0.9, &err), RH_ERR_CANCELED);
    assert_int_equal(rh_store_job_put_back(a, &lost, 0, true, &err), RH_ERR_CANCELED);
    assert_int_equal(rh_store_job_fail(a, &lost, "late", &err), RH_ERR_CANCELED);
    assert_int_equal(rh_store_job_end_session(a, "two", lost.epoch, 1, late, &err), RH_ERR_CANCELED);
    assert_state("two", "analysing");
    assert_int_equal(rh_store_job_end_session(b, "two", j.epoch, 1, report, &err), RH_OK);
    assert_int_equal(rh_store_job_end_session(a, "two", lost.epoch, 1, late, &err), RH_ERR_CANCELED);
    got = session(a, "two");
    assert_string_equal(json_string_value(json_object_get(json_object_get(got, "report"), "by")), "b");
    json_decref(got);
    json_decref(report);
    json_decref(late);
    rh_store_job_clear(&lost);
    rh_store_job_clear(&j);
    forget("two");
}

static void one_that_is_put_back_waits_and_one_that_ends_the_program_three_times_fails(void **state)
{
    (void)state;
    rh_store_job j;
    rh_error err;
    record("three");
    assert_int_equal(rh_store_job_claim(a, &j, &err), RH_OK);
    assert_int_equal(rh_store_job_put_back(a, &j, 60, true, &err), RH_OK);
    assert_state("three", "queued");
    rh_store_job_clear(&j);
    assert_int_equal(rh_store_job_claim(a, &j, &err), RH_AGAIN); /* not before a minute has gone */
    forget("three");
    record("three");
    for (int i = 1; i <= RH_JOB_ATTEMPTS; i++) {
        assert_int_equal(rh_store_job_claim(i % 2 ? a : b, &j, &err), RH_OK);
        assert_int_equal(j.attempts, i);
        if (i == 1) { /* stopped, by no fault of its own */
            assert_int_equal(rh_store_job_put_back(a, &j, 0, true, &err), RH_OK);
            rh_store_job_clear(&j);
            assert_int_equal(rh_store_job_claim(a, &j, &err), RH_OK);
            assert_int_equal(j.attempts, 1);
        }
        rh_store_job_clear(&j);
        assert_int_equal(rh_store_jobs_abandon(a, &err), RH_OK);
    }
    assert_int_equal(rh_store_job_claim(a, &j, &err), RH_ERR_LIMIT);
    assert_string_equal(j.id, "three");
    assert_non_null(strstr(err.msg, "3 times"));
    assert_state("three", "failed");
    rh_store_job_clear(&j);
    assert_int_equal(rh_store_job_claim(a, &j, &err), RH_AGAIN);
    forget("three");
}

static void deletion_ends_it_wherever_it_runs(void **state)
{
    (void)state;
    rh_store_job j;
    rh_error err;
    record("four");
    assert_int_equal(rh_store_job_claim(a, &j, &err), RH_OK);
    assert_int_equal(rh_store_delete(b, "four", NULL, &err), RH_OK);
    assert_int_equal(rh_store_job_beat(a, &j, 0.1, &err), RH_ERR_CANCELED);
    json_t *report = json_object(), *got = NULL;
    assert_int_equal(rh_store_job_end_session(a, "four", j.epoch, 1, report, &err), RH_ERR_CANCELED);
    assert_int_equal(rh_store_get(a, "four", &got, &err), RH_ERR_NOTFOUND);
    json_decref(report);
    rh_store_job_clear(&j);
}

static void transcription(const char *id)
{
    rh_error err;
    json_t *data = json_pack("{s:s, s:s}", "response_format", "text", "person", "ann");
    assert_int_equal(rh_store_transcription_new(a, id, data, MOST, &err), RH_OK);
    json_decref(data);
}

static void assert_transcription(rh_store *s, const char *id, const char *state, const char *result)
{
    json_t *got = NULL;
    assert_int_equal(rh_store_transcription(s, id, &got, NULL), RH_OK);
    assert_string_equal(json_string_value(json_object_get(got, "state")), state);
    assert_string_equal(json_string_value(json_object_get(got, "person")), "ann");
    const char *text = json_string_value(json_object_get(got, "result"));
    assert_true(result ? text && strcmp(text, result) == 0 : !text);
    json_decref(got);
}

static void a_transcription_keeps_its_result_until_it_is_deleted(void **state)
{
    (void)state;
    rh_store_job j, lost;
    rh_error err;
    json_t *list = NULL;
    int n = 0;
    transcription("t1");
    transcription("t2");
    assert_int_equal(rh_store_job_claim(a, &lost, &err), RH_OK);
    assert_string_equal(lost.kind, "transcription");
    assert_string_equal(json_string_value(json_object_get(lost.data, "response_format")), "text");
    assert_transcription(b, "t1", "running", NULL);
    assert_int_equal(rh_store_jobs_abandon(b, &err), RH_OK);
    assert_int_equal(rh_store_job_claim(b, &j, &err), RH_OK);
    assert_string_equal(j.id, "t1");
    assert_int_equal(rh_store_job_result(a, &lost, "late", &err), RH_ERR_CANCELED);
    assert_int_equal(rh_store_job_put_back(b, &j, 0, true, &err), RH_OK);
    assert_transcription(a, "t1", "queued", NULL);
    rh_store_job_clear(&lost);
    rh_store_job_clear(&j);
    assert_int_equal(rh_store_job_claim(b, &j, &err), RH_OK);
    assert_int_equal(rh_store_job_result(b, &j, "What was \xC3\xBC said.\n", &err), RH_OK);
    assert_transcription(a, "t1", "done", "What was \xC3\xBC said.\n");
    assert_int_equal(rh_store_job_result(b, &j, "twice", &err), RH_ERR_CANCELED);
    rh_store_job_clear(&j);
    assert_int_equal(rh_store_job_claim(a, &j, &err), RH_OK);
    assert_int_equal(rh_store_job_fail(a, &j, "no sound", &err), RH_OK);
    assert_transcription(b, "t2", "failed", NULL);
    rh_store_job_clear(&j);
    assert_int_equal(rh_store_jobs_waiting(a, &n, &err), RH_OK);
    assert_int_equal(n, 0);
    assert_int_equal(rh_store_transcriptions(b, "ann", 10, NULL, &list, &err), RH_OK);
    assert_int_equal(json_array_size(list), 2);
    assert_string_equal(json_string_value(json_object_get(json_array_get(list, 0), "id")), "t2");
    json_decref(list);
    assert_int_equal(rh_store_transcriptions(b, "bob", 10, NULL, &list, &err), RH_OK);
    assert_int_equal(json_array_size(list), 0);
    json_decref(list);
    assert_int_equal(rh_store_transcriptions_expire(a, test_folder(), 1000, &n, &err), RH_OK);
    assert_int_equal(n, 0); /* they are not so old */
    assert_int_equal(rh_store_transcription_erase(b, test_folder(), "t1", &err), RH_OK);
    assert_int_equal(rh_store_transcription_erase(a, test_folder(), "t1", &err), RH_ERR_NOTFOUND);
    assert_int_equal(rh_store_transcriptions_expire(a, test_folder(), 1e12, &n, &err), RH_OK);
    assert_int_equal(n, 1);
}

/* More than two pieces, and how to know a byte by its place. */
enum { N_BYTES = 2 * RH_MEDIA_PIECE + 12345 };

static unsigned char byte_at(size_t i)
{
    return (unsigned char)(i * 7 + i / 251);
}

static bool file_is_there(const char *name)
{
    char full[160];
    (void)snprintf(full, sizeof full, "%s/%s", test_folder(), name);
    return access(full, R_OK) == 0;
}

static void write_file(const char *name)
{
    char full[160];
    (void)snprintf(full, sizeof full, "%s/%s", test_folder(), name);
    FILE *f = fopen(full, "wb");
    assert_non_null(f);
    for (size_t i = 0; i < N_BYTES; i++)
        assert_int_equal(fputc(byte_at(i), f), byte_at(i));
    assert_int_equal(fclose(f), 0);
}

static void assert_bytes(rh_store *s, size_t at, size_t n)
{
    rh_error err;
    unsigned char *got = malloc(n);
    assert_non_null(got);
    assert_int_equal(rh_media_read(s, test_folder(), "m.wav", at, got, n, &err), RH_OK);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(got[i], byte_at(at + i));
    free(got);
}

static void media_are_read_in_parts_by_every_server_and_go_with_their_session(void **state)
{
    (void)state;
    rh_error err;
    rh_media_info info;
    const char *dir = test_folder();
    bool shared = rh_store_is_shared(a);
    write_file("m.wav");
    assert_int_equal(rh_media_keep(a, dir, "m.wav", "m", &err), RH_OK);
    assert_int_equal(file_is_there("m.wav"), !shared);
    record("m");
    assert_int_equal(rh_media_look(b, dir, "m.wav", &info, &err), RH_OK);
    assert_int_equal(info.size, N_BYTES);
    assert_true(info.modified > 1e9);
    assert_bytes(b, 0, 10);
    assert_bytes(b, RH_MEDIA_PIECE - 3, 6); /* of two pieces */
    assert_bytes(b, 5, N_BYTES - 5);
    char last[2];
    assert_int_equal(rh_media_read(b, dir, "m.wav", N_BYTES - 1, last, 2, &err), RH_ERR_IO);
    assert_int_equal(rh_media_look(b, dir, "none.wav", &info, &err), RH_ERR_NOTFOUND);
    assert_int_equal(rh_media_fetch(b, dir, "m.wav", &err), RH_OK);
    assert_true(file_is_there("m.wav"));
    rh_media_release(b, dir, "m.wav");
    assert_int_equal(file_is_there("m.wav"), !shared);
    assert_bytes(a, 100, 100);
    if (shared) { /* kept again, as after an answer that was lost: once */
        write_file("m.wav");
        assert_int_equal(rh_media_keep(b, dir, "m.wav", "m", &err), RH_OK);
        assert_bytes(a, RH_MEDIA_PIECE - 3, 6);
    }
    assert_int_equal(rh_store_erase(b, dir, "m", &err), RH_OK);
    assert_int_equal(rh_media_look(a, dir, "m.wav", &info, &err), RH_ERR_NOTFOUND);
    assert_false(file_is_there("m.wav"));
}

static rh_status begin_upload(const char *id, int64_t length, const rh_upload_room *room)
{
    json_t *data = json_pack("{s:s, s:s, s:{s:s}}", "for", "session", "person", "ann", "wanted", "question", "Why?");
    rh_status st = rh_store_upload_new(a, id, length, 60, data, room, NULL);
    json_decref(data);
    return st;
}

static rh_status add(rh_store *s, int64_t at, size_t n)
{
    char *bytes = malloc(n + 1);
    assert_non_null(bytes);
    for (size_t i = 0; i < n; i++)
        bytes[i] = (char)byte_at((size_t)at + i);
    rh_status st = rh_store_upload_add(s, test_folder(), "u", at, bytes, n, 60, NULL);
    free(bytes);
    return st;
}

static int64_t kept(rh_store *s)
{
    json_t *row = NULL;
    assert_int_equal(rh_store_upload(s, "u", &row, NULL), RH_OK);
    int64_t n = json_integer_value(json_object_get(row, "kept"));
    json_decref(row);
    return n;
}

static void an_upload_grows_at_every_server_and_becomes_a_session_with_its_last_byte(void **state)
{
    (void)state;
    rh_error err;
    rh_store_job j;
    const rh_upload_room room = {.most = 2, .most_bytes = N_BYTES + 10};
    assert_int_equal(begin_upload("u", N_BYTES, &room), RH_OK);
    assert_int_equal(begin_upload("large", 11, &room), RH_ERR_BUSY);
    assert_int_equal(begin_upload("small", 10, &room), RH_OK);
    assert_int_equal(begin_upload("third", 0, &room), RH_ERR_BUSY);
    assert_int_equal(add(a, 0, 1000), RH_OK);
    assert_int_equal(add(b, 0, 1000), RH_ERR_INVAL);
    assert_int_equal(add(b, 1001, 1), RH_ERR_INVAL);
    assert_int_equal(add(b, 1000, RH_MEDIA_PIECE), RH_OK);
    assert_int_equal(kept(a), 1000 + RH_MEDIA_PIECE);
    int64_t at = kept(a);
    assert_int_equal(add(a, at, (size_t)(N_BYTES - at) + 1), RH_ERR_LIMIT);
    assert_int_equal(rh_store_job_claim(a, &j, &err), RH_AGAIN);
    int n = 0;
    assert_int_equal(rh_store_sweep(a, test_folder(), 1e12, &n, &err), RH_OK); /* it is needed, however old */
    assert_int_equal(n, 0);
    assert_int_equal(add(a, at, (size_t)(N_BYTES - at)), RH_OK);
    assert_state("u", "queued");
    assert_int_equal(add(b, N_BYTES, 1), RH_ERR_LIMIT);
    assert_int_equal(rh_store_job_claim(b, &j, &err), RH_OK);
    assert_string_equal(json_string_value(json_object_get(j.data, "question")), "Why?");
    rh_media_info info;
    assert_int_equal(rh_media_look(b, test_folder(), "u.upload", &info, &err), RH_OK);
    assert_int_equal(info.size, N_BYTES);
    unsigned char *got = malloc(N_BYTES);
    assert_int_equal(rh_media_read(b, test_folder(), "u.upload", 0, got, N_BYTES, &err), RH_OK);
    for (size_t i = 0; i < N_BYTES; i++)
        assert_int_equal(got[i], byte_at(i));
    free(got);
    assert_int_equal(rh_store_upload_delete(a, test_folder(), "u", &err), RH_OK); /* the session has its recording */
    assert_int_equal(rh_media_look(b, test_folder(), "u.upload", &info, &err), RH_OK);
    assert_int_equal(rh_store_upload_delete(a, test_folder(), "u", &err), RH_ERR_NOTFOUND);
    assert_int_equal(rh_store_upload_delete(a, test_folder(), "small", &err), RH_OK);
    assert_int_equal(rh_store_uploads_expire(a, test_folder(), &n, &err), RH_OK);
    assert_int_equal(n, 0);
    rh_store_job_clear(&j);
    forget("u");
}

static atomic_int claims[N_JOBS];

static void *claim_all(void *store)
{
    intptr_t fault = 0;
    for (int i = 0; i < 2 * N_JOBS && !fault;) {
        rh_store_job j;
        rh_error err;
        rh_status st = rh_store_job_claim(store, &j, &err);
        if (st == RH_AGAIN)
            break;
        fault = st != RH_OK || strncmp(j.id, "race-", 5) != 0;
        if (!fault) {
            atomic_fetch_add(&claims[atoi(j.id + 5)], 1);
            fault = rh_store_job_end_session(store, j.id, j.epoch, 1, NULL, &err) != RH_OK;
        }
        rh_store_job_clear(&j);
        i++;
    }
    return (void *)fault;
}

static void each_is_claimed_once_by_servers_that_race(void **state)
{
    (void)state;
    pthread_t threads[6];
    char id[16];
    for (int i = 0; i < N_JOBS; i++) {
        (void)snprintf(id, sizeof id, "race-%d", i);
        record(id);
    }
    for (int i = 0; i < 6; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, claim_all, i % 2 ? a : b), 0);
    for (int i = 0; i < 6; i++) {
        void *fault = NULL;
        assert_int_equal(pthread_join(threads[i], &fault), 0);
        assert_null(fault);
    }
    for (int i = 0; i < N_JOBS; i++)
        assert_int_equal(atomic_load(&claims[i]), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recording_is_claimed_with_its_meta_and_is_over_with_its_report),
        cmocka_unit_test(only_so_many_wait),
        cmocka_unit_test(whoever_has_lost_a_job_writes_nothing_of_it),
        cmocka_unit_test(one_that_is_put_back_waits_and_one_that_ends_the_program_three_times_fails),
        cmocka_unit_test(deletion_ends_it_wherever_it_runs),
        cmocka_unit_test(a_transcription_keeps_its_result_until_it_is_deleted),
        cmocka_unit_test(media_are_read_in_parts_by_every_server_and_go_with_their_session),
        cmocka_unit_test(an_upload_grows_at_every_server_and_becomes_a_session_with_its_last_byte),
        cmocka_unit_test(each_is_claimed_once_by_servers_that_race),
    };
    return cmocka_run_group_tests(tests, open_two, close_two);
}
