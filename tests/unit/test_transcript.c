/* Transcripts: words from tokens, joining, cutting, subtitles. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <math.h>
#include <string.h>
#include "asr/transcript_internal.h"
#include "rehearse/base/alloc.h"
#include "rehearse/asr/transcript_format.h"
#include "rehearse/base/text.h"

/* Tokens of 0.2 s each, as one segment from `start`. */
static void say(rh_transcript *t, const char *const *tokens, int n, float start)
{
    rh_asr_segment s = {.start = start, .end = start + 0.2f * (float)n, .first_token = t->n_tokens};
    for (int i = 0; i < n; i++) {
        rh_asr_token k = {
            .id = i, .start = start + 0.2f * (float)i, .end = start + 0.2f * (float)(i + 1), .p = 0.5f, .rival_id = -1};
        assert_int_equal(rh_transcript_add_token(t, &k, tokens[i], strlen(tokens[i])), RH_OK);
    }
    assert_int_equal(rh_transcript_end_segment(t, &s, true), RH_OK);
}

static void word_is(const rh_transcript *t, int i, const char *text, float start, float end)
{
    const rh_asr_word *w = &t->words[i];
    assert_int_equal(w->text_len, strlen(text));
    assert_memory_equal(t->text + w->text_off, text, strlen(text));
    assert_true(fabsf(w->start - start) < 1e-4f && fabsf(w->end - end) < 1e-4f);
    assert_true(fabsf(w->p - 0.5f) < 1e-4f);
}

static void tokens_become_words_with_their_punctuation(void **state)
{
    (void)state;
    static const char *const tokens[] = {" He",    " said", ",", " \"", "Come", ".", " un",
                                         "believ", "able",  "!", "\"",  " 10",  "%"};
    rh_transcript t;
    rh_transcript_init(&t);
    say(&t, tokens, 13, 1.0f);
    assert_int_equal(t.n_words, 5);
    word_is(&t, 0, "He", 1.0f, 1.2f);
    word_is(&t, 1, "said,", 1.2f, 1.4f); /* a comma's time is not the word's */
    word_is(&t, 2, "\"Come.", 1.8f, 2.0f);
    word_is(&t, 3, "unbelievable!\"", 2.2f, 2.8f);
    word_is(&t, 4, "10%", 3.2f, 3.4f);
    assert_int_equal(t.segments[0].n_words, 5);
    rh_transcript_done(&t);
}

static void characters_split_over_tokens_stay_whole(void **state)
{
    (void)state;
    static const char *const tokens[] = {" caf", "\xc3", "\xa9", " fort"};
    rh_transcript t;
    rh_transcript_init(&t);
    say(&t, tokens, 4, 0);
    assert_int_equal(t.n_words, 2);
    word_is(&t, 0, "caf\xc3\xa9", 0, 0.6f);
    rh_transcript_done(&t);
    rh_transcript_init(&t);
    strcpy(t.language, "ja");
    static const char *const kanji[] = {"\xe6\x97\xa5", "\xe6", "\x9c", "\xac", "\xe3\x80\x82"};
    say(&t, kanji, 5, 0);
    assert_int_equal(t.n_words, 2);
    word_is(&t, 1, "\xe6\x9c\xac\xe3\x80\x82", 0.2f, 0.8f);
    rh_transcript_done(&t);
}

static void foreign_words_among_characters_stay_whole(void **state)
{
    (void)state;
    static const char *const tokens[] = {"我们", "用", "Py", "thon", "写", " A", "PI", "，", "20", "23", "年"};
    rh_transcript t;
    rh_transcript_init(&t);
    strcpy(t.language, "zh");
    say(&t, tokens, 11, 0);
    static const char *const words[] = {"我们", "用", "Python", "写", "API，", "2023", "年"};
    assert_int_equal(t.n_words, 7);
    for (int i = 0; i < 7; i++) {
        assert_int_equal(t.words[i].text_len, strlen(words[i]));
        assert_memory_equal(t.text + t.words[i].text_off, words[i], strlen(words[i]));
    }
    rh_transcript_done(&t);
}

static const char *const begin[] = {" And", " so"};

