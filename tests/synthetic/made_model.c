/* made_model.c - see made_model.h. */
#include "made_model.h"

#include <ggml.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "rehearse/models/mel_filters.h"

enum { CTX = 1500, TEXT_CTX = 448, N_BINS = 201, MAX_BANDS = 128, QUANTISED = 2000 };

const made_shape made_shapes[] = {
    {"tiny", 80, 384, 6, 4, 4, 51865},
    {"tiny.en", 80, 384, 6, 4, 4, 51864},
    {"base", 80, 512, 8, 6, 6, 51865},
    {"small", 80, 768, 12, 12, 12, 51865},
    {"medium", 80, 1024, 16, 24, 24, 51865},
    {"large-v2", 80, 1280, 20, 32, 32, 51865},
    {"large-v3", 128, 1280, 20, 32, 32, 51866},
    {"large-v3-turbo", 128, 1280, 20, 32, 4, 51866},
    {NULL, 0, 0, 0, 0, 0, 0},
};

/* ftype: ggml's number of the format, as whisper.cpp's quantize writes it. */
static const struct {
    const char *name;
    rh_ggml_type type;
    int ftype;
} types[] = {{"f32", RH_GGML_F32, 0},
             {"f16", RH_GGML_F16, 1},
             {"q8_0", RH_GGML_Q8_0, QUANTISED + 7},
             {"q5_0", RH_GGML_Q5_0, QUANTISED + 8},
             {"q5_1", RH_GGML_Q5_1, QUANTISED + 9}};
enum { N_TYPES = sizeof types / sizeof *types };

const made_shape *made_shape_find(const char *name)
{
    const made_shape *s = made_shapes;
    while (s->name && strcmp(s->name, name) != 0)
        s++;
    return s->name ? s : NULL;
}

bool made_type_find(const char *name, rh_ggml_type *type)
{
    for (size_t i = 0; i < N_TYPES; i++)
        if (strcmp(types[i].name, name) == 0) {
            *type = types[i].type;
            return true;
        }
    return false;
}

float made_value(uint32_t seed, uint32_t i)
{
    uint32_t h = i * 2654435761u + seed * 40503u + 12345u;
    h = (h ^ h >> 15) * 2246822519u;
    h = (h ^ h >> 13) * 3266489917u;
    return (float)((double)(h >> 8) / 16777216.0 - 0.5);
}

static void put(made_file *f, const void *p, size_t n)
{
    f->ok = f->ok && fwrite(p, 1, n, f->out) == n;
}

static void put_int(made_file *f, int32_t v)
{
    put(f, &v, sizeof v);
}

static void put_row(made_file *f, rh_ggml_type type, const float *row, int n, void *packed)
{
    if (type == RH_GGML_F32) {
        put(f, row, (size_t)n * sizeof *row);
        return;
    }
    enum ggml_type to = (enum ggml_type)type;
    put(f, packed, ggml_quantize_chunk(to, row, packed, 0, 1, n, NULL));
}

typedef struct {
    float scale, offset;
} spread;

static const spread GAIN = {0.2f, 1.0f}, SHIFT = {0.2f, 0.0f};

/* A tensor of sides a (innermost), b, c; n_dims of them are written. */
static void put_tensor(made_file *f, const char *name, rh_ggml_type type, int n_dims, const int sides[3], spread s)
{
    size_t a = (size_t)sides[0];
    float *row = malloc(2 * a * sizeof *row);
    f->ok = f->ok && row;
    if (!f->ok)
        return;
    put_int(f, n_dims);
    put_int(f, (int32_t)strlen(name));
    put_int(f, (int32_t)type);
    for (int i = 0; i < n_dims; i++)
        put_int(f, sides[i]);
    put(f, name, strlen(name));
    uint32_t at = 0;
    for (int64_t r = (int64_t)sides[1] * sides[2]; r > 0 && f->ok; r--) {
        for (size_t i = 0; i < a; i++)
            row[i] = made_value(f->seed, at++) * s.scale + s.offset;
        put_row(f, type, row, sides[0], row + a);
    }
    free(row);
    f->seed++;
}

static void vector(made_file *f, const char *prefix, const char *name, int n, spread s)
{
    char full[96];
    (void)snprintf(full, sizeof full, "%s%s", prefix, name);
    put_tensor(f, full, RH_GGML_F32, 1, (const int[3]){n, 1, 1}, s);
}

static void linear(made_file *f, const char *prefix, const char *name, int in, int out, bool bias, float gain)
{
    char full[96];
    spread s = {(float)(2.0 / sqrt((double)in)) * gain, 0.0f};
    (void)snprintf(full, sizeof full, "%s%s.weight", prefix, name);
    put_tensor(f, full, f->type, 2, (const int[3]){in, out, 1}, s);
    (void)snprintf(full, sizeof full, "%s.bias", name);
    if (bias)
        vector(f, prefix, full, out, SHIFT);
}

static void norm(made_file *f, const char *prefix, const char *name, int n)
{
    char full[96];
    (void)snprintf(full, sizeof full, "%s.weight", name);
    vector(f, prefix, full, n, GAIN);
    (void)snprintf(full, sizeof full, "%s.bias", name);
    vector(f, prefix, full, n, SHIFT);
}

