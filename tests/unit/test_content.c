/* The score of what was said: is it an answer to the question, and what does it lack? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "speech/content.h"

enum { MAX_WORDS = 400 };

static const char question[] = "Tell me about a time you disagreed with your manager.";
static const char good[] =
    "In my last job at a travel agency my manager wanted to cut the training of new staff to three days. I disagreed, "
    "because most complaints came from people in their first month. I needed to settle it before May. I asked her for "
    "half an hour and brought the numbers of the last forty complaints. I listened to her side first. Then I proposed "
    "five days with one mentor for every two people.";
static const char ending[] = " In the end complaints fell by a third, and we saved eleven thousand euros.";

static float judged(const char *text, const char *asked, const char *language, const char *reference, rh_score *out)
{
    static rh_word words[MAX_WORDS];
    static char copy[8000];
    rh_speech_input in = {.words = words, .language = language, .reference = reference};
    rh_language l = {0};
    snprintf(copy, sizeof copy, "%s", text);
    for (char *save = NULL, *w = strtok_r(copy, " ", &save); w && in.n_words < MAX_WORDS;
         w = strtok_r(NULL, " ", &save))
        words[in.n_words] =
            (rh_word){w, (float)in.n_words * 0.4f, (float)in.n_words * 0.4f + 0.4f, 0.9f, 0.05f, 0.1f, false},
        in.n_words++;
    assert_int_equal(rh_language_measure(&in, &l, NULL), RH_OK);
    assert_int_equal(rh_content_judge(&in, &l, asked, NULL, out, NULL), RH_OK);
    rh_language_done(&l);
    return out->value;
}

static bool has_part(const rh_score *s, const char *name)
{
    for (int i = 0; i < s->n_parts; i++)
        if (strcmp(s->parts[i].name, name) == 0)
            return true;
    return false;
}

static void a_whole_answer_lacks_nothing(void **state)
{
    (void)state;
    rh_score s;
    char text[2000];
    snprintf(text, sizeof text, "%s%s", good, ending);
    assert_true(judged(text, question, "en", NULL, &s) >= 90 && s.known);
    assert_non_null(strstr(s.advice, "keep"));
}

static void without_a_result_it_says_so(void **state)
{
    (void)state;
    rh_score s;
    char text[2000];
    snprintf(text, sizeof text, "%s%s", good, ending);
    float whole = judged(text, question, "en", NULL, &s), less = judged(good, question, "en", NULL, &s);
    assert_true(less <= whole - 8 && has_part(&s, "result"));
    assert_non_null(strstr(s.advice, "what came of it"));
}

static void a_story_is_wanted_however_it_is_asked_for(void **state)
{
    static const char *const stories[] = {"Tell me about a time when you failed.",
                                          "Can you give an example of your work?",
                                          "Describe a situation with a difficult customer.",
                                          "Have you ever led a team?", "When did you last miss a deadline?"};
    static const char *const others[] = {"Why do you want to work here?", "What is an accrual? Give an example.",
                                         "Tell me about yourself."};
    rh_score s;
    (void)state;
    for (size_t i = 0; i < sizeof stories / sizeof *stories; i++) {
        (void)judged(good, stories[i], "en", NULL, &s);
        if (!has_part(&s, "result"))
            fail_msg("no story: %s", stories[i]);
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        (void)judged(good, others[i], "en", NULL, &s);
        if (has_part(&s, "result"))
            fail_msg("a story: %s", others[i]);
    }
}

static void vague_wording_costs(void **state)
{
    (void)state;
    rh_score s;
    char text[3000];
    snprintf(text, sizeof text,
             "%s I think it was sort of a lot of stuff. Maybe it was kind of okay or something.%s "
             "I guess it was probably pretty much a lot of things like that.",
             good, ending);
    judged(text, question, "en", NULL, &s);
    assert_true(s.value < 90 && has_part(&s, "hedges"));
}

static void what_is_no_answer_has_40_at_most(void **state)
{
    (void)state;
    static const char *const none[] = {
        "Take six large onions and cut them into rings. Melt the butter in a heavy pan, and let them brown for an hour. "
        "Pour the broth over them and add a little thyme. Toast the bread, rub it with garlic, and lay it on the soup. "
        "Put the cheese on top and leave it under the flame until it is golden. Serve it with a glass of white wine.",
        "Purple window seventeen quickly mountain under cheese folded manager lamp. Seldom river eleven conflict brush "
        "onto carpet yellow disagreed. Wooden complaints argue harbour listen twelve staple cloud resolved piano. "
        "Garden opinion engine tomorrow never basket. Silver compromise handle seven tunnel brave.",
        "The sea was calm that morning, and the gulls stood on the sand as if they were waiting for somebody. A boat came "
        "round the point with a red sail. The old man put down his net and looked at it for a long while. There had been "
        "no red sail in the bay since his brother had gone away. He went up to the house and put the kettle on.",
    };
    rh_score s;
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        if (judged(none[i], question, "en", NULL, &s) > 40)
            fail_msg("text %zu has %g for content", i, (double)s.value);
}

static unsigned next_of(unsigned *state)
{
    return *state = *state * 1664525u + 1013904223u;
}

/* A list of words is no answer; by chance one of a hundred stands in an order that might be said. */
static void words_in_any_order_have_40_at_most(void **state)
{
    (void)state;
    rh_score s;
    unsigned chance = 1;
    int passed = 0;
    for (int round = 0; round < 48; round++) {
        char text[2000], any[2000] = "";
        char *at[MAX_WORDS];
        size_t n = 0;
        snprintf(text, sizeof text, "%s%s", good, ending);
        for (char *save = NULL, *w = strtok_r(text, " ", &save); w; w = strtok_r(NULL, " ", &save))
            at[n++] = w;
        for (size_t i = n; i > 1; i--) {
            size_t k = (next_of(&chance) >> 8) % i;
            char *swap = at[k];
            at[k] = at[i - 1];
            at[i - 1] = swap;
        }
        for (size_t i = 0; i < n; i++)
            snprintf(any + strlen(any), sizeof any - strlen(any), "%s ", at[i]);
        passed += judged(any, question, "en", NULL, &s) > 40;
    }
    if (passed > 2)
        fail_msg("%d of 48 lists of words have more than 40 for content", passed);
}