static void stray_bytes_become_replacement_characters(void **state)
{
    (void)state;
    static const char *const tokens[] = {" \xea\xb3", "\xa0", " \xea\xb3", " ok", "\xff", "\xf0\x9f", "\xa4", "."};
    rh_transcript t;
    rh_transcript_init(&t);
    strcpy(t.language, "ko");
    say(&t, begin, 2, 0);
    say(&t, tokens, 8, 1);
    assert_string_equal(t.text, " And so \xea\xb3\xa0 \xef\xbf\xbd ok\xef\xbf\xbd\xef\xbf\xbd.");
    assert_int_equal(t.n_words, 5);
    word_is(&t, 2, "\xea\xb3\xa0", 1.0f, 1.4f);
    word_is(&t, 3, "\xef\xbf\xbd", 1.4f, 1.6f);
    word_is(&t, 4, "ok\xef\xbf\xbd\xef\xbf\xbd.", 1.6f, 2.4f);
    uint32_t at = 0;
    for (int i = 0; i < t.n_tokens; i++) {
        assert_int_equal(t.tokens[i].text_off, at);
        at += t.tokens[i].text_len;
    }
    assert_int_equal(at, strlen(t.text));
    json_t *j = rh_transcript_json(&t, 3.0);
    assert_non_null(j);
    assert_string_equal(json_string_value(json_object_get(json_array_get(json_object_get(j, "words"), 4), "word")),
                        "ok\xef\xbf\xbd\xef\xbf\xbd.");
    json_decref(j);
    rh_transcript_done(&t);
}

/* All ways to cut a text of characters of one to four bytes into tokens of one to three bytes:
 * as a whole it is what it was, cut short it is valid. */
static void no_cut_makes_invalid_text(void **state)
{
    (void)state;
    static const char all[] = " a\xc3\xa9 \xe6\x97\xa5\xf0\x9f\x98\x80 b";
    for (size_t n = 1; n < sizeof all; n++)
        for (size_t step = 1; step <= 3; step++) {
            rh_transcript t;
            rh_transcript_init(&t);
            for (size_t i = 0; i < n; i += step) {
                rh_asr_token k = {.id = 1, .p = 0.5f};
                assert_int_equal(rh_transcript_add_token(&t, &k, all + i, n - i < step ? n - i : step), RH_OK);
            }
            rh_asr_segment s = {.end = 1};
            assert_int_equal(rh_transcript_end_segment(&t, &s, true), RH_OK);
            assert_true(rh_utf8_valid(t.text, strlen(t.text)));
            for (int i = 0; i < t.n_words; i++)
                assert_true(rh_utf8_valid(t.text + t.words[i].text_off, t.words[i].text_len));
            if (n == sizeof all - 1)
                assert_string_equal(t.text, all);
            rh_transcript_done(&t);
        }
}

static const char *const first[] = {" And", " so", " my"}, *const second[] = {" fellow", " Americans", "."};

static void joined_transcripts_keep_their_parts(void **state)
{
    (void)state;
    rh_transcript a, b;
    rh_transcript_init(&a);
    rh_transcript_init(&b);
    say(&a, first, 3, 0);
    say(&b, second, 3, 0);
    assert_int_equal(rh_transcript_append(&a, &b, 10.0), RH_OK);
    assert_string_equal(a.text, " And so my fellow Americans.");
    assert_int_equal(a.n_words, 5);
    word_is(&a, 3, "fellow", 10.0f, 10.2f);
    assert_int_equal(a.segments[1].first_word, 3);
    assert_int_equal(a.words[4].first_token, 4);
    char *plain = rh_transcript_plain(&a);
    assert_string_equal(plain, "And so my fellow Americans.");
    rh_free(plain);
    rh_transcript cut;
    rh_transcript_init(&cut);
    assert_int_equal(rh_transcript_slice(&cut, &a, 2, 4), RH_OK);
    assert_string_equal(cut.text, " my fellow");
    assert_int_equal(cut.n_segments, 2);
    assert_int_equal(cut.n_words, 2);
    word_is(&cut, 1, "fellow", 10.0f, 10.2f);
    assert_int_equal(rh_transcript_slice(&cut, &a, 5, 5), RH_OK);
    assert_int_equal(cut.n_words, 0);
    rh_transcript_done(&cut);
    rh_transcript_done(&a);
    rh_transcript_done(&b);
}

static void subtitles_are_numbered_and_timed(void **state)
{
    (void)state;
    rh_transcript t;
    rh_transcript_init(&t);
    say(&t, first, 3, 3599.9f);
    say(&t, second, 3, 3700.0f);
    rh_buf b;
    rh_buf_init(&b, 10000);
    assert_int_equal(rh_transcript_srt(&t, &b), RH_OK);
    assert_string_equal(b.data, "1\n00:59:59,900 --> 01:00:00,500\nAnd so my\n\n"
                                "2\n01:01:40,000 --> 01:01:40,400\nfellow Americans.\n\n");
    rh_buf_clear(&b);
    assert_int_equal(rh_transcript_vtt(&t, &b), RH_OK);
    assert_memory_equal(b.data, "WEBVTT\n\n00:59:59.900 --> ", 25);
    rh_buf_done(&b);
    json_t *j = rh_transcript_json(&t, 3701.0);
    assert_int_equal(json_array_size(json_object_get(j, "words")), 5);
    assert_int_equal(json_array_size(json_object_get(j, "segments")), 2);
    json_decref(j);
    rh_transcript_done(&t);
}

