/* audio_mix.c - see audio_mix_internal.h.
 *
 * Measured after a high-pass at 100 Hz, in frames of 20 ms: E[c][f] is the energy of channel c.
 * Its noise floor is the least 20th percentile of E[c] of the last FLOOR_BLOCKS seconds; what
 * exceeds it by half is taken for signal. */
#include "audio_mix_internal.h"
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/array.h"

enum {
    FRAMES = 50, /* of a block: one second */
    FLOOR_BLOCKS = 8,
    BLOCK_FLOATS = 4 << 20, /* at most in a block of all channels: shorter blocks for many at high rates */
    FLOOR_PERCENT = 20,
};

static const double faint = 0.01;        /* of the loudest channel's signal: below it is left out */
static const double alike = 0.5;         /* correlation from which channels hold the same */
static const double moves_alike = 0.7;   /* correlation of levels from which they hold the same, displaced */
static const double mean_will_do = 0.79; /* of the louder one that is left in the mean of two: -2 dB */
static const double inaudible = 1e-9;    /* energy: -90 dB */

typedef struct {
    double energy, signal; /* of this block */
    double floors[FLOOR_BLOCKS];
    float weight, before; /* in this block, in the one before */
    bool active;          /* held signal in this block */
    float hp_in, hp_out;  /* of the high-pass */
} channel;

struct rh_mixer {
    int n_channels, rate_hz, frame; /* frame: samples of 20 ms */
    size_t block, have;             /* samples a channel */
    long n_blocks;
    int loudest;
    bool known; /* weights came from signal */
    channel *ch;
    float *in, *filtered; /* [n_channels][block] */
    double *level;        /* [n_channels][FRAMES], roots of energies */
    float *out;
    size_t out_cap, n_out;
};

rh_status rh_mixer_new(rh_mixer **out, int n_channels, int rate_hz, rh_error *err)
{
    rh_mixer *m = rh_calloc(1, sizeof *m);
    if (m) {
        m->n_channels = n_channels;
        m->rate_hz = rate_hz;
        size_t most = BLOCK_FLOATS / (size_t)n_channels, want = rate_hz > FRAMES ? (size_t)rate_hz : FRAMES;
        m->frame = (int)((want < most ? want : most) / FRAMES);
        m->block = (size_t)m->frame * FRAMES;
        if (n_channels > 1) {
            m->ch = rh_calloc((size_t)n_channels, sizeof *m->ch);
            m->in = rh_alloc_array(m->block * (size_t)n_channels, sizeof *m->in);
            m->filtered = rh_alloc_array(m->block * (size_t)n_channels, sizeof *m->filtered);
            m->level = rh_alloc_array((size_t)n_channels * FRAMES, sizeof *m->level);
        }
    }
    if (!m || (n_channels > 1 && (!m->ch || !m->in || !m->filtered || !m->level))) {
        rh_mixer_free(m);
        return rh_fail(err, RH_ERR_NOMEM, "not enough memory to mix %d channels", n_channels);
    }
    *out = m;
    return RH_OK;
}

void rh_mixer_free(rh_mixer *m)
{
    if (!m)
        return;
    rh_free(m->ch);
    rh_free(m->in);
    rh_free(m->filtered);
    rh_free(m->level);
    rh_free(m->out);
    rh_free(m);
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* What a one-pole high-pass at 100 Hz keeps from sample to sample: rumble and hum are no speech. */
static float high_pass(int rate_hz)
{
    return 1 / (1 + 2 * (float)M_PI * 100 / (float)rate_hz);
}

/* One channel's n samples of the block: filtered, levels, energy, signal. */
static void measure(rh_mixer *m, int c, size_t n)
{
    channel *ch = &m->ch[c];
    const float *in = m->in + (size_t)c * m->block;
    float *z = m->filtered + (size_t)c * m->block;
    double *level = m->level + (size_t)c * FRAMES, sorted[FRAMES], sum = 0;
    int n_frames = (int)((n + (size_t)m->frame - 1) / (size_t)m->frame);
    float keep = high_pass(m->rate_hz);
    for (int f = 0; f < n_frames; f++) {
        size_t from = (size_t)f * (size_t)m->frame, to = from + (size_t)m->frame < n ? from + (size_t)m->frame : n;
        double e = 0;
        for (size_t i = from; i < to; i++) {
            ch->hp_out = keep * (ch->hp_out + in[i] - ch->hp_in);
            ch->hp_in = in[i];
            z[i] = ch->hp_out;
            e += (double)z[i] * (double)z[i];
        }
        sum += e;
        sorted[f] = e / (double)(to - from);
        level[f] = sqrt(sorted[f]);
    }
    qsort(sorted, (size_t)n_frames, sizeof *sorted, by_size);
    ch->floors[m->n_blocks % FLOOR_BLOCKS] = sorted[n_frames * FLOOR_PERCENT / 100];
    double floor = ch->floors[0];
    for (long i = 1; i < FLOOR_BLOCKS && i <= m->n_blocks; i++)
        floor = fmin(floor, ch->floors[i]);
    ch->energy = sum / (double)n;
    ch->signal = ch->energy - 1.5 * floor;
    if (ch->signal < inaudible)
        ch->signal = 0;
}

static double product(const float *a, const float *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)a[i] * (double)b[i];
    return sum / (double)n;
}

