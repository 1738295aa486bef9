/* The results of a socket's sound put together are the transcript. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <ctype.h>
#include <math.h>
#include <string.h>
#include "model_set.h"
#include "rehearse/base/alloc.h"
#include "rehearse/media/audio.h"
#include "rehearse/session/legacy_source.h"
#include "rehearse/report/analysis_json.h"

enum { RATE = 16000, PIECE = RATE / 10, TEXT = 4096 };

static rh_model_set *models;
static rh_session *session;
static rh_audio jfk;

/* Words in lower case without punctuation, each after a space. */
static void fold(char *dst, const char *src)
{
    size_t n = 0;
    bool space = true;
    for (; *src && n + 2 < TEXT; src++) {
        if (isalpha((unsigned char)*src)) {
            if (space)
                dst[n++] = ' ';
            dst[n++] = (char)tolower((unsigned char)*src);
            space = false;
        } else if (*src == ' ') {
            space = true;
        }
    }
    dst[n] = '\0';
}

/* Of a session of which nothing is kept. */
static rh_legacy_source *open_source(void)
{
    rh_legacy_source *l = NULL;
    const rh_session_options o = {.id = "x", .from = RH_SESSION_LEGACY, .unkept = true};
    const rh_face_options faces = rh_face_options_default();
    assert_int_equal(rh_session_new(&session, models, NULL, &o, NULL), RH_OK);
    assert_int_equal(rh_legacy_source_new(&l, session, &faces, NULL), RH_OK);
    return l;
}

static const char *text_of(const json_t *result)
{
    return json_string_value(json_object_get(result, "transcribed_text"));
}

static bool is_due(rh_legacy_source *l)
{
    bool due;
    (void)rh_legacy_source_look(l, &due);
    return due;
}

/* What is due, or all there is, as clients get it. */
static rh_status result(rh_legacy_source *l, rh_legacy_part part, json_t **out)
{
    rh_error err;
    rh_analysis a = {0};
    rh_status st = rh_legacy_source_recognise(l, part, NULL, &err);
    assert_true(st == RH_OK || st == RH_AGAIN);
    st = rh_legacy_source_result(l, part, rh_legacy_source_measured_s(l), &a, &err);
    if (st == RH_OK)
        *out = rh_analysis_json(&a);
    rh_analysis_done(&a);
    return st;
}

/* Feeds samples in pieces, adds each result's text to `all`; returns how many there were. */
static int feed(rh_legacy_source *l, const float *samples, size_t n, char *all)
{
    int n_results = 0;
    rh_error err;
    for (size_t i = 0; i < n; i += PIECE) {
        size_t k = n - i < PIECE ? n - i : PIECE;
        assert_int_equal(rh_legacy_source_feed(l, samples + i, k, 0, &err), RH_OK);
        if (!is_due(l))
            continue;
        json_t *r = NULL;
        rh_status st = result(l, RH_PART_SETTLED, &r);
        assert_true(st == RH_OK || st == RH_AGAIN);
        if (st == RH_OK) {
            assert_true(strlen(text_of(r)) > 0);
            strcat(all, " ");
            strcat(all, text_of(r));
            n_results++;
            json_decref(r);
        }
    }
    return n_results;
}

static json_t *rest(rh_legacy_source *l)
{
    json_t *r = NULL;
    assert_int_equal(result(l, RH_PART_ALL, &r), RH_OK);
    return r;
}

static void results_together_are_the_transcript(void **state)
{
    (void)state;
    rh_legacy_source *l = open_source();
    char all[TEXT] = "", folded[TEXT];
    assert_true(feed(l, jfk.samples, jfk.n, all) >= 1);
    json_t *r = rest(l);
    strcat(all, " ");
    strcat(all, text_of(r));
    json_decref(r);
    fold(folded, all);
    assert_string_equal(folded, " and so my fellow americans ask not what your country can do for you"
                                " ask what you can do for your country");
    assert_true(rh_legacy_source_waiting_s(l) < 0.001);
    /* Nothing left: still a result, of nothing. */
    r = rest(l);
    assert_string_equal(text_of(r), "");
    assert_true(json_number_value(json_object_get(r, "fluency_score")) == 0.0);
    json_decref(r);
    rh_session_free(session);
}

/* Every result has what a recording's has, with times from the first sample fed. */
static void results_hold_the_measures_of_their_stretch(void **state)
{
    (void)state;
    static const char *const keys[] = {"scores",   "words",    "timing",  "pauses", "prosody",      "sound",
                                       "language", "timeline", "fillers", "slips",  "verbatim_text"};
    rh_legacy_source *l = open_source();
    char all[TEXT] = "";
    assert_true(feed(l, jfk.samples, jfk.n, all) >= 1);
    double from = rh_legacy_source_measured_s(l);
    json_t *r = rest(l), *p;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        assert_non_null(json_object_get(r, keys[i]));
    assert_true(from > 1);
    const json_t *word = json_array_get(json_object_get(r, "words"), 0);
    assert_true(json_number_value(json_object_get(word, "start")) > from - 1);
    assert_true(json_number_value(json_object_get(json_object_get(r, "prosody"), "f0_median_hz")) > 80);
    assert_true(fabs(json_number_value(json_object_get(json_object_get(r, "timeline"), "from_s")) - from) < 0.01);
    size_t i;
    json_array_foreach(json_object_get(r, "pauses"), i, p)
        assert_true(json_number_value(json_object_get(p, "start")) > from - 0.01);
    json_decref(r);
    rh_session_free(session);
}

