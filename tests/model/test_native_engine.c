/* The native engine on real weights: the kept silence against the full window,
 * threads and streams against one, its transcripts against whisper.cpp's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "asr/native/encoder.h"
#include "models.h"
#include "rehearse/base/alloc.h"
#include "rehearse/asr/asr.h"
#include "rehearse/media/audio.h"

static const char *weights;
static rh_audio speech;

typedef struct {
    rh_ggml_file *file;
    rh_enc_model *model;
    rh_enc_state *state;
    rh_enc_output out;
} encoded;

static void encode(encoded *e, const char *precision, int n_threads, bool full)
{
    rh_error err = {0};
    rh_enc_options o = {.precision = precision, .n_threads = n_threads, .full_window = full};
    rh_enc_window w = {.samples = speech.samples, .n = speech.n, .n_hops = rh_log_mel_n_hops(speech.n)};
    if (rh_ggml_file_open(&e->file, weights, &err) != RH_OK ||
        rh_enc_model_new(&e->model, e->file, &o, &err) != RH_OK ||
        rh_enc_state_new(&e->state, e->model, &err) != RH_OK || rh_enc_run(e->state, &w, &e->out, &err) != RH_OK)
        fail_msg("%s", err.msg);
}

static void encoded_done(encoded *e)
{
    rh_enc_state_free(e->state);
    rh_enc_model_free(e->model);
    rh_ggml_file_free(e->file);
}

/* Root mean square difference over the speech, over the root mean square. */
static double distance(const encoded *a, const encoded *b, int n_state)
{
    double diff = 0.0, sum = 0.0;
    for (int i = 0; i < a->out.n_speech * n_state; i++) {
        double d = (double)a->out.states[i] - (double)b->out.states[i];
        diff += d * d;
        sum += (double)a->out.states[i] * (double)a->out.states[i];
    }
    return sqrt(diff / sum);
}

/* How it was said, by OpenVINO's arithmetic and by our own kernels in 8 bits. */
static void voices_are_heard_alike_in_f32_and_8_bits(void **state)
{
    (void)state;
    encoded a, b;
    float by_a[RH_ASR_POOLED], by_b[RH_ASR_POOLED];
    double diff = 0, sum = 0;
    encode(&a, "f32", 1, false);
    encode(&b, "auto", 1, false);
    assert_int_equal(rh_enc_pool(a.state, &a.out, by_a, NULL), RH_OK);
    assert_int_equal(rh_enc_pool(b.state, &b.out, by_b, NULL), RH_OK);
    for (int i = 0; i < RH_ASR_POOLED; i++) {
        diff += pow((double)by_a[i] - (double)by_b[i], 2);
        sum += pow((double)by_a[i], 2);
    }
    assert_true(sum > 1 && sqrt(diff / sum) < 0.05);
    encoded_done(&a);
    encoded_done(&b);
}

static void kept_silence_changes_little_where_speech_is(void **state)
{
    (void)state;
    encoded full, kept, eight;
    encode(&full, "f32", 1, true);
    encode(&kept, "f32", 1, false);
    encode(&eight, "int8", 1, false);
    assert_int_equal(full.out.n_pos, 1500);
    assert_true(kept.out.n_own < 300);
    double d = distance(&full, &kept, 512), q = distance(&kept, &eight, 512);
    print_message("silence %.4f, 8 bits %.4f\n", d, q);
    assert_true(d < 0.2);
    assert_true(q < 0.1);
    encoded_done(&full);
    encoded_done(&kept);
    encoded_done(&eight);
}

static void threads_do_not_change_the_encoder(void **state)
{
    (void)state;
    encoded one, two;
    encode(&one, "f32", 1, false);
    encode(&two, "f32", 2, false);
    assert_true(distance(&one, &two, 512) < 1e-4);
    encoded_done(&one);
    encoded_done(&two);
    encode(&one, "int8", 1, false);
    encode(&two, "int8", 3, false);
    assert_true(distance(&one, &two, 512) < 1e-4);
    encoded_done(&one);
    encoded_done(&two);
}

