/* log_mel.c - see log_mel.h.
 *
 * LANES hops are transformed side by side, so that every operation of the FFT
 * is one on vectors and needs no shuffling. A real transform of 400 points is
 * a complex one of 200 (even samples real, odd imaginary), in Stockham order
 * with factors 4, 2, 5, 5, and one pass that takes the halves apart. */
#include "log_mel.h"

#include <math.h>
#include <string.h>
#include "rehearse/base/alloc.h"

enum { LANES = 16, HALF = RH_MEL_N_FFT / 2, MAX_MELS = 128 };
static const float SILENCE = -10.0f; /* log10 of the reference's floor of 1e-10 */

typedef float lanes __attribute__((vector_size(LANES * sizeof(float))));

typedef struct {
    lanes re[HALF], im[HALF];
} block;

struct rh_log_mel {
    int n_mels;
    float window[RH_MEL_N_FFT];
    float cos_half[HALF], sin_half[HALF];         /* of 2 pi k / HALF */
    float cos_full[HALF + 1], sin_full[HALF + 1]; /* of 2 pi k / RH_MEL_N_FFT */
    int first[MAX_MELS], end[MAX_MELS];           /* bins with weight */
    float weights[MAX_MELS][RH_MEL_N_BINS];
};

/* The transform is most of the cost: let the loader pick the widest vectors. */
#if defined(__x86_64__) && defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) &&    \
    !defined(__clang__)
#define WIDEST __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define WIDEST
#endif

rh_status rh_log_mel_new(rh_log_mel **out, const float *filters, int n_mels, rh_error *err)
{
    if (n_mels < 1 || n_mels > MAX_MELS)
        return rh_fail(err, RH_ERR_INVAL, "%d mel bands, expected 1 to %d", n_mels, MAX_MELS);
    rh_log_mel *lm = rh_calloc(1, sizeof *lm);
    if (!lm)
        return rh_fail(err, RH_ERR_NOMEM, "log-mel: out of memory");
    lm->n_mels = n_mels;
    const double turn = 2.0 * 3.14159265358979323846;
    for (int i = 0; i < RH_MEL_N_FFT; i++)
        lm->window[i] = (float)(0.5 - 0.5 * cos(turn * i / RH_MEL_N_FFT));
    for (int k = 0; k < HALF; k++) {
        lm->cos_half[k] = (float)cos(turn * k / HALF);
        lm->sin_half[k] = (float)sin(turn * k / HALF);
    }
    for (int k = 0; k <= HALF; k++) {
        lm->cos_full[k] = (float)cos(turn * k / RH_MEL_N_FFT);
        lm->sin_full[k] = (float)sin(turn * k / RH_MEL_N_FFT);
    }
    for (int m = 0; m < n_mels; m++) {
        const float *w = filters + (size_t)m * RH_MEL_N_BINS;
        memcpy(lm->weights[m], w, sizeof lm->weights[m]);
        int end = RH_MEL_N_BINS, first = 0;
        while (end > 0 && w[end - 1] == 0.0f)
            end--;
        while (first < end && w[first] == 0.0f)
            first++;
        lm->first[m] = first;
        lm->end[m] = end;
    }
    *out = lm;
    return RH_OK;
}

void rh_log_mel_free(rh_log_mel *lm)
{
    rh_free(lm);
}

int rh_log_mel_n_mels(const rh_log_mel *lm)
{
    return lm->n_mels;
}

size_t rh_log_mel_n_hops(size_t n)
{
    return n ? (n + RH_MEL_N_FFT / 2 - 1) / RH_MEL_HOP + 1 : 0;
}

/* Sample i of the padded recording; negative ones are reflected. */
static float sample(const float *x, size_t n, ptrdiff_t i)
{
    size_t at = (size_t)(i < 0 ? -i : i);
    return at < n ? x[at] : 0.0f;
}

/* Windowed samples of LANES hops from `hop` on, even ones as re, odd as im. */
static void load(const rh_log_mel *lm, const float *x, size_t n, size_t hop, block *b)
{
    float *re = (float *)b->re, *im = (float *)b->im;
    for (size_t l = 0; l < LANES; l++) {
        ptrdiff_t start = (ptrdiff_t)((hop + l) * RH_MEL_HOP) - RH_MEL_N_FFT / 2;
        if (start >= 0 && (size_t)start + RH_MEL_N_FFT <= n) {
            const float *p = x + start;
            for (size_t j = 0; j < HALF; j++) {
                re[j * LANES + l] = p[2 * j] * lm->window[2 * j];
                im[j * LANES + l] = p[2 * j + 1] * lm->window[2 * j + 1];
            }
            continue;
        }
        for (size_t j = 0; j < HALF; j++) {
            ptrdiff_t at = start + (ptrdiff_t)(2 * j);
            re[j * LANES + l] = sample(x, n, at) * lm->window[2 * j];
            im[j * LANES + l] = sample(x, n, at + 1) * lm->window[2 * j + 1];
        }
    }
}

