/* silero_net.c - see silero_net.h.
 *
 * The four transforms of a step are made side by side, one a lane: every operation is one on vectors without
 * shuffling. A real one of 256 points is a complex one of 128 (even samples real, odd imaginary), in Stockham order, and
 * one pass that takes the halves apart. */
#include <math.h>
#include <string.h>
#include <sys/mman.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/file.h"
#include "silero_net_internal.h"

enum {
    POINTS = SILERO_POINTS,
    HALF = SILERO_HALF,
    BINS = SILERO_BINS,
    FRAMES = 4,
    HOP = HALF,
    REFLECTED = 64,
    HEARD = RH_SILERO_IN + REFLECTED,
    WIDE = SILERO_WIDE,
    FEW = 64 /* channels in the middle */
};
_Static_assert(HEARD == POINTS + (FRAMES - 1) * HOP, "the frames are those of what is heard");

typedef float lanes __attribute__((vector_size(FRAMES * sizeof(float))));

typedef struct {
    lanes re[HALF], im[HALF];
} spectrum;

rh_status rh_silero_net_load(rh_silero_net **out, const char *path, rh_error *err)
{
    const void *bytes = NULL;
    size_t size = 0;
    rh_error why = {0};
    rh_status st = rh_file_map(path, &bytes, &size, &why);
    if (st != RH_OK)
        return rh_fail(err, st, "cannot read voice activity network %s: %s", path, why.msg);
    rh_silero_net *n = rh_calloc(1, sizeof *n);
    st = n ? rh_silero_net_build(n, bytes, size, &why) : rh_fail(&why, RH_ERR_NOMEM, "out of memory");
    (void)munmap((void *)(uintptr_t)bytes, size);
    if (st != RH_OK) {
        rh_silero_net_free(n);
        return rh_fail(err, st, "voice activity network %s: %s%s", path,
                       st == RH_ERR_FORMAT ? "not Silero's for 16 kHz: " : "", why.msg);
    }
    *out = n;
    return RH_OK;
}

void rh_silero_net_free(rh_silero_net *n)
{
    if (!n)
        return;
    rh_arena_done(&n->arena);
    rh_free(n);
}

static void load(const rh_silero_net *n, const float *x, spectrum *to)
{
    for (size_t j = 0; j < HALF; j++) {
        const float *even = x + 2 * j, *odd = even + 1;
        to->re[j] = (lanes){even[0], even[HOP], even[2 * HOP], even[3 * HOP]} * n->window[2 * j];
        to->im[j] = (lanes){odd[0], odd[HOP], odd[2 * HOP], odd[3 * HOP]} * n->window[2 * j + 1];
    }
}

/* Butterflies: `s` transforms are merged already, of 2 m points each is left. */
static void pass(const rh_silero_net *n, const spectrum *x, spectrum *y, size_t m, size_t s)
{
    for (size_t p = 0; p < m; p++) {
        float c = n->cosine[2 * p * s], d = n->sine[2 * p * s];
        for (size_t q = 0; q < s; q++) {
            size_t a = q + s * p, b = a + s * m, to = q + 2 * s * p;
            lanes re = x->re[a] - x->re[b], im = x->im[a] - x->im[b];
            y->re[to] = x->re[a] + x->re[b];
            y->im[to] = x->im[a] + x->im[b];
            y->re[to + s] = re * c + im * d;
            y->im[to + s] = im * c - re * d;
        }
    }
}

/* out[FRAMES][BINS] */
static void magnitudes(const rh_silero_net *n, const spectrum *z, float *out)
{
    for (size_t k = 0; k < BINS; k++) {
        size_t a = k % HALF, b = (HALF - k) % HALF;
        lanes even_re = z->re[a] + z->re[b], even_im = z->im[a] - z->im[b]; /* twice */
        lanes odd_re = z->im[a] + z->im[b], odd_im = z->re[b] - z->re[a];
        lanes re = even_re + odd_re * n->cosine[k] + odd_im * n->sine[k];
        lanes im = even_im + odd_im * n->cosine[k] - odd_re * n->sine[k];
        lanes power = (re * re + im * im) * 0.25f;
        for (size_t l = 0; l < FRAMES; l++)
            out[l * BINS + k] = sqrtf(power[l]);
    }
}

static void transform(const rh_silero_net *n, const float *x, float *out)
{
    spectrum both[2];
    int at = 0;
    load(n, x, &both[0]);
    for (size_t s = 1; s < HALF; s *= 2, at = 1 - at)
        pass(n, &both[at], &both[1 - at], HALF / 2 / s, s);
    magnitudes(n, &both[at], out);
}

/* `rows` of them, ld floats apart; `out` [rows][n_out]; with `slope` negative values are multiplied by it. */
static void apply(const rh_silero_net *n, const silero_layer *y, const float *a, int rows, int ld, const float *slope,
                  float *out)
{
    rh_conv_product p = {.n = rows,
                         .k = y->k,
                         .n_rows = 1,
                         .a = a,
                         .ld_a = (size_t)ld,
                         .n_panels = y->n_out / RH_CONV_PANEL,
                         .w = y->w,
                         .bias = y->bias,
                         .slope = slope,
                         .out = out,
                         .ld_out = (size_t)y->n_out};
    n->products->product(&p);
}

float rh_silero_net_run(const rh_silero_net *n, const float in[RH_SILERO_IN], float state[RH_SILERO_STATE])
{
    /* Rows of zeros around them, which the convolutions see. */
    float heard[HEARD], frames[(FRAMES + 2) * BINS] = {0}, first[(FRAMES + 1) * WIDE], second[2 * FEW], third[FEW];
    float both[2 * WIDE], gates[SILERO_GATES], *hidden = state, *cell = state + WIDE;
    memcpy(heard, in, RH_SILERO_IN * sizeof *heard);
    for (int i = 0; i < REFLECTED; i++)
        heard[RH_SILERO_IN + i] = in[RH_SILERO_IN - 2 - i];
    transform(n, heard, frames + BINS);
    memset(first, 0, WIDE * sizeof *first);
    apply(n, &n->conv[0], frames, FRAMES, BINS, n->nothing, first + WIDE);
    apply(n, &n->conv[1], first, 2, 2 * WIDE, n->nothing, second);
    apply(n, &n->conv[2], second, 1, 0, n->nothing, third);
    apply(n, &n->conv[3], third, 1, 0, n->nothing, both);
    memcpy(both + WIDE, hidden, WIDE * sizeof *hidden);
    apply(n, &n->lstm, both, 1, 0, NULL, gates);
    n->kernels->lstm(gates, cell, hidden, WIDE);
    float sum[WIDE];
    for (int i = 0; i < WIDE; i++)
        sum[i] = hidden[i] > 0.0f ? hidden[i] : 0.0f;
    return 1.0f / (1.0f + expf(-(n->kernels->dot(sum, n->last, WIDE) + n->last_bias)));
}
