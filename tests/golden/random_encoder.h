/* random_encoder.h - a Whisper file with made-up weights for an encoder of any
 * width, by the formulas of tests/golden/encoder/make.py. */
#ifndef RH_TEST_RANDOM_ENCODER_H
#define RH_TEST_RANDOM_ENCODER_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include "asr/mel_filters_internal.h"
#include "rehearse/buf.h"
#include "rehearse/ggml_file.h"

typedef struct {
    int n_mels, width, n_heads, n_layers, n_ctx;
} random_shape;

typedef struct {
    rh_buf bytes;
    uint32_t seed;
    bool ok;
} random_file;

static inline float random_value(uint32_t seed, uint32_t i)
{
    uint32_t h = i * 2654435761u + seed * 40503u + 12345u;
    h = (h ^ h >> 15) * 2246822519u;
    h = (h ^ h >> 13) * 3266489917u;
    return (float)((double)(h >> 8) / 16777216.0 - 0.5);
}

static inline void random_put(random_file *f, const void *p, size_t n)
{
    f->ok = f->ok && rh_buf_add(&f->bytes, p, n) == RH_OK;
}

static inline void random_put_int(random_file *f, int32_t v)
{
    random_put(f, &v, sizeof v);
}

/* A tensor of sides a (innermost), b, c; times scale, plus offset. */
static inline void random_tensor(random_file *f, const char *name, int a, int b, int c, float scale,
                                 float offset)
{
    int dims = c > 1 ? 3 : b > 1 ? 2 : 1;
    const int32_t sides[] = {a, b, c};
    random_put_int(f, dims);
    random_put_int(f, (int32_t)strlen(name));
    random_put_int(f, RH_GGML_F32);
    random_put(f, sides, (size_t)dims * sizeof *sides);
    random_put(f, name, strlen(name));
    uint32_t n = (uint32_t)a * (uint32_t)b * (uint32_t)c;
    for (uint32_t i = 0; i < n && f->ok; i++) {
        float v = random_value(f->seed, i) * scale + offset;
        random_put(f, &v, sizeof v);
    }
    f->seed++;
}

static inline void random_linear(random_file *f, const char *prefix, const char *name, int in,
                                 int out, bool bias)
{
    char full[96];
    (void)snprintf(full, sizeof full, "%s%s.weight", prefix, name);
    random_tensor(f, full, in, out, 1, (float)(2.0 / sqrt((double)in)), 0.0f);
    (void)snprintf(full, sizeof full, "%s%s.bias", prefix, name);
    if (bias)
        random_tensor(f, full, out, 1, 1, 0.2f, 0.0f);
}

static inline void random_norm(random_file *f, const char *prefix, const char *name, int n)
{
    char full[96];
    (void)snprintf(full, sizeof full, "%s%s.weight", prefix, name);
    random_tensor(f, full, n, 1, 1, 0.2f, 1.0f);
    (void)snprintf(full, sizeof full, "%s%s.bias", prefix, name);
    random_tensor(f, full, n, 1, 1, 0.2f, 0.0f);
}

static inline void random_layer(random_file *f, int layer, int d)
{
    char prefix[40];
    (void)snprintf(prefix, sizeof prefix, "encoder.blocks.%d.", layer);
    random_norm(f, prefix, "attn_ln", d);
    random_linear(f, prefix, "attn.query", d, d, true);
    random_linear(f, prefix, "attn.key", d, d, false);
    random_linear(f, prefix, "attn.value", d, d, true);
    random_linear(f, prefix, "attn.out", d, d, true);
    random_norm(f, prefix, "mlp_ln", d);
    random_linear(f, prefix, "mlp.0", d, 4 * d, true);
    random_linear(f, prefix, "mlp.2", 4 * d, d, true);
}

/* False without memory; rh_buf_done(&f->bytes) either way. */
static inline bool random_encoder_file(random_file *f, const random_shape *s)
{
    static float filters[128 * 201];
    int d = s->width;
    const int32_t head[] = {0x67676d6c, 1, s->n_ctx, d, s->n_heads, s->n_layers, 448, d,
                            s->n_heads, s->n_layers, s->n_mels, 0, s->n_mels, 201};
    rh_buf_init(&f->bytes, (size_t)1 << 31);
    f->seed = 0;
    f->ok = true;
    random_put(f, head, sizeof head);
    rh_mel_filters(s->n_mels, filters);
    random_put(f, filters, (size_t)s->n_mels * 201 * sizeof *filters);
    random_put_int(f, 1);
    random_put_int(f, 1);
    random_put(f, "a", 1);
    random_tensor(f, "encoder.positional_embedding", d, s->n_ctx, 1, 0.2f, 0.0f);
    random_tensor(f, "encoder.conv1.weight", 3, s->n_mels, d,
                  (float)(2.0 / sqrt(3.0 * s->n_mels)), 0.0f);
    random_tensor(f, "encoder.conv1.bias", d, 1, 1, 0.2f, 0.0f);
    random_tensor(f, "encoder.conv2.weight", 3, d, d, (float)(2.0 / sqrt(3.0 * d)), 0.0f);
    random_tensor(f, "encoder.conv2.bias", d, 1, 1, 0.2f, 0.0f);
    for (int i = 0; i < s->n_layers; i++)
        random_layer(f, i, d);
    random_norm(f, "encoder.", "ln_post", d);
    return f->ok;
}

#endif
