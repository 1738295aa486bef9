/* Turns of an interview: told what was heard, who speaks and when an answer is over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "session/turns.h"

static rh_turn_words words_of(const char *text)
{
    rh_turn_words w = rh_turn_words_of(text, strlen(text), "en");
    return w;
}

/* How likely the recogniser expects a full stop there. */
static void expects(rh_turn_words *w, float p)
{
    w->stop_next = p;
    w->word_next = 1 - p;
}

/* A session in which `text` was said from 1 s to `end`, and voice and recogniser take it for an end with probability p. */
static rh_turns said(const char *text, double end, float p)
{
    rh_turns t;
    rh_turn_words w = words_of(text);
    expects(&w, p >= 0 ? p : 0.5f);
    rh_turn_words before = words_of("It was down.");
    rh_turns_init(&t, RH_TURN_PATIENCE_S);
    rh_turns_hear(&t, &before, 3, 1, 2.5, true);
    rh_turns_hear(&t, &w, 12, 3, end + 0.2, true);
    if (p >= 0)
        rh_turns_judge(&t, end, p);
    return t;
}

static rh_turn_view quiet(double speech_end, double t)
{
    return (rh_turn_view){.t = t, .speech_end = speech_end, .interviewer_end = -1};
}

/* The silence after which a turn that ends with `text` is over. */
static double wait_of(const char *text, float p, rh_turn_reason *why)
{
    rh_turns t = said(text, 10, p);
    for (int i = 0; i < 1000; i++) {
        rh_turn_view v = quiet(10, 10 + i * 0.032);
        rh_turn_told told = rh_turns_step(&t, &v);
        if (told.news == RH_TURN_ENDED) {
            assert_float_equal(told.t, 10, 1e-6);
            *why = told.reason;
            return told.silence_s;
        }
    }
    fail_msg("never over: %s", text);
    return 0;
}

static void ends_of_words_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text, *language;
        rh_turn_stop stop;
        rh_turn_open open;
        bool filler;
        int n;
    } cases[] = {
        {"That is what we did.", "en", RH_STOP_FULL, RH_MAYBE_OPEN, false, 5},
        {"That is what we built.", "en", RH_STOP_FULL, RH_CLOSED, false, 5},
        {" It worked. We shipped it because", "en", RH_STOP_NONE, RH_OPEN, false, 4},
        {"I led the", "", RH_STOP_NONE, RH_OPEN, false, 3},
        {"we moved to the cloud,", "en", RH_STOP_COMMA, RH_CLOSED, false, 5},
        {"so I thought...", "en", RH_STOP_TRAILING, RH_CLOSED, false, 3},
        {"so I thought\xE2\x80\xA6", "en", RH_STOP_TRAILING, RH_CLOSED, false, 3},
        {"and then, um.", "en", RH_STOP_FULL, RH_CLOSED, true, 3},
        {"Did it work? Yes!", "en", RH_STOP_FULL, RH_CLOSED, false, 1},
        {"weil", "de", RH_STOP_NONE, RH_OPEN, false, 1},
        {"because", "de", RH_STOP_NONE, RH_CLOSED, false, 1},
        {"because", "fi", RH_STOP_NONE, RH_CLOSED, false, 1},
        {"", "en", RH_STOP_NONE, RH_CLOSED, false, 0},
        {" ... ", "en", RH_STOP_TRAILING, RH_CLOSED, false, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rh_turn_words w = rh_turn_words_of(cases[i].text, strlen(cases[i].text), cases[i].language);
        if (w.stop != cases[i].stop || w.open != cases[i].open || w.filler != cases[i].filler ||
            w.n_words != cases[i].n)
            fail_msg("\"%s\": stop %d open %d filler %d words %d", cases[i].text, (int)w.stop, (int)w.open, w.filler,
                     w.n_words);
    }
}

static void a_sure_end_is_told_soon_and_an_unsure_one_after_the_patience(void **state)
{
    (void)state;
    rh_turn_reason why;
    assert_true(wait_of("That is how we brought it back on its feet in a week.", 0.999f, &why) < 0.8);
    assert_int_equal(why, RH_TURN_FINISHED);
    double unsure = wait_of("That is how we brought it back on its feet in a week.", 0.94f, &why);
    assert_true(unsure >= 1.6 && unsure < 1.8);
    assert_int_equal(why, RH_TURN_FINISHED);
}

