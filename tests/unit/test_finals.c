/* Finals of live sound: what a pause between two of them parts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>
#include "rehearse/asr/asr.h"
#include "session/finals.h"

enum { MOST_WORDS = 8, RATE = RH_ASR_RATE_HZ };

typedef struct {
    char text[128];
    rh_asr_word words[MOST_WORDS];
    rh_transcript heard;
} said;

/* "so many words", half a second each, from `start` on. */
static rh_heard say(said *s, const char *text, float start)
{
    *s = (said){.heard = {.text = s->text, .words = s->words, .language = "en"}};
    strcpy(s->text, text);
    for (char *at = s->text; *at && s->heard.n_words < MOST_WORDS; at += strspn(at, " ")) {
        size_t n = strcspn(at, " ");
        int i = s->heard.n_words++;
        s->words[i] = (rh_asr_word){.start = start + 0.5f * (float)i,
                                    .end = start + 0.5f * (float)(i + 1),
                                    .p = 1,
                                    .text_off = (uint32_t)(at - s->text),
                                    .text_len = (uint32_t)n};
        at += n;
    }
    return (rh_heard){
        .final = true, .start = start, .end = s->words[s->heard.n_words - 1].end, .transcript = &s->heard};
}

static void hear(rh_word_table *t, const char *text, float start, const rh_asr_ending *alone,
                 const rh_asr_ending *joined)
{
    said s;
    rh_heard h = say(&s, text, start);
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

/* The sound goes on, and its words are not final yet. */
static void pause_shows_before_the_words_behind_it_are_final(void **state)
{
    (void)state;
    static float sound[4 * RATE];
    const rh_asr_ending nothing = {0};
    const rh_transcript verbatim = {0};
    rh_word_table t = {0};
    rh_final_delivery d;
    said s;
    for (int i = 0; i < 4 * RATE; i++) /* a voice, but for 2 to 3 s */
        sound[i] = i / RATE == 2 ? 0 : 0.3f * sinf(0.06f * (float)i) + 0.1f * sinf(0.12f * (float)i);
    hear(&t, "they say in all", 0, &nothing, &nothing);
    rh_heard h = say(&s, "our blood", 3);
    h.final = false;
    h.joined = (rh_asr_ending){.comma = 0.01f, .more = 0.99f};
    h.fresh_from = 2.2;
    h.fresh_to = 4;
    assert_int_equal(rh_finals_preview(&t, &h, &d), RH_AGAIN);
    h.verbatim = &verbatim;
    h.sound = sound;
    h.n_sound = 4 * RATE;
    assert_int_equal(rh_finals_preview(&t, &h, &d), RH_OK);
    assert_int_equal(d.n_pauses, 1);
    assert_int_equal(d.pauses[0].place, RH_PAUSE_WITHIN);
    assert_true(fabsf(d.pauses[0].start - 2) < 0.1f && fabsf(d.pauses[0].end - 3) < 0.1f);
    assert_true(d.n_voiced > 50 && d.end > 3.9);
    h.joined = (rh_asr_ending){.stop = 0.9f, .more = 0.1f};
    assert_int_equal(rh_finals_preview(&t, &h, &d), RH_OK);
    assert_int_equal(d.pauses[0].place, RH_PAUSE_CLAUSE);
    assert_int_equal(t.n_segments, 1);
    assert_int_equal(t.words[RH_WORDS_CLEAN].n, 4);
    assert_int_equal(t.words[RH_WORDS_CLEAN].at[3].sequel, RH_SEQUEL_AS_WRITTEN);
    rh_word_table_done(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sign_is_believed_where_it_is_still_likely_with_what_follows),
        cmocka_unit_test(a_capital_begins_a_sentence),
        cmocka_unit_test(without_both_sides_it_is_as_written),
        cmocka_unit_test(pause_shows_before_the_words_behind_it_are_final),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