/* A sentence and a half without a pause, as one segment. */
static void long_segments_become_cues_of_two_lines(void **state)
{
    (void)state;
    static const char *const tokens[] = {
        " And",     " so",   ",",        " my",  " fellow", " Americans", ",",    " ask",  " not", " what", " your",
        " country", " can",  " do",      " for", " you",    ".",          " Ask", " what", " you", " can",  " do",
        " for",     " your", " country", " and", " for",    " all",       " of",  " us",   " in",  " it"};
    rh_transcript t;
    rh_transcript_init(&t);
    say(&t, tokens, 32, 0);
    rh_buf b;
    rh_buf_init(&b, 10000);
    assert_int_equal(rh_transcript_srt(&t, &b), RH_OK);
    assert_string_equal(b.data, "1\n00:00:00,000 --> 00:00:03,200\nAnd so, my fellow Americans,\n"
                                "ask not what your country can do for you.\n\n"
                                "2\n00:00:03,400 --> 00:00:06,400\nAsk what you can do for your\n"
                                "country and for all of us in it\n\n");
    rh_buf_done(&b);
    rh_transcript_done(&t);
}

static void nothing_is_a_transcript_too(void **state)
{
    (void)state;
    rh_transcript t, u;
    rh_transcript_init(&t);
    rh_transcript_init(&u);
    assert_int_equal(rh_transcript_append(&t, &u, 1.0), RH_OK);
    char *plain = rh_transcript_plain(&t);
    assert_string_equal(plain, "");
    rh_free(plain);
    rh_transcript_done(&t);
    rh_transcript_done(&u);
}

static void failed_allocations_leave_the_transcript_whole(void **state)
{
    (void)state;
    rh_transcript a, b;
    rh_transcript_init(&b);
    say(&b, second, 3, 0);
    for (long k = 1; k < 20; k++) {
        rh_transcript_init(&a);
        say(&a, first, 3, 0);
        for (int i = 0; i < 40; i++)
            assert_int_equal(rh_transcript_append(&a, &b, 1.0), RH_OK);
        int before = a.n_words;
        rh_alloc_fail_at(k);
        rh_status st = RH_OK;
        for (int i = 0; i < 200 && st == RH_OK; i++)
            st = rh_transcript_append(&a, &b, 1.0);
        rh_alloc_fail_at(0);
        if (st != RH_OK) {
            assert_int_equal(st, RH_ERR_NOMEM);
            assert_true(a.n_words >= before && a.n_words % 2 == before % 2);
            assert_int_equal(a.segments[a.n_segments - 1].first_word + 2, a.n_words);
        }
        rh_transcript_done(&a);
        if (st == RH_OK)
            break;
    }
    rh_transcript_done(&b);
}

static void json_is_whole_or_there_is_none(void **state)
{
    (void)state;
    rh_transcript t;
    rh_transcript_init(&t);
    say(&t, first, 3, 0);
    json_t *whole = rh_transcript_json(&t, 2.0), *j = NULL;
    assert_non_null(whole);
    long k = 0;
    while (!j && ++k < 1000) {
        rh_alloc_fail_at(k);
        j = rh_transcript_json(&t, 2.0);
        rh_alloc_fail_at(0);
    }
    assert_true(k > 20 && json_equal(j, whole));
    json_decref(j);
    json_decref(whole);
    rh_transcript_done(&t);
}

static void loops_compress_better_than_speech(void **state)
{
    (void)state;
    static const char speech[] = "ask not what your country can do for you";
    char loop[400] = "";
    for (int i = 0; i < 20; i++)
        strcat(loop, "and then we went ");
    assert_true(rh_compression_ratio(speech, sizeof speech - 1) < 1.2f);
    assert_true(rh_compression_ratio(loop, strlen(loop)) > 2.4f);
    assert_true(rh_compression_ratio("", 0) == 1.0f);
}

int main(void)
{
    json_set_alloc_funcs(rh_alloc, rh_free);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_become_words_with_their_punctuation),
        cmocka_unit_test(characters_split_over_tokens_stay_whole),
        cmocka_unit_test(foreign_words_among_characters_stay_whole),
        cmocka_unit_test(stray_bytes_become_replacement_characters),
        cmocka_unit_test(no_cut_makes_invalid_text),
        cmocka_unit_test(joined_transcripts_keep_their_parts),
        cmocka_unit_test(subtitles_are_numbered_and_timed),
        cmocka_unit_test(long_segments_become_cues_of_two_lines),
        cmocka_unit_test(nothing_is_a_transcript_too),
        cmocka_unit_test(failed_allocations_leave_the_transcript_whole),
        cmocka_unit_test(json_is_whole_or_there_is_none),
        cmocka_unit_test(loops_compress_better_than_speech),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