/* A moment is reckoned from others: the last bits of it are no other pause. */
static void the_model_is_asked_once_a_pause_and_in_time(void **state)
{
    (void)state;
    rh_turns t = said("That is how we brought it back on its feet in a week.", 10, -1);
    rh_turn_view v = quiet(10, 10.6);
    (void)rh_turns_step(&t, &v);
    assert_true(rh_turns_ask(&t, &v));
    assert_float_equal(rh_turns_know_in_s(&t, &v), 0.1, 1e-6);
    rh_turns_judge(&t, 10, 0.999f);
    v = quiet(10.05, 10.75);
    assert_true(rh_turns_ask(&t, &v));
    v = quiet(10 + 1e-12, 10.75);
    assert_false(rh_turns_ask(&t, &v));
    assert_true(rh_turns_know_in_s(&t, &v) < 0);
    rh_turns other = t;
    rh_turn_told told = rh_turns_step(&t, &v);
    v.speech_end = 10;
    assert_float_equal(rh_turns_step(&other, &v).probability, told.probability, 1e-6);
}

/* Behind the first sentence people take breath, and later ones of theirs take as long. */
static void taking_breath_ends_nothing(void **state)
{
    static const char text[] = "That is how we brought it back on its feet in a week.";
    (void)state;
    rh_turns t;
    rh_turn_words w = words_of(text);
    expects(&w, 0.999f);
    rh_turns_init(&t, RH_TURN_PATIENCE_S);
    rh_turns_hear(&t, &w, 12, 1, 10.2, true);
    rh_turns_judge(&t, 10, 0.999f);
    rh_turn_view v = quiet(10, 11.2);
    assert_int_equal(rh_turns_step(&t, &v).news, RH_TURN_STARTED);
    assert_int_equal(rh_turns_step(&t, &v).news, RH_TURN_NOTHING); /* 1.2 s, and the person goes on */
    v = (rh_turn_view){.t = 12, .speech_end = 12, .voiced = true, .interviewer_end = -1};
    assert_int_equal(rh_turns_step(&t, &v).news, RH_TURN_NOTHING);
    rh_turns_hear(&t, &w, 12, 11.3, 20.2, true);
    rh_turns_judge(&t, 20, 0.999f);
    v = quiet(20, 21.4);
    assert_int_equal(rh_turns_step(&t, &v).news, RH_TURN_NOTHING); /* a quarter more than 1.2 s is 1.5 */
    v.t = 21.55;
    assert_int_equal(rh_turns_step(&t, &v).news, RH_TURN_ENDED);

    rh_turns_init(&t, RH_TURN_PATIENCE_S);
    rh_turns_hear(&t, &w, 12, 1, 10.2, true);
    rh_turns_judge(&t, 10, 0.999f);
    v = quiet(10, 11.7); /* nothing more comes */
    assert_int_equal(rh_turns_step(&t, &v).news, RH_TURN_STARTED);
    assert_int_equal(rh_turns_step(&t, &v).news, RH_TURN_ENDED);
}

static void open_words_wait_for_the_silence(void **state)
{
    (void)state;
    rh_turn_reason why;
    static const char *const open[] = {"I decided to do that because", "I decided to do that. And", "it was, um.",
                                       "we looked at the."};
    for (size_t i = 0; i < sizeof open / sizeof *open; i++) {
        assert_true(wait_of(open[i], 1, &why) >= RH_TURN_SILENCE_S);
        assert_int_equal(why, RH_TURN_SILENCE);
    }
    assert_true(wait_of("That is how we brought it back on its feet in a week.", 0.02f, &why) > 3);
}

static void the_person_s_patience_counts(void **state)
{
    (void)state;
    for (double patience = 0.6; patience < 6; patience += 1.3) {
        rh_turns t = said("That is how we brought it back on its feet in a week.", 10, 0.94f);
        rh_turn_view v = quiet(10, 10 + patience - 0.2); /* the interviewer needs a moment to begin */
        t.patience_s = patience;
        assert_int_equal(rh_turns_step(&t, &v).news, RH_TURN_STARTED);
        assert_int_equal(rh_turns_step(&t, &v).news, RH_TURN_NOTHING);
        v.t = 10 + patience + 0.01;
        assert_int_equal(rh_turns_step(&t, &v).news, RH_TURN_ENDED);
    }
}

