/* level.c - see level.h.
 *
 * The level of a place is one that six in ten of the hops of speech within WIDE exceed not: it
 * follows who speaks, not each syllable. It is raised by what lies between it and the loudest
 * level beyond NEAR_DB, but no hop is made louder than the loudest level. */
#include "level.h"

#include <math.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/stats.h"

enum {
    HOP = RH_ASR_RATE_HZ / 20, /* 50 ms */
    WIDE = 10,                 /* hops to each side */
};

static const float NEAR_DB = 18.0f;               /* one speaker varies by so much */
static const float SLOPE = 2.5f, STAY_DB = 10.0f; /* what is raised ends so far below the loudest */
static const float MOST_DB = 40.0f, SILENCE_DB = -90.0f;

typedef struct {
    float own, wide, gain; /* dB; `wide` is SILENCE_DB where nobody speaks */
    bool speech;
} hop;

static void measure(hop *h, size_t n_hops, const float *x, size_t n, const rh_speech_span *s, size_t n_s)
{
    size_t k = 0;
    for (size_t i = 0; i < n_hops; i++) {
        size_t from = i * HOP, to = from + HOP < n ? from + HOP : n, middle = from + (to - from) / 2;
        double sum = 0;
        for (size_t j = from; j < to; j++)
            sum += (double)x[j] * (double)x[j];
        h[i].own = fmaxf(10.0f * log10f((float)(sum / (double)(to - from)) + 1e-12f), SILENCE_DB);
        while (k < n_s && s[k].end <= middle)
            k++;
        h[i].speech = k < n_s && s[k].start <= middle;
    }
}

static void find_levels(hop *h, size_t n)
{
    float around[2 * WIDE + 1];
    for (size_t i = 0; i < n; i++) {
        size_t from = i > WIDE ? i - WIDE : 0, count = 0;
        for (size_t k = from; k < n && k <= i + WIDE; k++)
            if (h[k].speech)
                around[count++] = h[k].own;
        rh_sort_floats(around, count);
        h[i].wide = h[i].speech ? around[count * 6 / 10] : SILENCE_DB;
    }
}

/* Returns the largest gain. */
static float find_gains(hop *h, size_t n)
{
    float loudest = SILENCE_DB, most = 0;
    for (size_t i = 0; i < n; i++)
        loudest = fmaxf(loudest, h[i].wide);
    for (size_t i = 0; i < n; i++) {
        float below = loudest - h[i].wide;
        float gain = h[i].speech ? fminf((below - NEAR_DB) * SLOPE, below - STAY_DB) : 0;
        gain = fminf(gain, fminf(loudest - h[i].own, MOST_DB));
        h[i].gain = fmaxf(gain, 0);
        most = fmaxf(most, h[i].gain);
    }
    return most;
}

/* From the middle of one hop to the middle of the next. */
static void apply(const hop *h, size_t n_hops, const float *x, float *y, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        float at = (float)i / HOP - 0.5f;
        size_t a = at > 0 ? (size_t)at : 0, b = a + 1 < n_hops ? a + 1 : a;
        float t = fminf(fmaxf(at - (float)a, 0), 1);
        float gain = h[a].gain + t * (h[b].gain - h[a].gain);
        y[i] = gain > 0 ? x[i] * powf(10.0f, gain / 20.0f) : x[i];
    }
}

rh_status rh_level_speech(float **out, const float *samples, size_t n, const rh_speech_span *speech, size_t n_speech)
{
    size_t n_hops = (n + HOP - 1) / HOP;
    *out = NULL;
    if (n_hops == 0 || n_speech == 0)
        return RH_OK;
    hop *h = rh_alloc_array(n_hops, sizeof *h);
    if (!h)
        return RH_ERR_NOMEM;
    measure(h, n_hops, samples, n, speech, n_speech);
    find_levels(h, n_hops);
    float *y = NULL;
    bool some = find_gains(h, n_hops) > 1.0f;
    if (some && (y = rh_alloc_array(n, sizeof *y)) != NULL)
        apply(h, n_hops, samples, y, n);
    rh_free(h);
    *out = y;
    return some && !y ? RH_ERR_NOMEM : RH_OK;
}
