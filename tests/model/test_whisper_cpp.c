/* The whisper.cpp engine: what it tells of each word, and what it refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <pthread.h>
#include <string.h>
#include "models.h"
#include "rehearse/asr.h"
#include "rehearse/audio.h"
#include "rehearse/recording.h"

enum { RATE = 16000 };

static rh_asr_model *model;
static rh_audio speech; /* "You don't mean that you thought me so silly?" */

static rh_asr_params english(void)
{
    rh_asr_params p = rh_asr_params_default();
    p.language = "en";
    return p;
}

static void words_have_times_and_probabilities(void **state)
{
    (void)state;
    rh_asr_stream *s = NULL;
    rh_transcript t;
    rh_error err;
    rh_transcript_init(&t);
    rh_asr_params p = english();
    assert_int_equal(rh_asr_stream_new(&s, model, &err), RH_OK);
    assert_int_equal(rh_asr_transcribe(s, speech.samples, speech.n, &p, &t, &err), RH_OK);
    assert_non_null(strstr(t.text, "mean that you thought me so silly"));
    assert_int_equal(t.n_words, 9);
    assert_string_equal(t.language, "en");
    float at = 0;
    for (int i = 0; i < t.n_words; i++) {
        assert_true(t.words[i].start >= at && t.words[i].end >= t.words[i].start);
        assert_true(t.words[i].end < 3.5f && t.words[i].p > 0 && t.words[i].p <= 1);
        at = t.words[i].start;
    }
    int described = 0;
    for (int i = 0; i < t.n_tokens; i++) {
        const rh_asr_token *k = &t.tokens[i];
        assert_true(k->p > 0 && k->p <= 1 && k->entropy >= 0 && k->p_rival >= 0 && k->p_rival < 1);
        if (k->rival_id >= 0) {
            described++;
            assert_true(k->rival_id != k->id);
        }
    }
    assert_int_equal(described, t.n_tokens);
    assert_true(t.segments[0].avg_logprob < 0 && t.segments[0].avg_logprob > -1);
    assert_true(t.n_steps >= t.n_tokens && t.encode_us > 0 && t.decode_us > 0);
    /* The same once more from a stream used before. */
    rh_transcript u;
    rh_transcript_init(&u);
    p.prefix = "You don't mean";
    assert_int_equal(rh_asr_transcribe(s, speech.samples, speech.n, &p, &u, &err), RH_OK);
    assert_int_equal(strncmp(u.text, " that you thought", 17), 0);
    assert_true(u.words[0].start > 0.3f);
    rh_transcript_done(&u);
    rh_transcript_done(&t);
    rh_asr_stream_free(s);
}

static void wrong_arguments_are_refused(void **state)
{
    (void)state;
    rh_asr_stream *s = NULL;
    rh_transcript t;
    rh_error err;
    rh_transcript_init(&t);
    assert_int_equal(rh_asr_stream_new(&s, model, &err), RH_OK);
    rh_asr_params p = english();
    p.language = "xx";
    assert_int_equal(rh_asr_transcribe(s, speech.samples, speech.n, &p, &t, &err), RH_ERR_INVAL);
    assert_non_null(strstr(err.msg, "xx"));
    p = english();
    p.beam = 9;
    assert_int_equal(rh_asr_transcribe(s, speech.samples, speech.n, &p, &t, &err), RH_ERR_INVAL);
    p.beam = 0;
    assert_int_equal(rh_asr_transcribe(s, speech.samples, speech.n, &p, &t, &err), RH_ERR_INVAL);
    p = english();
    float nan[RATE] = {0};
    nan[500] = NAN;
    assert_int_equal(rh_asr_transcribe(s, nan, RATE, &p, &t, &err), RH_ERR_INVAL);
    assert_int_equal(rh_asr_transcribe(s, nan, 0, &p, &t, &err), RH_OK);
    assert_int_equal(t.n_words, 0);
    float out[4];
    assert_int_equal(rh_asr_pooled(s, out, 4, &err), RH_ERR_UNSUPPORTED);
    atomic_bool stop = true;
    p.cancel = &stop;
    assert_int_equal(rh_asr_transcribe(s, speech.samples, speech.n, &p, &t, &err), RH_ERR_CANCELED);
    rh_asr_stream_free(s);
    rh_transcript_done(&t);
}

static void broken_model_files_are_refused(void **state)
{
    (void)state;
    rh_asr_model *m = NULL;
    rh_error err;
    rh_asr_model_options o = rh_asr_model_options_default();
    for (int e = RH_ENGINE_AUTO; e <= RH_ENGINE_WHISPER_CPP; e++) {
        o.engine = (rh_engine)e;
        assert_int_equal(rh_asr_model_load(&m, "tests/fixtures/jfk.flac", &o, &err), RH_ERR_FORMAT);
        assert_true(rh_asr_model_load(&m, "tests/fixtures/no such file", &o, &err) < 0);
        assert_true(err.msg[0] != '\0');
    }
    o.n_threads = -1;
    assert_int_equal(rh_asr_model_load(&m, "x", &o, &err), RH_ERR_INVAL);
    o.n_threads = 0;
    o.precision = "int3";
    assert_int_equal(rh_asr_model_load(&m, "x", &o, &err), RH_ERR_INVAL);
    assert_null(m);
}

typedef struct {
    rh_transcript t;
    rh_status st;
} job;

static void *run(void *arg)
{
    job *j = arg;
    rh_asr_stream *s = NULL;
    rh_asr_params p = english();
    rh_transcript_init(&j->t);
    j->st = rh_asr_stream_new(&s, model, NULL);
    if (j->st == RH_OK)
        j->st = rh_asr_transcribe(s, speech.samples, speech.n, &p, &j->t, NULL);
    rh_asr_stream_free(s);
    return NULL;
}

static void streams_of_one_model_run_side_by_side(void **state)
{
    (void)state;
    pthread_t threads[2];
    job jobs[2];
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, run, &jobs[i]), 0);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(jobs[0].st, RH_OK);
    assert_int_equal(jobs[1].st, RH_OK);
    assert_string_equal(jobs[0].t.text, jobs[1].t.text);
    rh_transcript_done(&jobs[0].t);
    rh_transcript_done(&jobs[1].t);
}

static int load(void **state)
{
    (void)state;
    rh_error err;
    rh_asr_model_options o = rh_asr_model_options_default();
    o.engine = RH_ENGINE_WHISPER_CPP;
    o.device = RH_DEVICE_CPU;
    o.n_threads = 1;
    if (rh_asr_model_load(&model, model_file("ggml-base.bin"), &o, &err) != RH_OK ||
        rh_audio_read_file(&speech, "tests/fixtures/1688-142285-0002.flac", 60, &err) != RH_OK) {
        printf("%s\n", err.msg);
        return -1;
    }
    rh_asr_model_info info = rh_asr_model_describe(model);
    return strcmp(info.engine, "whisper.cpp") == 0 && strcmp(info.size, "base") == 0 &&
           info.multilingual && info.n_state == 512 ? 0 : -1;
}

static int unload(void **state)
{
    (void)state;
    rh_audio_done(&speech);
    rh_asr_model_free(model);
    return 0;
}

int main(void)
{
    (void)model_file("ggml-base.bin");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_have_times_and_probabilities),
        cmocka_unit_test(wrong_arguments_are_refused),
        cmocka_unit_test(broken_model_files_are_refused),
        cmocka_unit_test(streams_of_one_model_run_side_by_side),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
