/* ggml_row.c - values of ggml's weight formats as f32. Data lies at any byte
 * offset, so every multi-byte read goes through memcpy. */
#include <string.h>
#include "rehearse/nn/ggml_file.h"

float rh_f16_to_f32(uint16_t h)
{
    uint32_t sign = (uint32_t)(h & 0x8000u) << 16, exp = h >> 10 & 0x1fu, man = h & 0x3ffu, bits;
    if (exp == 0) { /* zero or subnormal: man * 2^-24 is exact in f32 */
        float v = (float)man * 0x1p-24f;
        return sign ? -v : v;
    }
    bits = exp == 31 ? sign | 0x7f800000u | man << 13 : sign | (exp + 112) << 23 | man << 13;
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

uint16_t rh_f32_to_f16(float f)
{
    uint32_t bits;
    memcpy(&bits, &f, sizeof bits);
    uint32_t sign = bits >> 16 & 0x8000u, mag = bits & 0x7fffffffu;
    if (mag > 0x7f800000u)
        return (uint16_t)(sign | 0x7e00u);
    if (mag >= 0x477ff000u) /* 65520 and up round to infinity */
        return (uint16_t)(sign | 0x7c00u);
    if (mag < 0x38800000u) { /* subnormal half: adding 0.5 leaves man in the low bits, rounded */
        float v;
        memcpy(&v, &mag, sizeof v);
        v += 0.5f;
        memcpy(&mag, &v, sizeof mag);
        return (uint16_t)(sign | (mag - 0x3f000000u));
    }
    mag += 0xfffu + (mag >> 13 & 1);
    return (uint16_t)(sign | (mag - 0x38000000u) >> 13);
}

static float half_at(const uint8_t *p)
{
    uint16_t h;
    memcpy(&h, p, sizeof h);
    return rh_f16_to_f32(h);
}

static void row_q8_0(const uint8_t *p, size_t blocks, float *out)
{
    for (size_t b = 0; b < blocks; b++, p += 34, out += RH_GGML_BLOCK) {
        float d = half_at(p);
        for (int i = 0; i < RH_GGML_BLOCK; i++)
            out[i] = d * (float)(int8_t)p[2 + i];
    }
}

/* q5_0: d * (q - 16); q5_1: d * q + m. Low nibbles are the first 16 weights. */
static void row_q5(const uint8_t *p, size_t blocks, int with_min, float *out)
{
    size_t head = with_min ? 4 : 2;
    for (size_t b = 0; b < blocks; b++, p += head + 20, out += RH_GGML_BLOCK) {
        float d = half_at(p), m = with_min ? half_at(p + 2) : -16.0f * d;
        uint32_t high;
        memcpy(&high, p + head, sizeof high);
        const uint8_t *nib = p + head + 4;
        for (int i = 0; i < 16; i++) {
            uint32_t lo = (nib[i] & 15u) | (high >> i & 1u) << 4;
            uint32_t hi = (uint32_t)(nib[i] >> 4) | (high >> (i + 16) & 1u) << 4;
            out[i] = d * (float)lo + m;
            out[i + 16] = d * (float)hi + m;
        }
    }
}

void rh_ggml_row(const rh_ggml_tensor *t, int64_t row, float *out)
{
    size_t n = (size_t)t->ne[0];
    size_t rows = (size_t)(t->ne[1] * t->ne[2] * t->ne[3]);
    const uint8_t *p = (const uint8_t *)t->data + t->size / rows * (size_t)row;
    switch (t->type) {
    case RH_GGML_F32: memcpy(out, p, n * sizeof *out); break;
    case RH_GGML_F16:
        for (size_t i = 0; i < n; i++)
            out[i] = half_at(p + 2 * i);
        break;
    case RH_GGML_Q5_0: row_q5(p, n / RH_GGML_BLOCK, 0, out); break;
    case RH_GGML_Q5_1: row_q5(p, n / RH_GGML_BLOCK, 1, out); break;
    case RH_GGML_Q8_0: row_q8_0(p, n / RH_GGML_BLOCK, out); break;
    }
}

void rh_ggml_values(const rh_ggml_tensor *t, float *out)
{
    int64_t rows = t->ne[1] * t->ne[2] * t->ne[3];
    for (int64_t r = 0; r < rows; r++)
        rh_ggml_row(t, r, out + r * t->ne[0]);
}