static void attention(made_file *f, const char *layer, const char *part, int d)
{
    char prefix[64], name[24];
    (void)snprintf(name, sizeof name, "%s_ln", part);
    norm(f, layer, name, d);
    (void)snprintf(prefix, sizeof prefix, "%s%s.", layer, part);
    linear(f, prefix, "query", d, d, true, f->gains.query);
    linear(f, prefix, "key", d, d, false, 1.0f);
    linear(f, prefix, "value", d, d, true, 1.0f);
    linear(f, prefix, "out", d, d, true, 1.0f);
}

static void layer(made_file *f, const char *part, int index, int d)
{
    char prefix[48];
    (void)snprintf(prefix, sizeof prefix, "%s.blocks.%d.", part, index);
    attention(f, prefix, "attn", d);
    if (strcmp(part, "decoder") == 0)
        attention(f, prefix, "cross_attn", d);
    norm(f, prefix, "mlp_ln", d);
    linear(f, prefix, "mlp.0", d, 4 * d, true, 1.0f);
    linear(f, prefix, "mlp.2", 4 * d, d, true, 1.0f);
}

static void convolution(made_file *f, const char *name, int in, int d)
{
    char full[64];
    rh_ggml_type type = f->type == RH_GGML_F32 ? RH_GGML_F32 : RH_GGML_F16;
    spread s = {(float)(2.0 / sqrt(3.0 * in)), 0.0f};
    (void)snprintf(full, sizeof full, "encoder.%s.weight", name);
    put_tensor(f, full, type, 3, (const int[3]){3, in, d}, s);
    (void)snprintf(full, sizeof full, "encoder.%s.bias", name);
    put_tensor(f, full, RH_GGML_F32, 2, (const int[3]){1, d, 1}, SHIFT);
}

static void put_vocabulary(made_file *f, int n)
{
    put_int(f, n);
    for (int i = 0; i < n; i++) {
        char s[2] = {(char)(i < 256 ? i : (i - 256) / 256), (char)((i - 256) % 256)};
        int len = i < 256 ? 1 : 2;
        put_int(f, len);
        put(f, s, (size_t)len);
    }
}

void made_head(made_file *f, const rh_ggml_hparams *h)
{
    static float filters[MAX_BANDS * N_BINS];
    enum { MAGIC = 0x67676d6c, ENGLISH = 51864, ENGLISH_TEXT = 50256 };
    put_int(f, MAGIC);
    put(f, h, sizeof *h);
    put_int(f, h->n_mels);
    put_int(f, N_BINS);
    rh_mel_filters(h->n_mels, filters);
    put(f, filters, (size_t)h->n_mels * N_BINS * sizeof *filters);
    put_vocabulary(f, h->n_vocab > ENGLISH ? ENGLISH_TEXT + 1 : ENGLISH_TEXT);
}

void made_encoder(made_file *f, const rh_ggml_hparams *h)
{
    int d = h->n_audio_state;
    put_tensor(f, "encoder.positional_embedding", RH_GGML_F32, 2, (const int[3]){d, h->n_audio_ctx, 1}, SHIFT);
    convolution(f, "conv1", h->n_mels, d);
    convolution(f, "conv2", d, d);
    for (int i = 0; i < h->n_audio_layer; i++)
        layer(f, "encoder", i, d);
    norm(f, "encoder.", "ln_post", d);
}

void made_decoder(made_file *f, const rh_ggml_hparams *h)
{
    int d = h->n_text_state;
    put_tensor(f, "decoder.positional_embedding", RH_GGML_F32, 2, (const int[3]){d, h->n_text_ctx, 1}, SHIFT);
    linear(f, "decoder.", "token_embedding", d, h->n_vocab, false, f->gains.logits);
    for (int i = 0; i < h->n_text_layer; i++)
        layer(f, "decoder", i, d);
    norm(f, "decoder.", "ln", d);
}

static int at_most(int n, int limit)
{
    return limit > 0 && limit < n ? limit : n;
}

bool made_model(FILE *out, const made_shape *s, const made_options *o)
{
    made_file f = {.out = out, .type = o->type, .gains = {4.0f, 6.0f}, .ok = true};
    rh_ggml_hparams h = {
        .n_vocab = s->n_vocab,
        .n_audio_ctx = o->n_audio_ctx ? o->n_audio_ctx : CTX,
        .n_audio_state = s->width,
        .n_audio_head = s->n_heads,
        .n_audio_layer = at_most(s->n_enc, o->n_layers),
        .n_text_ctx = TEXT_CTX,
        .n_text_state = s->width,
        .n_text_head = s->n_heads,
        .n_text_layer = at_most(s->n_dec, o->n_layers),
        .n_mels = s->n_mels,
    };
    for (size_t i = 0; i < N_TYPES; i++)
        if (types[i].type == o->type)
            h.ftype = types[i].ftype;
    made_head(&f, &h);
    made_encoder(&f, &h);
    made_decoder(&f, &h);
    return f.ok && fflush(out) == 0;
}
