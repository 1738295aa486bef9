/* voice_head.c - see voice_head.h. */
#include "voice_head.h"

#include <math.h>
#include "rehearse/asr/asr.h"
#include "rehearse/base/alloc.h"

_Static_assert((int)RH_ASR_POOLED == 2 * (int)VOICE_HEARD, "mean and deviation of all that is heard");

enum { APART = 2 /* of the second convolution's taps */ };

const voice_head *voice_head_used = &voice_head_table;
float *voice_head_overheard;

float voice_head_weight(const voice_head *head, int layer, int sum, int j)
{
    return (float)head->layers[layer][sum][j] * head->scale[sum] * head->gain[layer][j];
}

/* Means of two neighbours, cut off at 0; an odd last one stands for both. */
static void halve(const float *sums, size_t ld, const float *presence, size_t n, float *x, float *weight)
{
    for (size_t i = 0; i < n; i += 2) {
        const float *a = sums + i * ld, *b = i + 1 < n ? a + ld : a;
        for (size_t j = 0; j < VOICE_SUMS; j++)
            x[i / 2 * VOICE_SUMS + j] = fmaxf((a[j] + b[j]) / 2, 0.0f);
        weight[i / 2] = (presence[i] + (i + 1 < n ? presence[i + 1] : 0.0f)) / 2;
    }
}

/* y[i] = sum over the taps that lie inside of w[tap] x[i + (tap - 2) apart]; `n_out` channels. */
static void convolve(const float *x, size_t n, const int8_t *w, int n_out, int apart, const float *scale,
                     const float *bias, float *y)
{
    for (size_t i = 0; i < n; i++) {
        float sum[VOICE_SUMS] = {0};
        for (int tap = 0; tap < VOICE_TAPS; tap++) {
            ptrdiff_t at = (ptrdiff_t)i + (tap - VOICE_TAPS / 2) * apart;
            if (at < 0 || at >= (ptrdiff_t)n)
                continue;
            const int8_t *row = w + (size_t)tap * VOICE_SUMS * (size_t)n_out;
            for (int c = 0; c < VOICE_SUMS; c++, row += n_out)
                for (int o = 0; o < n_out; o++)
                    sum[o] += x[at * VOICE_SUMS + c] * (float)row[o];
        }
        for (int o = 0; o < n_out; o++)
            y[i * (size_t)n_out + (size_t)o] = fmaxf(sum[o] * scale[o] + bias[o], 0.0f);
    }
}

/* Of y[n][n_channels]; `total`: of the weights. */
static void moments(const float *y, size_t n_channels, const float *weight, double total, size_t n, float *mean,
                    float *deviation)
{
    static const double FLOOR = 1e-3; /* of the variance */
    for (size_t j = 0; j < n_channels; j++) {
        double sum = 0.0, square = 0.0;
        for (size_t i = 0; i < n; i++)
            sum += (double)weight[i] * (double)y[i * n_channels + j];
        for (size_t i = 0; i < n; i++) {
            double d = (double)y[i * n_channels + j] - sum / total;
            square += (double)weight[i] * d * d;
        }
        mean[j] = (float)(sum / total);
        deviation[j] = (float)sqrt(square / total + FLOOR);
    }
}

/* The sum of the weights. Where there is silence alone all of it counts. */
static double count(float *weight, size_t n)
{
    static const double LEAST = 1.0;
    double total = 0.0;
    for (size_t i = 0; i < n; i++)
        total += (double)weight[i];
    if (total >= LEAST)
        return total;
    for (size_t i = 0; i < n; i++)
        weight[i] = 1.0f;
    return (double)n;
}

bool voice_head_pool(const voice_head *h, const float *sums, size_t ld, const float *presence, size_t n,
                     float pooled[2 * VOICE_HEARD])
{
    size_t half = (n + 1) / 2;
    float *x = rh_alloc_array(half * 3 + 1, VOICE_SUMS * sizeof *x), *weight = rh_alloc_array(half + 1, sizeof *weight);
    bool ok = x && weight;
    if (ok) {
        float *between = x + half * VOICE_SUMS, *out = between + half * VOICE_SUMS;
        halve(sums, ld, presence, n, x, weight);
        convolve(x, half, &h->conv1[0][0][0], VOICE_SUMS, 1, h->scale1, h->bias1, between);
        convolve(between, half, &h->conv2[0][0][0], VOICE_OUT, APART, h->scale2, h->bias2, out);
        double total = count(weight, half);
        moments(out, VOICE_OUT, weight, total, half, pooled, pooled + VOICE_HEARD);
        moments(x, VOICE_SUMS, weight, total, half, pooled + VOICE_OUT, pooled + VOICE_HEARD + VOICE_OUT);
    }
    rh_free(x);
    rh_free(weight);
    return ok;
}
