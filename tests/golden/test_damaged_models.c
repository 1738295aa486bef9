/* Model files that read well but are wrong: each gives a clear error or a
 * transcript, never a crash. The file is a small one with made-up weights. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "made_model.h"
#include "rehearse/asr/asr.h"

enum { HEAD_BYTES = 4, MEL_AT = HEAD_BYTES + (int)sizeof(rh_ggml_hparams), SAMPLES = 16000 };

static char *whole; /* the file before damage */
static size_t n_whole;
static char *bytes; /* a copy to be damaged */
static size_t n_bytes;
static char message[sizeof(((rh_error *)0)->msg)]; /* of the last load or transcription */

static const made_shape shape = {"smallest", 80, 64, 1, 1, 1, 51865};
static const made_options made = {.type = RH_GGML_Q8_0, .n_audio_ctx = 64};

static void fresh(void)
{
    memcpy(bytes, whole, n_whole);
    n_bytes = n_whole;
}

/* Loads the bytes and transcribes a second of sound. */
static rh_status use(const char *precision)
{
    static float sound[SAMPLES];
    char path[64];
    rh_error err = {0};
    rh_asr_model *m = NULL;
    rh_asr_stream *s = NULL;
    rh_transcript t;
    rh_asr_model_options o = {.engine = RH_ENGINE_NATIVE, .n_threads = 1, .precision = precision};
    rh_asr_params p = rh_asr_params_default();
    p.fallback = false;
    for (int i = 0; i < SAMPLES; i++)
        sound[i] = (float)(0.3 * sin(0.05 * i));
    int fd = memfd_create("model", 0);
    assert_true(fd >= 0 && write(fd, bytes, n_bytes) == (ssize_t)n_bytes);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    rh_transcript_init(&t);
    rh_status st = rh_asr_model_load(&m, path, &o, &err);
    if (st == RH_OK)
        st = rh_asr_stream_new(&s, m, &err);
    if (st == RH_OK)
        st = rh_asr_transcribe(s, sound, SAMPLES, &p, &t, &err);
    rh_transcript_done(&t);
    rh_asr_stream_free(s);
    rh_asr_model_free(m);
    close(fd);
    memcpy(message, err.msg, sizeof message);
    return st;
}

static void expect_refused(const char *what)
{
    rh_status st = use("f32");
    if (st != RH_ERR_FORMAT || !message[0])
        fail_msg("%s: %s %s", what, rh_status_name(st), message);
}

/* The damaged bytes, read. */
static rh_ggml_file *parsed(void)
{
    rh_ggml_file *f = NULL;
    assert_int_equal(rh_ggml_file_parse(&f, bytes, n_bytes, NULL), RH_OK);
    return f;
}

static size_t header_of(const rh_ggml_tensor *t)
{
    return t->offset - strlen(t->name) - (size_t)(3 + t->n_dims) * sizeof(int32_t);
}

static void the_whole_file_is_used(void **state)
{
    (void)state;
    fresh();
    if (use("f32") != RH_OK || use("int8") != RH_OK)
        fail_msg("%s", message);
}

static void wrong_sizes_in_the_header_are_refused(void **state)
{
    (void)state;
    static const struct {
        size_t at;
        int32_t value;
    } cases[] = {
#define FIELD(name, value) {offsetof(rh_ggml_hparams, name), value}
        FIELD(n_vocab, 51864),  FIELD(n_vocab, 51866),     FIELD(n_vocab, 51000),    FIELD(n_vocab, 60000),
        FIELD(n_audio_ctx, 63), FIELD(n_audio_ctx, 16384), FIELD(n_audio_state, 32), FIELD(n_audio_state, 128),
        FIELD(n_audio_head, 2), FIELD(n_audio_head, 64),   FIELD(n_audio_layer, 2),  FIELD(n_audio_layer, 256),
        FIELD(n_text_ctx, 16),  FIELD(n_text_ctx, 449),    FIELD(n_text_state, 128), FIELD(n_text_state, 32),
        FIELD(n_text_head, 2),  FIELD(n_text_head, 64),    FIELD(n_text_layer, 2),   FIELD(n_text_layer, 256),
        FIELD(n_mels, 128),
#undef FIELD
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char what[64];
        fresh();
        memcpy(bytes + HEAD_BYTES + cases[i].at, &cases[i].value, sizeof cases[i].value);
        (void)snprintf(what, sizeof what, "field %zu = %d", cases[i].at / 4, cases[i].value);
        expect_refused(what);
    }
}