static void a_short_answer_and_who_pauses_long_get_more_time(void **state)
{
    (void)state;
    rh_turns t;
    rh_turn_words w = words_of("Yes, I have done that.");
    rh_turns_init(&t, RH_TURN_PATIENCE_S);
    rh_turns_hear(&t, &w, 5, 1, 10.2, true);
    rh_turns_judge(&t, 10, 0.99f);
    rh_turn_view v = quiet(10, 11);
    assert_int_equal(rh_turns_step(&t, &v).news, RH_TURN_STARTED);
    v.t = 12.9;
    assert_int_equal(rh_turns_step(&t, &v).news, RH_TURN_NOTHING);
    v.t = 13.4;
    assert_int_equal(rh_turns_step(&t, &v).news, RH_TURN_ENDED);

    expects(&w, 0.99f); /* and where it is sure, the usual one */
    rh_turns_init(&t, RH_TURN_PATIENCE_S);
    rh_turns_hear(&t, &w, 5, 1, 10.2, true);
    rh_turns_judge(&t, 10, 0.99f);
    v = quiet(10, 11.6);
    assert_int_equal(rh_turns_step(&t, &v).news, RH_TURN_STARTED);
    assert_int_equal(rh_turns_step(&t, &v).news, RH_TURN_NOTHING);
    v.t = 11.7;
    assert_int_equal(rh_turns_step(&t, &v).news, RH_TURN_ENDED);

    t = said("That is how we brought it back on its feet in a week.", 6, 0.3f);
    t.patience_s = 1;
    v = quiet(6, 7.7);
    assert_int_equal(rh_turns_step(&t, &v).news, RH_TURN_STARTED);
    assert_int_equal(rh_turns_step(&t, &v).news, RH_TURN_NOTHING); /* 1.7 s, and then the person goes on */
    v = quiet(9, 9);
    v.voiced = true;
    assert_int_equal(rh_turns_step(&t, &v).news, RH_TURN_NOTHING);
    rh_turns_hear(&t, &t.last, 1, 9, 10.2, true);
    rh_turns_judge(&t, 10, 0.2f);
    v = quiet(10, 12.05);
    assert_int_equal(rh_turns_step(&t, &v).news, RH_TURN_NOTHING); /* over 1.8 s; a quarter more than before is 2.1 */
    v.t = 12.2;
    assert_int_equal(rh_turns_step(&t, &v).news, RH_TURN_ENDED);
}

static void a_turn_starts_once_with_its_first_words_and_another_may_follow(void **state)
{
    (void)state;
    rh_turns t;
    rh_turn_words none = {0}, w = words_of("Yes, I did.");
    rh_turn_view v = {.t = 2, .speech_end = 2, .voiced = true, .interviewer_end = -1};
    rh_turns_init(&t, RH_TURN_PATIENCE_S);
    assert_int_equal(rh_turns_step(&t, &v).news, RH_TURN_NOTHING); /* a voice without words is none */
    rh_turns_hear(&t, &none, 0, 1.2, 1.9, false);
    assert_int_equal(rh_turns_step(&t, &v).news, RH_TURN_NOTHING);
    rh_turns_hear(&t, &w, 3, 1.4, 2, false);
    rh_turn_told told = rh_turns_step(&t, &v);
    assert_int_equal(told.news, RH_TURN_STARTED);
    assert_float_equal(told.t, 1.4, 1e-6);
    assert_int_equal(rh_turns_step(&t, &v).news, RH_TURN_NOTHING);
    rh_turns_hear(&t, &w, 3, 1.4, 2.3, true);
    v = quiet(2.1, 9);
    assert_int_equal(rh_turns_step(&t, &v).news, RH_TURN_ENDED);
    assert_int_equal(rh_turns_step(&t, &v).news, RH_TURN_NOTHING);
    rh_turns_hear(&t, &w, 3, 1.4, 8.9, true); /* words of the turn that is over */
    assert_int_equal(rh_turns_step(&t, &v).news, RH_TURN_NOTHING);
    rh_turns_hear(&t, &w, 3, 10, 11, false);
    told = rh_turns_step(&t, &v);
    assert_int_equal(told.news, RH_TURN_STARTED);
    assert_float_equal(told.t, 10, 1e-6);
}

static void nothing_ends_while_somebody_speaks(void **state)
{
    (void)state;
    rh_turns t = said("That is how we brought it back on its feet in a week.", 10, 1);
    rh_turn_view v = quiet(10, 30);
    v.interviewer = true;
    assert_int_equal(rh_turns_step(&t, &v).news, RH_TURN_STARTED);
    assert_int_equal(rh_turns_step(&t, &v).news, RH_TURN_NOTHING);
    v.interviewer = false;
    v.interviewer_end = 29.9; /* silence counts from there */
    assert_int_equal(rh_turns_step(&t, &v).news, RH_TURN_NOTHING);
    v.interviewer_end = 20;
    v.voiced = true;
    v.speech_end = 30;
    assert_int_equal(rh_turns_step(&t, &v).news, RH_TURN_NOTHING);
    v.voiced = false;
    v.t = 36.1;
    assert_int_equal(rh_turns_step(&t, &v).reason, RH_TURN_SILENCE);
}

