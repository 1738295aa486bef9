/* The store: what was written is read back, survives a kill, and is really deleted.
 * REHEARSE_TEST_STORE_URL: the same on a PostgreSQL database, which is empty at first (tests/postgres/with). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "folder.h"
#include "rehearse/base/alloc.h"
#include "rehearse/store/jobs.h"

static const char *folder;
static char path[128];
static const char *where; /* a database that stays from test to test */
static bool on_server;

/* One of a test's own. */
static const char *fresh(void)
{
    static int n;
    static char url[512], command[640];
    const char *base = getenv("REHEARSE_TEST_STORE_URL"), *name = base ? strstr(base, "///postgres?") : NULL;
    if (!base)
        return ":memory:";
    assert_non_null(name);
    (void)snprintf(url, sizeof url, "%.*s///fresh_%d%s", (int)(name - base), base, ++n, name + strlen("///postgres"));
    (void)snprintf(command, sizeof command, "psql -q -c 'CREATE DATABASE fresh_%d' '%s'", n, base);
    assert_int_equal(system(command), 0);
    return url;
}

static int make_folder(void **state)
{
    (void)state;
    if (!(folder = test_folder()))
        return -1;
    (void)snprintf(path, sizeof path, "%s/deep/er/sessions.db", folder);
    const char *url = getenv("REHEARSE_TEST_STORE_URL");
    on_server = url != NULL;
    where = url ? url : path;
    return 0;
}

static void write_session(rh_store *s, const char *id, double created, const char *client)
{
    json_t *meta = json_pack("{s:s, s:s}", "question", "Tell me about yourself", "client", client);
    json_t *segment = json_pack("{s:s}", "text", "I rebuilt the billing system.");
    json_t *event = json_pack("{s:s}", "word", "um");
    json_t *pose = json_pack("{s:f}", "yaw", 3.5);
    json_t *pace = json_pack("{s:f}", "pace_wpm", 140.0);
    assert_int_equal(rh_store_begin(s, id, created, meta), RH_OK);
    assert_int_equal(rh_store_segment(s, id, 0, 0.5, 2.5, segment), RH_OK);
    assert_int_equal(rh_store_event(s, id, "filler", 1.0, 1.3, event), RH_OK);
    assert_int_equal(rh_store_second(s, id, 1, pose), RH_OK);
    assert_int_equal(rh_store_second(s, id, 1, pace), RH_OK);
    json_decref(meta);
    json_decref(segment);
    json_decref(event);
    json_decref(pose);
    json_decref(pace);
}

static void session_is_read_back_whole(void **state)
{
    (void)state;
    rh_store *s = NULL;
    rh_error err;
    assert_int_equal(rh_store_open(&s, where, &err), RH_OK);
    write_session(s, "one", 1000, "ann");
    json_t *report = json_pack("{s:{s:f}}", "scores", "fluency", 81.5);
    assert_int_equal(rh_store_end(s, "one", 2.5, report), RH_OK);
    json_decref(report);
    json_t *got = NULL;
    assert_int_equal(rh_store_get(s, "one", &got, &err), RH_OK);
    assert_string_equal(json_string_value(json_object_get(got, "state")), "done");
    json_t *segment = json_array_get(json_object_get(got, "segments"), 0);
    assert_string_equal(json_string_value(json_object_get(segment, "text")), "I rebuilt the billing system.");
    assert_true(json_real_value(json_object_get(segment, "start")) == 0.5);
    json_t *second = json_array_get(json_object_get(got, "seconds"), 0);
    assert_true(json_number_value(json_object_get(second, "yaw")) == 3.5);
    assert_true(json_number_value(json_object_get(second, "pace_wpm")) == 140.0);
    assert_int_equal(json_integer_value(json_object_get(second, "t")), 1);
    json_t *event = json_array_get(json_object_get(got, "events"), 0);
    assert_string_equal(json_string_value(json_object_get(event, "kind")), "filler");
    json_decref(got);
    rh_store_close(s);
}

static void list_is_newest_first_by_client_with_scores(void **state)
{
    (void)state;
    rh_store *s = NULL;
    assert_int_equal(rh_store_open(&s, fresh(), NULL), RH_OK);
    write_session(s, "a", 100, "ann");
    write_session(s, "b", 200, "bob");
    write_session(s, "c", 300, "ann");
    json_t *report = json_pack("{s:{s:f}}", "scores", "fluency", 70.0);
    rh_store_end(s, "c", 5, report);
    json_decref(report);
    json_t *list = NULL;
    assert_int_equal(rh_store_list(s, &(rh_store_whose){.client = "ann"}, (rh_store_page){.limit = 10}, &list, NULL),
                     RH_OK);
    assert_int_equal(json_array_size(list), 2);
    json_t *first = json_array_get(list, 0);
    assert_string_equal(json_string_value(json_object_get(first, "id")), "c");
    assert_true(json_number_value(json_object_get(json_object_get(first, "scores"), "fluency")) == 70.0);
    json_decref(list);
    assert_int_equal(rh_store_list(s, &(rh_store_whose){0}, (rh_store_page){.limit = 10, .before = 250}, &list, NULL),
                     RH_OK);
    assert_int_equal(json_array_size(list), 2);
    json_decref(list);
    assert_int_equal(rh_store_list(s, &(rh_store_whose){0}, (rh_store_page){.limit = 0}, &list, NULL), RH_ERR_INVAL);
    rh_store_close(s);
}

