/* Model files: the catalogue, paths, conversion from CTranslate2 (of a tiny
 * model that is made up here) and downloads (from a folder, by file:// address). */
#include <ftw.h>
#include <jansson.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include "rehearse/base/alloc.h"
#include "rehearse/nn/ggml_file.h"
#include "rehearse/models/model.h"

enum { WIDTH = 4, TEXT_CTX = 5, AUDIO_CTX = 6, VOCAB = 51865, MELS = 80, F32 = 0, I8 = 1, I16 = 2, F16 = 4 };

static char dir[PATH_MAX - 512];

static const char *in_dir(const char *name)
{
    static char path[4][PATH_MAX];
    static int turn;
    turn = (turn + 1) % 4;
    snprintf(path[turn], sizeof path[0], "%s/%s", dir, name);
    return path[turn];
}

static int make_dir(void **state)
{
    (void)state;
    strcpy(dir, "/tmp/rehearse-test-XXXXXX");
    return mkdtemp(dir) ? 0 : -1;
}

static int drop(const char *path, const struct stat *s, int kind, struct FTW *f)
{
    (void)s, (void)kind, (void)f;
    return remove(path);
}

static int remove_dir(void **state)
{
    (void)state;
    return nftw(dir, drop, 8, FTW_DEPTH | FTW_PHYS);
}

/* --- a tiny model ----------------------------------------------------------- */

typedef struct {
    FILE *f;
    uint32_t n;
    bool int8_embeddings, key_bias;
    const char *leave_out;
} maker;

/* Small multiples of 1/64 that depend on name and place: exact in f16. */
static float value_at(const char *name, uint32_t k)
{
    uint32_t h = 2166136261U;
    for (const char *p = name; *p; p++)
        h = (h ^ (uint8_t)*p) * 16777619U;
    h = (h ^ k) * 16777619U;
    return (float)((int)(h >> 16 & 127) - 63) / 64.0f;
}

static void put_name(maker *m, const char *name)
{
    uint16_t n = (uint16_t)(strlen(name) + 1);
    fwrite(&n, 2, 1, m->f);
    fwrite(name, 1, n, m->f);
}

static void put_head(maker *m, const char *name, int rank, const uint32_t *side, uint8_t type, uint32_t bytes)
{
    uint8_t r = (uint8_t)rank;
    put_name(m, name);
    fwrite(&r, 1, 1, m->f);
    if (rank > 0)
        fwrite(side, 4, (size_t)rank, m->f);
    fwrite(&type, 1, 1, m->f);
    fwrite(&bytes, 4, 1, m->f);
    m->n++;
}

static void put(maker *m, const char *name, uint32_t a, uint32_t b, uint32_t c, bool zero)
{
    uint32_t side[3] = {a, b, c}, n = a * (b ? b : 1) * (c ? c : 1);
    if (m->leave_out && strcmp(m->leave_out, name) == 0)
        return;
    put_head(m, name, c ? 3 : b ? 2 : 1, side, F16, n * 2);
    for (uint32_t i = 0; i < n; i++) {
        uint16_t h = rh_f32_to_f16(zero ? 0.0f : value_at(name, i));
        fwrite(&h, 2, 1, m->f);
    }
}

static void put_number(maker *m, const char *name, int16_t x)
{
    put_head(m, name, 0, NULL, I16, 2);
    fwrite(&x, 2, 1, m->f);
}

static void put_linear(maker *m, const char *base, uint32_t rows, uint32_t cols, uint32_t zero_from, uint32_t zero_to)
{
    char name[128];
    snprintf(name, sizeof name, "%s/weight", base);
    put(m, name, rows, cols, 0, false);
    snprintf(name, sizeof name, "%s/bias", base);
    uint32_t side[1] = {rows};
    put_head(m, name, 1, side, F16, rows * 2);
    for (uint32_t i = 0; i < rows; i++) {
        bool zero = i >= zero_from && i < zero_to && !m->key_bias;
        uint16_t h = rh_f32_to_f16(zero ? 0.0f : value_at(name, i));
        fwrite(&h, 2, 1, m->f);
    }
}

static void put_norm(maker *m, const char *base)
{
    char name[128];
    snprintf(name, sizeof name, "%s/gamma", base);
    put(m, name, WIDTH, 0, 0, false);
    snprintf(name, sizeof name, "%s/beta", base);
    put(m, name, WIDTH, 0, 0, false);
}

