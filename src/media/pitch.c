/* pitch.c - from samples to the arrays of rh_pitch_track.
 *
 * 16 kHz -> high-pass (hum, rumble) -> half rate -> two windows of 45 ms per
 * complex FFT -> power spectra -> autocorrelations and band levels.
 * A power spectrum is real and even, so its forward FFT is the
 * autocorrelation; two hops ride on the real and imaginary parts.
 * The transform is libavutil's. */
#include "pitch_internal.h"

#include <math.h>
#include <string.h>
#include <libavutil/tx.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/stats.h"

enum {
    FFT_N = 512,
    HALF_RATE = RH_PITCH_RATE_HZ / 2,
    HALF_HOP = RH_PITCH_HOP / 2,
    WINDOW = 360,  /* 45 ms at the half rate: 2.7 periods of 60 Hz */
    LAG_MIN = 14,  /* just below HALF_RATE / 550 */
    LAG_MAX = 134, /* just above HALF_RATE / 60; WINDOW + LAG_MAX < FFT length */
    TAPS = 23,     /* of the half-band low-pass */
    BANDS = 16,    /* of 250 Hz, for the spectral change */
    BAND_BINS = 16,
    TREBLE_FROM = 8, /* band: 2 kHz */
    BLOCK = 80,      /* 5 ms: levels are sums of whole blocks */
    LEVEL_BLOCKS = 5
};
static const float LEVEL_MIN_DB = -100.0f;
static const float OCTAVE_RANK = 0.03f; /* as in pitch_path.c */
static const double PI = 3.14159265358979323846;

typedef struct {
    AVTXContext *fft; /* complex, forward, FFT_N */
    av_tx_fn run_fft;
    float window[WINDOW], window_corr[LAG_MAX + 2]; /* window_corr[0] = 1 */
    float taps[TAPS];
    float *half;   /* [n_half + 2 * WINDOW]: zeros, the signal at half rate, zeros */
    size_t n_half; /* of signal */
    rh_pitch_hop *hops;
    float (*bands)[BANDS]; /* [n_hops] dB */
} pitch_work;

static void make_tables(pitch_work *w)
{
    for (int i = 0; i < WINDOW; i++)
        w->window[i] = (float)(0.5 - 0.5 * cos(2.0 * PI * (i + 0.5) / WINDOW));
    for (int lag = 0; lag <= LAG_MAX + 1; lag++) {
        double sum = 0.0;
        for (int i = 0; i + lag < WINDOW; i++)
            sum += (double)w->window[i] * (double)w->window[i + lag];
        w->window_corr[lag] = (float)sum;
    }
    for (int lag = LAG_MAX + 1; lag >= 0; lag--)
        w->window_corr[lag] /= w->window_corr[0];
    double total = 0.0;
    for (int i = 0; i < TAPS; i++) { /* windowed sinc, -6 dB at 3.6 kHz of 16 */
        double x = i - (TAPS - 1) / 2.0, fc = 0.45;
        double sinc = fabs(x) < 1e-9 ? fc : sin(PI * fc * x) / (PI * x);
        double t = sinc * (0.54 + 0.46 * cos(2.0 * PI * x / (TAPS + 1)));
        w->taps[i] = (float)t;
        total += t;
    }
    for (int i = 0; i < TAPS; i++)
        w->taps[i] /= (float)total;
}

/* Second-order Butterworth high-pass at 55 Hz: mains hum and table knocks
 * would otherwise look like a very steady, very low voice. */
static void high_pass(const float *in, size_t n, float *out)
{
    double k = tan(PI * 55.0 / RH_PITCH_RATE_HZ), q = 0.70710678118654752;
    double norm = 1.0 / (1.0 + k / q + k * k);
    double b0 = norm, b1 = -2.0 * norm;
    double a1 = 2.0 * (k * k - 1.0) * norm, a2 = (1.0 - k / q + k * k) * norm;
    double s1 = 0.0, s2 = 0.0;
    for (size_t i = 0; i < n; i++) {
        double x = (double)in[i], y = b0 * x + s1;
        s1 = b1 * x - a1 * y + s2;
        s2 = b0 * x - a2 * y;
        out[i] = (float)y;
    }
}