typedef rh_status (*list_pages)(rh_store *s, const rh_store_whose *of, rh_store_page page, json_t **out, rh_error *err);

/* How many different rows come by pages of `limit`; each comes once. */
static size_t rows_by_pages(rh_store *s, list_pages list, int limit)
{
    rh_store_walk walk = {.page.limit = limit};
    json_t *rows = NULL, *seen = json_object(), *row;
    size_t i, n_rows = 0;
    while (!walk.over) {
        assert_int_equal(list(s, &(rh_store_whose){0}, walk.page, &rows, NULL), RH_OK);
        rh_store_walk_on(&walk, rows, "created");
        json_array_foreach(rows, i, row)
            json_object_set_new(seen, json_string_value(json_object_get(row, "id")), json_true());
        n_rows += json_array_size(rows);
        json_decref(rows);
    }
    assert_int_equal(json_object_size(seen), n_rows);
    json_decref(seen);
    return n_rows;
}

static void pages_and_exports_leave_none_out_that_began_at_the_same_moment(void **state)
{
    (void)state;
    enum { N = RH_STORE_LIST_MAX + 3, N_INTERVIEWS = 5 };
    const double when = 1795781000.123457;
    rh_store *s = NULL;
    rh_error err;
    char id[16];
    assert_int_equal(rh_store_open(&s, fresh(), NULL), RH_OK);
    json_t *meta = json_object(), *list = NULL, *all = NULL;
    for (int i = 0; i < N; i++) {
        (void)snprintf(id, sizeof id, "s-%03d", i);
        assert_int_equal(rh_store_begin(s, id, when, meta), RH_OK);
    }
    for (int i = 0; i < N_INTERVIEWS; i++) {
        (void)snprintf(id, sizeof id, "iv-%03d", i);
        assert_int_equal(rh_store_interview_new(s, id, when, meta, &err), RH_OK);
    }
    json_decref(meta);
    assert_int_equal(rows_by_pages(s, rh_store_list, 200), N);
    assert_int_equal(rows_by_pages(s, rh_store_interviews, 2), N_INTERVIEWS);
    assert_int_equal(rh_store_export(s, &(rh_store_whose){0}, &all, &err), RH_OK);
    assert_int_equal(json_array_size(json_object_get(all, "sessions")), N);
    json_decref(all);
    rh_store_page bad = {.limit = 2, .before = when, .before_id = "no id/at all"};
    assert_int_equal(rh_store_list(s, &(rh_store_whose){0}, bad, &list, &err), RH_ERR_INVAL);
    rh_store_close(s);
}

static void deleted_text_is_nowhere_on_disk(void **state)
{
    (void)state;
    rh_store *s = NULL;
    json_t *media = NULL, *got = NULL;
    assert_int_equal(rh_store_open(&s, where, NULL), RH_OK);
    write_session(s, "gone", 1000, "ann");
    assert_int_equal(rh_store_media(s, "gone", "gone.wav"), RH_OK);
    assert_int_equal(rh_store_flush(s, NULL), RH_OK);
    assert_int_equal(rh_store_delete(s, "one", NULL, NULL), RH_OK);
    assert_int_equal(rh_store_delete(s, "gone", &media, NULL), RH_OK);
    assert_string_equal(json_string_value(media), "gone.wav");
    json_decref(media);
    assert_int_equal(rh_store_get(s, "gone", &got, NULL), RH_ERR_NOTFOUND);
    assert_int_equal(rh_store_delete(s, "gone", &media, NULL), RH_ERR_NOTFOUND);
    char cmd[256];
    (void)snprintf(cmd, sizeof cmd, "! grep -rqa 'billing system' '%s'", folder);
    assert_int_equal(system(cmd), 0);
    rh_store_close(s);
}

/* Writes a row every 20 ms and tells each on `out`, until it is killed. */
static void write_for_ever(int out)
{
    rh_store *s = NULL;
    if (rh_store_open(&s, where, NULL) != RH_OK)
        _exit(1);
    json_t *meta = json_object(), *m = json_pack("{s:f}", "pace_wpm", 120.0);
    rh_store_begin(s, "killed", 1, meta);
    for (int t = 0;; t++) {
        if (rh_store_second(s, "killed", t, m) != RH_OK || write(out, "", 1) != 1)
            _exit(1);
        usleep(20000);
    }
}