static rh_asr_model *load(rh_engine engine, const char *cache)
{
    rh_error err = {0};
    rh_asr_model *m = NULL;
    rh_asr_model_options o = rh_asr_model_options_default();
    o.engine = engine;
    o.device = RH_DEVICE_CPU;
    o.n_threads = 2;
    o.cache_dir = cache;
    if (rh_asr_model_load(&m, weights, &o, &err) != RH_OK)
        fail_msg("%s", err.msg);
    return m;
}

typedef struct {
    rh_asr_model *model;
    const rh_audio *audio;
    int times;
    char *text;
    rh_status st;
} listener;

static void *listen(void *arg)
{
    listener *l = arg;
    rh_asr_stream *s = NULL;
    rh_transcript t;
    rh_asr_params p = rh_asr_params_default();
    p.language = "en";
    rh_transcript_init(&t);
    l->st = rh_asr_stream_new(&s, l->model, NULL);
    for (int i = 0; i < l->times && l->st == RH_OK; i++)
        l->st = rh_asr_transcribe(s, l->audio->samples, l->audio->n, &p, &t, NULL);
    l->text = rh_strdup(t.text ? t.text : "");
    rh_transcript_done(&t);
    rh_asr_stream_free(s);
    return NULL;
}

static void engines_agree_and_the_cache_changes_nothing(void **state)
{
    (void)state;
    char cache[] = "/tmp/rehearse-engine-XXXXXX", command[80];
    assert_non_null(mkdtemp(cache));
    rh_asr_model *models[] = {load(RH_ENGINE_WHISPER_CPP, NULL), load(RH_ENGINE_NATIVE, cache),
                              load(RH_ENGINE_NATIVE, NULL), NULL};
    models[3] = load(RH_ENGINE_NATIVE, cache);
    listener l[4];
    for (int i = 0; i < 4; i++) {
        l[i] = (listener){.model = models[i], .audio = &speech, .times = 1};
        (void)listen(&l[i]);
        assert_int_equal(l[i].st, RH_OK);
        assert_string_equal(l[i].text, l[0].text);
    }
    assert_non_null(strstr(l[0].text, "thought me so silly"));
    for (int i = 0; i < 4; i++) {
        rh_free(l[i].text);
        rh_asr_model_free(models[i]);
    }
    (void)snprintf(command, sizeof command, "rm -r %s", cache);
    assert_int_equal(system(command), 0);
}

static void streams_side_by_side_say_what_one_says(void **state)
{
    (void)state;
    enum { N = 3 };
    rh_asr_model *m = load(RH_ENGINE_NATIVE, NULL);
    listener l[N], alone = {.model = m, .audio = &speech, .times = 1};
    pthread_t threads[N];
    (void)listen(&alone);
    for (int i = 0; i < N; i++) {
        l[i] = (listener){.model = m, .audio = &speech, .times = 3};
        assert_int_equal(pthread_create(&threads[i], NULL, listen, &l[i]), 0);
    }
    for (int i = 0; i < N; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(l[i].st, RH_OK);
        assert_string_equal(l[i].text, alone.text);
        rh_free(l[i].text);
    }
    rh_free(alone.text);
    rh_asr_model_free(m);
}

