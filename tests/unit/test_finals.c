/* Finals of live sound: what a pause between two of them parts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "session/finals.h"

enum { MOST_WORDS = 8 };

/* "so many words", half a second each, from `start` on. */
static void hear(rh_word_table *t, const char *text, float start, const rh_asr_ending *alone,
                 const rh_asr_ending *joined)
{
    char said[128];
    rh_asr_word words[MOST_WORDS] = {0};
    rh_transcript heard = {.text = said, .words = words, .language = "en"};
    strcpy(said, text);
    for (char *at = said; *at && heard.n_words < MOST_WORDS; at += strspn(at, " ")) {
        size_t n = strcspn(at, " ");
        int i = heard.n_words++;
        words[i] = (rh_asr_word){.start = start + 0.5f * (float)i,
                                 .end = start + 0.5f * (float)(i + 1),
                                 .p = 1,
                                 .text_off = (uint32_t)(at - said),
                                 .text_len = (uint32_t)n};
        at += n;
    }
    rh_heard h = {.final = true, .start = start, .end = words[heard.n_words - 1].end, .transcript = &heard};
    h.alone = *alone;
    h.joined = *joined;
    assert_int_equal(rh_finals_add(t, &h, NULL), RH_OK);
}

static rh_sequel sequel_of(const char *before, const char *after, float sign_alone, float sign_joined)
{
    rh_word_table t = {0};
    const rh_asr_ending nothing = {0}, alone = {.stop = sign_alone, .more = 1 - sign_alone},
                        joined = {.comma = sign_joined, .more = 1 - sign_joined};
    hear(&t, before, 0, &nothing, &nothing);
    hear(&t, after, 3, &alone, sign_joined < 0 ? &nothing : &joined);
    rh_sequel s = t.words[RH_WORDS_CLEAN].at[t.segments[0].n_words - 1].sequel;
    assert_int_equal(t.words[RH_WORDS_CLEAN].at[t.words[RH_WORDS_CLEAN].n - 1].sequel, RH_SEQUEL_AS_WRITTEN);
    rh_word_table_done(&t);
    return s;
}

static void a_sign_is_believed_where_it_is_still_likely_with_what_follows(void **state)
{
    (void)state;
    assert_int_equal(sequel_of("he makes me.", "feel good", 0.6f, 0.03f), RH_SEQUEL_SAME_CLAUSE);
    assert_int_equal(sequel_of("they say in all", "our blood", 0.08f, 0.01f), RH_SEQUEL_SAME_CLAUSE);
    assert_int_equal(sequel_of("perhaps is good.", "But he is", 0.9f, 0.4f), RH_SEQUEL_NEW_CLAUSE);
    assert_int_equal(sequel_of("my fellow Americans", "ask not", 0.5f, 0.2f), RH_SEQUEL_NEW_CLAUSE);
}

/* A recogniser that writes no signs just now says nothing by leaving one out; a capital does. */
static void a_capital_begins_a_sentence(void **state)
{
    (void)state;
    assert_int_equal(sequel_of("I tell the truth", "Tell me more", 0.06f, 0.04f), RH_SEQUEL_NEW_CLAUSE);
    assert_int_equal(sequel_of("what if", "I tell you", 0.06f, 0.04f), RH_SEQUEL_SAME_CLAUSE);
    assert_int_equal(sequel_of("what if", "I'm told", 0.06f, 0.04f), RH_SEQUEL_SAME_CLAUSE);
    assert_int_equal(sequel_of("he makes me.", "Feel good", 0.3f, 0.03f), RH_SEQUEL_SAME_CLAUSE);
}

static void without_both_sides_it_is_as_written(void **state)
{
    (void)state;
    assert_int_equal(sequel_of("he makes me.", "Feel good", 0.3f, -1), RH_SEQUEL_AS_WRITTEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sign_is_believed_where_it_is_still_likely_with_what_follows),
        cmocka_unit_test(a_capital_begins_a_sentence),
        cmocka_unit_test(without_both_sides_it_is_as_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
