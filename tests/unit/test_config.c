/* Settings: origins, bounds, the file's grammar, and the example file. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "rehearse/base/alloc.h"
#include "rehearse/config/config.h"

static char dir[PATH_MAX];

/* No test may see the settings of the person who runs it. */
static int isolate(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "%s", "/tmp/rehearse-test-XXXXXX");
    if (!mkdtemp(dir))
        return -1;
    setenv("HOME", dir, 1);
    unsetenv("XDG_CONFIG_HOME");
    unsetenv("XDG_CACHE_HOME");
    unsetenv("REHEARSE_CACHE");
    unsetenv("REHEARSE_CONFIG");
    for (size_t i = 0; i < rh_config_count(); i++) {
        char name[64];
        snprintf(name, sizeof name, "REHEARSE_%s", rh_config_at(i)->name);
        for (char *p = name; *p; p++)
            if (*p >= 'a' && *p <= 'z')
                *p = (char)(*p - 'a' + 'A');
        unsetenv(name);
    }
    return 0;
}

static int clean(void **state)
{
    (void)state;
    char path[PATH_MAX + 16];
    snprintf(path, sizeof path, "%s/a.ini", dir);
    unlink(path);
    return rmdir(dir);
}

static const char *write_file(const char *text)
{
    static char path[PATH_MAX + 16];
    snprintf(path, sizeof path, "%s/a.ini", dir);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    return path;
}

static const char *where(const rh_config *c, const char *name)
{
    static char buf[PATH_MAX];
    return rh_config_where(c, rh_config_find(name), buf, sizeof buf);
}

static void defaults_hold_when_nothing_is_set(void **state)
{
    (void)state;
    rh_config c;
    assert_int_equal(rh_config_init(&c, NULL), RH_OK);
    assert_int_equal(rh_config_load(&c, NULL, NULL), RH_OK);
    assert_int_equal(c.port, 8000);
    assert_string_equal(c.host, "127.0.0.1");
    assert_string_equal(c.model, "base");
    char expected[PATH_MAX + 40];
    snprintf(expected, sizeof expected, "%s/.cache/rehearse/models", dir);
    assert_string_equal(c.models_dir, expected);
    assert_string_equal(where(&c, "port"), "default");
    rh_config_done(&c);
}

static void flag_goes_over_environment_over_file(void **state)
{
    (void)state;
    const char *file = write_file("port = 1\nthreads = 2\nmax_clients = 3\n");
    setenv("REHEARSE_THREADS", "20", 1);
    setenv("REHEARSE_MAX_CLIENTS", "30", 1);
    rh_config c;
    assert_int_equal(rh_config_init(&c, NULL), RH_OK);
    /* a flag set first must not be overwritten by what is read later */
    assert_int_equal(rh_config_set(&c, "max-clients", "300", RH_CONFIG_FLAG, NULL), RH_OK);
    assert_int_equal(rh_config_load(&c, file, NULL), RH_OK);
    assert_int_equal(c.port, 1);
    assert_int_equal(c.threads, 20);
    assert_int_equal(c.max_clients, 300);
    char expected[PATH_MAX + 40];
    snprintf(expected, sizeof expected, "file %s", file);
    assert_string_equal(where(&c, "port"), expected);
    assert_string_equal(where(&c, "threads"), "environment REHEARSE_THREADS");
    assert_string_equal(where(&c, "max_clients"), "command line");
    rh_config_done(&c);
}

static void expect_refused(const char *text, const char *part)
{
    rh_config c;
    rh_error err = {RH_OK, ""};
    assert_int_equal(rh_config_init(&c, NULL), RH_OK);
    assert_int_equal(rh_config_load(&c, write_file(text), &err), RH_ERR_INVAL);
    if (!strstr(err.msg, part))
        fail_msg("'%s' does not say '%s'", err.msg, part);
    rh_config_done(&c);
}

static void wrong_files_are_refused_with_the_line(void **state)
{
    (void)state;
    expect_refused("port = 8000\nprot = 1\n", "line 2: no setting is called 'prot'");
    expect_refused("port = 80000\n", "line 1: port is '80000', but must be a whole number");
    expect_refused("port = 80x\n", "whole number from 0 to 65535");
    expect_refused("port =\n", "whole number");
    expect_refused("engine = magic\n", "must be one of auto|native|whisper.cpp");
    expect_refused("engine = nat\n", "must be one of");
    expect_refused("[server]\nport = 1\n", "section [server]");
    expect_refused("just words\n", "line 1: not of the form name = value");
}

