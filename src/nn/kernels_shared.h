/* kernels_shared.h - the kernels that plain C expresses well, compiled once in
 * each kernels_*.c with that file's instruction set.
 *
 * Reductions run over 16 lanes that are then added in a fixed tree, so the
 * result does not depend on the vector width. No relaxed floating point; the
 * compiler may not fuse multiplications and additions (ISO C mode).
 * Source of exp: Cody-Waite reduction with a degree-6 polynomial (relative
 * error under 2e-7); of erf: Abramowitz and Stegun 7.1.26 is too coarse, so
 * erfc comes from Numerical Recipes' erfccheb in float (under 2e-7). */
#ifndef RH_KERNELS_SHARED_H
#define RH_KERNELS_SHARED_H

#include <math.h>
#include <string.h>
#include "kernels_internal.h"

enum {
    LANES = 16,
    /* Columns up to which float(high sum) * 128 + float(low sum) rounds once: the sums are whole numbers
     * that a float holds. Wider rows join them in double, so a row's sum is exact until it is rounded, however
     * it was made. */
    NARROW = 1024,
};

static inline float lanes_sum(const float *a)
{
    float s[8];
    for (int i = 0; i < 8; i++)
        s[i] = a[i] + a[i + 8];
    for (int i = 0; i < 4; i++)
        s[i] += s[i + 4];
    return (s[0] + s[2]) + (s[1] + s[3]);
}

static inline float lanes_max(const float *a)
{
    float m = a[0];
    for (int i = 1; i < LANES; i++)
        m = a[i] > m ? a[i] : m;
    return m;
}

/* exp for x <= 88; below -87 the answer is 0. */
static inline float exp_one(float x)
{
    const float magic = 12582912.0f; /* 1.5 * 2^23: adding it rounds to an integer */
    float c = x < -87.0f ? -87.0f : x;
    float t = c * 1.44269504f + magic;
    float n = t - magic;
    float r = c - n * 0.693359375f; /* ln 2 in two parts, the first exact in products */
    r = r - n * -2.12194440e-4f;
    float p = 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    int32_t bits;
    memcpy(&bits, &t, sizeof bits);
    bits = (int32_t)((uint32_t)bits << 23) + 0x3f800000; /* magic's low bits are 0: n << 23 */
    float two_n;
    memcpy(&two_n, &bits, sizeof two_n);
    float y = p * two_n;
    return x < -87.0f ? 0.0f : y;
}

static inline float gelu_one(float x)
{
    /* erfc(z) = t exp(-z^2 + P(t)), t = 1 / (1 + z / 2), relative error under 1.2e-7. */
    float z = fabsf(x) * 0.70710678f;
    float t = 1.0f / (1.0f + 0.5f * z);
    float p = 0.17087277f;
    p = p * t - 0.82215223f;
    p = p * t + 1.48851587f;
    p = p * t - 1.13520398f;
    p = p * t + 0.27886807f;
    p = p * t - 0.18628806f;
    p = p * t + 0.09678418f;
    p = p * t + 0.37409196f;
    p = p * t + 1.00002368f;
    p = p * t - 1.26551223f;
    float erfc = t * exp_one(p - z * z);
    float tail = 0.5f * x * erfc; /* x * Phi(-|x|) */
    return x > 0.0f ? x - tail : tail;
}

static float shared_dot(const float *a, const float *b, int n)
{
    float acc[LANES] = {0};
    for (int i = 0; i < n; i += LANES)
        for (int l = 0; l < LANES; l++)
            acc[l] += a[i + l] * b[i + l];
    return lanes_sum(acc);
}

static void shared_axpy(float a, const float *x, float *y, int n)
{
    for (int i = 0; i < n; i++)
        y[i] += a * x[i];
}

static void shared_layer_norm(const float *x, const float *gain, const float *shift, float *y, int n)
{
    float acc[LANES] = {0};
    for (int i = 0; i < n; i += LANES)
        for (int l = 0; l < LANES; l++)
            acc[l] += x[i + l];
    float mean = lanes_sum(acc) / (float)n;
    float sq[LANES] = {0};
    for (int i = 0; i < n; i += LANES)
        for (int l = 0; l < LANES; l++) {
            float d = x[i + l] - mean;
            sq[l] += d * d;
        }
    float inv = 1.0f / sqrtf(lanes_sum(sq) / (float)n + 1e-5f); /* PyTorch's epsilon */
    for (int i = 0; i < n; i++)
        y[i] = (x[i] - mean) * inv * gain[i] + shift[i];
}

static inline float sigmoid_one(float x)
{
    float e = exp_one(-fabsf(x)), y = 1.0f / (1.0f + e);
    return x < 0.0f ? e * y : y;
}

static inline float tanh_one(float x)
{
    float e = exp_one(-2.0f * fabsf(x));
    return copysignf((1.0f - e) / (1.0f + e), x);
}

