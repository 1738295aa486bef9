/* conv_net_build.c - from a file's operators to steps: what follows a convolution is done where its sums are still in
 * registers, and what comes before one while its pixels are in the first cache. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "conv_net_internal.h"
#include "rehearse/base/alloc.h"
#include "rehearse/nn/ggml_file.h"

enum { FEW_PIXELS = 16, MOST_WHOLE = 4096 /* values of a whole-numbered product */ };
static const float MOST_HALF = 65504.0f;

typedef struct {
    rh_conv_net *net;
    const rh_tflite_file *file;
    int same_as[RH_TFLITE_TENSORS];   /* what only has another name, or more channels of zeros */
    int n_uses[RH_TFLITE_TENSORS];    /* by operators and as outputs */
    int depthwise[RH_TFLITE_TENSORS]; /* operator that makes it, + 1; 0 = another kind does */
    rh_error *err;
} builder;

static rh_status refuse(const builder *b, int op, const char *what)
{
    return rh_fail(b->err, RH_ERR_FORMAT, "operator %d of kind %d: %s", op, b->file->ops[op].code, what);
}

static rh_conv_size size_of(const builder *b, int tensor)
{
    const rh_tflite_tensor *t = &b->file->tensors[tensor];
    rh_conv_size s = {1, 1, t->n_dims ? t->dims[t->n_dims - 1] : 1};
    if (t->n_dims == 4) {
        s.height = t->dims[1];
        s.width = t->dims[2];
    }
    return s;
}

/* What has another name must not have another shape where pixels count. */
static bool same_size(const builder *b, int tensor)
{
    rh_conv_size x = size_of(b, tensor), y = size_of(b, b->same_as[tensor]);
    return x.width == y.width && x.height == y.height && x.channels == y.channels;
}

static size_t floats_of(const rh_tflite_tensor *t)
{
    size_t n = 1;
    for (int i = 0; i < t->n_dims; i++)
        n *= (size_t)t->dims[i]; /* each at most 65536, four of them: no overflow */
    return n;
}

/* A constant as f32; NULL where it is none of `n` floats. */
static bool constant(const builder *b, int tensor, size_t n, float *out)
{
    const rh_tflite_tensor *t = &b->file->tensors[b->same_as[tensor]];
    bool half = t->type == RH_TFLITE_F16;
    if (!t->data || floats_of(t) != n || (!half && t->type != RH_TFLITE_F32) || t->size != n * (half ? 2 : 4))
        return false;
    for (size_t i = 0; i < n; i++) {
        uint16_t h;
        if (half) {
            memcpy(&h, t->data + 2 * i, sizeof h);
            out[i] = rh_f16_to_f32(h);
        } else {
            memcpy(&out[i], t->data + 4 * i, sizeof *out);
        }
    }
    return true;
}

static float *take(rh_conv_net *n, size_t floats)
{
    float *p = n->weights + n->n_weights;
    n->n_weights += floats;
    return p;
}

static rh_conv_step *made_by(const builder *b, int tensor)
{
    for (int i = 0; i < b->net->n_steps; i++)
        if (b->net->step[i].out == tensor)
            return &b->net->step[i];
    return NULL;
}

/* A convolution nothing but this operator asks the result of, with nothing after it yet. */
static rh_conv_step *open_step(const builder *b, int tensor)
{
    rh_conv_step *s = made_by(b, tensor);
    return s && !s->pool && !s->slope && b->n_uses[tensor] == 1 ? s : NULL;
}

static rh_conv_window window_of(const rh_tflite_op *o, rh_conv_size from, rh_conv_size to, int width, int height)
{
    rh_conv_window w = {width, height, o->stride_x, 0, 0};
    int across = (to.width - 1) * w.stride + width - from.width,
        down = (to.height - 1) * w.stride + height - from.height;
    if (o->same) {
        w.left = across > 0 ? across / 2 : 0;
        w.top = down > 0 ? down / 2 : 0;
    }
    return w;
}

static bool fits(const rh_tflite_op *o, rh_conv_size from, rh_conv_size to, int width, int height)
{
    if (o->stride_x < 1 || o->stride_x > 16 || o->stride_y != o->stride_x)
        return false;
    int s = o->stride_x, x = o->same ? from.width + s - 1 : from.width - width + s;
    int y = o->same ? from.height + s - 1 : from.height - height + s;
    return x > 0 && y > 0 && to.width == x / s && to.height == y / s;
}