static void put_layer(maker *m, const char *side, bool cross)
{
    static const struct {
        const char *name;
        uint32_t rows, cols, zero_from, zero_to; /* in widths: the key's part of a bias */
        bool cross;
    } linears[] = {
        {"self_attention/linear_0", 3, 1, 1, 2, false},
        {"self_attention/linear_1", 1, 1, 0, 0, false},
        {"ffn/linear_0", 4, 1, 0, 0, false},
        {"ffn/linear_1", 1, 4, 0, 0, false},
        {"attention/linear_0", 1, 1, 0, 0, true},
        {"attention/linear_1", 2, 1, 0, 1, true},
        {"attention/linear_2", 1, 1, 0, 0, true},
    };
    char base[96];
    for (size_t i = 0; i < sizeof linears / sizeof linears[0]; i++) {
        snprintf(base, sizeof base, "%s/layer_0/%s", side, linears[i].name);
        if (cross || !linears[i].cross)
            put_linear(m, base, linears[i].rows * WIDTH, linears[i].cols * WIDTH, linears[i].zero_from * WIDTH,
                       linears[i].zero_to * WIDTH);
    }
    static const char *const norms[] = {"self_attention", "ffn", "attention"};
    for (int i = 0; i < (cross ? 3 : 2); i++) {
        snprintf(base, sizeof base, "%s/layer_0/%s/layer_norm", side, norms[i]);
        put_norm(m, base);
    }
}

/* Under an alias of an alias, or as int8 with a scale of 2 a row. */
static void put_embeddings(maker *m)
{
    static const char name[] = "decoder/projection/weight";
    if (!m->int8_embeddings) {
        put(m, name, VOCAB, WIDTH, 0, false);
        return;
    }
    uint32_t side[2] = {VOCAB, WIDTH};
    put_head(m, name, 2, side, I8, VOCAB * WIDTH);
    for (uint32_t i = 0; i < VOCAB * WIDTH; i++) {
        int8_t q = (int8_t)(i % 100);
        fwrite(&q, 1, 1, m->f);
    }
    put_head(m, "decoder/projection/weight_scale", 1, side, F32, VOCAB * 4);
    for (uint32_t i = 0; i < VOCAB; i++) {
        float two = 2.0f;
        fwrite(&two, 4, 1, m->f);
    }
}

static void write_tokenizer(void)
{
    FILE *f = fopen(in_dir("tokenizer.json"), "w");
    assert_non_null(f);
    /* token 1 is " a" (a space is written as U+0120), token 2 the byte 0xad (U+0143) */
    fputs("{\"added_tokens\":[{\"id\":3,\"content\":\"<|endoftext|>\"}],\"model\":{\"vocab\":"
          "{\"!\":0,\"\\u0120a\":1,\"\\u0143\":2,\"<|endoftext|>\":3}}}",
          f);
    fclose(f);
}

static void write_model(maker m, const char *kind)
{
    m.f = fopen(in_dir("model.bin"), "w+b");
    assert_non_null(m.f);
    uint32_t version = 6, revision = 3, zero = 0, aliases = 2;
    fwrite(&version, 4, 1, m.f);
    put_name(&m, kind);
    fwrite(&revision, 4, 1, m.f);
    long count_at = ftell(m.f);
    fwrite(&zero, 4, 1, m.f);
    put_number(&m, "encoder/num_heads", 2);
    put_number(&m, "decoder/num_heads", 2);
    put(&m, "encoder/conv1/weight", WIDTH, MELS, 3, false);
    put(&m, "encoder/conv1/bias", WIDTH, 0, 0, false);
    put(&m, "encoder/conv2/weight", WIDTH, WIDTH, 3, false);
    put(&m, "encoder/conv2/bias", WIDTH, 0, 0, false);
    put(&m, "encoder/position_encodings/encodings", AUDIO_CTX, WIDTH, 0, false);
    put(&m, "decoder/position_encodings/encodings", TEXT_CTX, WIDTH, 0, false);
    put_norm(&m, "encoder/layer_norm");
    put_norm(&m, "decoder/layer_norm");
    put_layer(&m, "encoder", false);
    put_layer(&m, "decoder", true);
    put_embeddings(&m);
    fwrite(&aliases, 4, 1, m.f);
    put_name(&m, "decoder/embeddings/weight");
    put_name(&m, "decoder/shared/weight");
    put_name(&m, "decoder/shared/weight");
    put_name(&m, "decoder/projection/weight");
    fseek(m.f, count_at, SEEK_SET);
    fwrite(&m.n, 4, 1, m.f);
    fclose(m.f);
    write_tokenizer();
}

