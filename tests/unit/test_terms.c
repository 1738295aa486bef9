/* Words to expect: what of them is kept, how they sound, where they may have been meant. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "asr/terms_internal.h"

static rh_terms *terms_of(const char *const *list, size_t n)
{
    rh_terms *t = NULL;
    rh_error err = {0};
    if (rh_terms_new(&t, list, n, &err) != RH_OK)
        fail_msg("%s", err.msg);
    return t;
}

static void short_and_doubled_terms_are_left_out(void **state)
{
    (void)state;
    const char *const list[] = {"  Kubernetes ", "kubernetes", "Go", "C++", "", " ", "Node.js", "S\xc3\xa3o Paulo"};
    rh_terms *t = terms_of(list, sizeof list / sizeof *list);
    assert_int_equal(rh_terms_count(t), 3);
    assert_string_equal(rh_terms_text(t, 0), "Kubernetes");
    assert_string_equal(rh_terms_text(t, 1), "Node.js");
    assert_string_equal(rh_terms_text(t, 2), "S\xc3\xa3o Paulo");
    rh_terms_free(t);
    t = terms_of(NULL, 0);
    assert_int_equal(rh_terms_count(t), 0);
    rh_terms_free(t);
    rh_terms_free(NULL);
    assert_int_equal(rh_terms_count(NULL), 0);
}

static void refused(const char *const *list, size_t n, rh_status st, const char *why)
{
    rh_terms *t = NULL;
    rh_error err = {0};
    assert_int_equal(rh_terms_new(&t, list, n, &err), st);
    assert_non_null(strstr(err.msg, why));
    assert_null(t);
}

static void what_is_no_term_is_refused(void **state)
{
    (void)state;
    char longest[RH_TERM_BYTES + 2];
    const char *list[RH_TERMS_MAX + 1];
    memset(longest, 'a', sizeof longest);
    longest[RH_TERM_BYTES + 1] = '\0';
    list[0] = longest;
    refused(list, 1, RH_ERR_LIMIT, "64 bytes");
    list[0] = longest + 1;
    rh_terms_free(terms_of(list, 1));
    for (size_t i = 0; i < RH_TERMS_MAX + 1; i++)
        list[i] = "term";
    refused(list, RH_TERMS_MAX + 1, RH_ERR_LIMIT, "at most 256");
    rh_terms_free(terms_of(list, RH_TERMS_MAX));
    list[1] = "two\nlines";
    refused(list, 2, RH_ERR_INVAL, "term 1 is more than one line");
    list[1] = "\xff\xfe";
    refused(list, 2, RH_ERR_INVAL, "term 1 is not UTF-8");
}

static float apart(const char *a, const char *b)
{
    rh_term_key x, y;
    rh_term_key_of(a, strlen(a), &x);
    rh_term_key_of(b, strlen(b), &y);
    float d = rh_term_distance(&x, &y, 1.0f);
    assert_true(d == rh_term_distance(&y, &x, 1.0f));
    return d;
}

static void words_that_sound_alike_are_near(void **state)
{
    (void)state;
    static const char *const alike[][2] = {{"Shabata", "Shabbata"},
                                           {"Kafka", "Cafca"},
                                           {"Jamieson", "Jameson"},
                                           {"Grafana", "graphana"},
                                           {"Delmonico", "Dormonigo"},
                                           {"churchyards", "church arts"},
                                           {"Knut", "Nut"},
                                           {"Helstone", "Houston"},
                                           {"Kubernetes", "cooper netes"},
                                           {"Postgres", "post gress"},
                                           {"M\xc3\xbcller", "muller"}};
    static const char *const different[][2] = {
        {"Kubernetes", "conferences"}, {"Terraform", "telescope"}, {"Grafana", "banana"}, {"Kafka", "coffee"}};
    for (size_t i = 0; i < sizeof alike / sizeof *alike; i++)
        if (!(apart(alike[i][0], alike[i][1]) < 0.3f))
            fail_msg("%s and %s: %.2f", alike[i][0], alike[i][1], (double)apart(alike[i][0], alike[i][1]));
    for (size_t i = 0; i < sizeof different / sizeof *different; i++)
        if (!(apart(different[i][0], different[i][1]) > 0.3f))
            fail_msg("%s and %s: %.2f", different[i][0], different[i][1],
                     (double)apart(different[i][0], different[i][1]));
    assert_true(apart("Kafka", "Kafka") == 0.0f);
    assert_true(apart("", "Kafka") == 1.0f);
}

/* "0+2 Kubernetes" for the first place found in a text; "" for none. */
static const char *first_place(const rh_terms *t, const char *text)
{
    static char told[128];
    rh_term_word words[64];
    rh_term_place at[4];
    int n = 0;
    for (const char *s = text; *s;) {
        size_t len = strcspn(s, " ");
        words[n++] = (rh_term_word){s, len};
        s += len + strspn(s + len, " ");
    }
    told[0] = '\0';
    int found = rh_terms_find(t, words, n, at, 4);
    for (int i = 1; i < found; i++)
        assert_true(at[i - 1].distance <= at[i].distance);
    if (found)
        (void)snprintf(told, sizeof told, "%d+%d %s", at[0].first, at[0].n, rh_terms_text(t, at[0].term));
    return told;
}

static void places_are_stretches_that_sound_like_a_term(void **state)
{
    (void)state;
    const char *const list[] = {"Kubernetes", "PostgreSQL", "Node.js", "Terraform", "lobster", "machine learning"};
    rh_terms *t = terms_of(list, 6);
    assert_string_equal(first_place(t, "we ran cooper netties on it"), "2+2 Kubernetes");
    assert_string_equal(first_place(t, "a tear form for the cloud"), "1+2 Terraform");
    assert_string_equal(first_place(t, "the postgresql table"), "1+1 PostgreSQL");
    assert_string_equal(first_place(t, "in node js I think"), "1+2 Node.js");
    assert_string_equal(first_place(t, "some machine lurning too"), "1+2 machine learning");
    /* As it should be, or another form. */
    assert_string_equal(first_place(t, "we ran Kubernetes on it"), "");
    assert_string_equal(first_place(t, "we ran kubernetes"), "");
    assert_string_equal(first_place(t, "the lobsters and the lobster are here"), "");
    assert_string_equal(first_place(t, "machine learning is"), "");
    assert_string_equal(first_place(t, "nothing of that was said to anybody"), "");
    assert_string_equal(first_place(t, ""), "");
    rh_terms_free(t);
}

static void endless_words_are_no_trouble(void **state)
{
    (void)state;
    char longest[500];
    const char *const list[] = {"Kubernetes"};
    rh_terms *t = terms_of(list, 1);
    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_string_equal(first_place(t, longest), "");
    assert_string_equal(first_place(t, "\xff \xc3 cooper netties"), "2+2 Kubernetes");
    rh_terms_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(short_and_doubled_terms_are_left_out),
        cmocka_unit_test(what_is_no_term_is_refused),
        cmocka_unit_test(words_that_sound_alike_are_near),
        cmocka_unit_test(places_are_stretches_that_sound_like_a_term),
        cmocka_unit_test(endless_words_are_no_trouble),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