static rh_status add_depthwise(builder *b, int op)
{
    const rh_tflite_op *o = &b->file->ops[op];
    if (o->n_in != 3 || o->n_out != 1)
        return refuse(b, op, "expected a picture, weights and bias");
    const rh_tflite_tensor *w = &b->file->tensors[o->in[1]];
    rh_conv_size from = size_of(b, o->in[0]), to = size_of(b, o->out[0]);
    if (w->n_dims != 4 || w->dims[1] != 3 || w->dims[2] != 3 || o->multiplier != 1 || o->dilation_x != 1 ||
        o->dilation_y != 1 || o->activation || !same_size(b, o->in[0]) || !fits(o, from, to, 3, 3) ||
        from.channels != to.channels || from.channels % RH_CONV_PANEL != 0 || from.width < 3 - (int)o->same ||
        b->n_uses[o->out[0]] != 1)
        return refuse(b, op, "expected 3x3 for each of 16, 32, ... channels, then 1x1");
    b->depthwise[o->out[0]] = op + 1;
    return RH_OK;
}

static rh_status set_depthwise(builder *b, rh_conv_step *s, int op)
{
    const rh_tflite_op *o = &b->file->ops[op];
    s->in = b->same_as[o->in[0]];
    s->from = size_of(b, s->in);
    size_t c = (size_t)s->from.channels;
    float *w = take(b->net, 9 * c), *bias = take(b->net, c);
    s->before = window_of(o, s->from, size_of(b, o->out[0]), 3, 3);
    s->before_w = w;
    s->before_bias = bias;
    return constant(b, o->in[1], 9 * c, w) && constant(b, o->in[2], c, bias) ? RH_OK
                                                                             : refuse(b, op, "weights are missing");
}

static int16_t whole(float x)
{
    const float most = INT16_MAX;
    return (int16_t)lrintf(x > -most ? x < most ? x : most : -most);
}

/* From [out][k] to panels of pairs [out / 16][k / 2][16][2], as finely as sums of 32 bits allow. */
static void set_whole(rh_conv_step *s, const float *plain, size_t k, int16_t *w, float *scale)
{
    for (size_t c = 0; c < (size_t)s->to.channels; c++) {
        const float *row = plain + c * k;
        float sum = 0.0f, most = 0.0f;
        for (size_t j = 0; j < k; j++) {
            sum += fabsf(row[j]);
            most = fmaxf(most, fabsf(row[j]));
        }
        /* Rounding adds half a step a weight at most, and less than the other half comes from the sum's rounding. */
        float steps = fminf((float)(RH_CONV_WEIGHTS - (int)k) / sum, (float)INT16_MAX / most);
        bool some = sum > 1e-30f && sum < 1e30f;
        scale[c] = some ? 1.0f / steps : sum; /* nothing, or not finite: so is what comes out */
        for (size_t j = 0; j < k; j++)
            w[rh_conv_pair_at(c, j, k)] = some ? whole(row[j] * steps) : 0;
    }
    s->w16 = w;
    s->w_scale = scale;
}

/* From [out][k] to panels [out / 16][k][16]. */
static void set_floats(rh_conv_step *s, const float *plain, size_t k, float *w, bool half)
{
    uint16_t *h = (uint16_t *)(void *)w;
    for (size_t c = 0; c < (size_t)s->to.channels; c++)
        for (size_t j = 0; j < k; j++) {
            size_t at = (c / RH_CONV_PANEL * k + j) * RH_CONV_PANEL + c % RH_CONV_PANEL;
            if (half)
                h[at] = rh_f32_to_f16(fmaxf(-MOST_HALF, fminf(MOST_HALF, plain[c * k + j])));
            else
                w[at] = plain[c * k + j];
        }
    s->w = half ? NULL : w;
    s->half = half ? h : NULL;
}

/* Where a weight serves few pixels, reading it is what takes time: there half precision, in which one of the face's
 * networks comes anyway. Else whole numbers, if these are fewer instructions and there are channels enough to be worth
 * the pixels' rounding. */
