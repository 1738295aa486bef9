/* Every official shape and weight format on made-up weights: the native engine
 * beside whisper.cpp, stage by stage. Few layers and short windows here; all of
 * them at full depth: tools/test shapes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <ggml.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "compare.h"
#include "made_model.h"
#include "rehearse/asr/asr.h"

enum { LAYERS = 2, TURBO_LAYERS = 4, POSITIONS = 160, N_THREADS = 2 };

/* Writes a file of made-up weights; the caller removes it. */
static void make(char *path, size_t size, const made_shape *s, const made_options *o)
{
    const char *dir = getenv("TMPDIR");
    (void)snprintf(path, size, "%s/rehearse-made-XXXXXX", dir ? dir : "/tmp");
    int fd = mkstemp(path);
    FILE *f = fd >= 0 ? fdopen(fd, "wb") : NULL;
    bool ok = f && made_model(f, s, o);
    if (!f || fclose(f) != 0 || !ok) {
        (void)unlink(path);
        fail_msg("cannot write %s", path);
    }
}

static comparison compare(const made_shape *s, const made_options *o)
{
    char path[4096];
    comparison c;
    rh_error err = {0};
    make(path, sizeof path, s, o);
    rh_status st = compare_engines(&c, path, N_THREADS, &err);
    (void)unlink(path);
    if (st != RH_OK)
        fail_msg("%s: %s", s->name, err.msg);
    print_message("%s: log-mel %.1e, encoder %.1e, tail %.1e, logits %.1e, top %d of %d; int8: "
                  "encoder %.1e, logits %.1e, top %d\n",
                  s->name, c.mel, c.encoder, c.tail, c.logits, c.same_f32, c.n_steps, c.int8_encoder, c.int8_logits,
                  c.same_int8);
    return c;
}

static void every_shape_gives_what_whisper_cpp_gives(void **state)
{
    (void)state;
    for (const made_shape *s = made_shapes; s->name; s++) {
        if (strcmp(s->name, "base") == 0 || (strncmp(s->name, "large-v", 7) == 0 && s->n_dec != TURBO_LAYERS))
            continue; // the real one is tested; so few layers of the large ones are the turbo's
        made_options o = {.type = RH_GGML_F32,
                          .n_audio_ctx = POSITIONS,
                          .n_layers = s->n_dec == TURBO_LAYERS ? TURBO_LAYERS : LAYERS};
        comparison c = compare(s, &o);
        assert_true(c.mel < 1e-4);
        assert_true(c.encoder < 1e-3);
        assert_true(c.tail < 1e-5);
        assert_true(c.logits < 1e-3);
        assert_true(c.same_f32 >= c.n_steps - 1);
        assert_true(c.int8_encoder < 0.05);
        assert_true(c.int8_logits < 0.03);
        assert_true(c.same_int8 >= c.n_steps * 9 / 10);
    }
}

/* whisper.cpp rounds activations too where weights are quantised. */
static void every_weight_format_gives_what_whisper_cpp_gives(void **state)
{
    (void)state;
    static const struct {
        rh_ggml_type type;
        double most;
    } cases[] = {{RH_GGML_F16, 1e-3}, {RH_GGML_Q8_0, 0.02}, {RH_GGML_Q5_0, 0.02}, {RH_GGML_Q5_1, 0.02}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        made_options o = {.type = cases[i].type, .n_layers = LAYERS, .n_audio_ctx = POSITIONS};
        comparison c = compare(made_shape_find("tiny"), &o);
        assert_true(c.encoder < cases[i].most);
        assert_true(c.logits < cases[i].most);
        assert_true(c.same_f32 >= c.n_steps * 9 / 10);
        assert_true(c.same_int8 >= c.n_steps * 9 / 10);
    }
}

static void weights_are_read_as_ggml_reads_them(void **state)
{
    (void)state;
    static const rh_ggml_type types[] = {RH_GGML_F16, RH_GGML_Q8_0, RH_GGML_Q5_0, RH_GGML_Q5_1};
    enum { COLS = 384, ROWS = 1536 };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        char path[4096];
        float ours[COLS], theirs[COLS];
        rh_ggml_file *f = NULL;
        made_options o = {.type = types[i], .n_layers = 1, .n_audio_ctx = 8};
        make(path, sizeof path, made_shape_find("tiny"), &o);
        assert_int_equal(rh_ggml_file_open(&f, path, NULL), RH_OK);
        (void)unlink(path);
        const rh_ggml_tensor *t = rh_ggml_file_tensor(f, "encoder.blocks.0.mlp.0.weight");
        assert_non_null(t);
        assert_int_equal(t->type, types[i]);
        for (int64_t r = 0; r < ROWS; r++) {
            size_t bytes = ggml_row_size((enum ggml_type)types[i], COLS);
            uint8_t aligned[4 * COLS];
            memcpy(aligned, (const char *)t->data + (size_t)r * bytes, bytes);
            rh_ggml_row(t, r, ours);
            ggml_get_type_traits((enum ggml_type)types[i])->to_float(aligned, theirs, COLS);
            for (int k = 0; k < COLS; k++)
                assert_float_equal(ours[k], theirs[k], 1e-7);
        }
        rh_ggml_file_free(f);
    }
}

/* ggml's convolution would end the process. */
static void whisper_cpp_is_not_given_f32(void **state)
{
    (void)state;
    char path[4096];
    rh_error err = {0};
    rh_asr_model *m = NULL;
    rh_asr_model_options o = {.engine = RH_ENGINE_WHISPER_CPP, .device = RH_DEVICE_CPU};
    made_options made = {.type = RH_GGML_F32, .n_layers = 1, .n_audio_ctx = 8};
    make(path, sizeof path, made_shape_find("tiny"), &made);
    rh_status st = rh_asr_model_load(&m, path, &o, &err);
    (void)unlink(path);
    assert_int_equal(st, RH_ERR_UNSUPPORTED);
    assert_non_null(strstr(err.msg, "--engine native"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_shape_gives_what_whisper_cpp_gives),
        cmocka_unit_test(every_weight_format_gives_what_whisper_cpp_gives),
        cmocka_unit_test(weights_are_read_as_ggml_reads_them),
        cmocka_unit_test(whisper_cpp_is_not_given_f32),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
