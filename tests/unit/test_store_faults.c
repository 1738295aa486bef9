/* The store on a disk that takes nothing or fails, in a process without memory: it says so, keeps what it acknowledged,
 * and goes on when it can. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "folder.h"
#include "rehearse/base/alloc.h"
#include "rehearse/store/store.h"

enum { BEFORE = 5, AFTER = 10, PATIENCE = 1000, PAUSE_US = 10000 };

static char path[128];

/* ---- files of SQLite that fail ---- */

static sqlite3_vfs *real, failing;
static const sqlite3_io_methods *methods;     /* the real ones, which write and sync alike */
static sqlite3_io_methods failing_methods[2]; /* of the database, of its log */
static atomic_int write_fault, sync_fault;    /* SQLITE_OK: none */

static int write_it(sqlite3_file *f, const void *bytes, int n, sqlite3_int64 at)
{
    int fault = atomic_load(&write_fault);
    return fault ? fault : methods->xWrite(f, bytes, n, at);
}

static int sync_it(sqlite3_file *f, int flags)
{
    int fault = atomic_load(&sync_fault);
    return fault ? fault : methods->xSync(f, flags);
}

static int open_it(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out_flags)
{
    (void)vfs;
    int rc = real->xOpen(real, name, f, flags, out_flags);
    if (rc == SQLITE_OK && f->pMethods && (flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL))) {
        methods = f->pMethods;
        sqlite3_io_methods *own = &failing_methods[(flags & SQLITE_OPEN_WAL) != 0];
        *own = *methods;
        own->xWrite = write_it;
        own->xSync = sync_it;
        f->pMethods = own;
    }
    return rc;
}

static int make_folder(void **state)
{
    (void)state;
    const char *folder = test_folder();
    if (!folder)
        return -1;
    (void)snprintf(path, sizeof path, "%s/sessions.db", folder);
    real = sqlite3_vfs_find(NULL);
    failing = *real;
    failing.zName = "failing";
    failing.xOpen = open_it;
    return sqlite3_vfs_register(&failing, 1) == SQLITE_OK ? 0 : -1;
}

/* ---- */

static void tell(rh_store *s, const char *id, int from, int to, rh_store_receipt *r)
{
    for (int i = from; i <= to; i++) {
        json_t *event = json_pack("{s:i}", "seq", i);
        assert_int_equal(rh_store_tell(s, id, (uint64_t)i, event, -1, r), RH_OK);
        json_decref(event);
    }
}

static void until_told(rh_store_receipt *r, int seq)
{
    for (int i = 0; i < PATIENCE && rh_store_receipt_seq(r) < seq; i++)
        usleep(PAUSE_US);
    assert_int_equal(rh_store_receipt_seq(r), seq);
}

static void assert_told(rh_store *s, const char *id, int n)
{
    json_t *held = NULL, *event;
    size_t i;
    assert_int_equal(rh_store_held(s, id, &held, NULL), RH_OK);
    assert_int_equal(json_array_size(json_object_get(held, "told")), n);
    json_array_foreach(json_object_get(held, "told"), i, event)
        assert_int_equal(json_integer_value(json_object_get(event, "seq")), i + 1);
    json_decref(held);
}

