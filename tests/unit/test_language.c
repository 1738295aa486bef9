/* Language measures on answers written out as word tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/speech/language.h"

enum { MAX_WORDS = 400, MAX_TEXT = 4000 };
#define assert_near(a, b, tol) assert_true(fabs((double)(a) - (double)(b)) <= (tol))

typedef struct {
    char text[MAX_TEXT];
    rh_word words[MAX_WORDS];
    rh_speech_input in;
} answer;

/* Three words a second. */
static void write_answer(answer *a, const char *text)
{
    memset(a, 0, sizeof *a);
    assert_true(strlen(text) < MAX_TEXT);
    strcpy(a->text, text);
    size_t n = 0;
    for (char *w = strtok(a->text, " "); w; w = strtok(NULL, " ")) {
        a->words[n] = (rh_word){.text = w, .start = (float)n / 3.0f, .end = (float)(n + 1) / 3.0f};
        n++;
    }
    a->in.words = a->words;
    a->in.n_words = n;
}

static rh_language measure(answer *a, const char *text)
{
    rh_language l = {0};
    write_answer(a, text);
    assert_int_equal(rh_language_measure(&a->in, &l, NULL), RH_OK);
    return l;
}

static int count_kind(const char *text, rh_remark_kind kind)
{
    static answer a;
    rh_language l = measure(&a, text);
    int n = l.counts[kind];
    rh_language_done(&l);
    return n;
}

static const char GOOD[] = "In my last job at Acme Cloud we had a billing service that failed every night. "
                           "My task was to make it reliable before the end of March. "
                           "I analyzed the logs and I rewrote the retry queue in Go. "
                           "Then I trained four colleagues to run it. "
                           "As a result, failures dropped by 90 percent and we saved 30 hours a month.";

static void star_parts_are_found_with_their_sentences(void **state)
{
    (void)state;
    static answer a;
    rh_language l = measure(&a, GOOD);
    assert_int_equal(l.n_sentences, 5);
    assert_int_equal(l.n_star, 4);
    assert_int_equal(l.star_sentence[RH_STAR_SITUATION], 0);
    assert_int_equal(l.star_sentence[RH_STAR_TASK], 1);
    assert_int_equal(l.star_sentence[RH_STAR_ACTION], 2);
    assert_int_equal(l.star_sentence[RH_STAR_RESULT], 4);
    assert_int_equal(l.sentences[3].part, RH_STAR_ACTION);
    rh_language_done(&l);
}

/* Answers that no rule was made for, with the sentence a reader would name for each part
 * (situation, task, action, result; -1: none). */
static const struct {
    const char *text;
    int part[RH_STAR_PARTS];
} LABELLED[] = {
    {"In my previous job at a hospital pharmacy I noticed that two drugs with similar names were stored side by "
     "side. It was my responsibility to keep the shelves safe. I moved them apart, labelled every drawer, and wrote "
     "a short checklist for the night shift. Since then there has not been a single mix up.",
     {0, 1, 2, 3}},
    {"While I was studying in Lyon I ran the student newspaper with nine volunteers. Nobody had published anything "
     "for months and the printer wanted to cancel our contract. I called the printer, agreed on a smaller format "
     "and found four new writers. We printed three issues before Christmas and doubled our readers.",
     {0, -1, 2, 3}},
    {"I like working with data. My strengths are patience and curiosity. I usually read the documentation before I "
     "start and I prefer to test small things first. My colleagues say that I am easy to work with.",
     {-1, -1, -1, -1}},
    {"We were supposed to move the data centre over one weekend. I was told to plan the order of the servers. I drew "
     "a map of all dependencies, rehearsed the move twice and kept a list of who to call. Everything was running "
     "again on Sunday evening, six hours early.",
     {0, 1, 2, 3}},
    {"Three months ago a waiter quit on a Friday night. We had to serve ninety guests with two people. I simplified "
     "the menu, asked the cook to help and told the guests honestly what was going on. Tips were higher than usual "
     "and nobody complained.",
     {0, 1, 2, 3}},
    {"Honestly I kind of just did what everybody did. There were some meetings, and things were discussed, and later "
     "it was more or less finished. It went on like this for a while.",
     {-1, -1, -1, -1}},
};

static void star_parts_agree_with_a_reader(void **state)
{
    (void)state;
    static answer a;
    int found = 0, labelled = 0, wrong = 0;
    for (size_t i = 0; i < sizeof LABELLED / sizeof *LABELLED; i++) {
        rh_language l = measure(&a, LABELLED[i].text);
        for (int part = 0; part < RH_STAR_PARTS; part++) {
            int is = l.star_sentence[part], should = LABELLED[i].part[part];
            labelled += should >= 0;
            found += is >= 0 && is == should;
            wrong += is >= 0 && is != should;
        }
        rh_language_done(&l);
    }
    assert_int_equal(labelled, 15);
    assert_true(found >= 12); /* results in words of their own are missed */
    assert_int_equal(wrong, 0);
}

static void an_opinion_has_no_star_parts(void **state)
{
    (void)state;
    static answer a;
    rh_language l = measure(&a, "Good communication matters a great deal in every team because people "
                                "depend on each other. It is a skill that everybody can practise. "
                                "Listening is as useful as talking.");
    assert_int_equal(l.n_star, 0);
    assert_int_equal(l.star_sentence[RH_STAR_RESULT], -1);
    rh_language_done(&l);
}