/* The clean text leaves both out; one is at 2.1 s, the other at 5.8 s. */
static void spoken_ums_are_counted_and_the_text_stays_clean(void **state)
{
    (void)state;
    rh_legacy_source *l = NULL;
    rh_error err;
    rh_audio a = {0};
    assert_int_equal(rh_audio_read_file(&a, "tests/fixtures/fillers_but_um.flac", 60, &err), RH_OK);
    l = open_source();
    float starts[8] = {0};
    int n = 0, counted = 0;
    for (size_t i = 0; i <= a.n; i += PIECE) {
        json_t *r = NULL, *f;
        bool last = i + PIECE > a.n;
        assert_int_equal(rh_legacy_source_feed(l, a.samples + i, last ? a.n - i : PIECE, 0, &err), RH_OK);
        if (!last && !is_due(l))
            continue;
        rh_status st = result(l, last ? RH_PART_ALL : RH_PART_SETTLED, &r);
        if (st == RH_AGAIN)
            continue;
        assert_int_equal(st, RH_OK);
        size_t k;
        json_array_foreach(json_object_get(r, "fillers"), k, f)
            starts[n++ % 8] = (float)json_number_value(json_object_get(f, "start"));
        counted += (int)json_integer_value(json_object_get(r, "filler_words_count"));
        assert_null(strstr(text_of(r), "um,"));
        json_decref(r);
    }
    assert_int_equal(n, 2);
    assert_int_equal(counted, 2);
    assert_true(fabsf(starts[0] - 2.1f) < 0.2f);
    assert_true(fabsf(starts[1] - 5.82f) < 0.15f);
    rh_session_free(session);
    rh_audio_done(&a);
}

/* A result that was not sent is measured anew with what came after it. */
static void a_range_is_measured_as_one(void **state)
{
    (void)state;
    rh_legacy_source *l = NULL;
    rh_error err;
    char all[TEXT] = "";
    l = open_source();
    assert_true(feed(l, jfk.samples, jfk.n, all) >= 1);
    double from = rh_legacy_source_measured_s(l);
    json_t *r = rest(l);
    rh_analysis a = {0};
    char after[TEXT], whole[TEXT];
    assert_int_equal(rh_legacy_source_feed(l, jfk.samples, jfk.n, 0, &err), RH_OK);
    assert_int_equal(rh_legacy_source_recognise(l, RH_PART_ALL, NULL, &err), RH_OK);
    assert_int_equal(rh_legacy_source_result(l, RH_PART_ALL, from, &a, &err), RH_OK);
    assert_true(fabs(a.from_s - from) < 1e-6 && fabs(a.from_s + a.duration_s - 2.0 * (double)jfk.n / RATE) < 0.01);
    fold(after, text_of(r));
    fold(whole, a.text);
    assert_memory_equal(whole, after, strlen(after));
    assert_non_null(strstr(whole + strlen(after), "fellow americans"));
    assert_int_equal((int)a.said.words[RH_WORDS_CLEAN].n, a.report.n_words);
    for (size_t i = 1; i < a.report.n_word_scores; i++)
        assert_true(a.report.word_scores[i].start >= a.report.word_scores[i - 1].start);
    rh_analysis_done(&a);
    json_decref(r);
    rh_session_free(session);
}

static void silence_gives_no_words_and_clear_forgets(void **state)
{
    (void)state;
    rh_legacy_source *l = open_source();
    static float silence[5 * RATE];
    char all[TEXT] = "";
    assert_int_equal(feed(l, silence, 5 * RATE, all), 0);
    assert_true(rh_legacy_source_waiting_s(l) > 4.9);
    json_t *r = rest(l);
    assert_string_equal(text_of(r), "");
    json_decref(r);
    assert_int_equal(rh_legacy_source_feed(l, jfk.samples, 2 * RATE, 0, NULL), RH_OK);
    rh_legacy_source_clear(l);
    assert_true(rh_legacy_source_waiting_s(l) == 0.0);
    r = rest(l);
    assert_string_equal(text_of(r), "");
    json_decref(r);
    rh_session_free(session);
}

static void too_much_unheard_sound_is_refused_whole(void **state)
{
    (void)state;
    rh_legacy_source *l = open_source();
    static float minute[60 * RATE];
    for (int i = 0; i < RH_LEGACY_WAIT_S / 60; i++)
        assert_int_equal(rh_legacy_source_feed(l, minute, 60 * RATE, 0, NULL), RH_OK);
    assert_int_equal(rh_legacy_source_feed(l, minute, 1, 0, NULL), RH_ERR_LIMIT);
    assert_true(rh_legacy_source_waiting_s(l) == (double)RH_LEGACY_WAIT_S);
    json_t *r = rest(l);
    json_decref(r);
    assert_int_equal(rh_legacy_source_feed(l, minute, 60 * RATE, 0, NULL), RH_OK);
    minute[7] = NAN;
    assert_int_equal(rh_legacy_source_feed(l, minute, 60 * RATE, 0, NULL), RH_ERR_INVAL);
    rh_session_free(session);
}

static int load(void **state)
{
    (void)state;
    rh_error err;
    if (!(models = load_model_set(false)))
        return -1;
    return rh_audio_read_file(&jfk, "tests/fixtures/jfk.flac", 60, &err) == RH_OK ? 0 : -1;
}

static int unload(void **state)
{
    (void)state;
    rh_audio_done(&jfk);
    rh_model_set_free(models);
    return 0;
}

int main(void)
{
    json_set_alloc_funcs(rh_alloc, rh_free);
    (void)model_file("silero_vad_openvino_16k.onnx");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_together_are_the_transcript),
        cmocka_unit_test(results_hold_the_measures_of_their_stretch),
        cmocka_unit_test(spoken_ums_are_counted_and_the_text_stays_clean),
        cmocka_unit_test(a_range_is_measured_as_one),
        cmocka_unit_test(silence_gives_no_words_and_clear_forgets),
        cmocka_unit_test(too_much_unheard_sound_is_refused_whole),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