static void killed_process_loses_less_than_a_second(void **state)
{
    (void)state;
    int told[2];
    char byte;
    assert_int_equal(pipe(told), 0);
    pid_t child = fork();
    if (child == 0)
        write_for_ever(told[1]);
    close(told[1]);
    size_t n_rows = 0;
    for (; n_rows < 30; n_rows++)
        assert_int_equal(read(told[0], &byte, 1), 1);
    usleep(1000000);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    close(told[0]);
    rh_store *s = NULL;
    json_t *got = NULL;
    assert_int_equal(rh_store_open(&s, where, NULL), RH_OK);
    assert_int_equal(rh_store_get(s, "killed", &got, NULL), RH_OK);
    assert_true(json_array_size(json_object_get(got, "seconds")) >= n_rows);
    json_decref(got);
    rh_store_close(s);
}

static void wrong_files_and_ids_are_refused(void **state)
{
    (void)state;
    rh_store *s = NULL;
    rh_error err;
    char text[160];
    (void)snprintf(text, sizeof text, "%s/text.db", folder);
    FILE *f = fopen(text, "w");
    fputs("this is a letter to my aunt and surely not a database of any kind whatever, is it", f);
    fclose(f);
    assert_int_equal(rh_store_open(&s, text, &err), RH_ERR_FORMAT);
    assert_int_equal(rh_store_open(&s, "/proc/nowhere/x.db", &err), RH_ERR_IO);
    assert_int_equal(rh_store_open(&s, "mysql://me:secret@here/x", &err), RH_ERR_INVAL);
    assert_null(strstr(err.msg, "secret"));
    assert_false(rh_session_id_valid("../etc"));
    assert_false(rh_session_id_valid(""));
    assert_false(rh_session_id_valid("a b"));
    assert_false(rh_session_id_valid(".hidden"));
    assert_true(rh_session_id_valid("Ann-2026_11.23"));
    assert_int_equal(rh_store_open(&s, fresh(), &err), RH_OK);
    json_t *o = json_object();
    assert_int_equal(rh_store_begin(s, "../x", 1, o), RH_ERR_INVAL);
    assert_int_equal(rh_store_event(s, "unknown", "filler", 0, 0, o), RH_OK);
    /* It may have been deleted while it ran; others, who wait for their writes, are not told. */
    assert_int_equal(rh_store_flush(s, &err), RH_OK);
    assert_int_equal(rh_store_get(s, "unknown", &o, &err), RH_ERR_NOTFOUND);
    json_decref(o);
    rh_store_close(s);
}

static void make_file(const char *dir, const char *name)
{
    char file[256];
    (void)snprintf(file, sizeof file, "%s/%s", dir, name);
    FILE *f = fopen(file, "w");
    assert_non_null(f);
    (void)fclose(f);
}

static bool there(const char *dir, const char *name)
{
    char file[256];
    (void)snprintf(file, sizeof file, "%s/%s", dir, name);
    return access(file, F_OK) == 0;
}

static void all_is_exported_and_a_session_goes_with_its_files(void **state)
{
    (void)state;
    enum { N = RH_STORE_LIST_MAX + 2 };
    static const char *const its[] = {"x7.pcm", "x7.wav", "x7.upload", "1-0-x7.webm", "2-500-x7.mp4"};
    static const char *const others[] = {"x70.pcm", "1-0-x70.webm", "x7.part", "x7.txt"};
    rh_store *s = NULL;
    json_t *all = NULL, *meta = json_object();
    char media[160], id[16];
    assert_int_equal(rh_store_open(&s, fresh(), NULL), RH_OK);
    for (int i = 0; i < N; i++) {
        (void)snprintf(id, sizeof id, "x%d", i);
        assert_int_equal(rh_store_begin(s, id, 1000 + i, meta), RH_OK);
    }
    assert_int_equal(rh_store_export(s, &(rh_store_whose){0}, &all, NULL), RH_OK);
    assert_int_equal(json_array_size(json_object_get(all, "sessions")), N);
    assert_true(json_is_array(json_object_get(all, "interviews")) && json_is_array(json_object_get(all, "goals")));
    json_decref(all);
    (void)snprintf(media, sizeof media, "%s/media", folder);
    assert_int_equal(mkdir(media, 0700), 0);
    for (size_t i = 0; i < sizeof its / sizeof *its; i++)
        make_file(media, its[i]);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        make_file(media, others[i]);
    assert_int_equal(rh_store_erase(s, media, "nobody", NULL), RH_ERR_NOTFOUND);
    assert_int_equal(rh_store_erase(s, media, "x7", NULL), RH_OK);
    for (size_t i = 0; i < sizeof its / sizeof *its; i++)
        assert_false(there(media, its[i]));
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_true(there(media, others[i]));
    json_decref(meta);
    rh_store_close(s);
}

static void count_news(void *n)
{
    atomic_fetch_add((atomic_int *)n, 1);
}

static void wait_for_receipt(const rh_store_receipt *r, int64_t seq)
{
    for (int i = 0; i < 500 && rh_store_receipt_seq(r) < seq; i++)
        usleep(10000);
    assert_int_equal(rh_store_receipt_seq(r), seq);
}

static json_t *final_event(int seq, const char *text)
{
    return json_pack("{s:i, s:s, s:s, s:f, s:f, s:[]}", "seq", seq, "type", "transcript.final", "text", text, "start",
                     0.5 * seq, "end", 0.5 * seq + 0.4, "words");
}

