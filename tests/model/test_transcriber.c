/* Live recognition: partials, finals that never change, speech without a pause. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <ctype.h>
#include <math.h>
#include <string.h>
#include "asr/live/transcriber_internal.h"
#include "models.h"
#include "rehearse/base/alloc.h"
#include "rehearse/media/audio.h"
#include "rehearse/asr/recording.h"

enum { RATE = 16000, PIECE = RATE / 10, TEXT = 8192 };

static const char JFK[] = "And so my fellow Americans ask not what your country can do for you ask "
                          "what you can do for your country";

static rh_asr_model *model;
static rh_vad_model *vad;

typedef struct {
    char text[TEXT]; /* of all finals */
    int n_finals, n_partials;
    double first_partial; /* sound fed when it came, s; 0 = none */
    double end;           /* of the last final */
    rh_asr_ending next;   /* behind it */
} told;

static void listen(rh_transcriber *t, told *o, double fed_s)
{
    rh_heard h;
    while (rh_transcriber_next(t, &h) == RH_OK) {
        if (!h.final) {
            o->n_partials++;
            if (o->first_partial == 0 && h.transcript->n_words > 0)
                o->first_partial = fed_s;
            continue;
        }
        assert_true(h.transcript->n_words > 0);
        assert_true((double)h.start >= o->end - 0.3); /* finals follow one another */
        float at = h.start;
        for (int i = 0; i < h.transcript->n_words; i++) {
            const rh_asr_word *w = &h.transcript->words[i];
            assert_true(w->start >= at - 0.001f && w->end >= w->start && (double)w->end <= fed_s);
            at = w->start;
        }
        o->end = (double)h.end;
        o->next = h.expected;
        strcat(o->text, h.transcript->text);
        o->n_finals++;
    }
}

/* Words alone, in lower case. */
static int split(char *text, char **words, int max)
{
    int n = 0;
    for (char *c = text; *c; c++)
        *c = isalnum((unsigned char)*c) || *c == '\'' ? (char)tolower((unsigned char)*c) : ' ';
    for (char *w = strtok(text, " "); w && n < max; w = strtok(NULL, " "))
        words[n++] = w;
    return n;
}

static double word_errors(const char *ref, const char *hyp)
{
    static char a[TEXT], b[TEXT];
    static char *u[1000], *v[1000];
    static int row[1001];
    strcpy(a, ref);
    strcpy(b, hyp);
    int n = split(a, u, 1000), m = split(b, v, 1000);
    for (int k = 0; k <= m; k++)
        row[k] = k;
    for (int i = 1; i <= n; i++) {
        int last = row[0];
        row[0] = i;
        for (int k = 1; k <= m; k++) {
            int best = last + (strcmp(u[i - 1], v[k - 1]) != 0);
            last = row[k];
            best = best < row[k] + 1 ? best : row[k] + 1;
            row[k] = best < row[k - 1] + 1 ? best : row[k - 1] + 1;
        }
    }
    return (double)row[m] / n;
}

static rh_transcriber *start(bool partials)
{
    rh_transcriber_options o = rh_transcriber_options_default();
    o.language = "en";
    o.partials = partials;
    o.expected = partials;
    rh_transcriber *t = NULL;
    rh_error err;
    assert_int_equal(rh_transcriber_new(&t, model, vad, &o, &err), RH_OK);
    return t;
}

/* `forget_pauses`: as if it were one breath, so that only agreement can settle words. */
static void speak(rh_transcriber *t, const float *x, size_t n, bool forget_pauses, told *o)
{
    rh_error err;
    for (size_t i = 0; i < n; i += PIECE) {
        size_t k = n - i < PIECE ? n - i : PIECE;
        assert_int_equal(rh_transcriber_feed(t, x + i, k, &err), RH_OK);
        for (;;) {
            rh_status st = rh_transcriber_work(t, NULL, &err);
            assert_true(st == RH_OK || st == RH_AGAIN);
            if (forget_pauses)
                t->n_pauses = 0;
            if (st == RH_AGAIN)
                break;
            listen(t, o, (double)(i + k) / RATE);
        }
    }
    assert_int_equal(rh_transcriber_finish(t, NULL, &err), RH_OK);
    listen(t, o, (double)n / RATE);
}