static void shared_lstm(const float *gates, float *cell, float *hidden, int n)
{
    const float *in = gates, *forget = in + n, *more = forget + n, *out = more + n;
    for (int i = 0; i < n; i++) {
        float c = sigmoid_one(forget[i]) * cell[i] + sigmoid_one(in[i]) * tanh_one(more[i]);
        cell[i] = c;
        hidden[i] = sigmoid_one(out[i]) * tanh_one(c);
    }
}

static void shared_gelu(float *x, int n)
{
    for (int i = 0; i < n; i++)
        x[i] = gelu_one(x[i]);
}

static float shared_max(const float *x, int n)
{
    float m[LANES];
    for (int l = 0; l < LANES; l++)
        m[l] = -INFINITY;
    int i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int l = 0; l < LANES; l++)
            m[l] = x[i + l] > m[l] ? x[i + l] : m[l];
    for (; i < n; i++)
        m[0] = x[i] > m[0] ? x[i] : m[0];
    return lanes_max(m);
}

static void shared_softmax(float *x, int n)
{
    float max = shared_max(x, n), acc[LANES] = {0};
    int i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int l = 0; l < LANES; l++) {
            x[i + l] = exp_one(x[i + l] - max);
            acc[l] += x[i + l];
        }
    for (; i < n; i++) {
        x[i] = exp_one(x[i] - max);
        acc[0] += x[i];
    }
    float inv = 1.0f / lanes_sum(acc);
    for (i = 0; i < n; i++)
        x[i] *= inv;
}

static int find_value(const float *x, int n, float v)
{
    for (int i = 0; i < n; i++)
        if (x[i] == v)
            return i;
    return -1;
}

/* Largest value but for index `skip`. */
static float max_without(const float *x, int n, int skip)
{
    float a = shared_max(x, skip), b = shared_max(x + skip + 1, n - skip - 1);
    return a > b ? a : b;
}

static void shared_stats(const float *x, int n, rh_row_stats *out)
{
    *out = (rh_row_stats){.max = shared_max(x, n), .second = -1, .second_value = -INFINITY};
    out->argmax = find_value(x, n, out->max);
    if (out->argmax < 0) { /* nothing but NaN */
        out->argmax = 0;
        return;
    }
    out->second_value = max_without(x, n, out->argmax);
    if (out->second_value > -INFINITY) {
        int before = find_value(x, out->argmax, out->second_value);
        out->second = before >= 0
                          ? before
                          : out->argmax + 1 + find_value(x + out->argmax + 1, n - out->argmax - 1, out->second_value);
    }
    if (!(out->max > -INFINITY))
        return;
    float acc[LANES] = {0}, acc_x[LANES] = {0};
    int i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int l = 0; l < LANES; l++) {
            float d = x[i + l] - out->max;
            d = d < -80.0f ? -80.0f : d; /* -inf times 0 is no number */
            float e = exp_one(d);
            e = d <= -80.0f ? 0.0f : e;
            acc[l] += e;
            acc_x[l] += e * d;
        }
    for (; i < n; i++) {
        float d = x[i] - out->max;
        if (d > -80.0f) {
            float e = exp_one(d);
            acc[0] += e;
            acc_x[0] += e * d;
        }
    }
    out->sum = lanes_sum(acc);
    out->sum_x = lanes_sum(acc_x);
}

static inline float largest_magnitude(const float *x, int n)
{
    float m[LANES] = {0};
    int i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int l = 0; l < LANES; l++) {
            float a = fabsf(x[i + l]);
            m[l] = a > m[l] ? a : m[l];
        }
    for (; i < n; i++) {
        float a = fabsf(x[i]);
        m[0] = a > m[0] ? a : m[0];
    }
    return lanes_max(m);
}

enum { MAGIC_BITS = 0x4b400000 };
static const float magic_float = 12582912.0f; /* 1.5 * 2^23: adding it rounds to an integer */

static inline int32_t quantised(float x, float inv)
{
    float t = x * inv + magic_float;
    int32_t bits;
    memcpy(&bits, &t, sizeof bits);
    return bits - MAGIC_BITS;
}

/* Values [from, n) in two parts, added to the sums. */
static inline void quantise_rest(const float *x, int from, int n, float inv, int8_t *hi, int8_t *lo, int32_t *sum)
{
    for (int i = from; i < n; i++) {
        int32_t v = quantised(x[i], inv);
        int32_t h = (v + 64) >> ACT_LOW_BITS, l = v - h * 128;
        hi[i] = (int8_t)h;
        lo[i] = (int8_t)l;
        sum[0] += (int8_t)h;
        sum[1] += (int8_t)l;
    }
}

static inline float quantise_scale(rh_qvec *q, int index, float max)
{
    q->scale[index] = max > 1e-30f ? max / (float)ACT_MAX : 0.0f;
    return max > 1e-30f ? (float)ACT_MAX / max : 0.0f;
}

#define SHARED_KERNELS                                                                                                 \
    .dot = shared_dot, .axpy = shared_axpy, .layer_norm = shared_layer_norm, .gelu = shared_gelu,                      \
    .softmax = shared_softmax, .stats = shared_stats, .lstm = shared_lstm

#endif