static rh_status set_weights(builder *b, rh_conv_step *s, const rh_tflite_op *o, int op)
{
    size_t n = (size_t)s->to.channels, padded = rh_conv_padded(s->to.channels);
    size_t k = (size_t)s->from.channels * (size_t)(s->window.width * s->window.height);
    bool half = s->to.width * s->to.height <= FEW_PIXELS;
    bool in16 = !half && b->net->kernels->narrow && k % RH_CONV_PANEL == 0 && k <= MOST_WHOLE && n >= 2 * RH_CONV_PANEL;
    float *w = take(b->net, half || in16 ? padded * k / 2 : padded * k), *bias = take(b->net, padded);
    float *scale = in16 ? take(b->net, padded) : NULL, *plain = rh_alloc_array(n * k, sizeof *plain);
    if (!plain)
        return rh_fail(b->err, RH_ERR_NOMEM, "no memory for a network");
    bool good = constant(b, o->in[1], n * k, plain) && constant(b, o->in[2], n, bias);
    if (good && in16)
        set_whole(s, plain, k, (int16_t *)(void *)w, scale);
    else if (good)
        set_floats(s, plain, k, w, half);
    rh_free(plain);
    s->bias = bias;
    return good ? RH_OK : refuse(b, op, "weights are missing");
}

static rh_status add_conv(builder *b, int op)
{
    const rh_tflite_op *o = &b->file->ops[op];
    if (o->n_in != 3 || o->n_out != 1 || b->net->n_steps == RH_CONV_STEPS)
        return refuse(b, op, "expected a picture, weights and bias, and 128 of these at most");
    const rh_tflite_tensor *w = &b->file->tensors[o->in[1]];
    rh_conv_step *s = &b->net->step[b->net->n_steps++];
    rh_conv_size from = size_of(b, o->in[0]);
    *s = (rh_conv_step){
        .in = b->same_as[o->in[0]], .add = -1, .out = o->out[0], .from = from, .to = size_of(b, o->out[0])};
    if (w->n_dims != 4 || w->dims[3] != from.channels || w->dims[0] != s->to.channels || w->dims[1] > 16 ||
        w->dims[2] > 16 || o->dilation_x != 1 || o->dilation_y != 1 || o->activation || !same_size(b, o->in[0]) ||
        !fits(o, from, s->to, w->dims[2], w->dims[1]) || (s->in != b->file->in[0] && from.channels % RH_CONV_PANEL))
        return refuse(b, op, "this shape of a convolution is not known");
    s->window = window_of(o, from, s->to, w->dims[2], w->dims[1]);
    rh_status st = RH_OK;
    int before = b->depthwise[o->in[0]];
    if (before && (s->window.width != 1 || s->window.height != 1 || s->window.stride != 1))
        return refuse(b, op, "expected 1x1 after a depthwise convolution");
    if (before)
        st = set_depthwise(b, s, before - 1);
    return st == RH_OK ? set_weights(b, s, o, op) : st;
}

/* A sum is done with the convolution that comes in, as late as that: the other picture is there by then. */
static rh_status add_sum(builder *b, int op)
{
    const rh_tflite_op *o = &b->file->ops[op];
    if (o->n_in != 2 || o->n_out != 1 || o->activation)
        return refuse(b, op, "expected two pictures");
    for (int i = 1; i >= 0; i--) {
        rh_conv_step *s = open_step(b, o->in[i]);
        int other = b->same_as[o->in[1 - i]];
        rh_conv_size size = size_of(b, other);
        if (!s || s->add >= 0 || size.width != s->to.width || size.height != s->to.height ||
            size.channels > s->to.channels || size.channels % RH_CONV_PANEL != 0 || !made_by(b, other))
            continue;
        rh_conv_step moved = *s;
        moved.add = other;
        moved.add_panels = size.channels / RH_CONV_PANEL;
        moved.out = o->out[0];
        rh_conv_step *last = &b->net->step[b->net->n_steps - 1];
        memmove(s, s + 1, (size_t)(last - s) * sizeof *s);
        *last = moved;
        return RH_OK;
    }
    return refuse(b, op, "expected a sum with what a convolution gives");
}

