/* silero_net_build.c - the network's weights, from its file into the kernels' order. */
#include "silero_net_internal.h"

#include <math.h>
#include <string.h>
#include "onnx_file.h"

enum { TAPS = 3, NAME = 64 };

/* Of a convolution only those taps that meet anything but the zeros around its rows. */
static const struct {
    const char *weight, *bias;
    int n_in, n_out, first_tap;
    int end_tap;
} convs[SILERO_CONVS] = {
    {"encoder.0.reparam_conv.weight", "encoder.0.reparam_conv.bias", SILERO_BINS, 128, 0, 3},
    {"encoder.1.reparam_conv.weight", "encoder.1.reparam_conv.bias", 128, 64, 0, 3},
    {"encoder.2.reparam_conv.weight", "encoder.2.reparam_conv.bias", 64, 64, 1, 3},
    {"encoder.3.reparam_conv.weight", "encoder.3.reparam_conv.bias", 64, 128, 1, 2},
};

typedef struct {
    const void *bytes;
    size_t n;
    rh_silero_net *net;
    rh_status st; /* first failure; later calls do nothing */
    rh_error *err;
} loader;

static const uint8_t *need(loader *l, const char *name, int a, int b, int c)
{
    const uint8_t *v = NULL;
    if (l->st == RH_OK)
        l->st = rh_onnx_constant(l->bytes, l->n, name, (int[RH_ONNX_DIMS]){a, b, c}, &v, l->err);
    return v;
}

static float value(const uint8_t *values, size_t i)
{
    float v;
    memcpy(&v, values + i * sizeof v, sizeof v);
    return v;
}

/* Memory for a layer, all 0. */
static bool take(loader *l, silero_layer *y, int k, int n_out)
{
    *y = (silero_layer){.k = k, .n_out = n_out};
    if (l->st != RH_OK)
        return false;
    y->bias = rh_arena_take(&l->net->arena, (size_t)n_out * sizeof(float));
    y->w = rh_arena_take(&l->net->arena, (size_t)n_out * (size_t)k * sizeof(float));
    if (!y->bias || !y->w)
        l->st = rh_fail(l->err, RH_ERR_NOMEM, "out of memory");
    return l->st == RH_OK;
}

static void set(silero_layer *y, size_t out, size_t at, float v)
{
    y->w[(out / RH_CONV_PANEL * (size_t)y->k + at) * RH_CONV_PANEL + out % RH_CONV_PANEL] = v;
}

static void load_conv(loader *l, int i)
{
    size_t n_in = (size_t)convs[i].n_in, first = (size_t)convs[i].first_tap, end = (size_t)convs[i].end_tap;
    silero_layer *y = &l->net->conv[i];
    const uint8_t *w = need(l, convs[i].weight, convs[i].n_out, convs[i].n_in, TAPS);
    const uint8_t *bias = need(l, convs[i].bias, convs[i].n_out, 0, 0);
    if (!take(l, y, (int)((end - first) * n_in), convs[i].n_out))
        return;
    for (size_t o = 0; o < (size_t)y->n_out; o++) {
        y->bias[o] = value(bias, o);
        for (size_t c = 0; c < n_in; c++)
            for (size_t tap = first; tap < end; tap++)
                set(y, o, (tap - first) * n_in + c, value(w, (o * n_in + c) * TAPS + tap));
    }
}

static void load_lstm(loader *l)
{
    static const size_t WIDE = SILERO_WIDE;
    silero_layer *y = &l->net->lstm;
    const uint8_t *of_input = need(l, "decoder.rnn.weight_ih", SILERO_GATES, SILERO_WIDE, 0);
    const uint8_t *of_output = need(l, "decoder.rnn.weight_hh", SILERO_GATES, SILERO_WIDE, 0);
    const uint8_t *bias = need(l, "decoder.rnn.bias_ih", SILERO_GATES, 0, 0);
    const uint8_t *more = need(l, "decoder.rnn.bias_hh", SILERO_GATES, 0, 0);
    if (!take(l, y, 2 * SILERO_WIDE, SILERO_GATES))
        return;
    for (size_t o = 0; o < SILERO_GATES; o++) {
        y->bias[o] = value(bias, o) + value(more, o);
        for (size_t i = 0; i < WIDE; i++) {
            set(y, o, i, value(of_input, o * WIDE + i));
            set(y, o, WIDE + i, value(of_output, o * WIDE + i));
        }
    }
}

static void load_last(loader *l)
{
    const uint8_t *w = need(l, "decoder.decoder.2.weight", 1, SILERO_WIDE, 1);
    const uint8_t *bias = need(l, "decoder.decoder.2.bias", 1, 0, 0);
    for (size_t i = 0; l->st == RH_OK && i < SILERO_WIDE; i++)
        l->net->last[i] = value(w, i);
    l->net->last_bias = l->st == RH_OK ? value(bias, 0) : 0.0f;
}

/* The file has the transform as a matrix: cosines of each bin, then sines, under the window. */
static void load_transform(loader *l)
{
    static const size_t POINTS = SILERO_POINTS, BINS = SILERO_BINS;
    rh_silero_net *n = l->net;
    const uint8_t *basis = need(l, "stft.forward_basis_buffer", 2 * SILERO_BINS, 1, SILERO_POINTS);
    for (size_t i = 0; i < POINTS; i++) {
        double angle = 2 * 3.14159265358979323846 * (double)i / SILERO_POINTS;
        n->cosine[i] = (float)cos(angle);
        n->sine[i] = (float)sin(angle);
        n->window[i] = l->st == RH_OK ? value(basis, i) : 0.0f; /* its first row's cosine is 1 */
    }
    for (size_t i = 0; l->st == RH_OK && i < BINS * POINTS; i++) {
        size_t at = i % POINTS, turn = i / POINTS * at % POINTS;
        float re = n->window[at] * n->cosine[turn], im = -n->window[at] * n->sine[turn];
        if (!(fabsf(value(basis, i) - re) < 1e-6f && fabsf(value(basis, BINS * POINTS + i) - im) < 1e-6f))
            l->st = rh_fail(l->err, RH_ERR_FORMAT, "its stft.forward_basis_buffer is no Fourier transform");
    }
}

static size_t weights(void)
{
    size_t n = SILERO_GATES * (2 * SILERO_WIDE + 1);
    for (int i = 0; i < SILERO_CONVS; i++)
        n += (size_t)convs[i].n_out * (size_t)(convs[i].n_in * (convs[i].end_tap - convs[i].first_tap) + 1);
    return n;
}

rh_status rh_silero_net_build(rh_silero_net *n, const void *bytes, size_t size, rh_error *err)
{
    loader l = {.bytes = bytes, .n = size, .net = n, .err = err};
    n->products = rh_conv_kernels_best();
    n->kernels = rh_kernels_best();
    if (rh_arena_init(&n->arena, weights() * sizeof(float)) != RH_OK)
        return rh_fail(err, RH_ERR_NOMEM, "out of memory");
    load_transform(&l);
    for (int i = 0; i < SILERO_CONVS; i++)
        load_conv(&l, i);
    load_lstm(&l);
    load_last(&l);
    return l.st;
}