static void halve_rate(pitch_work *w, const float *x, size_t n)
{
    const ptrdiff_t mid = (TAPS - 1) / 2;
    for (size_t i = 0; i < w->n_half; i++) {
        ptrdiff_t at = (ptrdiff_t)(2 * i) - mid;
        float sum = 0.0f;
        if (at >= 0 && (size_t)at + TAPS <= n)
            for (int t = 0; t < TAPS; t++)
                sum += w->taps[t] * x[at + t];
        else
            for (ptrdiff_t t = 0; t < TAPS; t++)
                sum += at + t >= 0 && (size_t)(at + t) < n ? w->taps[t] * x[at + t] : 0.0f;
        w->half[WINDOW + i] = sum;
    }
}

static void measure_levels(const float *x, size_t n, rh_pitch_track *t, float *blocks)
{
    size_t n_blocks = n / BLOCK + 1;
    for (size_t b = 0; b < n_blocks; b++) {
        float sum = 0.0f;
        for (size_t i = b * BLOCK; i < n && i < (b + 1) * BLOCK; i++)
            sum += x[i] * x[i];
        blocks[b] = sum;
    }
    for (size_t i = 0; i < t->n_hops; i++) {
        double sum = 0.0;
        for (ptrdiff_t k = 0; k < LEVEL_BLOCKS; k++) {
            ptrdiff_t b = (ptrdiff_t)(2 * i) - LEVEL_BLOCKS / 2 + k;
            if (b >= 0 && (size_t)b < n_blocks)
                sum += (double)blocks[b];
        }
        float db = (float)(10.0 * log10(sum / (LEVEL_BLOCKS * BLOCK) + 1e-12));
        t->level_db[i] = db < LEVEL_MIN_DB ? LEVEL_MIN_DB : db;
    }
}

/* The highest peaks of one autocorrelation, each put right by a parabola. */
static void find_candidates(const pitch_work *w, const float *corr, rh_pitch_hop *h)
{
    memset(h, 0, sizeof *h);
    if (corr[0] < 1e-9f)
        return;
    float r[LAG_MAX + 2], merits[RH_PITCH_CANDIDATES];
    for (int c = 0; c < RH_PITCH_CANDIDATES; c++)
        merits[c] = -1.0f;
    for (int lag = LAG_MIN - 1; lag <= LAG_MAX + 1; lag++)
        r[lag] = corr[lag] / (corr[0] * w->window_corr[lag]);
    for (int lag = LAG_MIN; lag <= LAG_MAX; lag++) {
        if (!(r[lag] > 0.2f && r[lag] > r[lag - 1] && r[lag] >= r[lag + 1]))
            continue;
        float bend = r[lag - 1] - 2.0f * r[lag] + r[lag + 1];
        float shift = bend < 0.0f ? 0.5f * (r[lag - 1] - r[lag + 1]) / bend : 0.0f;
        float top = r[lag] - 0.25f * (r[lag - 1] - r[lag + 1]) * shift;
        float hz = (float)HALF_RATE / ((float)lag + shift);
        int place = RH_PITCH_CANDIDATES; /* kept in order of merit, weakest last: */
        float merit = top - OCTAVE_RANK * log2f((float)RH_PITCH_MAX_HZ / hz);
        while (place > 0 && merit > merits[place - 1]) /* a high voice has many subharmonics */
            place--;
        if (place == RH_PITCH_CANDIDATES)
            continue;
        for (int c = RH_PITCH_CANDIDATES - 1; c > place; c--) {
            h->hz[c] = h->hz[c - 1];
            h->strength[c] = h->strength[c - 1];
            merits[c] = merits[c - 1];
        }
        merits[place] = merit;
        h->hz[place] = hz;
        h->strength[place] = top > 1.0f ? 1.0f : top;
    }
}

