/* The spool of a session: what the disk does not take waits in memory and is written later. The
 * full disk is a limit on the size of files (RLIMIT_FSIZE). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdatomic.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include "session/spool.h"
#include "folder.h"
#include "rehearse/base/alloc.h"

enum { RATE = 16000, ROOM = 40000 }; /* samples that the disk takes */

static const char *folder;
static char file[96];

static int make_folder(void **state)
{
    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    if (!(folder = test_folder()))
        return -1;
    (void)snprintf(file, sizeof file, "%s/a.pcm", folder);
    return 0;
}

static void disk_takes(rlim_t n_bytes)
{
    struct rlimit l;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &l), 0);
    l.rlim_cur = n_bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &l), 0);
}

static float value(size_t i)
{
    return (float)((int)(i * 7919 % 2001) - 1000) / 1000.0f;
}

static rh_status add(rh_spool *s, size_t n, rh_error *err)
{
    float *x = rh_alloc_array(n, sizeof *x);
    for (size_t i = 0; i < n; i++)
        x[i] = value(s->n + i);
    rh_status st = rh_spool_append(s, x, n, err);
    rh_free(x);
    return st;
}

static void has(rh_spool *s, size_t from, size_t n)
{
    float *x = NULL;
    size_t n_x = 0;
    assert_int_equal(rh_spool_read(s, from, SIZE_MAX, &x, &n_x, NULL), RH_OK);
    assert_int_equal(n_x, n);
    for (size_t i = 0; i < n; i++)
        if (fabsf(x[i] - value(from + i)) > 1e-4f)
            fail_msg("sample %zu is %f, not %f", from + i, (double)x[i], (double)value(from + i));
    rh_free(x);
}

static long file_samples(void)
{
    struct stat st;
    return stat(file, &st) == 0 ? (long)st.st_size / 2 : -1;
}

static void wait_for_trouble(rh_spool *s, bool wanted)
{
    int why = 0;
    double waiting = 0;
    for (int i = 0; i < 500; i++) {
        waiting = rh_spool_trouble(s, &why);
        if (wanted ? why != 0 : why == 0 && waiting <= 0)
            return;
        usleep(20000);
    }
    fail_msg("errno %d, %f s wait", why, waiting);
}

static void sound_waits_for_the_disk_and_is_written_when_there_is_room(void **state)
{
    (void)state;
    rh_spool s;
    assert_int_equal(rh_spool_open(&s, folder, "a", true, NULL), RH_OK);
    disk_takes(ROOM * 2);
    assert_int_equal(add(&s, 5 * RATE, NULL), RH_OK);
    wait_for_trouble(&s, true);
    assert_int_equal(add(&s, RATE, NULL), RH_OK);
    has(&s, 0, 6 * RATE);
    has(&s, ROOM - 100, 6 * RATE - ROOM + 100);
    disk_takes(RLIM_INFINITY);
    wait_for_trouble(&s, false);
    assert_int_equal(file_samples(), 6 * RATE);
    has(&s, 0, 6 * RATE);
    rh_spool_close(&s, false);
    assert_int_equal(rh_spool_open(&s, folder, "a", false, NULL), RH_OK);
    has(&s, 0, 6 * RATE); /* another run goes on with it */
    assert_int_equal(add(&s, 100, NULL), RH_OK);
    has(&s, 6 * RATE, 100);
    rh_spool_close(&s, true);
    assert_int_equal(file_samples(), -1);
}

static void what_may_wait_has_an_end(void **state)
{
    (void)state;
    rh_spool s;
    rh_error err = {0};
    assert_int_equal(rh_spool_open(&s, folder, "a", true, NULL), RH_OK);
    disk_takes(ROOM * 2);
    assert_int_equal(add(&s, 5 * RATE, NULL), RH_OK);
    wait_for_trouble(&s, true);
    rh_status st = RH_OK;
    size_t before = 0;
    for (int i = 0; i < RH_SPOOL_WAIT_S && st == RH_OK; i += 10) {
        before = s.n;
        st = add(&s, 10 * RATE, &err);
    }
    assert_int_equal(st, RH_ERR_IO);
    assert_non_null(strstr(err.msg, "wait for the disk"));
    assert_int_equal(s.n, before); /* nothing of it was taken */
    assert_true(before > (size_t)(RH_SPOOL_WAIT_S - 15) * RATE);
    has(&s, before - 1000, 1000);
    disk_takes(RLIM_INFINITY);
    wait_for_trouble(&s, false);
    assert_int_equal(add(&s, RATE, NULL), RH_OK);
    has(&s, 0, s.n);
    rh_spool_close(&s, true);
}

static void a_cut_forgets_what_is_written_and_what_waits(void **state)
{
    (void)state;
    rh_spool s;
    assert_int_equal(rh_spool_open(&s, folder, "a", true, NULL), RH_OK);
    for (int i = 0; i < 50; i++) { /* while the writer is at work, and not */
        assert_int_equal(add(&s, 3 * RATE, NULL), RH_OK);
        if (i % 2)
            wait_for_trouble(&s, false);
        rh_spool_cut(&s, s.n - RATE - (size_t)i);
        has(&s, 0, s.n);
    }
    wait_for_trouble(&s, false);
    assert_int_equal(file_samples(), s.n);
    rh_spool_close(&s, true);
}

