/* The native decoder in widths and vocabularies of other official sizes, with
 * made-up weights, against openai-whisper's (decoder/make_shapes.py). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include "asr/native_decoder_internal.h"
#include "random_encoder.h"
#include "rehearse/alloc.h"

enum { CTX = 64, LAYERS = 2, POSITIONS = 50, N_TOKENS = 6 };

typedef struct {
    int width, n_heads, n_vocab;
} shape;

static void put_attention(random_file *f, const char *layer, const char *part, int d)
{
    char prefix[64], norm[24];
    (void)snprintf(norm, sizeof norm, "%s_ln", part);
    random_norm(f, layer, norm, d);
    (void)snprintf(prefix, sizeof prefix, "%s%s.", layer, part);
    random_linear(f, prefix, "query", d, d, true);
    random_linear(f, prefix, "key", d, d, false);
    random_linear(f, prefix, "value", d, d, true);
    random_linear(f, prefix, "out", d, d, true);
}

/* Every byte is a token, the others are pairs of bytes. */
static void put_vocabulary(random_file *f, int n)
{
    random_put_int(f, n);
    for (int i = 0; i < n; i++) {
        char s[2] = {(char)(i < 256 ? i : (i - 256) / 256), (char)((i - 256) % 256)};
        int len = i < 256 ? 1 : 2;
        random_put_int(f, len);
        random_put(f, s, (size_t)len);
    }
}

static void put_decoder(random_file *f, const shape *s)
{
    static const float filters[80 * 201];
    int d = s->width;
    const int32_t head[] = {0x67676d6c, s->n_vocab, 1500, d, s->n_heads, LAYERS, CTX, d,
                            s->n_heads, LAYERS, 80, 0, 80, 201};
    rh_buf_init(&f->bytes, (size_t)1 << 31);
    f->seed = 0;
    f->ok = true;
    random_put(f, head, sizeof head);
    random_put(f, filters, sizeof filters);
    put_vocabulary(f, s->n_vocab >= 51865 ? 50257 : 50256);
    random_tensor(f, "decoder.positional_embedding", d, CTX, 1, 0.2f, 0.0f);
    random_tensor(f, "decoder.token_embedding.weight", d, s->n_vocab, 1,
                  (float)(2.0 / sqrt((double)d)), 0.0f);
    for (int i = 0; i < LAYERS; i++) {
        char layer[40];
        (void)snprintf(layer, sizeof layer, "decoder.blocks.%d.", i);
        put_attention(f, layer, "attn", d);
        put_attention(f, layer, "cross_attn", d);
        random_norm(f, layer, "mlp_ln", d);
        random_linear(f, layer, "mlp.0", d, 4 * d, true);
        random_linear(f, layer, "mlp.2", 4 * d, d, true);
    }
    random_norm(f, "decoder.", "ln", d);
    assert_true(f->ok);
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
        audio[i] = random_value(999, (uint32_t)i) * 4.0f;
    if (rh_dec_model_new(&m, file, &o, &err) != RH_OK ||
        rh_dec_state_new(&state, m, &err) != RH_OK ||
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
        random_file f;
        rh_error err = {0};
        rh_ggml_file *file = NULL;
        put_decoder(&f, &shapes[i]);
        if (rh_ggml_file_parse(&file, f.bytes.data, f.bytes.len, &err) != RH_OK)
            fail_msg("%s", err.msg);
        double f32 = run(file, &shapes[i], true), int8 = run(file, &shapes[i], false);
        print_message("width %d: f32 off by %.1e, int8 by %.1e\n", shapes[i].width, f32, int8);
        assert_true(f32 < 1e-4);
        assert_true(int8 < 0.03);
        rh_ggml_file_free(file);
        rh_buf_done(&f.bytes);
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
        random_file f;
        rh_error err = {0};
        rh_ggml_file *file = NULL;
        rh_tokenizer *t = NULL;
        put_decoder(&f, &cases[i].s);
        if (rh_ggml_file_parse(&file, f.bytes.data, f.bytes.len, &err) != RH_OK ||
            rh_tokenizer_new(&t, file, &err) != RH_OK)
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
        rh_buf_done(&f.bytes);
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