static void tell(rh_store *s, int seq, int segment, rh_store_receipt *r)
{
    char text[32];
    (void)snprintf(text, sizeof text, "final %d", seq);
    json_t *event = final_event(seq, text);
    assert_int_equal(rh_store_tell(s, "told", (uint64_t)seq, event, segment, r), RH_OK);
    json_decref(event);
}

static void numbered_events_are_acknowledged_once_committed_and_come_with_their_segments(void **state)
{
    (void)state;
    rh_store *s = NULL;
    rh_store_receipt *r = NULL;
    atomic_int n_news = 0;
    json_t *got = NULL, *meta = json_object();
    const char *hash = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    assert_int_equal(rh_store_open(&s, where, NULL), RH_OK);
    assert_int_equal(rh_store_held(s, "told", &got, NULL), RH_ERR_NOTFOUND);
    assert_int_equal(rh_store_receipt_new(&r, count_news, &n_news), RH_OK);
    assert_int_equal(rh_store_receipt_seq(r), -1);
    assert_int_equal(rh_store_begin(s, "told", 1000, meta), RH_OK);
    assert_int_equal(rh_store_hold(s, "told", hash, 0, r), RH_OK);
    wait_for_receipt(r, 0);
    sqlite3 *other = NULL;
    if (!on_server) {
        assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
        assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    }
    for (int i = 1; i <= 3; i++)
        tell(s, i, i == 2 ? -1 : i / 2, r);
    if (!on_server) {
        usleep(400000);
        assert_int_equal(rh_store_receipt_seq(r),
                         0); /* nothing is acknowledged that another program keeps from the disk */
        assert_int_equal(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
        sqlite3_close(other);
    }
    wait_for_receipt(r, 3);
    assert_true(atomic_load(&n_news) >= 2);
    rh_store_receipt_free(r);
    tell(s, 4, 2, NULL);
    rh_store_close(s);

    assert_int_equal(rh_store_open(&s, where, NULL), RH_OK);
    assert_int_equal(rh_store_held(s, "told", &got, NULL), RH_OK);
    assert_string_equal(json_string_value(json_object_get(got, "resume")), hash);
    assert_string_equal(json_string_value(json_object_get(got, "state")), "live");
    assert_true(json_is_true(json_object_get(got, "acks")));
    json_t *told = json_object_get(got, "told"), *event;
    size_t i;
    assert_int_equal(json_array_size(told), 4);
    json_array_foreach(told, i, event) {
        assert_int_equal(json_integer_value(json_object_get(event, "seq")), i + 1);
        assert_string_equal(json_string_value(json_object_get(event, "type")), "transcript.final");
    }
    json_decref(got);
    assert_int_equal(rh_store_get(s, "told", &got, NULL), RH_OK);
    json_t *segments = json_object_get(got, "segments");
    assert_int_equal(json_array_size(segments), 3);
    assert_string_equal(json_string_value(json_object_get(json_array_get(segments, 1), "text")), "final 3");
    assert_null(json_object_get(json_array_get(segments, 1), "type"));
    assert_true(json_number_value(json_object_get(json_array_get(segments, 1), "start")) == 1.5);
    json_decref(got);
    assert_int_equal(rh_store_told_forget(s, 1e18, NULL), RH_OK); /* it runs */
    assert_int_equal(rh_store_held(s, "told", &got, NULL), RH_OK);
    assert_int_equal(json_array_size(json_object_get(got, "told")), 4);
    json_decref(got);
    assert_int_equal(rh_store_end(s, "told", 3, meta), RH_OK);
    assert_int_equal(rh_store_told_forget(s, 1e18, NULL), RH_OK);
    assert_int_equal(rh_store_held(s, "told", &got, NULL), RH_OK);
    assert_int_equal(json_array_size(json_object_get(got, "told")), 0);
    json_decref(got);
    assert_int_equal(rh_store_delete(s, "told", &got, NULL), RH_OK);
    json_decref(got);
    json_decref(meta);
    rh_store_close(s);
}

static void *delete_one(void *store)
{
    rh_error err;
    json_t *media = NULL;
    rh_status st = rh_store_delete(store, "one", &media, &err);
    json_decref(media);
    return (void *)(intptr_t)st;
}

/* Locked by another program, a deletion waits; what is written first when that has gone may not make it forgotten. */
static void who_waits_is_answered_after_others_went_first(void **state)
{
    (void)state;
    rh_store *s = NULL;
    rh_error err;
    sqlite3 *other = NULL;
    pthread_t waits;
    void *ended = NULL;
    struct timespec until;
    if (on_server)
        skip(); /* the lock is one of SQLite */
    assert_int_equal(rh_store_open(&s, where, &err), RH_OK);
    write_session(s, "one", 1000, "ann");
    write_session(s, "two", 1001, "ann");
    assert_int_equal(rh_store_flush(s, &err), RH_OK);
    assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(pthread_create(&waits, NULL, delete_one, s), 0);
    usleep(150000);
    assert_int_equal(rh_store_end(s, "two", 2.5, NULL), RH_OK);
    assert_int_equal(sqlite3_exec(other, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(other);
    assert_int_equal(rh_store_flush(s, &err), RH_OK);
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 20;
    assert_int_equal(pthread_timedjoin_np(waits, &ended, &until), 0);
    assert_int_equal((intptr_t)ended, RH_OK);
    assert_int_equal(pthread_create(&waits, NULL, delete_one, s), 0); /* gone already */
    assert_int_equal(pthread_join(waits, &ended), 0);
    assert_int_equal((intptr_t)ended, RH_ERR_NOTFOUND);
    rh_store_close(s);
}

static json_t *row_of(json_t *list, size_t i, const char *key)
{
    return json_object_get(json_array_get(list, i), key);
}

static void notes_and_links_go_with_their_session(void **state)
{
    (void)state;
    static const char hash[] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    rh_store *s = NULL;
    rh_error err;
    json_t *got = NULL, *data = json_pack("{s:b}", "comments", 1);
    assert_int_equal(rh_store_open(&s, fresh(), &err), RH_OK);
    write_session(s, "one", 1000, "ann");
    rh_store_note late = {.t = 9, .text = "late", .most = 2}, early = {.t = 1, .text = "", .most = 2};
    assert_int_equal(rh_store_note_new(s, "one", &late, NULL, &err), RH_OK);
    assert_int_equal(rh_store_note_new(s, "one", &early, &got, &err), RH_OK);
    json_decref(got);
    assert_int_equal(rh_store_note_new(s, "one", &early, NULL, &err), RH_ERR_BUSY);
    assert_int_equal(rh_store_note_new(s, "two", &early, NULL, &err), RH_ERR_NOTFOUND);
    rh_store_note theirs = {
        .t = 5, .text = "a mentor's", .author = "Zo\xc3\xab", .share = "0011223344556677", .most = 1};
    assert_int_equal(rh_store_note_new(s, "one", &theirs, NULL, &err), RH_OK);
    assert_int_equal(rh_store_note_new(s, "one", &theirs, NULL, &err), RH_ERR_BUSY);
    assert_int_equal(rh_store_notes(s, "one", &got, &err), RH_OK);
    assert_int_equal(json_array_size(got), 3);
    assert_string_equal(json_string_value(row_of(got, 1, "author")), "Zo\xc3\xab");
    assert_string_equal(json_string_value(row_of(got, 1, "share")), "0011223344556677");
    assert_null(row_of(got, 0, "author"));
    int id = (int)json_integer_value(row_of(got, 0, "id"));
    json_decref(got);
    assert_int_equal(rh_store_note_delete(s, "two", id, NULL, &err), RH_ERR_NOTFOUND);
    assert_int_equal(rh_store_note_delete(s, "one", id, NULL, &err), RH_OK);
    assert_int_equal(rh_store_note_delete(s, "one", id, NULL, &err), RH_ERR_NOTFOUND);

    assert_int_equal(
        rh_store_share_new(s, "two", &(rh_store_link){.hash = hash, .now = 100, .expires = 200}, data, &got, &err),
        RH_ERR_NOTFOUND);
    assert_int_equal(
        rh_store_share_new(s, "one", &(rh_store_link){.hash = hash, .now = 100, .expires = 200}, data, &got, &err),
        RH_OK);
    assert_string_equal(json_string_value(json_object_get(got, "id")), "0011223344556677");
    assert_null(json_object_get(got, "hash"));
    json_decref(got);
    assert_int_equal(rh_store_share(s, "0011223344556677", 199, &got, &err), RH_OK);
    assert_string_equal(json_string_value(json_object_get(got, "session")), "one");
    assert_string_equal(json_string_value(json_object_get(got, "hash")), hash);
    assert_true(json_is_true(json_object_get(got, "comments")));
    json_decref(got);
    assert_int_equal(rh_store_share(s, "0011223344556677", 200, &got, &err), RH_ERR_NOTFOUND);
    assert_int_equal(rh_store_shares(s, "one", 200, &got, &err), RH_OK);
    assert_int_equal(json_array_size(got), 0);
    json_decref(got);
    assert_int_equal(rh_store_share_delete(s, "two", "0011223344556677", &err), RH_ERR_NOTFOUND);
    assert_int_equal(rh_store_delete(s, "one", &got, &err), RH_OK);
    json_decref(got);
    assert_int_equal(rh_store_share(s, "0011223344556677", 150, &got, &err), RH_ERR_NOTFOUND);
    write_session(s, "one", 1000, "ann"); /* the same name again knows nothing of them */
    assert_int_equal(rh_store_notes(s, "one", &got, &err), RH_OK);
    assert_int_equal(json_array_size(got), 0);
    json_decref(got);
    for (int i = 0; i <= RH_STORE_SHARES; i++) {
        char other[65];
        (void)snprintf(other, sizeof other, "%064d", i);
        other[0] = (char)('a' + i % 26); /* of the first 16, which name it */
        rh_status wanted = i < RH_STORE_SHARES ? RH_OK : RH_ERR_BUSY;
        assert_int_equal(
            rh_store_share_new(s, "one", &(rh_store_link){.hash = other, .now = 100, .expires = 200}, data, NULL, &err),
            wanted);
    }
    assert_int_equal(
        rh_store_share_new(s, "one", &(rh_store_link){.hash = hash, .now = 300, .expires = 400}, data, NULL, &err),
        RH_OK); /* the others have expired */
    assert_int_equal(rh_store_share_delete(s, "one", "0011223344556677", &err), RH_OK);
    json_decref(data);
    rh_store_close(s);
}

static void attempts_have_measures_and_clients_have_goals(void **state)
{
    (void)state;
    rh_store *s = NULL;
    rh_error err;
    json_t *got = NULL, *goal = json_pack("{s:s, s:f}", "measure", "fillers", "high", 4.0);
    assert_int_equal(rh_store_open(&s, fresh(), &err), RH_OK);
    write_session(s, "one", 1000, "ann");
    json_t *report =
        json_pack("{s:[{s:s, s:s, s:f}, {s:s, s:s, s:f}, {s:i}]}", "measures", "name", "Eye contact", "unit", "%",
                  "value", 61.5, "name", "Pace", "unit", "characters a minute", "value", 300.0, "value", 1);
    assert_int_equal(rh_store_end(s, "one", 2.5, report), RH_OK);
    json_decref(report);
    assert_int_equal(rh_store_attempts(s, &(rh_store_whose){.client = "ann"}, "Tell me about yourself",
                                       (rh_store_page){.limit = 10}, &got, &err),
                     RH_OK);
    assert_int_equal(json_array_size(got), 1);
    json_t *measures = row_of(got, 0, "measures");
    assert_true(json_number_value(json_object_get(measures, "eye_contact")) == 61.5);
    assert_true(json_number_value(json_object_get(measures, "pace_characters")) == 300);
    assert_null(json_object_get(measures, "pace"));
    json_decref(got);
    assert_int_equal(
        rh_store_attempts(s, &(rh_store_whose){.client = "ann"}, "Tell me", (rh_store_page){.limit = 10}, &got, &err),
        RH_OK);
    assert_int_equal(json_array_size(got), 0);
    json_decref(got);

    assert_int_equal(rh_store_goal_set(s, "", "ann", goal, &err), RH_OK);
    assert_int_equal(rh_store_goal_set(s, "", "ann", goal, &err), RH_OK);
    assert_int_equal(rh_store_goals(s, &(rh_store_whose){0}, &got, &err), RH_OK);
    assert_int_equal(json_array_size(got), 1);
    assert_string_equal(json_string_value(row_of(got, 0, "measure")), "fillers");
    json_decref(got);
    assert_int_equal(rh_store_goal_set(s, "", "ann", NULL, &err), RH_OK);
    assert_int_equal(rh_store_goals(s, &(rh_store_whose){.client = "ann"}, &got, &err), RH_OK);
    assert_int_equal(json_array_size(got), 0);
    json_decref(got);
    json_decref(goal);
    rh_store_close(s);
}

static void rows_are_somebodys(void **state)
{
    (void)state;
    rh_store *s = NULL;
    rh_error err;
    json_t *got = NULL, *meta = json_pack("{s:s, s:s}", "client", "me", "person", "anna"), *data = json_object();
    json_t *goal = json_pack("{s:i}", "high", 1);
    char person[RH_STORE_PERSON_MAX + 1];
    const rh_store_whose annas = {.person = "anna"}, nobodys = {.person = ""}, carl_reads = {.reader = "carl"};
    assert_int_equal(rh_store_open(&s, fresh(), &err), RH_OK);
    write_session(s, "old", 1000, "me");
    assert_int_equal(rh_store_begin(s, "hers", 2000, meta), RH_OK);
    assert_int_equal(rh_store_recording(s, "file", 3000, meta, 10, &err), RH_OK);
    json_object_set_new(meta, "person", json_string("bob")); /* who goes on with it does not get it */
    assert_int_equal(rh_store_begin(s, "hers", 2000, meta), RH_OK);
    assert_int_equal(rh_store_person(s, "hers", false, person, &err), RH_OK);
    assert_string_equal(person, "anna");
    assert_int_equal(rh_store_person(s, "old", false, person, &err), RH_OK);
    assert_string_equal(person, "");
    assert_int_equal(rh_store_person(s, "none", false, person, &err), RH_ERR_NOTFOUND);
    assert_int_equal(rh_store_list(s, &annas, (rh_store_page){.limit = 10}, &got, &err), RH_OK);
    assert_int_equal(json_array_size(got), 2);
    json_decref(got);
    assert_int_equal(rh_store_list(s, &nobodys, (rh_store_page){.limit = 10}, &got, &err), RH_OK);
    assert_int_equal(json_array_size(got), 1);
    json_decref(got);

    const char *hash = "0011223344556677889900112233445500112233445566778899001122334455";
    rh_store_link link = {.hash = hash, .person = "carl", .now = 1, .expires = 4e9};
    assert_int_equal(rh_store_share_with(s, "hers", "carl", &got, &err), RH_ERR_NOTFOUND);
    assert_int_equal(rh_store_share_new(s, "hers", &link, data, NULL, &err), RH_OK);
    assert_int_equal(rh_store_share_with(s, "hers", "carl", &got, &err), RH_OK);
    json_decref(got);
    assert_int_equal(rh_store_share_with(s, "hers", "dora", &got, &err), RH_ERR_NOTFOUND);
    assert_int_equal(rh_store_share_with(s, "old", "carl", &got, &err), RH_ERR_NOTFOUND);
    assert_int_equal(rh_store_share(s, "0011223344556677", 2, &got, &err), RH_ERR_NOTFOUND); /* it is no link */
    assert_int_equal(rh_store_list(s, &carl_reads, (rh_store_page){.limit = 10}, &got, &err), RH_OK);
    assert_int_equal(json_array_size(got), 1);
    json_decref(got);

    assert_int_equal(rh_store_interview_new(s, "iv", 1000, meta, &err), RH_OK);
    assert_int_equal(rh_store_person(s, "iv", true, person, &err), RH_OK);
    assert_string_equal(person, "bob");
    assert_int_equal(rh_store_interviews(s, &annas, (rh_store_page){.limit = 10}, &got, &err), RH_OK);
    assert_int_equal(json_array_size(got), 0);
    json_decref(got);
    assert_int_equal(rh_store_goal_set(s, "anna", "me", goal, &err), RH_OK);
    assert_int_equal(rh_store_goal_set(s, "bob", "me", goal, &err), RH_OK);
    assert_int_equal(rh_store_goal_set(s, "bob", "me", NULL, &err), RH_OK);
    assert_int_equal(rh_store_export(s, &annas, &got, &err), RH_OK);
    assert_int_equal(json_array_size(json_object_get(got, "sessions")), 2);
    assert_int_equal(json_array_size(json_object_get(got, "goals")), 1);
    json_decref(got);
    json_decref(goal);
    json_decref(meta);
    json_decref(data);
    rh_store_close(s);
}

static void make_one_moment_of_all(const char *store)
{
    static const char update[] = "UPDATE audit SET t = 1000.25";
    char command[640];
    sqlite3 *db = NULL;
    if (on_server) {
        (void)snprintf(command, sizeof command, "psql -q -c '%s' '%s'", update, store);
        assert_int_equal(system(command), 0);
        return;
    }
    assert_int_equal(sqlite3_open(store, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, update, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void what_people_did_comes_in_pages_though_it_was_at_one_moment(void **state)
{
    enum { N = 7 };
    char file[160];
    (void)snprintf(file, sizeof file, "%s/audit.db", folder);
    const char *store = on_server ? fresh() : file;
    rh_store *s = NULL;
    rh_error err;
    json_t *got = NULL;
    bool seen[N] = {0};
    (void)state;
    assert_int_equal(rh_store_open(&s, store, &err), RH_OK);
    for (int i = 0; i < N; i++) {
        json_t *row = json_pack("{s:i}", "what", i);
        assert_int_equal(rh_store_audit(s, row), RH_OK);
        json_decref(row);
    }
    assert_int_equal(rh_store_flush(s, &err), RH_OK);
    make_one_moment_of_all(store);
    rh_store_walk walk = {.page.limit = 2};
    for (int n = 0; n < N; json_decref(got)) {
        assert_false(walk.over);
        assert_int_equal(rh_store_audits(s, NULL, NULL, walk.page, &got, &err), RH_OK);
        assert_in_range(json_array_size(got), 1, 2);
        for (size_t i = 0; i < json_array_size(got); i++, n++) {
            int what = (int)json_integer_value(row_of(got, i, "what"));
            assert_false(seen[what]);
            seen[what] = true;
        }
        rh_store_walk_on(&walk, got, "t");
    }
    walk.page.before_id = "one";
    assert_int_equal(rh_store_audits(s, NULL, NULL, walk.page, &got, &err), RH_ERR_INVAL);
    rh_store_close(s);
}

static void what_people_did_is_kept_for_a_time(void **state)
{
    (void)state;
    rh_store *s = NULL;
    rh_error err;
    json_t *got = NULL, *row = json_pack("{s:s, s:s, s:s}", "person", "anna", "what", "read", "session", "one");
    assert_int_equal(rh_store_open(&s, fresh(), &err), RH_OK);
    assert_int_equal(rh_store_audit(s, row), RH_OK);
    json_object_set_new(row, "what", json_string("delete"));
    json_object_del(row, "person");
    assert_int_equal(rh_store_audit(s, row), RH_OK);
    json_decref(row);
    static const struct {
        const char *person, *session;
        size_t n;
    } cases[] = {{NULL, NULL, 2},  {"anna", NULL, 1}, {"", NULL, 1},
                 {"bob", NULL, 0}, {NULL, "one", 2},  {NULL, "two", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(
            rh_store_audits(s, cases[i].person, cases[i].session, (rh_store_page){.limit = 10}, &got, &err), RH_OK);
        assert_int_equal(json_array_size(got), cases[i].n);
        json_decref(got);
    }
    assert_int_equal(rh_store_audits(s, NULL, NULL, (rh_store_page){.limit = 1}, &got, &err), RH_OK);
    assert_string_equal(json_string_value(row_of(got, 0, "what")), "delete"); /* the newest first */
    json_decref(got);
    assert_int_equal(rh_store_audits(s, NULL, NULL, (rh_store_page){.limit = 0}, &got, &err), RH_ERR_INVAL);
    assert_int_equal(rh_store_audit_forget(s, 1000, &err), RH_OK);
    assert_int_equal(rh_store_audits(s, NULL, NULL, (rh_store_page){.limit = 10}, &got, &err), RH_OK);
    assert_int_equal(json_array_size(got), 2);
    json_decref(got);
    assert_int_equal(rh_store_audit_forget(s, 4e9, &err), RH_OK);
    assert_int_equal(rh_store_audits(s, NULL, NULL, (rh_store_page){.limit = 10}, &got, &err), RH_OK);
    assert_int_equal(json_array_size(got), 0);
    json_decref(got);
    rh_store_close(s);
}

static void interviews_are_listed_counted_and_expire(void **state)
{
    (void)state;
    rh_store *s = NULL;
    rh_error err;
    json_t *got = NULL, *data = json_pack("{s:s, s:s, s:[]}", "client", "ann", "cv", "secret", "plan");
    json_t *meta = json_pack("{s:s, s:i, s:i}", "interview", "iv-1", "question_index", 1, "follow_up", 0);
    json_t *report = json_pack("{s:{s:f}}", "scores", "overall", 80.0);
    char id[24];
    assert_int_equal(rh_store_open(&s, fresh(), &err), RH_OK);
    for (int i = 0; i < RH_STORE_INTERVIEWS; i++) {
        (void)snprintf(id, sizeof id, "iv-%d", i);
        assert_int_equal(rh_store_interview_new(s, id, 1000 + i, data, &err), RH_OK);
    }
    assert_int_equal(rh_store_interview_new(s, "one-more", 1, data, &err), RH_ERR_BUSY);
    assert_int_equal(rh_store_begin(s, "answer", 1002, meta), RH_OK);
    assert_int_equal(rh_store_end(s, "answer", 2.5, report), RH_OK);
    assert_int_equal(rh_store_interviews(s, &(rh_store_whose){.client = "ann"},
                                         (rh_store_page){.limit = 2, .before = 1002}, &got, &err),
                     RH_OK);
    assert_int_equal(json_array_size(got), 2);
    const json_t *first = json_array_get(got, 0);
    assert_string_equal(json_string_value(json_object_get(first, "id")), "iv-1");
    assert_int_equal(json_integer_value(json_object_get(first, "answered")), 1);
    assert_true(json_number_value(json_object_get(first, "overall")) == 80.0);
    assert_null(json_object_get(first, "cv"));
    json_decref(got);
    /* Those without a session go when they are old. */
    assert_int_equal(rh_store_interviews_expire(s, 1e9, &err), RH_OK);
    assert_int_equal(rh_store_interviews(s, &(rh_store_whose){0}, (rh_store_page){.limit = 500}, &got, &err), RH_OK);
    assert_int_equal(json_array_size(got), 1);
    json_decref(got);
    assert_int_equal(rh_store_interview(s, "iv-1", &got, &err), RH_OK);
    assert_int_equal(json_array_size(json_object_get(got, "sessions")), 1);
    json_decref(got);
    assert_int_equal(rh_store_interview_delete(s, "iv-1", &err), RH_OK);
    assert_int_equal(rh_store_interview_delete(s, "iv-1", &err), RH_ERR_NOTFOUND);
    assert_int_equal(rh_store_interview(s, "no/id", &got, &err), RH_ERR_NOTFOUND);
    json_decref(data);
    json_decref(meta);
    json_decref(report);
    rh_store_close(s);
}

int main(void)
{
    json_set_alloc_funcs(rh_alloc, rh_free);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(session_is_read_back_whole),
        cmocka_unit_test(list_is_newest_first_by_client_with_scores),
        cmocka_unit_test(pages_and_exports_leave_none_out_that_began_at_the_same_moment),
        cmocka_unit_test(deleted_text_is_nowhere_on_disk),
        cmocka_unit_test(killed_process_loses_less_than_a_second),
        cmocka_unit_test(all_is_exported_and_a_session_goes_with_its_files),
        cmocka_unit_test(numbered_events_are_acknowledged_once_committed_and_come_with_their_segments),
        cmocka_unit_test(who_waits_is_answered_after_others_went_first),
        cmocka_unit_test(notes_and_links_go_with_their_session),
        cmocka_unit_test(attempts_have_measures_and_clients_have_goals),
        cmocka_unit_test(rows_are_somebodys),
        cmocka_unit_test(what_people_did_is_kept_for_a_time),
        cmocka_unit_test(what_people_did_comes_in_pages_though_it_was_at_one_moment),
        cmocka_unit_test(interviews_are_listed_counted_and_expire),
        cmocka_unit_test(wrong_files_and_ids_are_refused),
    };
    return cmocka_run_group_tests(tests, make_folder, test_folder_remove);
}