/* One part of the complex input: x[0], x[2], ... */
static void load_window(const pitch_work *w, size_t hop, float *out)
{
    size_t centre = WINDOW + hop * HALF_HOP; /* in `half` */
    const float *x = w->half + centre - WINDOW / 2;
    float mean = 0.0f;
    for (int i = 0; i < WINDOW; i++)
        mean += x[i];
    mean /= (float)WINDOW;
    for (int i = 0; i < WINDOW; i++)
        out[2 * i] = (x[i] - mean) * w->window[i];
    for (int i = WINDOW; i < FFT_N; i++)
        out[2 * i] = 0.0f;
}

static void measure_bands(const float *power, float *band_db)
{
    for (int b = 0; b < BANDS; b++) {
        float sum = 1e-7f; /* about -90 dB: below it differences mean nothing */
        for (int i = 0; i < BAND_BINS; i++)
            sum += power[b * BAND_BINS + i];
        band_db[b] = 10.0f * log10f(sum);
    }
}

/* Hops `a` and `b` (which may be the same) in one transform. */
static void measure_pair(pitch_work *w, size_t a, size_t b)
{
    _Alignas(64) AVComplexFloat x[FFT_N], y[FFT_N];
    float pa[FFT_N], pb[FFT_N];
    load_window(w, a, &x[0].re);
    load_window(w, b, &x[0].im);
    w->run_fft(w->fft, y, x, sizeof *x);
    for (int k = 0; k < FFT_N; k++) {
        AVComplexFloat p = y[k], q = y[(FFT_N - k) % FFT_N];
        float ar = p.re + q.re, ai = p.im - q.im, br = p.im + q.im, bi = q.re - p.re;
        pa[k] = x[k].re = 0.25f * (ar * ar + ai * ai);
        pb[k] = x[k].im = 0.25f * (br * br + bi * bi);
    }
    measure_bands(pa, w->bands[a]);
    measure_bands(pb, w->bands[b]);
    w->run_fft(w->fft, y, x, sizeof *x);
    for (int k = 0; k <= LAG_MAX + 1; k++) {
        pa[k] = y[k].re;
        pb[k] = y[k].im;
    }
    find_candidates(w, pa, &w->hops[a]);
    find_candidates(w, pb, &w->hops[b]);
}

/* Share of the power above 2 kHz, dB. */
static float treble_share_db(const float *band_db)
{
    double low = 0.0, high = 0.0;
    for (int b = 0; b < BANDS; b++)
        *(b < TREBLE_FROM ? &low : &high) += pow(10.0, (double)band_db[b] / 10.0);
    return (float)(10.0 * log10(high / (low + high)));
}

static void fill_arrays(const pitch_work *w, rh_pitch_track *t)
{
    for (size_t i = 0; i < t->n_hops; i++) {
        t->voicing[i] = w->hops[i].strength[0]; /* of the best by merit */
        const float *now = w->bands[i], *then = w->bands[i >= 2 ? i - 2 : 0];
        float sum = 0.0f;
        for (int b = 0; b < BANDS; b++)
            sum += fabsf(now[b] - then[b]);
        t->change_db[i] = sum / (float)BANDS;
        t->treble_db[i] = fmaxf(t->level_db[i] + treble_share_db(now), LEVEL_MIN_DB);
    }
}

/* A flat top: three samples in a row within 1 % of the largest. Speech meets
 * its largest value once; a clipped recording sits on it. */
static void measure_clipping(const float *x, size_t n, rh_pitch_track *t)
{
    float peak = 0.0f;
    for (size_t i = 0; i < n; i++)
        peak = fmaxf(peak, fabsf(x[i]));
    t->peak = peak;
    if (peak < 0.1f)
        return;
    size_t run = 0, flat = 0;
    for (size_t i = 0; i < n; i++) {
        run = fabsf(x[i]) >= 0.99f * peak ? run + 1 : 0;
        if (run == 3)
            flat += 3;
        else if (run > 3)
            flat++;
    }
    t->clipped = (float)flat / (float)n;
}