/* --- conversion ------------------------------------------------------------- */

static void expect_row(rh_ggml_file *f, const char *tensor, int row, const char *source, uint32_t at)
{
    const rh_ggml_tensor *t = rh_ggml_file_tensor(f, tensor);
    float x[1024];
    if (!t)
        fail_msg("the file lacks %s", tensor);
    assert_true(t->ne[0] <= 1024);
    rh_ggml_row(t, row, x);
    for (uint32_t i = 0; i < t->ne[0]; i++)
        if (x[i] != value_at(source, at + i))
            fail_msg("%s row %d value %u is %g", tensor, row, i, (double)x[i]);
}

static void import_puts_every_weight_in_its_place(void **state)
{
    (void)state;
    write_model((maker){0}, "WhisperSpec");
    rh_error err = {RH_OK, ""};
    if (rh_model_import(dir, in_dir("out.bin"), NULL, NULL, &err) != RH_OK)
        fail_msg("%s", err.msg);
    rh_ggml_file *f = NULL;
    if (rh_ggml_file_open(&f, in_dir("out.bin"), &err) != RH_OK)
        fail_msg("%s", err.msg);
    const rh_ggml_hparams *h = rh_ggml_file_hparams(f);
    assert_int_equal(h->n_vocab, VOCAB);
    assert_int_equal(h->n_audio_ctx, AUDIO_CTX);
    assert_int_equal(h->n_text_ctx, TEXT_CTX);
    assert_int_equal(h->n_audio_head, 2);
    assert_int_equal(h->n_audio_layer, 1);
    assert_int_equal(h->n_mels, MELS);
    expect_row(f, "decoder.token_embedding.weight", 7, "decoder/projection/weight", 7 * WIDTH);
    expect_row(f, "encoder.blocks.0.attn.query.weight", 1, "encoder/layer_0/self_attention/linear_0/weight", WIDTH);
    expect_row(f, "encoder.blocks.0.attn.key.weight", 1, "encoder/layer_0/self_attention/linear_0/weight",
               WIDTH * (WIDTH + 1));
    expect_row(f, "encoder.blocks.0.attn.value.bias", 0, "encoder/layer_0/self_attention/linear_0/bias", 2 * WIDTH);
    expect_row(f, "decoder.blocks.0.cross_attn.value.weight", 2, "decoder/layer_0/attention/linear_1/weight",
               WIDTH * (WIDTH + 2));
    expect_row(f, "decoder.blocks.0.mlp.2.weight", 3, "decoder/layer_0/ffn/linear_1/weight", 3 * 4 * WIDTH);
    expect_row(f, "decoder.blocks.0.cross_attn_ln.bias", 0, "decoder/layer_0/attention/layer_norm/beta", 0);
    expect_row(f, "encoder.conv1.bias", 2, "encoder/conv1/bias", 2);
    expect_row(f, "encoder.positional_embedding", 5, "encoder/position_encodings/encodings", 5 * WIDTH);
    assert_int_equal(rh_ggml_file_n_tensors(f), 3 + 15 + 15 + 9 + 2 + 4 + 2);
    rh_ggml_file_free(f);
}

static void import_turns_tokens_into_bytes(void **state)
{
    (void)state;
    write_model((maker){0}, "WhisperSpec");
    assert_int_equal(rh_model_import(dir, in_dir("out.bin"), NULL, NULL, NULL), RH_OK);
    rh_ggml_file *f = NULL;
    assert_int_equal(rh_ggml_file_open(&f, in_dir("out.bin"), NULL), RH_OK);
    uint32_t n;
    assert_int_equal(rh_ggml_file_n_tokens(f), 3);
    const char *t = rh_ggml_file_token(f, 1, &n);
    assert_int_equal(n, 2);
    assert_memory_equal(t, " a", 2);
    t = rh_ggml_file_token(f, 2, &n);
    assert_int_equal(n, 1);
    assert_int_equal((uint8_t)t[0], 0xad);
    rh_ggml_file_free(f);
}

static void import_reads_int8_with_its_scales(void **state)
{
    (void)state;
    write_model((maker){.int8_embeddings = true}, "WhisperSpec");
    assert_int_equal(rh_model_import(dir, in_dir("out.bin"), NULL, NULL, NULL), RH_OK);
    rh_ggml_file *f = NULL;
    float x[WIDTH];
    assert_int_equal(rh_ggml_file_open(&f, in_dir("out.bin"), NULL), RH_OK);
    rh_ggml_row(rh_ggml_file_tensor(f, "decoder.token_embedding.weight"), 3, x);
    for (int i = 0; i < WIDTH; i++)
        assert_true(x[i] == (float)(3 * WIDTH + i) / 2.0f);
    rh_ggml_file_free(f);
}

