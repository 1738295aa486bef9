/* What an advertisement names, and which questions speak of what it speaks of. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/interview/terms.h"

static rh_terms t;

static const rh_term_name *named(const char *text)
{
    for (size_t i = 0; i < t.n_names; i++)
        if (strcmp(t.names[i].text, text) == 0)
            return &t.names[i];
    return NULL;
}

static void names_are_found_where_something_is_asked_for(void **state)
{
    (void)state;
    rh_terms_find("ABOUT US\nAcme Robotics in Berlin builds robots with Siemens.\nREQUIREMENTS\n"
                  "- 3+ years of experience with Google Analytics, C++ and Node.js\n"
                  "- Knowledge of\n- good knowledge of employment law, and SQL (e.g. PostgreSQL)\n"
                  "- experience in a small team; experience with stakeholder management to start with\n"
                  "We offer: 401k, PTO, a CEO who listens. Start in January, GmbH.",
                  "I wrote C++ for years.", &t);
    static const char *const wanted[] = {"Google Analytics",
                                         "C++",
                                         "Node.js",
                                         "SQL",
                                         "knowledge of employment law",
                                         "PostgreSQL",
                                         "experience with stakeholder management"};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        if (!named(wanted[i]))
            fail_msg("%s is not found", wanted[i]);
    assert_int_equal(t.n_names, sizeof wanted / sizeof *wanted);
    assert_true(named("C++")->in_cv);
    assert_string_equal(t.names[0].text, "C++"); /* both speak of it */
    assert_true(named("knowledge of employment law")->skill);
    rh_terms_find("", "", &t);
    assert_int_equal(t.n_names + t.n_words, 0);
}

static void other_endings_are_the_same_word(void **state)
{
    (void)state;
    rh_terms_find("You test pumps and calm customers.", "Testing of pumps", &t);
    assert_int_equal(rh_terms_met(&t, "How did testing go?"), rh_terms_met(&t, "A test"));
    assert_true(rh_terms_met(&t, "A difficult customer") > 0);
    assert_true(rh_terms_met(&t, "A pump of ours, and its tests") > rh_terms_met(&t, "A difficult customer"));
    assert_int_equal(rh_terms_met(&t, "Tell me about a time you learnt something new"), 0);
}

static void any_text_is_read(void **state)
{
    (void)state;
    char *long_text = malloc(60001);
    for (size_t i = 0; i < 60000; i++)
        long_text[i] = "Ab +.C#\xff\n"[i * 7 % 9];
    long_text[60000] = '\0';
    rh_terms_find(long_text, long_text, &t);
    assert_true(t.n_names <= RH_TERM_NAMES && t.n_words <= RH_TERM_WORDS);
    assert_true(rh_terms_met(&t, long_text) >= 0);
    free(long_text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_found_where_something_is_asked_for),
        cmocka_unit_test(other_endings_are_the_same_word),
        cmocka_unit_test(any_text_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
