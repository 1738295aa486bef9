/* Times of tokens by dynamic time warping over the cross-attention of the
 * alignment heads. Source: openai-whisper, timing.py: softmax over the speech,
 * normalised over tokens, median over 7 positions, mean over heads, then the
 * cheapest monotone path. */
#include <math.h>
#include <string.h>
#include "decoder_internal.h"
#include "rehearse/base/alloc.h"

enum { MEDIAN = 7 };

static const float seconds_per_position = 0.02f;

/* Each position's value over all tokens: mean 0, deviation 1. */
static void normalise_over_tokens(float *w, int n_tokens, int n_pos, float *sum, float *sq)
{
    memset(sum, 0, (size_t)n_pos * sizeof *sum);
    memset(sq, 0, (size_t)n_pos * sizeof *sq);
    for (int i = 0; i < n_tokens; i++)
        for (int p = 0; p < n_pos; p++)
            sum[p] += w[(size_t)i * (size_t)n_pos + (size_t)p];
    for (int p = 0; p < n_pos; p++)
        sum[p] /= (float)n_tokens;
    for (int i = 0; i < n_tokens; i++)
        for (int p = 0; p < n_pos; p++) {
            float v = w[(size_t)i * (size_t)n_pos + (size_t)p] - sum[p];
            sq[p] += v * v;
        }
    for (int p = 0; p < n_pos; p++) {
        float dev = sqrtf(sq[p] / (float)n_tokens);
        sq[p] = dev > 1e-20f ? 1.0f / dev : 0.0f;
    }
    for (int i = 0; i < n_tokens; i++)
        for (int p = 0; p < n_pos; p++) {
            float *v = &w[(size_t)i * (size_t)n_pos + (size_t)p];
            *v = (*v - sum[p]) * sq[p];
        }
}

static inline void sort2(float *a, float *b)
{
    float lo = *a < *b ? *a : *b, hi = *a < *b ? *b : *a;
    *a = lo;
    *b = hi;
}

/* Median of seven by a fixed network of exchanges (Devillard, "Fast median search"). */
static inline float median7(const float *x)
{
    float p[MEDIAN];
    for (int i = 0; i < MEDIAN; i++)
        p[i] = x[i];
    sort2(&p[0], &p[5]);
    sort2(&p[0], &p[3]);
    sort2(&p[1], &p[6]);
    sort2(&p[2], &p[4]);
    sort2(&p[0], &p[1]);
    sort2(&p[3], &p[5]);
    sort2(&p[2], &p[6]);
    sort2(&p[2], &p[3]);
    sort2(&p[3], &p[6]);
    sort2(&p[4], &p[5]);
    sort2(&p[1], &p[4]);
    sort2(&p[1], &p[3]);
    sort2(&p[3], &p[4]);
    return p[3];
}

/* Adds the filtered row to `out`; the ends are reflected. `pad` holds n + 6. */
static void add_median(const float *x, int n, float *pad, float *out)
{
    const int half = MEDIAN / 2;
    if (n <= half) {
        for (int i = 0; i < n; i++)
            out[i] += x[i];
        return;
    }
    memcpy(pad + half, x, (size_t)n * sizeof *x);
    for (int i = 1; i <= half; i++) {
        pad[half - i] = x[i];
        pad[half + n - 1 + i] = x[n - 1 - i];
    }
    for (int i = 0; i < n; i++)
        out[i] += median7(pad + i);
}

/* Cheapest path through -matrix[n_rows][n_cols]; first[r] is the first column of row r. */
static rh_status warp(const float *matrix, int n_rows, int n_cols, int *first)
{
    size_t w = (size_t)n_cols + 1;
    float *cost = rh_alloc_array(2 * w, sizeof *cost);
    uint8_t *trace = rh_alloc_array((size_t)(n_rows + 1) * w, 1);
    if (!cost || !trace) {
        rh_free(cost);
        rh_free(trace);
        return RH_ERR_NOMEM;
    }
    enum { DIAGONAL, UP, LEFT };
    float *above = cost, *here = cost + w;
    for (size_t j = 0; j < w; j++)
        above[j] = j ? INFINITY : 0.0f;
    for (int i = 1; i <= n_rows; i++) {
        const float *x = matrix + (size_t)(i - 1) * (size_t)n_cols;
        uint8_t *t = trace + (size_t)i * w;
        here[0] = INFINITY;
        for (int j = 1; j <= n_cols; j++) {
            float c0 = above[j - 1], c1 = above[j], c2 = here[j - 1];
            t[j] = c0 < c1 && c0 < c2 ? DIAGONAL : c1 < c0 && c1 < c2 ? UP : LEFT;
            float c = t[j] == DIAGONAL ? c0 : t[j] == UP ? c1 : c2;
            here[j] = c - x[j - 1];
        }
        float *swap = above;
        above = here;
        here = swap;
    }
    for (int i = n_rows, j = n_cols; i > 0;) {
        first[i - 1] = j > 0 ? j - 1 : 0;
        uint8_t t = j == 0 ? UP : trace[(size_t)i * w + (size_t)j];
        if (t != LEFT)
            i--;
        if (t != UP)
            j--;
    }
    rh_free(cost);
    rh_free(trace);
    return RH_OK;
}