static void second_decodes_use_what_was_heard(void **state)
{
    (void)state;
    rh_asr_model *m = load(RH_ENGINE_NATIVE, NULL);
    rh_asr_stream *s = NULL;
    rh_transcript t, again, forced;
    rh_asr_params p = rh_asr_params_default();
    rh_error err = {0};
    float pooled[RH_ASR_POOLED], alone[RH_ASR_POOLED];
    p.language = "en";
    rh_transcript_init(&t);
    rh_transcript_init(&again);
    rh_transcript_init(&forced);
    assert_int_equal(rh_asr_stream_new(&s, m, &err), RH_OK);
    rh_asr_ending next = {0};
    assert_int_equal(rh_asr_redecode(s, &p, &again, &err), RH_ERR_INVAL);
    assert_int_equal(rh_asr_expected(s, "You", &p, &next, &err), RH_ERR_INVAL);
    assert_int_equal(rh_asr_transcribe(s, speech.samples, speech.n, &p, &t, &err), RH_OK);
    assert_int_equal(rh_asr_redecode(s, &p, &again, &err), RH_OK);
    assert_string_equal(again.text, t.text);
    assert_int_equal(again.encode_us, 0);
    assert_int_equal(rh_asr_force(s, "You don't mean that you thought me so green.", &p, &forced, &err), RH_OK);
    assert_int_equal(forced.n_words, 9);
    assert_true(forced.words[1].p > 0.5f);
    assert_true(forced.words[8].p < 0.1f);
    assert_int_equal(rh_asr_expected(s, "You don't mean that you thought me so silly", &p, &next, &err), RH_OK);
    assert_true(next.stop > 0.7f && next.more < 0.1f);
    assert_true(fabsf(next.stop + next.comma + next.trailing + next.end + next.more - 1) < 0.02f);
    assert_int_equal(rh_asr_expected(s, " You don't mean that you thought", &p, &next, &err), RH_OK);
    assert_true(next.more > 0.7f && next.stop < 0.1f);
    assert_int_equal(rh_asr_expected(s, "", &p, &next, &err), RH_OK);
    assert_true(next.more > 0.5f);
    assert_int_equal(rh_asr_pooled(s, pooled, &err), RH_OK);
    /* Sound encoded for its output alone: the same output, and nothing of it to decode. */
    assert_int_equal(rh_asr_pool(s, speech.samples, speech.n, alone, &err), RH_OK);
    assert_memory_equal(alone, pooled, sizeof pooled);
    assert_int_equal(rh_asr_redecode(s, &p, &again, &err), RH_ERR_INVAL);
    assert_int_equal(rh_asr_pooled(s, pooled, &err), RH_ERR_INVAL);
    assert_int_equal(rh_asr_pool(s, speech.samples, 100, alone, &err), RH_ERR_INVAL);
    float *much = rh_calloc(31 * RH_ASR_RATE_HZ, sizeof *much);
    assert_int_equal(rh_asr_pool(s, much, 31 * RH_ASR_RATE_HZ, alone, &err), RH_ERR_LIMIT);
    rh_free(much);
    rh_transcript_done(&t);
    rh_transcript_done(&again);
    rh_transcript_done(&forced);
    rh_asr_stream_free(s);
    rh_asr_model_free(m);
}

/* 44 s: two copies of a speech with silence between, so that a window ends inside the second. */
static void long_recordings_lose_and_double_nothing(void **state)
{
    (void)state;
    rh_audio jfk = {0}, all = {0};
    assert_int_equal(rh_audio_read_file(&jfk, "tests/fixtures/jfk.flac", 60, NULL), RH_OK);
    enum { COPIES = 4 };
    all.n = COPIES * jfk.n;
    all.samples = rh_alloc_array(all.n, sizeof *all.samples);
    for (size_t i = 0; i < all.n; i++)
        all.samples[i] = jfk.samples[i % jfk.n];
    rh_asr_model *m = load(RH_ENGINE_NATIVE, NULL);
    listener l = {.model = m, .audio = &all, .times = 1};
    (void)listen(&l);
    assert_int_equal(l.st, RH_OK);
    int found = 0;
    for (const char *p = l.text; (p = strstr(p, "fellow Americans")) != NULL; p++)
        found++;
    if (found != COPIES)
        fail_msg("%d of %d: %s", found, COPIES, l.text);
    rh_free(l.text);
    rh_asr_model_free(m);
    rh_free(all.samples);
    rh_audio_done(&jfk);
}