/* Whether the two channels' levels rise and fall together. */
static bool move_alike(const rh_mixer *m, int a, int b, size_t n)
{
    const double *x = m->level + (size_t)a * FRAMES, *y = m->level + (size_t)b * FRAMES;
    int k = (int)((n + (size_t)m->frame - 1) / (size_t)m->frame);
    double sx = 0, sy = 0, xx = 0, yy = 0, xy = 0;
    for (int i = 0; i < k; i++) {
        sx += x[i];
        sy += y[i];
        xx += x[i] * x[i];
        yy += y[i] * y[i];
        xy += x[i] * y[i];
    }
    double vx = xx - sx * sx / k, vy = yy - sy * sy / k, v = xy - sx * sy / k;
    return v > 0 && v * v >= moves_alike * moves_alike * vx * vy;
}

/* The weight's sign of a channel beside the loudest one; 0 = left out. */
static float sign_of(rh_mixer *m, int c, size_t n)
{
    channel *ch = &m->ch[c];
    const channel *top = &m->ch[m->loudest];
    bool was_active = ch->active;
    ch->active = ch->signal >= faint * top->signal && ch->signal > 0;
    if (!ch->active && !(was_active && ch->signal > 0)) /* the end of a word may be faint */
        return 0;
    double both = product(m->filtered + (size_t)c * m->block, m->filtered + (size_t)m->loudest * m->block, n);
    double r = both / sqrt(ch->energy * top->energy);
    if (fabs(r) >= alike)
        return r < 0 ? -1 : 1;
    return move_alike(m, c, m->loudest, n) ? 0 : 1;
}

static double mixed_energy(const rh_mixer *m, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        double x = 0;
        for (int c = 0; c < m->n_channels; c++)
            if (m->ch[c].weight != 0)
                x += (double)(m->ch[c].weight * m->filtered[(size_t)c * m->block + i]);
        sum += x * x;
    }
    return sum / (double)n;
}

static bool find_loudest(rh_mixer *m)
{
    bool any = false;
    for (int c = 0; c < m->n_channels; c++)
        any |= m->ch[c].signal > 0;
    if (!any && m->known)
        return false; /* a pause: as before */
    m->known = any;
    int top = 0;
    for (int c = 0; c < m->n_channels; c++) {
        if (!any)
            m->ch[c].signal = m->ch[c].energy; /* steady from the start: better than nothing */
        if (m->ch[c].signal > m->ch[top].signal)
            top = c;
    }
    /* Two about as loud would take turns. */
    if (m->n_blocks == 0 || m->ch[m->loudest].signal < 0.5 * m->ch[top].signal)
        m->loudest = top;
    return m->ch[m->loudest].signal > 0;
}

