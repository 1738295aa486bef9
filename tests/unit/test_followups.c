/* What an interviewer might ask next, on answers written out as word tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/speech/followups.h"

enum { MAX_ASKED = 64 };
static const char WHEN[] = "Tell me about a time when you solved a problem.";

typedef struct {
    rh_followup at[RH_FOLLOWUPS];
    size_t n;
} follow_ups;

/* Two words a second, said in `language`. */
static rh_analysis heard(const char *text, const char *language)
{
    rh_word_table t = {0};
    rh_analysis a = {0};
    char copy[2000], *rest;
    float at = 0;
    assert_true(strlen(text) < sizeof copy);
    strcpy(copy, text);
    strcpy(t.language, language);
    assert_int_equal(rh_word_table_segment(&t, 0, 600, text), RH_OK);
    for (char *w = strtok_r(copy, " ", &rest); w; w = strtok_r(NULL, " ", &rest)) {
        rh_word word = {.start = at, .end = at + 0.5f, .p = 0.9f};
        assert_int_equal(rh_word_table_word(&t, RH_WORDS_CLEAN, &word, w, strlen(w)), RH_OK);
        at += 0.5f;
    }
    assert_int_equal(rh_analyse(&t, NULL, NULL, 0, 600, &a, NULL), RH_OK);
    rh_word_table_done(&t);
    return a;
}

static follow_ups next_in(const char *language, const char *question, const char *text, const char *const *asked,
                          size_t n_asked)
{
    follow_ups f = {0};
    rh_followup_context about = {.question = question, .asked = asked, .n_asked = n_asked};
    rh_analysis a = heard(text, language);
    assert_int_equal(rh_followups_find(&a, &about, f.at, &f.n, NULL), RH_OK);
    rh_analysis_done(&a);
    return f;
}

static follow_ups next(const char *question, const char *text)
{
    return next_in("en", question, text, NULL, 0);
}

static const rh_followup *of_kind(const follow_ups *f, rh_followup_kind kind)
{
    for (size_t i = 0; i < f->n; i++)
        if (f->at[i].kind == kind)
            return &f->at[i];
    return NULL;
}

static void each_kind_is_asked_where_it_fits(void **state)
{
    static const struct {
        rh_followup_kind kind;
        const char *question, *answer, *begins;
    } cases[] = {
        {RH_FOLLOWUP_NUMBER, WHEN,
         "In my last job I redesigned the checkout page and I reduced the waiting time a lot.",
         "You said you reduced the waiting time. "},
        {RH_FOLLOWUP_NUMBER, WHEN,
         "We trained the agents on the phone and the customer satisfaction improved over the next months.",
         "You said the customer satisfaction improved. "},
        {RH_FOLLOWUP_OWN_PART, WHEN,
         "Last year we migrated our billing service to Kubernetes. It was running on two old servers before. We tested "
         "everything twice and in the end all customers were moved in one night.",
         "You said \"we migrated our billing service to Kubernetes\". "},
        {RH_FOLLOWUP_RESULT, WHEN,
         "When I was an intern at the lab, the person who kept the analysis running had left, so my task was to learn how it "
         "works. I took an online course and then I rewrote the analysis pipeline.",
         "You said you rewrote the analysis pipeline. "},
        {RH_FOLLOWUP_EXAMPLE, "Why should we hire you?",
         "Well, I am a very fast learner and that is why I think the position would be a perfect fit for both of us, also in "
         "the long run.",
         "You said you are a very fast learner. "},
        {RH_FOLLOWUP_EXAMPLE, "What is your greatest weakness?",
         "That is a good question to be honest and people ask it often. I'm not very good at delegating tasks, and it is "
         "something that my friends know about me.",
         "You said you are not very good at delegating tasks. "},
        {RH_FOLLOWUP_MENTION, WHEN,
         "Well it was a long year for all of us and my final year project took most of it, and nobody had any time left for "
         "anything else because the exams came at once.",
         "You mentioned your final year project. "},
        {RH_FOLLOWUP_MENTION, "Tell me about yourself.",
         "I was the captain of our university rowing club for some time and it was great, and the people were really nice "
         "to each other and to me as well.",
         "You said you were the captain of your university rowing club. "},
        {RH_FOLLOWUP_DETAIL, "What do you do?",
         "I manage a team of seven people and they are spread over three cities and two time zones, which is not always easy "
         "for everybody.",
         "You said you manage a team of seven people. "},
        {RH_FOLLOWUP_SHORT, "Do you have leadership experience?", "Yes, I was the treasurer of our student union.",
         "You said you were the treasurer of your student union. "},
        {RH_FOLLOWUP_OFF_QUESTION, "Tell me about a conflict in your team.",
         "I really like the mountains and I go skiing every winter with my family. Last year we went to Austria and the snow "
         "was amazing. We stayed in a little hut and there was a sauna, and my brother cooked for us every evening.",
         "You talked about the mountains. "},
        {RH_FOLLOWUP_OFF_QUESTION, "Tell me about a conflict in your team.",
         "The Pacific crayfish however serves every purpose, and while many contend that its meat is not so delicate as that of "
         "its eastern cousin, the California will insist that it is better. But of course, something must always be allowed "
         "for the patriotism of the California.",
         "You talked about the Pacific crayfish. "},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        follow_ups f = next(cases[i].question, cases[i].answer);
        const rh_followup *o = of_kind(&f, cases[i].kind);
        if (!o || strncmp(o->text, cases[i].begins, strlen(cases[i].begins)) != 0)
            fail_msg("%s\n  not \"%s\" but \"%s\", \"%s\"", cases[i].answer, cases[i].begins, f.at[0].text,
                     f.at[1].text);
        assert_int_equal(o->text[strlen(o->text) - 1], '?');
    }
}