static void through_a_fault(const char *id, atomic_int *which, int fault, const char *says)
{
    rh_store *s = NULL;
    rh_store_receipt *r = NULL;
    rh_error err = {0};
    json_t *meta = json_object();
    rh_store_note note = {.t = 1, .text = "kept", .most = 9};
    assert_int_equal(rh_store_open(&s, path, &err), RH_OK);
    assert_int_equal(rh_store_receipt_new(&r, NULL, NULL), RH_OK);
    assert_int_equal(rh_store_begin(s, id, 1000, meta), RH_OK);
    tell(s, id, 1, BEFORE, r);
    until_told(r, BEFORE);

    atomic_store(which, fault);
    tell(s, id, BEFORE + 1, AFTER, r);
    for (int i = 0; i < PATIENCE && rh_store_health(s, &err) == RH_OK; i++)
        usleep(PAUSE_US);
    assert_int_equal(rh_store_health(s, &err), RH_ERR_IO);
    if (!strstr(err.msg, says))
        fail_msg("%s", err.msg);
    assert_int_equal(rh_store_receipt_seq(r), BEFORE);
    assert_told(s, id, BEFORE); /* questions are answered */
    assert_int_equal(rh_store_note_new(s, id, &note, NULL, &err), RH_ERR_IO);
    if (!strstr(err.msg, says))
        fail_msg("%s", err.msg);

    atomic_store(which, SQLITE_OK);
    until_told(r, AFTER);
    assert_int_equal(rh_store_health(s, &err), RH_OK);
    assert_int_equal(rh_store_note_new(s, id, &note, NULL, &err), RH_OK);
    assert_told(s, id, AFTER);
    rh_store_receipt_free(r);
    assert_int_equal(rh_store_close(s), 0);
    assert_int_equal(rh_store_open(&s, path, &err), RH_OK);
    assert_told(s, id, AFTER);
    json_t *notes = NULL;
    assert_int_equal(rh_store_notes(s, id, &notes, &err), RH_OK);
    assert_int_equal(json_array_size(notes), 1);
    json_decref(notes);
    json_decref(meta);
    rh_store_close(s);
}

static void what_a_disk_does_not_take_waits_and_is_not_acknowledged(void **state)
{
    (void)state;
    through_a_fault("full", &write_fault, SQLITE_FULL, "is full");
    through_a_fault("read-only", &write_fault, SQLITE_READONLY, "can only be read");
    through_a_fault("failing", &write_fault, SQLITE_IOERR_WRITE, "fails");
    through_a_fault("unsynced", &sync_fault, SQLITE_IOERR_FSYNC, "fails");
    through_a_fault("damaged", &write_fault, SQLITE_CORRUPT, "damaged");
}

static void what_can_not_be_written_at_the_end_is_counted_and_nothing_else_is_lost(void **state)
{
    (void)state;
    rh_store *s = NULL;
    rh_store_receipt *r = NULL;
    rh_error err = {0};
    json_t *meta = json_object();
    assert_int_equal(rh_store_open(&s, path, &err), RH_OK);
    assert_int_equal(rh_store_receipt_new(&r, NULL, NULL), RH_OK);
    assert_int_equal(rh_store_begin(s, "end", 1000, meta), RH_OK);
    tell(s, "end", 1, BEFORE, r);
    until_told(r, BEFORE);
    atomic_store(&write_fault, SQLITE_IOERR_WRITE);
    tell(s, "end", BEFORE + 1, AFTER, r);
    assert_int_equal(rh_store_close(s), AFTER - BEFORE);
    assert_int_equal(rh_store_receipt_seq(r), BEFORE);
    atomic_store(&write_fault, SQLITE_OK);
    assert_int_equal(rh_store_open(&s, path, &err), RH_OK);
    assert_told(s, "end", BEFORE);
    rh_store_receipt_free(r);
    json_decref(meta);
    rh_store_close(s);
}

/* ---- no memory ----
 *
 * Texts are short: jansson's parser reads beyond its buffer where memory for a text of 16 bytes or more fails. */

typedef rh_status (*question)(rh_store *s, json_t **out, rh_error *err);

static rh_status get_it(rh_store *s, json_t **out, rh_error *err)
{
    return rh_store_get(s, "whole", out, err);
}

static rh_status list_it(rh_store *s, json_t **out, rh_error *err)
{
    return rh_store_list(s, &(rh_store_whose){0}, (rh_store_page){.limit = 100}, out, err);
}

static rh_status hold_it(rh_store *s, json_t **out, rh_error *err)
{
    return rh_store_held(s, "whole", out, err);
}

static rh_status export_it(rh_store *s, json_t **out, rh_error *err)
{
    return rh_store_export(s, &(rh_store_whose){0}, out, err);
}

static rh_status interview_it(rh_store *s, json_t **out, rh_error *err)
{
    return rh_store_interview(s, "plan", out, err);
}

