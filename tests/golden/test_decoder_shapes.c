/* The native decoder in widths and vocabularies of other official sizes, with
 * made-up weights, against openai-whisper's (decoder/make_shapes.py). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include "asr/native/decoder_internal.h"
#include "made_model.h"
#include "rehearse/base/alloc.h"

enum { CTX = 64, LAYERS = 2, POSITIONS = 50, N_TOKENS = 6 };

typedef struct {
    int width, n_heads, n_vocab;
} shape;

/* A decoder by the formulas of decoder/make_shapes.py; the caller frees the bytes. */
static char *make(const shape *s, size_t *n)
{
    char *bytes = NULL;
    made_file f = {.out = open_memstream(&bytes, n), .type = RH_GGML_F32, .gains = {1.0f, 1.0f}, .ok = true};
    const rh_ggml_hparams h = {.n_vocab = s->n_vocab,
                               .n_audio_ctx = 1500,
                               .n_audio_state = s->width,
                               .n_audio_head = s->n_heads,
                               .n_audio_layer = LAYERS,
                               .n_text_ctx = CTX,
                               .n_text_state = s->width,
                               .n_text_head = s->n_heads,
                               .n_text_layer = LAYERS,
                               .n_mels = 80};
    assert_non_null(f.out);
    made_head(&f, &h);
    f.seed = 0;
    made_decoder(&f, &h);
    assert_true(f.ok && fclose(f.out) == 0);
    return bytes;
}

/* Largest difference to the golden logits over the largest of them. */
static double compare(const shape *s, const float *logits)
{
    int width, position, token, n = 0;
    double value, worst = 0.0, largest = 0.0;
    FILE *in = fopen("tests/golden/decoder/shapes.txt", "r");
    assert_non_null(in);
    while (fscanf(in, "%d %d %d %lf", &width, &position, &token, &value) == 4) {
        if (width != s->width)
            continue;
        double ours = (double)logits[position * s->n_vocab + token];
        worst = fmax(worst, fabs(ours - value));
        largest = fmax(largest, fabs(value));
        n++;
    }
    fclose(in);
    assert_int_equal(n, 36);
    return worst / largest;
}

static double run(const rh_ggml_file *file, const shape *s, bool f32)
{
    static const int32_t tokens[N_TOKENS] = {50258, 50259, 100, 2000, 30000, 7};
    rh_error err = {0};
    rh_dec_model *m = NULL;
    rh_dec_state *state = NULL;
    rh_dec_options o = {.n_threads = 2, .f32 = f32};
    dec_sequence q = {.n = 0};
    float *audio = rh_alloc_array((size_t)(POSITIONS * s->width), sizeof *audio);
    assert_non_null(audio);
    for (int i = 0; i < POSITIONS * s->width; i++)
        audio[i] = made_value(999, (uint32_t)i) * 4.0f;
    if (rh_dec_model_new(&m, file, &o, &err) != RH_OK || rh_dec_state_new(&state, m, &err) != RH_OK ||
        rh_dec_set_audio(state, audio, POSITIONS, &err) != RH_OK ||
        dec_extend(state, &q, tokens, N_TOKENS, 0, NULL, 0, &err) != RH_OK)
        fail_msg("%s", err.msg);
    double worst = compare(s, state->logits);
    rh_free(audio);
    rh_dec_state_free(state);
    rh_dec_model_free(m);
    return worst;
}

static void every_width_and_vocabulary_is_the_reference(void **state)
{
    (void)state;
    static const shape shapes[] = {{384, 6, 51864}, {768, 12, 51865}, {1280, 20, 51866}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        size_t n;
        char *bytes = make(&shapes[i], &n);
        rh_error err = {0};
        rh_ggml_file *file = NULL;
        if (rh_ggml_file_parse(&file, bytes, n, &err) != RH_OK)
            fail_msg("%s", err.msg);
        double f32 = run(file, &shapes[i], true), int8 = run(file, &shapes[i], false);
        print_message("width %d: f32 off by %.1e, int8 by %.1e\n", shapes[i].width, f32, int8);
        assert_true(f32 < 1e-4);
        assert_true(int8 < 0.03);
        rh_ggml_file_free(file);
        free(bytes);
    }
}

static void vocabularies_number_their_special_tokens(void **state)
{
    (void)state;
    static const struct {
        shape s;
        int32_t eot, languages, no_timestamps, begin, cantonese;
    } cases[] = {{{64, 1, 51864}, 50256, 99, 50362, 50363, -1},
                 {{64, 1, 51865}, 50257, 99, 50363, 50364, -1},
                 {{64, 1, 51866}, 50257, 100, 50364, 50365, 50358}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t n;
        char *bytes = make(&cases[i].s, &n);
        rh_error err = {0};
        rh_ggml_file *file = NULL;
        rh_tokenizer *t = NULL;
        if (rh_ggml_file_parse(&file, bytes, n, &err) != RH_OK || rh_tokenizer_new(&t, file, &err) != RH_OK)
            fail_msg("%s", err.msg);
        const rh_special_tokens *s = rh_tokenizer_special(t);
        assert_int_equal(s->eot, cases[i].eot);
        assert_int_equal(s->n_languages, cases[i].languages);
        assert_int_equal(s->no_timestamps, cases[i].no_timestamps);
        assert_int_equal(s->timestamp_begin, cases[i].begin);
        assert_int_equal(rh_tokenizer_language(t, "yue"), cases[i].cantonese);
        assert_int_equal(s->multilingual, i > 0);
        rh_tokenizer_free(t);
        rh_ggml_file_free(file);
        free(bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_width_and_vocabulary_is_the_reference),
        cmocka_unit_test(vocabularies_number_their_special_tokens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