static void speech_is_shown_early_and_settled_at_pauses(void **state)
{
    (void)state;
    rh_audio jfk;
    rh_error err;
    assert_int_equal(rh_audio_read_file(&jfk, "tests/fixtures/jfk.flac", 60, &err), RH_OK);
    rh_transcriber *t = start(true);
    told o = {0};
    speak(t, jfk.samples, jfk.n, false, &o);
    assert_true(o.n_finals >= 2 && o.n_partials >= 4);
    assert_true(o.first_partial > 0.3 && o.first_partial < 1.6); /* speech begins at 0.3 s */
    printf("%s\n", o.text);
    assert_true(word_errors(JFK, o.text) == 0);
    assert_true(o.next.stop > 0.5f && o.next.more < 0.2f); /* behind "for your country" */
    assert_true(rh_transcriber_speech_s(t) > 6.5 && rh_transcriber_speech_s(t) < 9.5);
    assert_true(rh_transcriber_behind_s(t) < 0.04);
    assert_false(rh_transcriber_speaking(t));
    rh_transcriber_free(t);
    rh_audio_done(&jfk);
}

/* What is not final yet may wait for what is, longer where something is shown already; in a pause, until that has lasted; and the final that was decoded in the
 * pause is no long work. */
static void what_is_due_says_how_long_it_may_wait(void **state)
{
    (void)state;
    rh_audio jfk;
    rh_error err;
    int n_ready = 0, n_paused = 0, n_shown = 0;
    told o = {0};
    assert_int_equal(rh_audio_read_file(&jfk, "tests/fixtures/jfk.flac", 60, &err), RH_OK);
    rh_transcriber *t = start(true);
    for (size_t i = 0; i < jfk.n; i += PIECE) {
        bool decodes, due = true;
        assert_int_equal(rh_transcriber_feed(t, jfk.samples + i, jfk.n - i < PIECE ? jfk.n - i : PIECE, &err), RH_OK);
        while (due) {
            int n_finals = o.n_finals, n_partials = o.n_partials;
            due = rh_transcriber_due(t);
            int64_t us = rh_transcriber_may_wait_us(t, &decodes);
            assert_true(due || (us == 0 && !decodes));
            assert_int_equal(rh_transcriber_work(t, NULL, &err), due ? RH_OK : RH_AGAIN);
            listen(t, &o, (double)i / RATE + 0.1);
            assert_true(o.n_finals == n_finals || us == 0);
            assert_true(o.n_partials == n_partials || (us > 0 && us <= (n_partials ? 3000000 : 1000000) && decodes));
            n_ready += o.n_finals > n_finals && !decodes;
            n_shown += o.n_partials > n_partials;
            n_paused += o.n_partials > n_partials && us < 1000000;
        }
    }
    assert_true(n_ready > 0 && n_paused >= n_ready && n_shown > n_paused);
    rh_transcriber_free(t);
    rh_audio_done(&jfk);
}

enum { MOST_HEARD = 8 };

/* Silence behind a short sentence until it is final, s; `heard_s`: that of its partials, `*n_heard` at most MOST_HEARD. */
static double wait_for_final(const float *x, size_t n, bool expected, double *heard_s, int *n_heard)
{
    static const float quiet[PIECE];
    rh_error err;
    told o = {0};
    rh_transcriber *t = start(expected);
    for (size_t i = 0; i < n + 2 * RATE && o.n_finals == 0; i += PIECE) {
        assert_int_equal(rh_transcriber_feed(t, i < n ? x + i : quiet, PIECE, &err), RH_OK);
        while (rh_transcriber_work(t, NULL, &err) == RH_OK) {
            int partials = o.n_partials;
            listen(t, &o, (double)(i + PIECE) / RATE);
            if (heard_s && o.n_partials > partials && *n_heard < MOST_HEARD)
                heard_s[(*n_heard)++] = rh_transcriber_quiet_s(t);
        }
    }
    assert_int_equal(o.n_finals, 1);
    printf("%s\n", o.text);
    double silence = rh_transcriber_quiet_s(t);
    rh_transcriber_free(t);
    return silence;
}

/* "for your country." needs nothing that follows, which the recogniser alone can tell. */
static void a_short_sentence_that_is_whole_is_final_soon(void **state)
{
    (void)state;
    rh_audio jfk;
    rh_error err;
    assert_int_equal(rh_audio_read_file(&jfk, "tests/fixtures/jfk.flac", 60, &err), RH_OK);
    const float *x = jfk.samples + 9 * RATE + RATE * 45 / 100;
    size_t n = 11 * PIECE;
    double soon = wait_for_final(x, n, true, NULL, NULL), late = wait_for_final(x, n, false, NULL, NULL);
    printf("final after %.2f s of silence, %.2f s where nothing is expected\n", soon, late);
    assert_true(soon < 0.6 && late >= 1.1);
    rh_audio_done(&jfk);
}