static void choose_weights(rh_mixer *m, size_t n)
{
    for (int c = 0; c < m->n_channels; c++)
        measure(m, c, n);
    if (!find_loudest(m)) {
        if (m->n_blocks == 0)
            for (int c = 0; c < m->n_channels; c++)
                m->ch[c].weight = 1.0f / (float)m->n_channels;
        return;
    }
    const channel *top = &m->ch[m->loudest];
    if (m->n_channels == 2) {
        double left = 0.5 + 0.5 * product(m->filtered, m->filtered + m->block, n) / top->energy;
        if (left >= mean_will_do) {
            m->ch[0].weight = m->ch[1].weight = 0.5f;
            return;
        }
    }
    for (int c = 0; c < m->n_channels; c++)
        m->ch[c].weight = c == m->loudest ? 1 : sign_of(m, c, n);
    m->ch[m->loudest].active = true;
    double mixed = mixed_energy(m, n);
    float gain = mixed > top->energy ? (float)sqrt(top->energy / mixed) : 1;
    for (int c = 0; c < m->n_channels; c++)
        m->ch[c].weight *= gain;
}

static rh_status mix_block(rh_mixer *m, rh_error *err)
{
    size_t n = m->have, ramp = (size_t)m->frame * 5 / 2;
    if (n == 0)
        return RH_OK;
    if (rh_array_reserve(&m->out, &m->out_cap, m->n_out + n, sizeof *m->out) != RH_OK)
        return rh_fail(err, RH_ERR_NOMEM, "not enough memory to mix the channels");
    for (int c = 0; c < m->n_channels; c++)
        m->ch[c].before = m->ch[c].weight;
    choose_weights(m, n);
    float *out = m->out + m->n_out;
    memset(out, 0, n * sizeof *out);
    for (int c = 0; c < m->n_channels; c++) {
        const float *in = m->in + (size_t)c * m->block;
        float w = m->ch[c].weight, from = m->n_blocks == 0 ? w : m->ch[c].before;
        if (w == 0 && from == 0)
            continue;
        for (size_t i = 0; i < n; i++)
            out[i] += in[i] * (i < ramp ? from + (w - from) * (float)i / (float)ramp : w);
    }
    m->n_out += n;
    m->n_blocks++;
    m->have = 0;
    return RH_OK;
}

rh_status rh_mixer_feed(rh_mixer *m, const float *const *channels, size_t n, const float **out, size_t *n_out,
                        rh_error *err)
{
    if (m->n_channels == 1) {
        *out = n ? channels[0] : NULL;
        *n_out = n;
        return RH_OK;
    }
    m->n_out = 0;
    rh_status st = n == 0 ? mix_block(m, err) : RH_OK;
    for (size_t done = 0; done < n && st == RH_OK;) {
        size_t left = n - done, room = m->block - m->have, take = left < room ? left : room;
        for (int c = 0; c < m->n_channels; c++)
            memcpy(m->in + (size_t)c * m->block + m->have, channels[c] + done, take * sizeof **channels);
        m->have += take;
        done += take;
        if (m->have == m->block)
            st = mix_block(m, err);
    }
    *out = m->out;
    *n_out = m->n_out;
    return st;
}

void rh_activity_add(rh_activity *a, const float *mono, size_t n, int rate_hz)
{
    long block = rate_hz / 50 > 0 ? rate_hz / 50 : 1;
    float keep = high_pass(rate_hz);
    for (size_t i = 0; i < n; i++) {
        a->high = keep * (a->high + mono[i] - a->in);
        a->in = mono[i];
        a->block_sum += (double)a->high * (double)a->high;
        if (++a->n_in_block < block)
            continue;
        double e = a->block_sum / (double)block;
        int level = e > 0 ? (int)fmin(99, fmax(0, -10 * log10(e))) : 99;
        a->at_level[level]++;
        a->n_blocks++;
        a->block_sum = 0;
        a->n_in_block = 0;
    }
}

/* The level, in dB below full, that a fifth of the blocks do not reach. */
static int floor_of(const rh_activity *a)
{
    long below = 0;
    int level = 99;
    for (; level > 0; level--) {
        below += a->at_level[level];
        if (below * 100 > a->n_blocks * FLOOR_PERCENT)
            break;
    }
    return level;
}

double rh_activity_s(const rh_activity *a)
{
    enum { ABOVE_FLOOR_DB = 9, AUDIBLE_DB = 65 };
    int least = floor_of(a) - ABOVE_FLOOR_DB;
    long n = 0;
    for (int level = 0; level <= least && level <= AUDIBLE_DB; level++)
        n += a->at_level[level];
    return (double)n / 50;
}