static void a_missing_result_is_missing(void **state)
{
    (void)state;
    static answer a;
    rh_language l = measure(&a, "When I was at my previous company there was an outage one night. "
                                "I had to bring the shop back before the morning. "
                                "I decided to roll back and I called the database team.");
    assert_int_equal(l.n_star, 3);
    assert_int_equal(l.star_sentence[RH_STAR_RESULT], -1);
    rh_language_done(&l);
}

static void hedges_and_weak_words_are_phrases_not_substrings(void **state)
{
    (void)state;
    assert_int_equal(count_kind("I think we could maybe, sort of, try.", RH_REMARK_HEDGE), 3);
    assert_int_equal(count_kind("What kind of phone? It sorts often.", RH_REMARK_HEDGE), 1);
    assert_int_equal(count_kind("It was stuff like that, you see.", RH_REMARK_WEAK), 1);
    assert_int_equal(count_kind("The justice system reallyx.", RH_REMARK_WEAK), 0);
}

static void passive_voice_is_told_from_states(void **state)
{
    (void)state;
    assert_int_equal(count_kind("The plan was approved. It was finally written.", RH_REMARK_PASSIVE), 2);
    assert_int_equal(count_kind("I was tired and we were interested.", RH_REMARK_PASSIVE), 0);
    assert_int_equal(count_kind("It was used by everyone.", RH_REMARK_PASSIVE), 1);
    assert_int_equal(count_kind("I am running. She is in need.", RH_REMARK_PASSIVE), 0);
    assert_int_equal(count_kind("The tool was built in May.", RH_REMARK_STRONG), 0);
    assert_int_equal(count_kind("I built the tool.", RH_REMARK_STRONG), 1);
}

static void numbers_and_names_make_an_answer_concrete(void **state)
{
    (void)state;
    static answer a;
    rh_language l = measure(&a, "We met New York Times people in May. Costs fell 1,200 dollars, "
                                "or twenty five percent. I was glad.");
    assert_int_equal(l.counts[RH_REMARK_NAME], 2); /* New York Times; May */
    assert_int_equal(l.counts[RH_REMARK_NUMBER], 2);
    rh_language_done(&l);
    l = measure(&a, GOOD);
    rh_language vague = {0};
    static answer b;
    vague = measure(&b, "We did some things and it got better, and people were happy with it all.");
    assert_true(l.concreteness > vague.concreteness + 5.0f);
    rh_language_done(&vague);
    rh_language_done(&l);
}

static void persons_sentences_and_repeats_are_counted(void **state)
{
    (void)state;
    static answer a;
    rh_language l = measure(&a, "I wrote the system. We tested the system with Mr. Hall. "
                                "My system ran, and our system won.");
    assert_int_equal(l.n_i, 2);
    assert_int_equal(l.n_we, 2);
    assert_near(l.i_share, 0.5, 1e-6);
    assert_int_equal(l.n_sentences, 3);
    assert_int_equal(l.longest_sentence, 1);
    assert_int_equal(l.n_repeated, 1);
    assert_int_equal(l.repeated[0].word, 3);
    assert_int_equal(l.repeated[0].count, 4);
    rh_language_done(&l);
}

static void remarks_carry_their_time(void **state)
{
    (void)state;
    static answer a;
    rh_language l = measure(&a, "Well it was more or less done.");
    assert_int_equal(l.n_remarks, 1);
    assert_int_equal(l.remarks[0].first_word, 3);
    assert_int_equal(l.remarks[0].n_words, 3);
    assert_near(l.remarks[0].start, 1.0, 1e-5);
    assert_near(l.remarks[0].end, 2.0, 1e-5);
    rh_language_done(&l);
}

static void no_words_and_no_memory_are_survived(void **state)
{
    (void)state;
    static answer a;
    rh_language l = measure(&a, "");
    assert_int_equal(l.n_sentences, 0);
    assert_int_equal(l.longest_sentence, -1);
    rh_language_done(&l);
    write_answer(&a, GOOD);
    for (long k = 1; k <= 5; k++) {
        rh_alloc_fail_at(k);
        assert_int_equal(rh_language_measure(&a.in, &l, NULL), RH_ERR_NOMEM);
        rh_alloc_fail_at(0);
        assert_null(l.sentences);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(star_parts_are_found_with_their_sentences),
        cmocka_unit_test(star_parts_agree_with_a_reader),
        cmocka_unit_test(an_opinion_has_no_star_parts),
        cmocka_unit_test(a_missing_result_is_missing),
        cmocka_unit_test(hedges_and_weak_words_are_phrases_not_substrings),
        cmocka_unit_test(passive_voice_is_told_from_states),
        cmocka_unit_test(numbers_and_names_make_an_answer_concrete),
        cmocka_unit_test(persons_sentences_and_repeats_are_counted),
        cmocka_unit_test(remarks_carry_their_time),
        cmocka_unit_test(no_words_and_no_memory_are_survived),
    };
    return cmocka_run_group_tests_name("language", tests, NULL, NULL);
}
