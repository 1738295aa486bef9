/* vad.c - Silero voice activity detection and the gate behind it.
 *
 * The model takes 64 samples of context before each chunk of 512 and carries a
 * recurrent state from chunk to chunk; checked against the
 * silero-vad wheel (OnnxWrapper). Thresholds are those of its
 * get_speech_timestamps (0.5 in, 0.15 lower out); the demand for a peak and the
 * loudness gate are ours, chosen on generated noises (tests/model/test_vad.c).
 *
 * The model hears soft speech badly, so sound is made louder for it: to LOUDEST for
 * the loudest chunk so far, which is forgotten by FORGET a chunk. What comes louder
 * brings the gain down at once, unless it is a click; nothing is ever made softer. */
#include "rehearse/asr/vad.h"

#include <math.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/nn/silero_net.h"
#include "vad_internal.h"
#include "rehearse/base/array.h"

enum {
    CONTEXT = RH_SILERO_IN - RH_VAD_CHUNK,
    QUIET_CHUNKS = 4,  /* 128 ms below P_OFF end a stretch */
    STRONG_CHUNKS = 4, /* the least that is over 100 ms */
    PAD = 1024,        /* samples put around a span: the model lags by a chunk or two */
    MERGE = 1600,      /* samples: gaps up to 100 ms are inside speech */
};

static const float P_ON = 0.5f, P_OFF = 0.35f, P_PEAK = 0.7f;
static const float LOUD_MEAN_SQUARE = 1e-6f; /* -60 dBFS, after the gain */
static const float LOUDEST = 1e-3f;          /* mean square of a chunk, -30 dBFS: usual speech stays as it is */
static const float MOST_GAIN = 100.0f;       /* 40 dB */
static const float FORGET = 0.9926f;         /* 1 dB a second */

struct rh_vad_model {
    rh_silero_net *net;
};

struct rh_vad {
    const rh_silero_net *net;
    float window[RH_SILERO_IN]; /* as it came */
    float loudest;              /* mean square of the loudest chunk not forgotten */
    float before;               /* of the chunk before, as it came */
    float mean_square;          /* of the last chunk, after the gain */
    float state[RH_SILERO_STATE];
};

rh_status rh_vad_model_load(rh_vad_model **out, const char *path, rh_error *err)
{
    rh_vad_model *m = rh_calloc(1, sizeof *m);
    if (!m)
        return rh_fail(err, RH_ERR_NOMEM, "voice activity model: out of memory");
    rh_status st = rh_silero_net_load(&m->net, path, err);
    if (st != RH_OK) {
        rh_vad_model_free(m);
        return st;
    }
    *out = m;
    return RH_OK;
}

void rh_vad_model_free(rh_vad_model *m)
{
    if (!m)
        return;
    rh_silero_net_free(m->net);
    rh_free(m);
}

rh_status rh_vad_new(rh_vad **out, const rh_vad_model *m, rh_error *err)
{
    rh_vad *v = rh_calloc(1, sizeof *v);
    if (!v)
        return rh_fail(err, RH_ERR_NOMEM, "voice activity: out of memory");
    v->net = m->net;
    rh_vad_reset(v);
    *out = v;
    return RH_OK;
}

static float mean_square_of(const float *samples, size_t n)
{
    float sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += samples[i] * samples[i];
    return n ? sum / (float)n : 0;
}

float rh_vad_push(rh_vad *v, const float *chunk)
{
    memmove(v->window, v->window + RH_VAD_CHUNK, CONTEXT * sizeof *v->window);
    memcpy(v->window + CONTEXT, chunk, RH_VAD_CHUNK * sizeof *chunk);
    float mean_square = mean_square_of(chunk, RH_VAD_CHUNK);
    v->loudest = fmaxf(v->loudest * FORGET, fminf(mean_square, v->before));
    v->before = mean_square;
    float gain = fminf(sqrtf(LOUDEST / fmaxf(v->loudest, 1e-12f)), MOST_GAIN);
    gain = fmaxf(gain, 1.0f);
    float louder[RH_SILERO_IN]; /* as the model hears it */
    for (size_t i = 0; i < RH_SILERO_IN; i++)
        louder[i] = v->window[i] * gain;
    v->mean_square = mean_square * gain * gain;
    return rh_silero_net_run(v->net, louder, v->state);
}

float rh_vad_loudness(const rh_vad *v)
{
    return v->mean_square;
}

void rh_vad_reset(rh_vad *v)
{
    v->loudest = v->mean_square = 0;
    v->before = INFINITY; /* sound that begins loud is no click */
    memset(v->window, 0, sizeof v->window);
    memset(v->state, 0, sizeof v->state);
}