/* heads: [n_rows][n_heads][n_pos] scores; uses the rows from `skip` on but for the last. */
static rh_status times_from_heads(const rh_dec_state *s, float *heads, int n_rows, int skip, int n_speech,
                                  float *starts)
{
    int n_heads = s->m->n_align_heads, used = n_rows - skip - 1;
    size_t ns = (size_t)n_speech;
    float *w = rh_alloc_array((size_t)n_rows * ns, sizeof *w);
    float *mean = rh_calloc((size_t)used * ns, sizeof *mean);
    float *pad = rh_alloc_array(2 * ns + 2 * MEDIAN, sizeof *pad);
    int *first = rh_alloc_array((size_t)used, sizeof *first);
    rh_status st = w && mean && pad && first ? RH_OK : RH_ERR_NOMEM;
    for (int h = 0; h < n_heads && st == RH_OK; h++) {
        for (int i = 0; i < n_rows; i++) {
            float *to = w + (size_t)i * ns;
            memcpy(to, heads + ((size_t)i * (size_t)n_heads + (size_t)h) * (size_t)s->n_pos, ns * sizeof *to);
            s->m->k->softmax(to, n_speech);
        }
        normalise_over_tokens(w, n_rows, n_speech, pad, pad + ns);
        for (int i = 0; i < used; i++)
            add_median(w + (size_t)(skip + i) * ns, n_speech, pad, mean + (size_t)i * ns);
    }
    if (st == RH_OK) {
        for (size_t i = 0; i < (size_t)used * ns; i++)
            mean[i] /= (float)n_heads;
        st = warp(mean, used, n_speech, first);
    }
    for (int i = 0; i < used && st == RH_OK; i++)
        starts[i] = (float)first[i] * seconds_per_position;
    rh_free(w);
    rh_free(mean);
    rh_free(pad);
    rh_free(first);
    return st;
}

rh_status rh_dec_align(rh_dec_state *s, const rh_dec_params *p, const int32_t *tokens, int n, int n_speech_pos,
                       float *starts, rh_error *err)
{
    rh_dec_model *m = s->m;
    const rh_special_tokens *t = rh_tokenizer_special(m->tokenizer);
    if (s->n_pos < 1)
        return rh_fail(err, RH_ERR_INVAL, "decoder: no audio was given yet");
    if (n < 0 || n > m->hp.n_text_ctx - 5 || n_speech_pos < 1 || n_speech_pos > s->n_pos)
        return rh_fail(err, RH_ERR_INVAL, "cannot align %d tokens to %d of %d positions", n, n_speech_pos, s->n_pos);
    int32_t all[RH_DEC_MAX_TOKENS], language;
    int n_start, count;
    rh_status st = dec_language_of(s, p, &language, err);
    if (st == RH_OK)
        st = dec_start_tokens(s, language, p->translate, false, all, &n_start, err);
    if (st != RH_OK)
        return st;
    count = n_start;
    for (int i = 0; i < n; i++) {
        if (tokens[i] < 0 || tokens[i] >= t->eot)
            return rh_fail(err, RH_ERR_INVAL, "token %d is not text", tokens[i]);
        all[count++] = tokens[i];
    }
    all[count++] = t->eot;
    float *heads = rh_alloc_array((size_t)count * (size_t)m->n_align_heads * (size_t)s->n_pos, sizeof *heads);
    if (!heads)
        return rh_fail(err, RH_ERR_NOMEM, "decoder: out of memory");
    dec_sequence q = {.n = 0};
    dec_slots_clear(s);
    st = dec_extend(s, &q, all, count, count, heads, p->deadline_us, err);
    dec_slots_clear(s);
    /* The row of the token before a word is the one that looks for it: from "no timestamps" on. */
    if (st == RH_OK && times_from_heads(s, heads, count, n_start - 1, n_speech_pos, starts) != RH_OK)
        st = rh_fail(err, RH_ERR_NOMEM, "decoder: out of memory");
    rh_free(heads);
    return st;
}