static rh_status add_prelu(builder *b, int op)
{
    const rh_tflite_op *o = &b->file->ops[op];
    rh_conv_step *s = o->n_in == 2 && o->n_out == 1 ? open_step(b, o->in[0]) : NULL;
    if (!s)
        return refuse(b, op, "expected after a convolution");
    float *slope = take(b->net, rh_conv_padded(s->to.channels));
    s->slope = slope;
    s->out = o->out[0];
    return constant(b, o->in[1], (size_t)s->to.channels, slope) ? RH_OK : refuse(b, op, "expected a slope a channel");
}

static rh_status add_pool(builder *b, int op)
{
    const rh_tflite_op *o = &b->file->ops[op];
    if (o->n_in != 1 || o->n_out != 1 || b->net->n_steps == RH_CONV_STEPS)
        return refuse(b, op, "expected one picture, and 128 steps at most");
    rh_conv_step *s = &b->net->step[b->net->n_steps++];
    *s = (rh_conv_step){.pool = true, .in = b->same_as[o->in[0]], .add = -1, .out = o->out[0]};
    s->from = size_of(b, s->in);
    s->to = size_of(b, s->out);
    if (o->window_x != 2 || o->window_y != 2 || o->stride_x != 2 || o->stride_y != 2 || o->activation ||
        s->from.width != 2 * s->to.width || s->from.height != 2 * s->to.height || s->from.channels != s->to.channels ||
        s->from.channels % RH_CONV_PANEL != 0)
        return refuse(b, op, "expected a pool of 2x2");
    return RH_OK;
}

/* Channels may come behind; nothing else. */
static bool adds_channels(const builder *b, const rh_tflite_op *o)
{
    const rh_tflite_tensor *by = o->n_in == 2 ? &b->file->tensors[o->in[1]] : NULL;
    static const uint8_t none[28];
    return by && by->type == RH_TFLITE_I32 && by->data && by->size == 32 && memcmp(by->data, none, sizeof none) == 0;
}

static rh_status add_op(builder *b, int op)
{
    const rh_tflite_op *o = &b->file->ops[op];
    switch (o->code) {
    case RH_TFLITE_CONV: return add_conv(b, op);
    case RH_TFLITE_DEPTHWISE: return add_depthwise(b, op);
    case RH_TFLITE_ADD: return add_sum(b, op);
    case RH_TFLITE_PRELU: return add_prelu(b, op);
    case RH_TFLITE_MAX_POOL: return add_pool(b, op);
    case RH_TFLITE_PAD:
    case RH_TFLITE_RESHAPE:
    case RH_TFLITE_DEQUANTIZE: break;
    default: return refuse(b, op, "no operator this program knows");
    }
    if (o->n_in < 1 || o->n_out != 1 || (o->code == RH_TFLITE_PAD && !adds_channels(b, o)))
        return refuse(b, op, "expected more channels, and nothing else");
    b->same_as[o->out[0]] = b->same_as[o->in[0]];
    return RH_OK;
}

/* Floats of all weights, panels filled up; half precision and whole numbers take less. */
static size_t weights_of(const rh_tflite_file *f)
{
    size_t n = 0;
    for (int i = 0; i < f->n_ops; i++) {
        const rh_tflite_op *o = &f->ops[i];
        if (o->n_out < 1 || (o->code != RH_TFLITE_CONV && o->code != RH_TFLITE_DEPTHWISE && o->code != RH_TFLITE_PRELU))
            continue;
        const rh_tflite_tensor *out = &f->tensors[o->out[0]];
        const rh_tflite_tensor *w = o->n_in > 1 ? &f->tensors[o->in[1]] : out;
        size_t c = rh_conv_padded(out->n_dims ? out->dims[out->n_dims - 1] : 1);
        size_t k = 1;
        for (int d = 1; o->code == RH_TFLITE_CONV && d < w->n_dims; d++)
            k *= (size_t)w->dims[d];
        n += o->code == RH_TFLITE_CONV ? c * k + c : o->code == RH_TFLITE_DEPTHWISE ? 10 * c : c;
    }
    return n;
}

/* The last step that reads a tensor; all read what is an output. */
static int last_use(const builder *b, int tensor)
{
    int last = 0;
    for (int i = 0; i < b->file->n_out; i++)
        if (b->same_as[b->file->out[i]] == tensor)
            return b->net->n_steps;
    for (int i = 0; i < b->net->n_steps; i++)
        if (b->net->step[i].in == tensor || b->net->step[i].add == tensor)
            last = i;
    return last;
}