static void expect_refused(rh_status status, const char *part)
{
    rh_error err = {RH_OK, ""};
    assert_int_equal(rh_model_import(dir, in_dir("out.bin"), NULL, NULL, &err), status);
    if (!strstr(err.msg, part))
        fail_msg("'%s' does not say '%s'", err.msg, part);
    assert_int_not_equal(access(in_dir("out.bin"), F_OK), 0);
    assert_int_not_equal(access(in_dir("out.bin.part"), F_OK), 0);
}

static void import_refuses_what_it_cannot_convert(void **state)
{
    (void)state;
    expect_refused(RH_ERR_IO, "model.bin");
    write_model((maker){0}, "TransformerSpec");
    expect_refused(RH_ERR_FORMAT, "not of Whisper");
    write_model((maker){.key_bias = true}, "WhisperSpec");
    expect_refused(RH_ERR_UNSUPPORTED, "key bias");
    write_model((maker){.leave_out = "encoder/conv2/weight"}, "WhisperSpec");
    expect_refused(RH_ERR_FORMAT, "encoder/conv2/weight");
    write_model((maker){0}, "WhisperSpec");
    unlink(in_dir("tokenizer.json"));
    expect_refused(RH_ERR_IO, "tokenizer.json");
}

/* Cut off anywhere, the file is refused and nothing is left behind. */
static void import_refuses_a_file_cut_off(void **state)
{
    (void)state;
    write_model((maker){0}, "WhisperSpec");
    struct stat s;
    assert_int_equal(stat(in_dir("model.bin"), &s), 0);
    long whole = (long)s.st_size;
    for (long n = whole - 1; n > 0; n = n > 4000 ? n - n / 7 : n - 37) {
        assert_int_equal(truncate(in_dir("model.bin"), n), 0);
        rh_error err = {RH_OK, ""};
        assert_int_equal(rh_model_import(dir, in_dir("out.bin"), NULL, NULL, &err), RH_ERR_FORMAT);
        assert_int_not_equal(access(in_dir("out.bin"), F_OK), 0);
    }
}

static bool stop_at_once(void *user, int64_t done, int64_t total)
{
    (void)user, (void)done, (void)total;
    return false;
}

static void import_can_be_stopped(void **state)
{
    (void)state;
    write_model((maker){0}, "WhisperSpec");
    assert_int_equal(rh_model_import(dir, in_dir("out.bin"), stop_at_once, NULL, NULL), RH_ERR_CANCELED);
    assert_int_not_equal(access(in_dir("out.bin.part"), F_OK), 0);
}

static void import_without_memory_leaves_nothing_behind(void **state)
{
    (void)state;
    write_model((maker){0}, "WhisperSpec");
    rh_status st = RH_ERR_NOMEM;
    long k = 0;
    while (st == RH_ERR_NOMEM && ++k < 1000) {
        rh_alloc_fail_at(k);
        rh_error err = {RH_OK, ""};
        st = rh_model_import(dir, in_dir("out.bin"), NULL, NULL, &err);
        rh_alloc_fail_at(0);
        assert_int_equal(err.code, st);
        assert_int_equal(access(in_dir("out.bin"), F_OK) == 0, st == RH_OK);
    }
    assert_int_equal(st, RH_OK);
    assert_true(k > 20);
}

/* --- catalogue and paths ---------------------------------------------------- */

static void catalogue_has_every_size_and_sound_hashes(void **state)
{
    (void)state;
    static const char *const names[] = {"tiny",     "tiny.en", "base",          "base.en",  "small",
                                        "small.en", "medium",  "medium.en",     "large-v1", "large-v2",
                                        "large-v3", "large",   "large-v3-turbo"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_non_null(rh_model_find(names[i]));
    assert_string_equal(rh_model_find("large")->name, "large-v3");
    assert_null(rh_model_find("huge"));
    size_t n;
    const rh_model_entry *all = rh_model_catalog(&n);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(strlen(all[i].sha1), 40);
        assert_int_equal(strspn(all[i].sha1, "0123456789abcdef"), 40);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(all[i].sha1, all[k].sha1);
    }
}