/* "And so my" goes on: it is heard in the pause, again when 0.4 s have passed, and waits. */
static void a_short_piece_that_is_not_whole_is_heard_again(void **state)
{
    (void)state;
    rh_audio jfk;
    rh_error err;
    double heard_s[MOST_HEARD];
    int n = 0;
    assert_int_equal(rh_audio_read_file(&jfk, "tests/fixtures/jfk.flac", 60, &err), RH_OK);
    double final_s = wait_for_final(jfk.samples, 10 * PIECE, true, heard_s, &n);
    assert_true(n >= 2);
    printf("heard after %.2f and %.2f s of silence, final after %.2f s\n", heard_s[n - 2], heard_s[n - 1], final_s);
    assert_true(heard_s[n - 2] < 0.3 && heard_s[n - 1] >= 0.4 && heard_s[n - 1] < 0.6);
    assert_true(final_s >= 1.1);
    rh_audio_done(&jfk);
}

/* "ask what you can do for your country." is not short, and surely over. */
static void a_sentence_that_is_surely_over_is_final_at_once(void **state)
{
    (void)state;
    rh_audio jfk;
    rh_error err;
    assert_int_equal(rh_audio_read_file(&jfk, "tests/fixtures/jfk.flac", 60, &err), RH_OK);
    const float *x = jfk.samples + 8 * RATE + RATE * 5 / 100;
    size_t n = 25 * PIECE;
    double soon = wait_for_final(x, n, true, NULL, NULL), late = wait_for_final(x, n, false, NULL, NULL);
    printf("final after %.2f s of silence, %.2f s where nothing is expected\n", soon, late);
    assert_true(soon < 0.3 && late >= 0.4 && late < 0.6);
    rh_audio_done(&jfk);
}

/* Room noise that breaks off behind the last word counts as a voice for 0.16 s, of which the decoder, with the
 * sentence before as its context, makes "That's what you can do for your country." */
static void a_click_behind_a_sentence_is_no_sentence(void **state)
{
    (void)state;
    enum { BEFORE = 375 * RATE / 100, AFTER = 3 * RATE };
    rh_audio jfk;
    rh_error err;
    told o = {0};
    assert_int_equal(rh_audio_read_file(&jfk, "tests/fixtures/jfk.flac", 60, &err), RH_OK);
    size_t n = BEFORE + jfk.n + AFTER;
    float *x = rh_calloc(n, sizeof *x);
    assert_non_null(x);
    memcpy(x + BEFORE, jfk.samples, jfk.n * sizeof *x);
    rh_transcriber *t = start(true);
    speak(t, x, n, false, &o);
    printf("%s\n", o.text);
    assert_true(word_errors(JFK, o.text) == 0);
    rh_transcriber_free(t);
    rh_free(x);
    rh_audio_done(&jfk);
}

/* Adds a file's speech to `x` without the pauses. */
static size_t add_breathless(float *x, size_t n, const char *path)
{
    rh_audio a;
    rh_error err;
    rh_speech_span *spans = NULL;
    size_t n_spans = 0;
    assert_int_equal(rh_audio_read_file(&a, path, 60, &err), RH_OK);
    assert_int_equal(rh_vad_spans(vad, a.samples, a.n, &spans, &n_spans, &err), RH_OK);
    for (size_t i = 0; i < n_spans; i++) {
        memcpy(x + n, a.samples + spans[i].start, (spans[i].end - spans[i].start) * sizeof *x);
        n += spans[i].end - spans[i].start;
    }
    rh_free(spans);
    rh_audio_done(&a);
    return n;
}