/* Butterfly of `radix` legs in Stockham order: `s` transforms already merged,
 * `m` = points left / radix. x and y swap roles from pass to pass.
 * A short direct sum per leg: 25 complex products for five legs are fewer
 * operations than their bookkeeping would cost here. */
static inline __attribute__((always_inline)) void pass(const rh_log_mel *lm, const block *x, block *y, size_t radix,
                                                       size_t m, size_t s)
{
    for (size_t p = 0; p < m; p++) {
        for (size_t q = 0; q < s; q++) {
            for (size_t leg = 0; leg < radix; leg++) {
                lanes re = {0}, im = {0};
                for (size_t j = 0; j < radix; j++) {
                    /* exp(-2 pi i (leg j / radix)) */
                    size_t t = leg * j % radix * (HALF / radix);
                    lanes a = x->re[q + s * (p + m * j)], b = x->im[q + s * (p + m * j)];
                    re += a * lm->cos_half[t] + b * lm->sin_half[t];
                    im += b * lm->cos_half[t] - a * lm->sin_half[t];
                }
                /* twiddle exp(-2 pi i leg p / (m radix)) */
                size_t t = leg * p * s % HALF;
                float c = lm->cos_half[t], d = lm->sin_half[t];
                y->re[q + s * (radix * p + leg)] = re * c + im * d;
                y->im[q + s * (radix * p + leg)] = im * c - re * d;
            }
        }
    }
}

/* Energies [RH_MEL_N_BINS] of LANES hops. */
static inline __attribute__((always_inline)) void energies(const rh_log_mel *lm, const block *z, lanes *power)
{
    for (size_t k = 0; k <= HALF; k++) {
        size_t a = k % HALF, b = (HALF - k) % HALF;
        /* even and odd halves of the spectrum, then X[k] = E[k] + exp(-2 pi i k / 400) O[k] */
        lanes er = (z->re[a] + z->re[b]) * 0.5f, ei = (z->im[a] - z->im[b]) * 0.5f;
        lanes or = (z->im[a] + z->im[b]) * 0.5f, oi = (z->re[b] - z->re[a]) * 0.5f;
        float c = lm->cos_full[k], s = lm->sin_full[k];
        lanes re = er + or *c + oi * s, im = ei + oi * c - or *s;
        power[k] = re * re + im * im;
    }
}

WIDEST static void mel_energies(const rh_log_mel *lm, block *x, block *y, lanes *mel)
{
    lanes power[RH_MEL_N_BINS];
    pass(lm, x, y, 4, 50, 1);
    pass(lm, y, x, 2, 25, 4);
    pass(lm, x, y, 5, 5, 8);
    pass(lm, y, x, 5, 1, 40);
    energies(lm, x, power);
    for (int m = 0; m < lm->n_mels; m++) {
        lanes sum = {0};
        for (int k = lm->first[m]; k < lm->end[m]; k++)
            sum += power[k] * lm->weights[m][k];
        mel[m] = sum;
    }
}

float rh_log_mel_raw(const rh_log_mel *lm, const float *samples, size_t n, size_t first, size_t n_hops, float *out,
                     size_t stride)
{
    block x, y;
    lanes mel[MAX_MELS];
    float max = SILENCE;
    size_t sounding = rh_log_mel_n_hops(n);
    for (size_t t = 0; t < n_hops; t += LANES) {
        size_t width = n_hops - t < LANES ? n_hops - t : LANES;
        if (first + t >= sounding) {
            for (int m = 0; m < lm->n_mels; m++)
                for (size_t l = 0; l < width; l++)
                    out[(size_t)m * stride + t + l] = SILENCE;
            continue;
        }
        load(lm, samples, n, first + t, &x);
        mel_energies(lm, &x, &y, mel);
        for (int m = 0; m < lm->n_mels; m++) {
            float *row = out + (size_t)m * stride + t;
            for (size_t l = 0; l < width; l++) {
                float e = mel[m][l];
                row[l] = e > 1e-10f ? log10f(e) : SILENCE;
                max = row[l] > max ? row[l] : max;
            }
        }
    }
    return max;
}

float rh_log_mel_max(const rh_log_mel *lm, const float *samples, size_t n)
{
    enum { PIECE = 64 };
    float scratch[MAX_MELS * PIECE], max = SILENCE;
    size_t hops = rh_log_mel_n_hops(n);
    for (size_t t = 0; t < hops; t += PIECE) {
        size_t width = hops - t < PIECE ? hops - t : PIECE;
        float m = rh_log_mel_raw(lm, samples, n, t, width, scratch, PIECE);
        max = m > max ? m : max;
    }
    return max;
}

float rh_log_mel_normal(float raw, float max)
{
    float floor = max - 8.0f;
    return ((raw > floor ? raw : floor) + 4.0f) / 4.0f;
}

void rh_log_mel_normalise(const rh_log_mel *lm, float *out, size_t stride, size_t n_hops, float max)
{
    for (int m = 0; m < lm->n_mels; m++)
        for (size_t t = 0; t < n_hops; t++)
            out[(size_t)m * stride + t] = rh_log_mel_normal(out[(size_t)m * stride + t], max);
}