static size_t space_of(const rh_conv_step *s)
{
    return (size_t)s->to.width * (size_t)s->to.height * rh_conv_padded(s->to.channels);
}

/* Each step's result takes the first place free of all that is still needed. */
static void place(const builder *b)
{
    rh_conv_net *n = b->net;
    size_t zeros = 0, pixels = 0, narrow = 0;
    for (int i = 0; i < n->n_steps; i++) {
        rh_conv_step *s = &n->step[i];
        size_t size = space_of(s), at = 0;
        for (bool free = false; !free;) {
            free = true;
            for (int j = 0; j < i; j++) {
                const rh_conv_step *o = &n->step[j];
                if (last_use(b, o->out) >= i && at < o->at_out + space_of(o) && o->at_out < at + size) {
                    at = o->at_out + space_of(o);
                    free = false;
                }
            }
        }
        s->at_out = at;
        n->work = at + size > n->work ? at + size : n->work;
        s->from_input = s->in == b->file->in[0];
        for (int j = 0; j < i; j++) {
            s->at_in = n->step[j].out == s->in ? n->step[j].at_out : s->at_in;
            s->at_add = n->step[j].out == s->add ? n->step[j].at_out : s->at_add;
        }
        if (s->pool)
            continue;
        size_t row = (size_t)s->from.width * (size_t)s->from.channels;
        size_t ready = (size_t)rh_conv_pixels(s) * (size_t)(s->window.width * s->window.height * s->from.channels);
        zeros = row > zeros ? row : zeros;
        pixels = ready > pixels ? ready : pixels;
        narrow = s->w16 && ready > narrow ? ready : narrow;
    }
    n->at_zeros = n->work;
    n->at_pixels = n->work + zeros;
    n->at_narrow = n->at_pixels + pixels;
    n->work += zeros + pixels + narrow / 2;
}

static rh_status find_ends(builder *b)
{
    rh_conv_net *n = b->net;
    for (int i = 0; i < n->n_steps; i++) {
        const rh_conv_step *s = &n->step[i];
        bool known = made_by(b, s->in) || (s->in == b->file->in[0] && !s->pool && !s->before.width);
        if (!known)
            return rh_fail(b->err, RH_ERR_FORMAT, "a step reads what none makes");
    }
    n->n_out = b->file->n_out;
    for (int i = 0; i < n->n_out; i++) {
        const rh_conv_step *s = made_by(b, b->same_as[b->file->out[i]]);
        if (!s || s->to.width != 1 || s->to.height != 1)
            return rh_fail(b->err, RH_ERR_FORMAT, "output %d: expected numbers that a convolution gives", i);
        n->out_at[i] = s->at_out;
        n->out_size[i] = (size_t)s->to.channels;
    }
    return RH_OK;
}

rh_status rh_conv_net_build(rh_conv_net *n, const rh_tflite_file *f, rh_error *err)
{
    size_t size = weights_of(f);
    if (f->n_in != 1 || f->n_out < 1 || size > ((size_t)1 << 26))
        return rh_fail(err, RH_ERR_FORMAT, "expected one input, outputs, and at most 2^26 weights");
    builder *b = rh_calloc(1, sizeof *b);
    n->weights = rh_calloc_large(size + RH_CONV_PANEL, sizeof *n->weights);
    if (!b || !n->weights) {
        rh_free(b);
        return rh_fail(err, RH_ERR_NOMEM, "no memory for a network");
    }
    *b = (builder){.net = n, .file = f, .err = err};
    n->in = size_of(b, f->in[0]);
    for (int i = 0; i < f->n_tensors; i++)
        b->same_as[i] = i;
    for (int i = 0; i < f->n_ops; i++)
        for (int k = 0; k < f->ops[i].n_in; k++)
            b->n_uses[f->ops[i].in[k]]++;
    for (int i = 0; i < f->n_out; i++)
        b->n_uses[f->out[i]]++;
    rh_status st = RH_OK;
    for (int i = 0; i < f->n_ops && st == RH_OK; i++)
        st = add_op(b, i);
    if (st == RH_OK)
        place(b);
    if (st == RH_OK)
        st = find_ends(b);
    rh_free(b);
    return st;
}