static void a_recording_that_cannot_be_kept_leaves_no_part_of_it(void **state)
{
    (void)state;
    rh_spool s;
    rh_error err = {0};
    char wav[96];
    (void)snprintf(wav, sizeof wav, "%s/a.wav", folder);
    assert_int_equal(rh_spool_open(&s, folder, "a", true, NULL), RH_OK);
    assert_int_equal(add(&s, 5 * RATE, NULL), RH_OK);
    wait_for_trouble(&s, false);
    disk_takes(ROOM * 2);
    assert_int_equal(rh_spool_keep(&s, folder, "a", &err), RH_ERR_IO);
    assert_int_not_equal(access(wav, F_OK), 0);
    disk_takes(RLIM_INFINITY);
    assert_int_equal(rh_spool_keep(&s, folder, "a", &err), RH_OK);
    struct stat st;
    assert_int_equal(stat(wav, &st), 0);
    assert_int_equal(st.st_size, 44 + 5 * RATE * 2);
    rh_spool_close(&s, true);
}

static void wait_for_sync(rh_spool *s, size_t n)
{
    for (int i = 0; i < 500 && rh_spool_synced(s) != n; i++)
        usleep(20000);
    assert_int_equal(rh_spool_synced(s), n);
}

static void only_what_the_disk_has_is_synced(void **state)
{
    (void)state;
    rh_spool s;
    assert_int_equal(rh_spool_open(&s, folder, "a", true, NULL), RH_OK);
    assert_int_equal(add(&s, RATE, NULL), RH_OK);
    wait_for_trouble(&s, false);
    assert_int_equal(rh_spool_synced(&s), 0); /* nobody asked */
    rh_spool_close(&s, false);
    assert_int_equal(rh_spool_open(&s, folder, "a", false, NULL), RH_OK);
    rh_spool_sync(&s);
    assert_int_equal(rh_spool_synced(&s), RATE); /* of another run */
    disk_takes(ROOM * 2);
    assert_int_equal(add(&s, 5 * RATE, NULL), RH_OK);
    wait_for_trouble(&s, true);
    usleep(2 * RH_SPOOL_SYNC_MS * 1000);
    assert_true(rh_spool_synced(&s) <= ROOM);
    disk_takes(RLIM_INFINITY);
    wait_for_sync(&s, 6 * RATE);
    rh_spool_cut(&s, 2 * RATE);
    assert_int_equal(rh_spool_synced(&s), 2 * RATE);
    assert_int_equal(add(&s, RATE, NULL), RH_OK);
    wait_for_sync(&s, 3 * RATE);
    has(&s, 0, 3 * RATE);
    rh_spool_close(&s, true);
}

/* ---- a copy elsewhere ---- */

typedef struct {
    int16_t got[20 * RATE];
    atomic_size_t n;
    atomic_bool away;
    atomic_int n_refused;
} elsewhere;

static rh_status put(void *user, size_t at, const int16_t *samples, size_t n)
{
    elsewhere *e = user;
    if (atomic_load(&e->away)) {
        atomic_fetch_add(&e->n_refused, 1);
        return RH_AGAIN;
    }
    if (at > atomic_load(&e->n) || n > RH_SPOOL_PIECE || at + n > sizeof e->got / sizeof *e->got)
        return RH_ERR_INVAL; /* nothing is left out */
    memcpy(e->got + at, samples, n * sizeof *samples);
    atomic_store(&e->n, at + n);
    return RH_OK;
}

static void cut_there(void *user, size_t at)
{
    elsewhere *e = user;
    if (at < atomic_load(&e->n))
        atomic_store(&e->n, at);
}

static size_t kept_there(void *user)
{
    elsewhere *e = user;
    return atomic_load(&e->n);
}

static void a_copy_gets_all_of_it_in_order_whenever_it_takes_something(void **state)
{
    (void)state;
    static elsewhere e;
    rh_spool s;
    assert_int_equal(rh_spool_open(&s, folder, "a", true, NULL), RH_OK);
    rh_spool_copy_to(&s, &(rh_spool_copy){.put = put, .cut = cut_there, .kept = kept_there, .user = &e});
    assert_int_equal(add(&s, 3 * RATE, NULL), RH_OK);
    wait_for_sync(&s, 3 * RATE);
    atomic_store(&e.away, true);
    assert_int_equal(add(&s, 4 * RATE + 7, NULL), RH_OK);
    for (int i = 0; i < 500 && atomic_load(&e.n_refused) < 2; i++)
        usleep(20000);
    assert_int_equal(rh_spool_synced(&s), 3 * RATE);
    has(&s, 0, 7 * RATE + 7);
    atomic_store(&e.away, false);
    wait_for_sync(&s, 7 * RATE + 7);
    rh_spool_cut(&s, 5 * RATE);
    assert_int_equal(rh_spool_synced(&s), 5 * RATE);
    assert_int_equal(add(&s, RATE, NULL), RH_OK);
    rh_spool_close(&s, false); /* what is left goes there first */
    assert_int_equal(atomic_load(&e.n), 6 * RATE);
    for (size_t i = 0; i < 6 * RATE; i++)
        assert_true(fabsf((float)e.got[i] / 32767.0f - value(i)) <= 1e-4f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sound_waits_for_the_disk_and_is_written_when_there_is_room),
        cmocka_unit_test(what_may_wait_has_an_end),
        cmocka_unit_test(a_cut_forgets_what_is_written_and_what_waits),
        cmocka_unit_test(only_what_the_disk_has_is_synced),
        cmocka_unit_test(a_copy_gets_all_of_it_in_order_whenever_it_takes_something),
        cmocka_unit_test(a_recording_that_cannot_be_kept_leaves_no_part_of_it),
    };
    return cmocka_run_group_tests(tests, make_folder, test_folder_remove);
}