static void measure_noise(rh_pitch_track *t, float *sorted)
{
    size_t n = t->n_hops;
    memcpy(sorted, t->level_db, n * sizeof *sorted);
    rh_sort_floats(sorted, n);
    t->noise_db = sorted[n / 10];
    t->speech_db = sorted[(n - 1) - n / 10];
    t->snr_db = fminf(80.0f, fmaxf(0.0f, t->speech_db - t->noise_db));
}

static rh_status take_memory(pitch_work **out_w, rh_pitch_track *t, size_t n, float **scratch)
{
    size_t n_hops = (n - 1) / RH_PITCH_HOP + 1;
    pitch_work *w = rh_calloc(1, sizeof *w);
    if (!w)
        return RH_ERR_NOMEM;
    *out_w = w;
    w->n_half = (n + 1) / 2;
    w->half = rh_calloc(w->n_half + 2 * WINDOW, sizeof *w->half);
    w->hops = rh_calloc(n_hops, sizeof *w->hops);
    w->bands = rh_calloc(n_hops, sizeof *w->bands);
    if (av_tx_init(&w->fft, &w->run_fft, AV_TX_FLOAT_FFT, 0, FFT_N, NULL, 0) < 0)
        return RH_ERR_NOMEM;
    *scratch = rh_alloc_array(n + n / BLOCK + 1, sizeof **scratch);
    t->f0_hz = rh_calloc(5 * n_hops, sizeof *t->f0_hz);
    if (!w->half || !w->hops || !w->bands || !*scratch || !t->f0_hz)
        return RH_ERR_NOMEM;
    t->n_hops = n_hops;
    t->voicing = t->f0_hz + n_hops;
    t->level_db = t->voicing + n_hops;
    t->change_db = t->level_db + n_hops;
    t->treble_db = t->change_db + n_hops;
    return RH_OK;
}

static void measure_hops(pitch_work *w, size_t n_hops)
{
    for (size_t i = 0; i < n_hops; i += 2)
        measure_pair(w, i, i + 1 < n_hops ? i + 1 : i);
}

rh_status rh_pitch_track_run(rh_pitch_track *out, const float *samples, size_t n, rh_error *err)
{
    rh_pitch_track t = {0};
    if (n == 0) {
        *out = t;
        return RH_OK;
    }
    for (size_t i = 0; i < n; i++)
        if (!isfinite(samples[i]))
            return rh_fail(err, RH_ERR_INVAL, "sample %zu is not a finite number", i);
    pitch_work *w = NULL;
    float *scratch = NULL; /* [n] the filtered signal, later sorting space; then 5 ms blocks */
    rh_status st = take_memory(&w, &t, n, &scratch);
    if (st == RH_OK) {
        make_tables(w);
        high_pass(samples, n, scratch);
        halve_rate(w, scratch, n);
        measure_levels(scratch, n, &t, scratch + n);
        measure_hops(w, t.n_hops);
        fill_arrays(w, &t);
        measure_clipping(samples, n, &t);
        measure_noise(&t, scratch);
        st = rh_pitch_path(w->hops, t.level_db, t.n_hops, t.f0_hz, err);
    } else {
        rh_fail(err, st, "pitch: out of memory");
    }
    if (w) {
        av_tx_uninit(&w->fft);
        rh_free(w->half);
        rh_free(w->hops);
        rh_free(w->bands);
    }
    rh_free(w);
    rh_free(scratch);
    if (st != RH_OK) {
        rh_pitch_track_done(&t);
        return st;
    }
    *out = t;
    return RH_OK;
}

void rh_pitch_track_done(rh_pitch_track *t)
{
    rh_free(t->f0_hz);
    *t = (rh_pitch_track){0};
}