static void lists_go_on_in_further_lines(void **state)
{
    (void)state;
    rh_config c;
    assert_int_equal(rh_config_init(&c, NULL), RH_OK);
    const char *file = write_file("cors_origins = http://a\n  http://b\ntokens = x,y\n"
                                  "cors_origins = http://c\nport = 5\nport = 6\n");
    assert_int_equal(rh_config_load(&c, file, NULL), RH_OK);
    assert_string_equal(c.cors_origins, "http://a,http://b,http://c");
    assert_string_equal(c.tokens, "x,y");
    assert_int_equal(c.port, 6);
    rh_config_done(&c);
    char text[400];
    memset(text, 'a', sizeof text);
    memcpy(text, "tokens = ", 9);
    text[sizeof text - 1] = '\0';
    expect_refused(text, "longer than about 200 characters");
}

static void a_named_file_must_exist(void **state)
{
    (void)state;
    rh_config c;
    rh_error err = {RH_OK, ""};
    assert_int_equal(rh_config_init(&c, NULL), RH_OK);
    assert_int_equal(rh_config_load(&c, "/nonexistent/x.ini", &err), RH_ERR_IO);
    assert_non_null(strstr(err.msg, "/nonexistent/x.ini"));
    rh_config_done(&c);
}

static void wrong_environment_names_the_variable(void **state)
{
    (void)state;
    setenv("REHEARSE_DEVICE", "gpu", 1);
    rh_config c;
    rh_error err = {RH_OK, ""};
    assert_int_equal(rh_config_init(&c, NULL), RH_OK);
    assert_int_equal(rh_config_load(&c, NULL, &err), RH_ERR_INVAL);
    assert_non_null(strstr(err.msg, "REHEARSE_DEVICE"));
    rh_config_done(&c);
}

static void tokens_are_never_shown(void **state)
{
    (void)state;
    rh_config c;
    char buf[64];
    assert_int_equal(rh_config_init(&c, NULL), RH_OK);
    assert_int_equal(rh_config_set(&c, "tokens", "secret1,secret2", RH_CONFIG_FLAG, NULL), RH_OK);
    assert_string_equal(c.tokens, "secret1,secret2");
    rh_config_show(&c, rh_config_find("tokens"), buf, sizeof buf);
    assert_null(strstr(buf, "secret"));
    rh_config_done(&c);
}

static void every_failed_allocation_is_reported(void **state)
{
    (void)state;
    rh_status st = RH_ERR_NOMEM;
    for (long n = 1; st != RH_OK; n++) {
        rh_config c;
        rh_alloc_fail_at(n);
        st = rh_config_init(&c, NULL);
        rh_alloc_fail_at(0);
        if (st == RH_OK)
            rh_config_done(&c);
        else
            assert_int_equal(st, RH_ERR_NOMEM);
        assert_true(n < 100);
    }
}

/* The file in deploy/ is what `rehearse config --example` prints. */
static void example_file_is_up_to_date(void **state)
{
    (void)state;
    static char text[1 << 16];
    FILE *f = fopen("deploy/rehearse.ini.example", "r");
    assert_non_null(f);
    text[fread(text, 1, sizeof text - 1, f)] = '\0';
    fclose(f);
    char *expected = rh_config_example();
    assert_non_null(expected);
    assert_string_equal(text, expected);
    rh_free(expected);
}

/* With its comments taken away the example must be accepted and change nothing. */
static void example_file_holds_the_defaults(void **state)
{
    (void)state;
    char *text = rh_config_example(), path[PATH_MAX + 16];
    assert_non_null(text);
    snprintf(path, sizeof path, "%s/a.ini", dir);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    char *save = NULL;
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
        if (line[0] == '#' && line[1] != ' ')
            fprintf(f, "%s\n", line + 1);
    fclose(f);
    rh_free(text);
    rh_config a, b;
    char x[512], y[512];
    assert_int_equal(rh_config_init(&a, NULL), RH_OK);
    assert_int_equal(rh_config_init(&b, NULL), RH_OK);
    rh_error err = {RH_OK, ""};
    if (rh_config_load(&b, path, &err) != RH_OK)
        fail_msg("%s", err.msg);
    for (size_t i = 0; i < rh_config_count(); i++) {
        const rh_config_key *k = rh_config_at(i);
        if (strcmp(k->value, "DIR") != 0) /* a ~ in the example is for the reader */
            assert_string_equal(rh_config_show(&a, k, x, sizeof x), rh_config_show(&b, k, y, sizeof y));
    }
    rh_config_done(&a);
    rh_config_done(&b);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, isolate, clean)
    const struct CMUnitTest tests[] = {
        TEST(defaults_hold_when_nothing_is_set),
        TEST(flag_goes_over_environment_over_file),
        TEST(wrong_files_are_refused_with_the_line),
        TEST(lists_go_on_in_further_lines),
        TEST(a_named_file_must_exist),
        TEST(wrong_environment_names_the_variable),
        TEST(tokens_are_never_shown),
        TEST(every_failed_allocation_is_reported),
        TEST(example_file_is_up_to_date),
        TEST(example_file_holds_the_defaults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