static void a_vocabulary_that_is_none_is_refused(void **state)
{
    (void)state;
    size_t at = MEL_AT + 2 * sizeof(int32_t) + 80 * 201 * sizeof(float);
    int32_t n;
    fresh();
    memcpy(&n, bytes + at, sizeof n);
    assert_int_equal(n, 50257);
    size_t first = at + 2 * sizeof n; /* the byte of token 0 */
    bytes[first] = 1;                 /* token 0 is token 1 once more */
    expect_refused("no token for byte 0");
    assert_non_null(strstr(message, "byte 0"));
    /* Half the list: the rest of it is taken for tensors. */
    fresh();
    n = 20000;
    memcpy(bytes + at, &n, sizeof n);
    assert_true(use("f32") < 0 && message[0]);
    /* A list that is short, but a whole file. */
    fresh();
    rh_ggml_file *f = parsed();
    size_t tensors = header_of(rh_ggml_file_tensor_at(f, 0)), kept = 256 * (sizeof n + 1);
    rh_ggml_file_free(f);
    n = 256;
    memcpy(bytes + at, &n, sizeof n);
    memmove(bytes + at + sizeof n + kept, bytes + tensors, n_bytes - tensors);
    n_bytes -= tensors - (at + sizeof n + kept);
    expect_refused("256 tokens");
    assert_non_null(strstr(message, "256"));
}

static void every_tensor_is_missed_and_named(void **state)
{
    (void)state;
    fresh();
    rh_ggml_file *f = parsed();
    for (size_t i = 0; i < rh_ggml_file_n_tensors(f); i++) {
        const rh_ggml_tensor *t = rh_ggml_file_tensor_at(f, i);
        size_t from = header_of(t), end = t->offset + t->size;
        char name[128];
        (void)snprintf(name, sizeof name, "%s", t->name);
        fresh();
        memmove(bytes + from, bytes + end, n_bytes - end);
        n_bytes -= end - from;
        expect_refused(name);
        assert_non_null(strstr(message, name));
        /* And with sides that hold as much but are others. */
        fresh();
        int32_t *sides = (int32_t *)(void *)(bytes + from + 3 * sizeof(int32_t)), side;
        if (t->n_dims == 2 && t->ne[0] > 1 && t->ne[0] != t->ne[1]) {
            memcpy(&side, sides, sizeof side);
            memcpy(sides, sides + 1, sizeof side);
            memcpy(sides + 1, &side, sizeof side);
            rh_status st = use("f32");
            if (st != RH_ERR_FORMAT && st != RH_ERR_UNSUPPORTED)
                fail_msg("%s turned: %s", name, rh_status_name(st));
        }
    }
    rh_ggml_file_free(f);
}

static void a_file_cut_anywhere_is_refused(void **state)
{
    (void)state;
    for (int i = 1; i < 12; i++) {
        fresh();
        n_bytes = n_whole / 12 * (size_t)i;
        expect_refused("cut");
    }
}

static void weights_that_are_no_numbers_are_an_error(void **state)
{
    (void)state;
    static const uint32_t bad[] = {0x7fc00000u, 0x7f800000u, 0xff800000u};
    static const uint16_t bad16[] = {0x7e00u, 0x7c00u, 0xfc00u};
    fresh();
    rh_ggml_file *f = parsed();
    for (size_t i = 0; i < rh_ggml_file_n_tensors(f); i++) {
        const rh_ggml_tensor *t = rh_ggml_file_tensor_at(f, i);
        size_t step = t->type == RH_GGML_F32 ? 4 : t->type == RH_GGML_F16 ? 2 : 34;
        fresh();
        for (size_t at = t->offset; at < t->offset + t->size; at += step)
            if (step == 4)
                memcpy(bytes + at, &bad[i % 3], 4);
            else
                memcpy(bytes + at, &bad16[i % 3], 2);
        rh_status st = use(i % 2 ? "int8" : "f32");
        if (st != RH_ERR_FORMAT)
            fail_msg("%s of no numbers: %s", t->name, rh_status_name(st));
    }
    rh_ggml_file_free(f);
}

int main(void)
{
    FILE *out = open_memstream(&whole, &n_whole);
    if (!out || !made_model(out, &shape, &made) || fclose(out) != 0)
        return 1;
    bytes = malloc(n_whole);
    if (!bytes)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_whole_file_is_used),
        cmocka_unit_test(wrong_sizes_in_the_header_are_refused),
        cmocka_unit_test(a_vocabulary_that_is_none_is_refused),
        cmocka_unit_test(every_tensor_is_missed_and_named),
        cmocka_unit_test(a_file_cut_anywhere_is_refused),
        cmocka_unit_test(weights_that_are_no_numbers_are_an_error),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(bytes);
    free(whole);
    return failed;
}