/* What a tool or a helper is named for has been said. */
static void how_it_was_done_is_not_asked_where_it_was_said(void **state)
{
    static const char *const answers[] = {
        "In the chemistry lab we were washing all the glassware by hand. I proposed a new rinsing station, and my professor "
        "gave me a small budget. I built the prototype with a 3D printer. Everybody uses it now.",
        "The most challenging one was the warehouse robot. We were supposed to integrate a new sensor, but the documentation "
        "was all in Chinese. I translated the documentation with a colleague. It took us about three months.",
    };
    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        follow_ups f = next("Tell me about an innovation of yours.", answers[i]);
        assert_true(f.n > 0);
        for (size_t k = 0; k < f.n; k++)
            if (strstr(f.at[k].text, " with a ") && strstr(f.at[k].text, "How did you go about that?"))
                fail_msg("%s", f.at[k].text);
    }
}

static void where_nothing_fits_nothing_is_asked(void **state)
{
    static const char *const answers[] = {
        "",
        "Yes.",
        "I don't know, I can't think of anything right now.",
        "Yes. What does a typical day look like, and how big is the team I would be working with?",
        "The company moved to another city, and I didn't want to move with it.",
        "It was nice there and they were all very friendly to him.",
    };
    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        follow_ups f = next(WHEN, answers[i]);
        if (f.n)
            fail_msg("%s: %s", answers[i], f.at[0].text);
    }
    static const char text[] = "I built a small tool and I reduced the waiting time.";
    assert_true(next_in("en", WHEN, text, NULL, 0).n > 0);
    assert_true(next_in("", WHEN, text, NULL, 0).n > 0);
    assert_int_equal(next_in("de", WHEN, text, NULL, 0).n, 0);
}

/* The words at its times, without fillers and what was said twice. */
static void a_quote_is_what_was_said_and_when(void **state)
{
    (void)state;
    follow_ups f = next(WHEN, "So um I reduced the, um, the waiting time a lot.");
    assert_int_equal(f.n, 1);
    assert_string_equal(f.at[0].quote, "reduced the waiting time");
    assert_true(fabsf(f.at[0].start - 1.5f) < 0.01f && fabsf(f.at[0].end - 4.5f) < 0.01f);
    f = next(
        WHEN,
        "We had no time. I presented my findings to our director, and it was fine for everybody in the room that day, "
        "I think.");
    assert_int_equal(f.n, 1);
    assert_string_equal(f.at[0].quote, "presented my findings to our director");
    assert_non_null(strstr(f.at[0].text, "You said you presented your findings to your director."));
}