static void words_that_are_not_known_yet_end_nothing(void **state)
{
    (void)state;
    rh_turns t = said("That is how we brought it back on its feet in a week.", 10, 1);
    rh_turn_view v = quiet(12, 14); /* more was said after them */
    assert_int_equal(rh_turns_step(&t, &v).news, RH_TURN_STARTED);
    assert_int_equal(rh_turns_step(&t, &v).news, RH_TURN_NOTHING);
    v.t = 18.1;
    assert_int_equal(rh_turns_step(&t, &v).reason, RH_TURN_SILENCE);
}

static void the_person_has_the_last_word(void **state)
{
    (void)state;
    rh_turns t;
    rh_turn_view v = {.t = 12, .speech_end = 12, .voiced = true, .interviewer_end = -1};
    t = said("I did it because", 10, 0);
    assert_int_equal(rh_turns_step(&t, &v).news, RH_TURN_STARTED);
    rh_turn_told told = rh_turns_command(&t, &v);
    assert_int_equal(told.news, RH_TURN_ENDED);
    assert_int_equal(told.reason, RH_TURN_COMMAND);
    assert_float_equal(told.t, 12, 1e-6);
    assert_int_equal(rh_turns_command(&t, &v).news, RH_TURN_NOTHING); /* it crossed with the end */
    v.interviewer_end = 14;
    v.t = 15;
    v.voiced = false;
    assert_int_equal(rh_turns_command(&t, &v).news, RH_TURN_ENDED); /* nothing was said to the next question */
}

static void the_model_is_asked_once_a_pause(void **state)
{
    (void)state;
    rh_turns t = said("That is how we brought it back on its feet in a week.", 10, -1);
    rh_turn_view v = quiet(10, 10.2);
    assert_int_equal(rh_turns_step(&t, &v).news, RH_TURN_STARTED);
    int asked = 0;
    for (; v.t < 16; v.t += 0.032)
        if (rh_turns_ask(&t, &v)) {
            rh_turns_judge(&t, 10, 0.5f);
            assert_true(v.t > 10.4);
            asked++;
        }
    assert_int_equal(asked, 1);
    v = quiet(20, 21); /* words of it are not known */
    assert_false(rh_turns_ask(&t, &v));
}

/* The sign that was written says little beside what is expected there, and stands in where that is not known. */
static void what_is_expected_counts_more_than_the_sign(void **state)
{
    static const char text[] = "That is how we brought it back on its feet in a week.";
    (void)state;
    rh_turn_reason why;
    assert_true(wait_of(text, 0.05f, &why) > 3);
    rh_turns t;
    rh_turn_words w = words_of(text);
    rh_turns_init(&t, RH_TURN_PATIENCE_S);
    rh_turns_hear(&t, &w, 12, 1, 10.2, true);
    rh_turn_view v = quiet(10, 12.9);
    assert_int_equal(rh_turns_step(&t, &v).news, RH_TURN_STARTED);
    assert_int_equal(rh_turns_step(&t, &v).news, RH_TURN_NOTHING); /* a sign alone makes no end likely */
    v.t = 13.3;
    assert_int_equal(rh_turns_step(&t, &v).news, RH_TURN_ENDED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ends_of_words_are_read),
        cmocka_unit_test(a_sure_end_is_told_soon_and_an_unsure_one_after_the_patience),
        cmocka_unit_test(the_model_is_asked_once_a_pause_and_in_time),
        cmocka_unit_test(taking_breath_ends_nothing),
        cmocka_unit_test(open_words_wait_for_the_silence),
        cmocka_unit_test(the_person_s_patience_counts),
        cmocka_unit_test(a_short_answer_and_who_pauses_long_get_more_time),
        cmocka_unit_test(a_turn_starts_once_with_its_first_words_and_another_may_follow),
        cmocka_unit_test(nothing_ends_while_somebody_speaks),
        cmocka_unit_test(words_that_are_not_known_yet_end_nothing),
        cmocka_unit_test(the_person_has_the_last_word),
        cmocka_unit_test(what_is_expected_counts_more_than_the_sign),
        cmocka_unit_test(the_model_is_asked_once_a_pause),
    };
    return cmocka_run_group_tests_name("turns", tests, NULL, NULL);
}
