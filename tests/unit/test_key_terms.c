/* What a text is about, and which of it an answer says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "rehearse/speech/key_terms.h"

static const char AD[] =
    "Senior Backend Engineer\n\nAs part of our payments team you will build scalable services.\n"
    "- REST APIs in Python and Go\n- Operation of our Kubernetes clusters (AWS)\n- Product management with Python\n"
    "* Very good knowledge of PostgreSQL/Kafka, CI/CD and AWS/GCP\n* Strong communication skills and 5+ years of experience\n";

static const rh_key_term *called(const rh_key_term *t, size_t n, const char *text)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(t[i].text, text) == 0)
            return &t[i];
    return NULL;
}

/* A word a second. */
static size_t seek(const char *answer, rh_key_term *terms, size_t n)
{
    static char copy[1000];
    static rh_word words[200];
    char *rest;
    size_t said = 0, n_words = 0;
    assert_true(strlen(answer) < sizeof copy);
    strcpy(copy, answer);
    for (char *w = strtok_r(copy, " ", &rest); w; w = strtok_r(NULL, " ", &rest)) {
        words[n_words] = (rh_word){.text = w, .start = (float)n_words, .end = (float)n_words + 0.5f};
        n_words++;
    }
    assert_int_equal(rh_key_terms_seek(words, n_words, terms, n, NULL), RH_OK);
    for (size_t i = 0; i < n; i++)
        said += terms[i].n_said > 0;
    return said;
}

static void an_ad_is_about_its_names_and_nouns(void **state)
{
    static const char *const wanted[] = {
        "Python", "Backend Engineer",   "Kubernetes clusters", "AWS", "PostgreSQL", "Kafka", "CI/CD",
        "GCP",    "product management", "communication"};
    static const char *const unwanted[] = {"experience",
                                           "years",
                                           "team",
                                           "skills",
                                           "Strong communication skills",
                                           "knowledge",
                                           "build scalable services",
                                           "Kubernetes clusters AWS",
                                           "PostgreSQL Kafka"};
    rh_key_term t[RH_KEY_TERMS];
    size_t n = 0;
    (void)state;
    assert_int_equal(rh_key_terms_of(AD, t, RH_KEY_TERMS, &n, NULL), RH_OK);
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        if (!called(t, n, wanted[i]))
            fail_msg("no %s", wanted[i]);
    for (size_t i = 0; i < sizeof unwanted / sizeof *unwanted; i++)
        if (called(t, n, unwanted[i]))
            fail_msg("%s", unwanted[i]);
    assert_string_equal(t[0].text, "Python"); /* twice */
    for (size_t i = 1; i < n; i++)
        assert_true(t[i].weight <= t[i - 1].weight);
    assert_int_equal(rh_key_terms_of(AD, t, 3, &n, NULL), RH_OK);
    assert_int_equal(n, 3);
}

static void terms_are_found_by_their_stems(void **state)
{
    static const struct {
        const char *term, *answer;
        bool said;
    } cases[] = {
        {"product management", "I managed the two products of the shop", true},
        {"product management", "I managed the shop", false},
        {"communication", "and I communicate with all of them", true},
        {"Kubernetes clusters", "we had um a cluster of um Kubernetes there", true},
        {"policy", "several policies of ours", true},
        {"planning", "so I planned it", true},
        {"plan", "the plant was closed", false},
        {"Java", "it was written in JavaScript", false},
        {"CI/CD", "we had CI/CD there", true},
        {"CI/CD", "we had a CI and CD there", true},
        {"Power BI", "it was in PowerBI", true},
        {"Go", "we go there", true}, /* by its letters alone */
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rh_key_term t = {.weight = 1};
        strcpy(t.text, cases[i].term);
        if ((seek(cases[i].answer, &t, 1) == 1) != cases[i].said)
            fail_msg("%s: %s", cases[i].term, cases[i].answer);
    }
}

static void what_is_said_has_its_moment_and_its_share(void **state)
{
    rh_key_term t[RH_KEY_TERMS];
    size_t n = 0;
    (void)state;
    assert_int_equal(rh_key_terms_of("Python and Kafka, Python again", t, RH_KEY_TERMS, &n, NULL), RH_OK);
    assert_int_equal(n, 2);
    assert_int_equal(seek("I like Python and python", t, n), 1);
    assert_string_equal(t[0].text, "Python");
    assert_int_equal(t[0].n_said, 2);
    assert_true(t[0].start == 2 && t[0].end == 2.5f);
    assert_int_equal(t[1].n_said, 0);
    float share = t[0].weight / (t[0].weight + t[1].weight);
    assert_true(fabsf(rh_key_terms_covered(t, n) - share) < 1e-6f);
    assert_true(rh_key_terms_covered(t, 0) == 0);
}

static rh_key_term names[RH_KEY_NAMES];
static size_t n_names;

static const rh_key_term *named(const char *ad, const char *cv, const char *text)
{
    assert_int_equal(rh_key_names_of(ad, cv, names, &n_names, NULL), RH_OK);
    const rh_key_term *t = called(names, n_names, text);
    if (!t)
        fail_msg("%s is not named", text);
    return t;
}