static void path_of_a_missing_model_says_how_to_get_it(void **state)
{
    (void)state;
    char path[PATH_MAX];
    rh_error err = {RH_OK, ""};
    assert_int_equal(rh_model_path("small", dir, path, sizeof path, &err), RH_ERR_NOTFOUND);
    assert_non_null(strstr(err.msg, "rehearse model pull small"));
    assert_int_equal(rh_model_path("smal", dir, path, sizeof path, &err), RH_ERR_NOTFOUND);
    assert_non_null(strstr(err.msg, "rehearse model list"));
    assert_int_equal(rh_model_path("./x.bin", dir, path, sizeof path, &err), RH_ERR_NOTFOUND);
}

/* --- downloads -------------------------------------------------------------- */

/* "The quick brown fox jumps over the lazy dog" and its SHA-1. */
static const char fox[] = "The quick brown fox jumps over the lazy dog";
static const rh_model_entry fox_model = {"fox", sizeof fox - 1, "2fd4e1c67a2d28fced849ee1bb76e7391b93eb12"};

static void write_text(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static rh_status pull_fox(const char *served, rh_error *err)
{
    char source[PATH_MAX + 16];
    static char models[PATH_MAX];
    mkdir(in_dir("served"), 0777);
    snprintf(source, sizeof source, "file://%s", in_dir("served"));
    snprintf(models, sizeof models, "%s", in_dir("models"));
    if (served)
        write_text(in_dir("served/ggml-fox.bin"), served);
    rh_model_pull_options o = {.models_dir = models, .source = source};
    return rh_model_pull(&fox_model, &o, err);
}

static void expect_fox(void)
{
    char text[100] = "";
    FILE *f = fopen(in_dir("models/ggml-fox.bin"), "r");
    assert_non_null(f);
    assert_non_null(fgets(text, sizeof text, f));
    fclose(f);
    assert_string_equal(text, fox);
    assert_int_not_equal(access(in_dir("models/ggml-fox.bin.download"), F_OK), 0);
}

static void pull_downloads_and_checks(void **state)
{
    (void)state;
    rh_error err = {RH_OK, ""};
    if (pull_fox(fox, &err) != RH_OK)
        fail_msg("%s", err.msg);
    expect_fox();
}

/* What came before is kept: the served file differs there, and only the rest is fetched. */
static void pull_resumes(void **state)
{
    (void)state;
    mkdir(in_dir("models"), 0777);
    write_text(in_dir("models/ggml-fox.bin.download"), "The quick brown fox");
    rh_error err = {RH_OK, ""};
    if (pull_fox("XXX XXXXX XXXXX XXX jumps over the lazy dog", &err) != RH_OK)
        fail_msg("%s", err.msg);
    expect_fox();
}

static void pull_refuses_wrong_content_with_both_hashes(void **state)
{
    (void)state;
    rh_error err = {RH_OK, ""};
    assert_int_equal(pull_fox("The quick brown fox jumps over the lazy cog", &err), RH_ERR_FORMAT);
    assert_non_null(strstr(err.msg, fox_model.sha1));
    assert_non_null(strstr(err.msg, "de9f2c7fd25e1b3afad3e85a0bd17d9b100db4b3"));
    assert_int_not_equal(access(in_dir("models/ggml-fox.bin"), F_OK), 0);
    assert_int_not_equal(access(in_dir("models/ggml-fox.bin.download"), F_OK), 0);
}

static void pull_of_what_is_nowhere_says_what_to_do(void **state)
{
    (void)state;
    rh_error err = {RH_OK, ""};
    assert_int_equal(pull_fox(NULL, &err), RH_ERR_IO);
    assert_non_null(strstr(err.msg, "put the official ggml-fox.bin into"));
}

int main(void)
{
    json_set_alloc_funcs(rh_alloc, rh_free);
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_dir, remove_dir)
    const struct CMUnitTest tests[] = {
        TEST(import_puts_every_weight_in_its_place),
        TEST(import_turns_tokens_into_bytes),
        TEST(import_reads_int8_with_its_scales),
        TEST(import_refuses_what_it_cannot_convert),
        TEST(import_refuses_a_file_cut_off),
        TEST(import_can_be_stopped),
        TEST(import_without_memory_leaves_nothing_behind),
        TEST(catalogue_has_every_size_and_sound_hashes),
        TEST(path_of_a_missing_model_says_how_to_get_it),
        TEST(pull_downloads_and_checks),
        TEST(pull_resumes),
        TEST(pull_refuses_wrong_content_with_both_hashes),
        TEST(pull_of_what_is_nowhere_says_what_to_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