static int steps_of(rh_asr_stream *s, const rh_audio *a, const char *language)
{
    rh_transcript t;
    rh_error err = {0};
    rh_asr_params p = rh_asr_params_default();
    p.language = language;
    rh_transcript_init(&t);
    if (rh_asr_transcribe(s, a->samples, a->n, &p, &t, &err) != RH_OK)
        fail_msg("%s", err.msg);
    int n = t.n_steps;
    print_message("%s: %d decoder steps\n", language, n);
    rh_transcript_done(&t);
    return n;
}

/* All its tries fail, and the sampled ones write to the end of their room. */
static void a_wrong_language_takes_a_bounded_time(void **state)
{
    (void)state;
    const char *const wrong[] = {"ko", "ja", "zh", "th", "de"};
    rh_asr_model *m = load(RH_ENGINE_NATIVE, NULL);
    rh_asr_stream *s = NULL;
    rh_audio jfk = {0};
    assert_int_equal(rh_audio_read_file(&jfk, "tests/fixtures/jfk.flac", 60, NULL), RH_OK);
    assert_int_equal(rh_asr_stream_new(&s, m, NULL), RH_OK);
    const rh_audio *sounds[] = {&jfk, &speech};
    for (size_t k = 0; k < 2; k++) {
        int right = steps_of(s, sounds[k], "en");
        for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
            assert_true(steps_of(s, sounds[k], wrong[i]) < 4 * right + 40);
    }
    rh_asr_stream_free(s);
    rh_asr_model_free(m);
    rh_audio_done(&jfk);
}

/* What is heard of a recording where `list` is expected, in the first decode and in a second. */
static void expecting(rh_asr_stream *s, const rh_audio *a, const char *const *list, size_t n, rh_transcript out[2])
{
    rh_error err = {0};
    rh_terms *terms = NULL;
    rh_asr_params p = rh_asr_params_default();
    p.language = "en";
    if (n && rh_terms_new(&terms, list, n, &err) != RH_OK)
        fail_msg("%s", err.msg);
    p.terms = terms;
    if (rh_asr_transcribe(s, a->samples, a->n, &p, &out[0], &err) != RH_OK ||
        rh_asr_redecode(s, &p, &out[1], &err) != RH_OK)
        fail_msg("%s", err.msg);
    rh_terms_free(terms);
    assert_string_equal(out[0].text, out[1].text);
}

static void terms_are_written_where_they_are_said_and_only_there(void **state)
{
    (void)state;
    static const char *const terms[] = {"Kubernetes", "Californian", "Terraform",  "PostgreSQL",
                                        "Emil",       "Grafana",     "strenuously"};
    rh_asr_model *m = load(RH_ENGINE_NATIVE, NULL);
    rh_asr_stream *s = NULL;
    rh_audio emil = {0}, crayfish = {0};
    rh_transcript plain[2], told[2];
    for (int i = 0; i < 2; i++) {
        rh_transcript_init(&plain[i]);
        rh_transcript_init(&told[i]);
    }
    assert_int_equal(rh_audio_read_file(&emil, "tests/fixtures/237-134500-0025.flac", 60, NULL), RH_OK);
    assert_int_equal(rh_audio_read_file(&crayfish, "tests/fixtures/367-130732-0003.ogg", 60, NULL), RH_OK);
    assert_int_equal(rh_asr_stream_new(&s, m, NULL), RH_OK);
    expecting(s, &emil, NULL, 0, plain);
    expecting(s, &emil, terms, 7, told);
    assert_null(strstr(plain[0].text, "Emil"));
    assert_non_null(strstr(told[0].text, "Emil"));
    /* The word has its time and a probability, and what stands around it is as before. */
    const rh_asr_word *w = &told[0].words[told[0].n_words - 1];
    assert_true(w->end > w->start && w->p > 0.0f && w->p <= 1.0f);
    expecting(s, &crayfish, NULL, 0, plain);
    expecting(s, &crayfish, terms, 7, told);
    assert_null(strstr(plain[0].text, "Californian"));
    assert_non_null(strstr(told[0].text, "patriotism of the Californian"));
    assert_non_null(strstr(told[0].text, "every purpose"));
    /* Nothing of it is said. */
    expecting(s, &speech, NULL, 0, plain);
    expecting(s, &speech, terms, 7, told);
    assert_string_equal(told[0].text, plain[0].text);
    assert_int_equal(told[0].n_tokens, plain[0].n_tokens);
    for (int i = 0; i < told[0].n_tokens; i++)
        assert_true(told[0].tokens[i].p == plain[0].tokens[i].p && told[0].tokens[i].start == plain[0].tokens[i].start);
    for (int i = 0; i < 2; i++) {
        rh_transcript_done(&plain[i]);
        rh_transcript_done(&told[i]);
    }
    rh_asr_stream_free(s);
    rh_asr_model_free(m);
    rh_audio_done(&emil);
    rh_audio_done(&crayfish);
}