/* Spoken as people speak: begun anew, with what hardly ever stands together once or twice. */
static void restarts_are_no_disorder(void **state)
{
    (void)state;
    rh_score s;
    char text[2000];
    snprintf(text, sizeof text, "So I was, it was in, I was in my last job at a, a travel agency. %s%s", good, ending);
    judged(text, question, "en", NULL, &s);
    assert_false(has_part(&s, "sentences"));
}

static void to_tell_about_something_is_not_to_tell_about_oneself(void **state)
{
    static const char life[] =
        "I was born in a small town by the sea and grew up there with two sisters. I studied history at university, "
        "because I liked old maps, and graduated with a degree three years ago. Since then I started as a junior at a "
        "travel company. In my free time I have hobbies: I collect stamps and I sail on Sundays with my cousin.";
    static const char *const of_a_life[] = {"Tell me about yourself.", "Walk me through your CV.",
                                            "Please introduce yourself.", "Tell us about your background."};
    static const char *const of_else[] = {question, "Tell us about a conflict.",
                                          "Could you tell me about a mistake you made?"};
    rh_score s;
    (void)state;
    for (size_t i = 0; i < sizeof of_a_life / sizeof *of_a_life; i++) {
        (void)judged(life, of_a_life[i], "en", NULL, &s);
        if (has_part(&s, "answers the question"))
            fail_msg("no answer: %s", of_a_life[i]);
    }
    for (size_t i = 0; i < sizeof of_else / sizeof *of_else; i++) {
        (void)judged(life, of_else[i], "en", NULL, &s);
        if (!has_part(&s, "answers the question"))
            fail_msg("an answer: %s", of_else[i]);
    }
}

static void what_was_learned_may_be_told_by_how(void **state)
{
    static const char how[] =
        "Last spring our database engineer left, and the migration was due in five weeks. I was a front end developer. "
        "My task was to move two million records without losing a day of orders. I read the manual for three evenings "
        "and practised the migration eleven times. It took forty minutes in place of six hours.";
    rh_score s;
    (void)state;
    (void)judged(how, "Tell me about a time you had to learn something fast.", "en", NULL, &s);
    assert_false(has_part(&s, "answers the question"));
    (void)judged(good, "Tell me about a time you had to learn something fast.", "en", NULL, &s);
    assert_true(has_part(&s, "answers the question"));
}

static void too_short_an_answer_is_named(void **state)
{
    (void)state;
    rh_score s;
    assert_true(judged("I disagreed with my manager once about a deadline.", question, "en", NULL, &s) < 60);
    assert_true(has_part(&s, "too short"));
}

static void nothing_is_said_of_other_languages_and_of_texts_that_were_read(void **state)
{
    (void)state;
    rh_score s;
    judged("Ich habe mit meinem Chef gestritten.", question, "de", NULL, &s);
    assert_false(s.known);
    judged(good, question, "en", good, &s);
    assert_false(s.known);
    judged("", question, "en", NULL, &s);
    assert_false(s.known);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_answer_lacks_nothing),
        cmocka_unit_test(without_a_result_it_says_so),
        cmocka_unit_test(a_story_is_wanted_however_it_is_asked_for),
        cmocka_unit_test(vague_wording_costs),
        cmocka_unit_test(what_is_no_answer_has_40_at_most),
        cmocka_unit_test(words_in_any_order_have_40_at_most),
        cmocka_unit_test(restarts_are_no_disorder),
        cmocka_unit_test(to_tell_about_something_is_not_to_tell_about_oneself),
        cmocka_unit_test(what_was_learned_may_be_told_by_how),
        cmocka_unit_test(too_short_an_answer_is_named),
        cmocka_unit_test(nothing_is_said_of_other_languages_and_of_texts_that_were_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