static void what_was_told_is_not_asked(void **state)
{
    static const struct {
        const char *answer, *not_asked;
    } cases[] = {
        {"I reduced the waiting time by 30 percent.", "number on that"},
        {"I built a small tool for the nurses. The hardest part was the login, and I learned that they share one account. First "
         "I asked them, then I drew it. Next time I would do it differently.",
         "hardest"},
        {"At my last company my task was to fix the checkout. I rewrote the payment module. People were happy and it runs until "
         "today without any trouble at all.",
         "What came of"},
        {"We built the stage, and my part was the light, I was responsible for all the cables.", "Which part"},
        {"my boss did not want electric vans so i tracked our routes for a month and i made a spreadsheet and i showed him that we "
         "never drive more than eighty miles a day and he ordered two of them",
         "my question"},
        {"We weren't sure which supplier was better so I compared the defect rates of both and we switched to the cheaper one.",
         "the cheaper."},
        {"the invoices were on paper so i built a little database and then the month took two days instead of a week",
         "turn out in the end"},
        {"in march we missed the target and i changed the call schedule and in april we were over it by far",
         "turn out"},
        {"There was nobody and I had to close the till alone. I talked to her and I told her that it is not fair.",
         "close the till"},
        {"I'm very patient. For example, last summer I taught my grandmother how to use a phone, it took weeks.",
         "example of that"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        follow_ups f = next(WHEN, cases[i].answer);
        for (size_t k = 0; k < f.n; k++)
            if (strstr(f.at[k].text, cases[i].not_asked))
                fail_msg("%s: %s", cases[i].answer, f.at[k].text);
    }
    follow_ups f = next(WHEN, cases[0].answer);
    assert_null(of_kind(&f, RH_FOLLOWUP_NUMBER));
    f = next("How are you?", cases[4].answer);
    assert_null(of_kind(&f, RH_FOLLOWUP_EXAMPLE));
    f = next("Tell me about yourself.",
             "I joined a small insurance company and I work on the claims portal of the company every day.");
    const rh_followup *o = of_kind(&f, RH_FOLLOWUP_DETAIL); /* nothing about joining is hard */
    assert_non_null(o);
    assert_null(strstr(o->text, "hardest"));
}

/* Two questions to one answer do not ask the same of two things. */
static void two_questions_want_two_things(void **state)
{
    static const char *const wants[] = {"hardest", "differently", "learn", "go about"};
    static const char answer[] =
        "For my master's project we were five and we had to develop an app for the local hospital. I was responsible for the "
        "interviews and I designed the new schedule. I presented the results of the survey to the director.";
    char texts[MAX_ASKED][RH_FOLLOWUP_TEXT];
    const char *asked[MAX_ASKED];
    size_t n = 0;
    (void)state;
    for (int round = 0; round < 6; round++) {
        follow_ups f = next_in("en", WHEN, answer, asked, n);
        for (size_t k = 0; f.n == 2 && k < sizeof wants / sizeof *wants; k++)
            assert_false(strstr(f.at[0].text, wants[k]) && strstr(f.at[1].text, wants[k]));
        for (size_t i = 0; i < f.n; i++) {
            asked[n] = strcpy(texts[n], f.at[i].text);
            n++;
        }
    }
    assert_true(n >= 2);
}

/* Cut, begun anew, run together: better none than half a phrase. */
static void unclear_words_are_left_alone(void **state)
{
    static const struct {
        const char *answer, *never;
    } cases[] = {
        {"I built the web- the mobile app of our shop in a month or so.", "the web."},
        {"I built the invoice matching process of the shop.", "the invoice."},
        {"I led a lot research there, you know, and it went fine.", "lot research"},
        {"If I managed a team of five I would be happy.", "managed a team"},
        {"I never managed a team of five in my life.", "managed a team"},
        {"My colleague was on a bike trip and he had no phone with him, so he did not know.", "bike trip"},
        {"I wrote a applications for them.", "a applications"},
        {"I don't think I'm a good leader, others are.", "good leader"},
        {"I designed the [inaudible] system.", "inaudible"},
        {"It was Black Friday and our payment provider went down in the morning.", "provider went down"},
        {"Last year I wrote a long article about the history of the California, and people liked it.",
         "the California"},
        {"So I was the captain of my high school as well as my summer club swim team.", "your high school."},
        {"This year I am in charge of asking the students on campus to become counselors.", "asking the students."},
        {"I want to build a new company one day and I would lead a marketing campaign.", "marketing campaign"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        follow_ups f = next(WHEN, cases[i].answer);
        for (size_t k = 0; k < f.n; k++)
            if (strstr(f.at[k].text, cases[i].never))
                fail_msg("%s: %s", cases[i].answer, f.at[k].text);
    }
    follow_ups f =
        next(WHEN, "i took an online course and i rewrote the payment gateway and then i tested the whole thing");
    assert_true(f.n > 0); /* without punctuation and capitals */
    assert_non_null(strstr(f.at[0].text, "you rewrote the payment gateway."));
}

/* A whole interview: nothing comes twice, not even the second sentence. */
static void nothing_is_asked_twice(void **state)
{
    static const char answer[] =
        "I built a small tool for the nurses and I wrote the documentation of the interface. I designed the new schedule. "
        "I'm a very patient person. I started the robotics club and I organized a networking event.";
    char texts[MAX_ASKED][RH_FOLLOWUP_TEXT];
    const char *asked[MAX_ASKED];
    size_t n = 0;
    (void)state;
    for (int round = 0; round < 20; round++) {
        follow_ups f = next_in("en", WHEN, answer, asked, n);
        for (size_t i = 0; i < f.n; i++) {
            const char *second = strstr(f.at[i].text, ". ");
            assert_non_null(second);
            for (size_t k = 0; k < n; k++)
                assert_null(strstr(asked[k], second));
            for (size_t k = 0; k < n; k++)
                assert_true(strncmp(asked[k], f.at[i].text, (size_t)(second - f.at[i].text)) != 0);
        }
        for (size_t i = 0; i < f.n; i++) {
            assert_true(n < MAX_ASKED);
            asked[n] = strcpy(texts[n], f.at[i].text);
            n++;
        }
        if (!f.n)
            break;
    }
    assert_true(n >= 4);
    assert_int_equal(next_in("en", WHEN, answer, asked, n).n, 0);
}

/* Two at most, of two kinds, about different words; the same every time. */
static void an_answer_gets_two_different_ones(void **state)
{
    static const char answer[] =
        "We migrated our billing service. We wrote the deployment scripts and we improved the response time. We created a "
        "dashboard. We organized a workshop, and we presented the results of the survey.";
    (void)state;
    follow_ups f = next(WHEN, answer), again = next(WHEN, answer);
    assert_int_equal(f.n, RH_FOLLOWUPS);
    assert_int_not_equal(f.at[0].kind, f.at[1].kind);
    assert_true(f.at[0].end <= f.at[1].start || f.at[1].end <= f.at[0].start);
    assert_memory_equal(&f, &again, sizeof f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_is_asked_where_it_fits),
        cmocka_unit_test(where_nothing_fits_nothing_is_asked),
        cmocka_unit_test(a_quote_is_what_was_said_and_when),
        cmocka_unit_test(what_was_told_is_not_asked),
        cmocka_unit_test(unclear_words_are_left_alone),
        cmocka_unit_test(nothing_is_asked_twice),
        cmocka_unit_test(how_it_was_done_is_not_asked_where_it_was_said),
        cmocka_unit_test(an_answer_gets_two_different_ones),
        cmocka_unit_test(two_questions_want_two_things),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