static void speech_without_a_pause_is_settled_by_agreement(void **state)
{
    (void)state;
    static float x[60 * RATE];
    size_t n = add_breathless(x, 0, "tests/fixtures/367-130732-0003.ogg");
    n = add_breathless(x, n, "tests/fixtures/jfk.flac");
    n = add_breathless(x, n, "tests/fixtures/2033-164914-0006.ogg");
    assert_true(n > 30 * RATE);
    rh_transcriber *t = start(false);
    told o = {0};
    speak(t, x, n, true, &o);
    assert_true(o.n_finals >= 2);
    double wrong =
        word_errors("the pacific crayfish however serves every purpose and while many contend that its meat is not so "
                    "delicate in flavor as that of its eastern cousin the californian will as strenuously insist that "
                    "it is better but of course something must always be allowed for the patriotism of the californian "
                    "and so my fellow americans ask not what your country can do for you ask what you can do for your "
                    "country what ails thee then that thou must needs recite verses seeing that we are tired out "
                    "with walking and watching and all the folk are asleep for they require sleep to rest them of "
                    "their fatigue",
                    o.text);
    printf("word errors without pauses: %.1f %%\n", 100 * wrong);
    assert_true(o.next.stop + o.next.end + o.next.more == 0); /* nobody asked */
    assert_true(wrong < 0.15); /* about what the file itself has; a lost window would cost a third */
    rh_transcriber_free(t);
}

/* Two people, one of them 26 dB softer, leave no pause. */
static void soft_speech_beside_loud_speech_is_heard(void **state)
{
    (void)state;
    static const char silly[] = "tests/fixtures/1688-142285-0002.flac", ails[] = "tests/fixtures/2033-164914-0006.ogg";
    static float x[60 * RATE];
    for (int first = 0; first < 2; first++) { /* the soft one is heard first, or last */
        size_t middle = add_breathless(x, 0, first ? silly : ails), n = add_breathless(x, middle, first ? ails : silly);
        for (size_t i = first ? 0 : middle; i < (first ? middle : n); i++)
            x[i] *= 0.05f;
        rh_transcript file;
        rh_asr_stream *s = NULL;
        rh_error err;
        rh_transcript_init(&file);
        assert_int_equal(rh_asr_stream_new(&s, model, &err), RH_OK);
        assert_int_equal(rh_recording_transcribe(s, vad, x, n, NULL, &file, NULL, NULL, &err), RH_OK);
        rh_transcriber *t = start(false);
        told o = {0};
        speak(t, x, n, true, &o);
        printf("file:%s\nlive:%s\n", file.text, o.text);
        assert_non_null(strstr(file.text, "so silly"));
        assert_non_null(strstr(file.text, "fatigue"));
        assert_non_null(strstr(o.text, "so silly"));
        assert_non_null(strstr(o.text, "fatigue"));
        rh_transcriber_free(t);
        rh_transcript_done(&file);
        rh_asr_stream_free(s);
    }
}

/* The decoder ends behind "uh uh uh": what follows in the same piece has to be heard from a later pause on. */
static void words_behind_a_stammer_are_not_lost(void **state)
{
    (void)state;
    static float x[60 * RATE];
    size_t n = 0;
    rh_error err;
    for (int i = 0; i < 2; i++) {
        rh_audio a;
        static const char *const paths[] = {"tests/fixtures/stammer.flac", "tests/fixtures/fillers_but_um.flac"};
        assert_int_equal(rh_audio_read_file(&a, paths[i], 60, &err), RH_OK);
        memcpy(x + n, a.samples, a.n * sizeof *x);
        n += a.n;
        rh_audio_done(&a);
    }
    rh_transcript file;
    rh_asr_stream *s = NULL;
    rh_asr_params p = rh_asr_params_default();
    p.language = "en";
    rh_transcript_init(&file);
    assert_int_equal(rh_asr_stream_new(&s, model, &err), RH_OK);
    assert_int_equal(rh_recording_transcribe(s, vad, x, n, &p, &file, NULL, NULL, &err), RH_OK);
    printf("%s\n", file.text);
    assert_true(file.n_words > 8);
    assert_true(file.words[file.n_words - 1].end > 14.0f);
    rh_transcript_done(&file);
    rh_asr_stream_free(s);
}

static atomic_bool canceled;

/* Six "uh" with a pause amid them: told what came before it, and again in its company, the decoder ends there, so
 * that what follows has to be heard by itself. */