static rh_store *filled(void)
{
    rh_store *s = NULL;
    json_t *meta = json_pack("{s:s, s:s}", "client", "ann", "interview", "plan");
    json_t *data = json_pack("{s:[{}]}", "plan"), *part = json_pack("{s:s, s:[i, i]}", "text", "um", "at", 1, 2);
    json_t *report = json_pack("{s:{s:f}, s:[{s:s, s:s, s:f}]}", "scores", "overall", 80.0, "measures", "name", "Pace",
                               "unit", "wpm", "value", 140.0);
    assert_int_equal(rh_store_open(&s, ":memory:", NULL), RH_OK);
    assert_int_equal(rh_store_begin(s, "whole", 1000, meta), RH_OK);
    assert_int_equal(rh_store_segment(s, "whole", 0, 0, 1, part), RH_OK);
    assert_int_equal(rh_store_event(s, "whole", "filler", 0, 1, part), RH_OK);
    assert_int_equal(rh_store_second(s, "whole", 0, part), RH_OK);
    assert_int_equal(rh_store_tell(s, "whole", 1, part, -1, NULL), RH_OK);
    assert_int_equal(rh_store_end(s, "whole", 1, report), RH_OK);
    assert_int_equal(rh_store_interview_new(s, "plan", 900, data, NULL), RH_OK);
    assert_int_equal(rh_store_goal_set(s, "", "ann", part, NULL), RH_OK);
    json_decref(meta);
    json_decref(data);
    json_decref(part);
    json_decref(report);
    return s;
}

static void an_answer_is_whole_or_there_is_none(void **state)
{
    (void)state;
    static const question questions[] = {get_it, list_it, hold_it, export_it, interview_it};
    rh_store *s = filled();
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
        json_t *whole = NULL, *got = NULL;
        rh_error err = {0};
        int failed = 0;
        assert_int_equal(questions[i](s, &whole, &err), RH_OK);
        for (long k = 1; k < 2000; k++) {
            rh_alloc_fail_at(k);
            rh_status st = questions[i](s, &got, &err);
            rh_alloc_fail_at(0);
            if (st == RH_OK && !json_equal(got, whole))
                fail_msg("question %zu, allocation %ld: a part is missing", i, k);
            if (st != RH_OK && st != RH_ERR_NOMEM)
                fail_msg("question %zu, allocation %ld: %s", i, k, err.msg);
            if (st == RH_OK)
                json_decref(got);
            failed += st != RH_OK;
        }
        assert_in_range(failed, 10, 1900); /* some failed, and it ended */
        json_decref(whole);
    }
    rh_store_close(s);
}

/* What was taken is written, however often there is no memory for it at first. */
static void what_was_taken_is_written(void **state)
{
    (void)state;
    rh_store *s = NULL;
    json_t *meta = json_pack("{s:s}", "client", "ann"), *part = json_pack("{s:s}", "text", "um");
    assert_int_equal(rh_store_open(&s, ":memory:", NULL), RH_OK);
    for (long k = 1; k <= 25; k++) {
        char id[16];
        json_t *got = NULL;
        int n = 0;
        (void)snprintf(id, sizeof id, "s-%ld", k);
        rh_alloc_fail_at(k);
        rh_status begun = rh_store_begin(s, id, 1000, meta);
        for (int i = 0; i < 3; i++)
            n += rh_store_segment(s, id, i, i, i + 1, part) == RH_OK;
        bool ended = rh_store_end(s, id, 3, NULL) == RH_OK;
        rh_status flushed = RH_AGAIN;
        for (int i = 0; i < 10 && flushed != RH_OK; i++)
            flushed = rh_store_flush(s, NULL);
        rh_alloc_fail_at(0);
        assert_int_equal(flushed, RH_OK);
        if (begun != RH_OK)
            continue;
        assert_int_equal(rh_store_get(s, id, &got, NULL), RH_OK);
        assert_int_equal(json_array_size(json_object_get(got, "segments")), n);
        assert_string_equal(json_string_value(json_object_get(got, "state")), ended ? "done" : "live");
        json_decref(got);
    }
    json_decref(meta);
    json_decref(part);
    rh_store_close(s);
}

int main(void)
{
    json_set_alloc_funcs(rh_alloc, rh_free);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_disk_does_not_take_waits_and_is_not_acknowledged),
        cmocka_unit_test(what_can_not_be_written_at_the_end_is_counted_and_nothing_else_is_lost),
        cmocka_unit_test(an_answer_is_whole_or_there_is_none),
        cmocka_unit_test(what_was_taken_is_written),
    };
    return cmocka_run_group_tests(tests, make_folder, test_folder_remove);
}