void rh_vad_free(rh_vad *v)
{
    rh_free(v);
}

rh_gate_event rh_vad_gate_push(rh_vad_gate *g, float p, float mean_square)
{
    int64_t at = g->n++;
    bool strong = p >= P_ON && mean_square >= LOUD_MEAN_SQUARE;
    if (g->state == RH_GATE_CLOSED) {
        if (!strong)
            return RH_GATE_NOTHING;
        g->state = RH_GATE_MAYBE;
        g->start = at;
        g->n_strong = 0;
        g->peak = 0;
    }
    if (p >= P_OFF)
        g->end = at + 1;
    g->n_strong += strong;
    if (strong && p > g->peak)
        g->peak = p;
    bool was_speech = g->state == RH_GATE_SPEECH;
    if (!was_speech && g->n_strong >= STRONG_CHUNKS && g->peak >= P_PEAK) {
        g->state = RH_GATE_SPEECH;
        return RH_GATE_OPENED;
    }
    if (at + 1 - g->end < QUIET_CHUNKS)
        return RH_GATE_NOTHING;
    g->state = RH_GATE_CLOSED;
    return was_speech ? RH_GATE_ENDED : RH_GATE_NOTHING;
}

typedef struct {
    rh_speech_span *items;
    size_t n, cap;
} spans;

/* Pads the stretch and joins it to the one before when they come close. */
static rh_status add_span(spans *s, const rh_vad_gate *g, size_t n_samples)
{
    size_t start = (size_t)g->start * RH_VAD_CHUNK, end = (size_t)g->end * RH_VAD_CHUNK + PAD;
    start = start > PAD ? start - PAD : 0;
    end = end < n_samples ? end : n_samples;
    if (s->n > 0 && start <= s->items[s->n - 1].end + MERGE) {
        s->items[s->n - 1].end = end;
        return RH_OK;
    }
    if (rh_array_reserve(&s->items, &s->cap, s->n + 1, sizeof *s->items) != RH_OK)
        return RH_ERR_NOMEM;
    s->items[s->n++] = (rh_speech_span){start, end};
    return RH_OK;
}

static rh_status find_spans(rh_vad *v, const float *samples, size_t n, spans *found)
{
    rh_vad_gate gate = {0};
    float last[RH_VAD_CHUNK];
    rh_status st = RH_OK;
    for (size_t i = 0; i < n && st == RH_OK; i += RH_VAD_CHUNK) {
        const float *chunk = samples + i;
        if (n - i < RH_VAD_CHUNK) {
            memset(last, 0, sizeof last);
            memcpy(last, chunk, (n - i) * sizeof *last);
            chunk = last;
        }
        float p = rh_vad_push(v, chunk);
        if (rh_vad_gate_push(&gate, p, v->mean_square) == RH_GATE_ENDED)
            st = add_span(found, &gate, n);
    }
    if (st == RH_OK && gate.state == RH_GATE_SPEECH)
        st = add_span(found, &gate, n);
    return st;
}

/* Of a whole recording: the noise before the first word is not made as loud as speech. */
static float loudest_of(const float *samples, size_t n)
{
    float most = 0, before = 0;
    for (size_t i = 0; i + RH_VAD_CHUNK <= n; i += RH_VAD_CHUNK) {
        float mean_square = mean_square_of(samples + i, RH_VAD_CHUNK);
        most = fmaxf(most, fminf(mean_square, before));
        before = mean_square;
    }
    return most;
}

rh_status rh_vad_spans(const rh_vad_model *m, const float *samples, size_t n, rh_speech_span **out, size_t *n_out,
                       rh_error *err)
{
    rh_vad *v = NULL;
    spans found = {0};
    rh_status st = rh_vad_new(&v, m, err);
    if (st != RH_OK)
        return st;
    v->loudest = loudest_of(samples, n);
    st = find_spans(v, samples, n, &found);
    rh_vad_free(v);
    if (st != RH_OK) {
        rh_free(found.items);
        return rh_fail(err, st, "voice activity: %s", rh_status_name(st));
    }
    *out = found.items;
    *n_out = found.n;
    return RH_OK;
}

float rh_speech_within(const rh_speech_span *s, size_t n, float from, float to)
{
    float sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += fmaxf(0, fminf(to, (float)s[i].end / RH_ASR_RATE_HZ) - fmaxf(from, (float)s[i].start / RH_ASR_RATE_HZ));
    return sum;
}