static void names_are_found_where_something_is_asked_for(void **state)
{
    static const char ad[] =
        "ABOUT US\nAcme Robotics in Berlin builds robots with Siemens.\nREQUIREMENTS:\n"
        "- 3+ years of experience with Google Analytics, C++ and Node.js\n"
        "- Knowledge of\n- good knowledge of employment law, and SQL (e.g. PostgreSQL)\n"
        "- experience in a small team; experience with stakeholder management to start with\n"
        "- Understanding of lean production\n- HubSpot – DaVinci, experience with “Power BI”, write to jobs@Acme.com\n"
        "We offer: 401k, PTO, a CEO who listens. Start in January, GmbH.";
    static const char *const wanted[] = {"Google Analytics",
                                         "C++",
                                         "Node.js",
                                         "SQL",
                                         "knowledge of employment law",
                                         "PostgreSQL",
                                         "experience with stakeholder management",
                                         "understanding of lean production",
                                         "HubSpot",
                                         "DaVinci",
                                         "Power BI"};
    (void)state;
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        (void)named(ad, "I wrote C++ for years.", wanted[i]);
    assert_int_equal(n_names, sizeof wanted / sizeof *wanted);
    assert_int_equal(named(ad, "I wrote C++ for years.", "C++")->n_said, 1);
    assert_string_equal(names[0].text, "C++"); /* both speak of it */
    assert_int_equal(named(ad, "C, and c++", "C++")->n_said, 0);
    assert_true(named(ad, "", "knowledge of employment law")->skill);
}

static void single_words_count_with_other_endings(void **state)
{
    static rh_key_words w;
    (void)state;
    assert_int_equal(rh_key_words_met(&w, "A test"), 0);
    assert_int_equal(rh_key_words_add(&w, "You test pumps and calm customers.", 2, NULL), RH_OK);
    assert_int_equal(rh_key_words_add(&w, "Testing of pumps", 1, NULL), RH_OK);
    assert_int_equal(rh_key_words_met(&w, "How did testing go?"), rh_key_words_met(&w, "A test"));
    assert_true(rh_key_words_met(&w, "A difficult customer") > 0);
    assert_true(rh_key_words_met(&w, "A pump of ours, and its tests") > rh_key_words_met(&w, "A difficult customer"));
    assert_int_equal(rh_key_words_met(&w, "Tell me about a time you learnt something new"), 0);
}

static void any_text_is_taken(void **state)
{
    static const char *const texts[] = {
        "", " \n\n ", "()[]//**", "a", "\xff\xfe nonsense \x80", "Die Entwicklung von Schnittstellen"};
    static char much[200000];
    rh_key_term t[RH_KEY_TERMS];
    size_t n;
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        assert_int_equal(rh_key_terms_of(texts[i], t, RH_KEY_TERMS, &n, NULL), RH_OK);
        assert_int_equal(rh_key_names_of(texts[i], texts[i], names, &n_names, NULL), RH_OK);
        assert_int_equal(n_names, 0);
    }
    for (size_t i = 0, k = 0; k + 16 < sizeof much; i++)
        k += (size_t)snprintf(much + k, 16, "word%zu\n", i);
    assert_int_equal(rh_key_terms_of(much, t, RH_KEY_TERMS, &n, NULL), RH_OK);
    assert_int_equal(n, RH_KEY_TERMS);
    for (size_t i = 0; i + 1 < sizeof much; i++)
        much[i] = "Ab +.C#\xff\n"[i * 7 % 9];
    static rh_key_words w;
    assert_int_equal(rh_key_names_of(much, much, names, &n_names, NULL), RH_OK);
    assert_int_equal(rh_key_words_add(&w, much, 2, NULL), RH_OK);
    assert_true(n_names <= RH_KEY_NAMES && w.n <= RH_KEY_WORDS && rh_key_words_met(&w, much) >= 0);
    memset(much, 'x', sizeof much - 1);
    assert_int_equal(rh_key_terms_of(much, t, RH_KEY_TERMS, &n, NULL), RH_OK);
}

static void spellings_are_names_and_technical_words(void **state)
{
    (void)state;
    rh_key_term t[16];
    size_t n = 99;
    const char *text = "We run PostgreSQL and Apache Kafka at Northwind.\nYou will work with people on the kubernetes "
                       "clusters of Northwind.\nABOUT US\n- Experience with Node.js";
    assert_int_equal(rh_key_spellings_of(text, t, 16, &n, NULL), RH_OK);
    static const char *const wanted[] = {"PostgreSQL", "Apache Kafka", "Northwind", "kubernetes", "Node.js"};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        if (!called(t, n, wanted[i]))
            fail_msg("%s is not among the %zu found", wanted[i], n);
    assert_true(called(t, n, "Northwind")->weight == 2);
    static const char *const common[] = {"We", "You", "people", "ABOUT", "US", "Experience", "work"};
    for (size_t i = 0; i < sizeof common / sizeof *common; i++)
        assert_null(called(t, n, common[i]));
    assert_int_equal(rh_key_spellings_of(text, t, 2, &n, NULL), RH_OK);
    assert_int_equal(n, 2);
    assert_int_equal(rh_key_spellings_of("", t, 2, &n, NULL), RH_OK);
    assert_int_equal(n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_ad_is_about_its_names_and_nouns),
        cmocka_unit_test(terms_are_found_by_their_stems),
        cmocka_unit_test(what_is_said_has_its_moment_and_its_share),
        cmocka_unit_test(names_are_found_where_something_is_asked_for),
        cmocka_unit_test(single_words_count_with_other_endings),
        cmocka_unit_test(any_text_is_taken),
        cmocka_unit_test(spellings_are_names_and_technical_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