static void what_a_context_hides_is_heard_by_itself(void **state)
{
    (void)state;
    rh_audio a;
    rh_error err;
    told o = {0};
    assert_int_equal(rh_audio_read_file(&a, "tests/fixtures/stammer.flac", 60, &err), RH_OK);
    rh_transcriber_options options = rh_transcriber_options_default();
    options.language = "en";
    options.verbatim = options.expected = options.joined = true;
    options.settle_ms = 8000;
    rh_transcriber *t = NULL;
    assert_int_equal(rh_transcriber_new(&t, model, vad, &options, &err), RH_OK);
    speak(t, a.samples, a.n, false, &o);
    printf("heard up to %.2f s: %s\n", o.end, o.text);
    assert_true(o.end > 5.5);
    rh_transcriber_free(t);
    rh_audio_done(&a);
}

static void a_canceled_decode_loses_nothing(void **state)
{
    (void)state;
    rh_audio jfk;
    rh_error err;
    assert_int_equal(rh_audio_read_file(&jfk, "tests/fixtures/jfk.flac", 60, &err), RH_OK);
    rh_transcriber *t = start(false);
    told o = {0};
    assert_int_equal(rh_transcriber_feed(t, jfk.samples, jfk.n, &err), RH_OK);
    atomic_store(&canceled, true);
    assert_int_equal(rh_transcriber_finish(t, &canceled, &err), RH_ERR_CANCELED);
    atomic_store(&canceled, false);
    assert_int_equal(rh_transcriber_finish(t, &canceled, &err), RH_OK);
    listen(t, &o, 11.0);
    printf("%s\n", o.text);
    assert_true(word_errors(JFK, o.text) == 0);
    /* And a second time, from the start. */
    rh_transcriber_reset(t);
    told again = {0};
    assert_int_equal(rh_transcriber_feed(t, jfk.samples, jfk.n, &err), RH_OK);
    assert_int_equal(rh_transcriber_finish(t, NULL, &err), RH_OK);
    listen(t, &again, 11.0);
    assert_string_equal(o.text, again.text);
    rh_transcriber_free(t);
    rh_audio_done(&jfk);
}

static void bad_options_and_samples_are_refused(void **state)
{
    (void)state;
    rh_transcriber_options o = rh_transcriber_options_default();
    rh_transcriber *t = NULL;
    rh_error err;
    o.end_silence_ms = 10;
    assert_int_equal(rh_transcriber_new(&t, model, vad, &o, &err), RH_ERR_INVAL);
    o = rh_transcriber_options_default();
    o.partial_every_ms = 0;
    assert_int_equal(rh_transcriber_new(&t, model, vad, &o, &err), RH_ERR_INVAL);
    o = rh_transcriber_options_default();
    o.language = "a language";
    assert_int_equal(rh_transcriber_new(&t, model, vad, &o, &err), RH_ERR_INVAL);
    t = start(true);
    const float nan[] = {0.1f, NAN};
    assert_int_equal(rh_transcriber_feed(t, nan, 2, &err), RH_ERR_INVAL);
    assert_int_equal(rh_transcriber_work(t, NULL, &err), RH_AGAIN);
    rh_transcriber_free(t);
}

static int load(void **state)
{
    (void)state;
    rh_error err;
    if (rh_vad_model_load(&vad, model_file("silero_vad_openvino_16k.onnx"), &err) != RH_OK ||
        rh_asr_model_load(&model, model_file("ggml-base.bin"), NULL, &err) != RH_OK) {
        printf("%s\n", err.msg);
        return -1;
    }
    return 0;
}

static int unload(void **state)
{
    (void)state;
    rh_asr_model_free(model);
    rh_vad_model_free(vad);
    return 0;
}

int main(void)
{
    (void)model_file("silero_vad_openvino_16k.onnx");
    (void)model_file("ggml-base.bin");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(speech_is_shown_early_and_settled_at_pauses),
        cmocka_unit_test(what_is_due_says_how_long_it_may_wait),
        cmocka_unit_test(a_short_sentence_that_is_whole_is_final_soon),
        cmocka_unit_test(a_short_piece_that_is_not_whole_is_heard_again),
        cmocka_unit_test(a_sentence_that_is_surely_over_is_final_at_once),
        cmocka_unit_test(a_click_behind_a_sentence_is_no_sentence),
        cmocka_unit_test(speech_without_a_pause_is_settled_by_agreement),
        cmocka_unit_test(soft_speech_beside_loud_speech_is_heard),
        cmocka_unit_test(what_a_context_hides_is_heard_by_itself),
        cmocka_unit_test(words_behind_a_stammer_are_not_lost),
        cmocka_unit_test(a_canceled_decode_loses_nothing),
        cmocka_unit_test(bad_options_and_samples_are_refused),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