/* Somebody else's, decoded in the midst of a decode. */
typedef struct {
    listener other;
    int n_calls;
} passer;

static void let_pass(void *user)
{
    passer *p = user;
    if (p->n_calls++ % 3) /* the first time nothing is encoded yet, later some words are there */
        return;
    rh_free(p->other.text);
    (void)listen(&p->other);
}

static void what_gives_way_says_the_same(void **state)
{
    (void)state;
    rh_asr_model *m = load(RH_ENGINE_NATIVE, NULL);
    rh_audio emil;
    rh_asr_stream *s;
    rh_transcript plain, gave_way;
    rh_transcript_init(&plain);
    rh_transcript_init(&gave_way);
    assert_int_equal(rh_audio_read_file(&emil, "tests/fixtures/237-134500-0025.flac", 60, NULL), RH_OK);
    listener alone = {.model = m, .audio = &emil, .times = 1};
    (void)listen(&alone);
    passer p = {.other = alone};
    p.other.text = NULL;
    rh_asr_params q = rh_asr_params_default();
    q.language = "en";
    q.timestamps = false;
    assert_int_equal(rh_asr_stream_new(&s, m, NULL), RH_OK);
    assert_int_equal(rh_asr_transcribe(s, speech.samples, speech.n, &q, &plain, NULL), RH_OK);
    q.give_way = let_pass;
    q.give_way_user = &p;
    assert_int_equal(rh_asr_transcribe(s, speech.samples, speech.n, &q, &gave_way, NULL), RH_OK);
    assert_true(p.n_calls > 6);
    assert_int_equal(p.other.st, RH_OK);
    assert_string_equal(p.other.text, alone.text);
    assert_string_equal(gave_way.text, plain.text);
    assert_int_equal(gave_way.n_tokens, plain.n_tokens);
    for (int i = 0; i < plain.n_tokens; i++)
        assert_true(gave_way.tokens[i].p == plain.tokens[i].p && gave_way.tokens[i].start == plain.tokens[i].start);
    rh_free(alone.text);
    rh_free(p.other.text);
    rh_transcript_done(&plain);
    rh_transcript_done(&gave_way);
    rh_asr_stream_free(s);
    rh_asr_model_free(m);
    rh_audio_done(&emil);
}

int main(void)
{
    weights = model_file("ggml-base.bin");
    if (rh_audio_read_file(&speech, "tests/fixtures/1688-142285-0002.flac", 60, NULL) != RH_OK)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_gives_way_says_the_same),
        cmocka_unit_test(voices_are_heard_alike_in_f32_and_8_bits),
        cmocka_unit_test(kept_silence_changes_little_where_speech_is),
        cmocka_unit_test(threads_do_not_change_the_encoder),
        cmocka_unit_test(engines_agree_and_the_cache_changes_nothing),
        cmocka_unit_test(streams_side_by_side_say_what_one_says),
        cmocka_unit_test(second_decodes_use_what_was_heard),
        cmocka_unit_test(long_recordings_lose_and_double_nothing),
        cmocka_unit_test(a_wrong_language_takes_a_bounded_time),
        cmocka_unit_test(terms_are_written_where_they_are_said_and_only_there),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    rh_audio_done(&speech);
    return failed;
}
