/* conv_net.c - see conv_net.h. */
#include "rehearse/nn/conv_net.h"
#include <string.h>
#include <sys/mman.h>
#include "conv_net_internal.h"
#include "rehearse/base/alloc.h"
#include "rehearse/base/file.h"

/* Pixels of a row that are worth products of their own. */
enum { STRAIGHT = 24 };

rh_status rh_conv_net_load(rh_conv_net **out, const char *path, rh_error *err)
{
    const void *bytes = NULL;
    size_t size = 0;
    rh_error why = {0};
    rh_tflite_file file = {0};
    rh_status st = rh_file_map(path, &bytes, &size, &why);
    if (st != RH_OK)
        return rh_fail(err, st, "cannot read network file %s: %s", path, why.msg);
    rh_conv_net *n = rh_calloc(1, sizeof *n);
    st = n ? rh_tflite_parse(&file, bytes, size, &why) : rh_fail(&why, RH_ERR_NOMEM, "out of memory");
    if (st == RH_OK) {
        n->kernels = rh_conv_kernels_best();
        st = rh_conv_net_build(n, &file, &why);
    }
    rh_tflite_done(&file);
    (void)munmap((void *)(uintptr_t)bytes, size);
    if (st != RH_OK) {
        rh_conv_net_free(n);
        return rh_fail(err, st, "network file %s: %s", path, why.msg);
    }
    *out = n;
    return RH_OK;
}

void rh_conv_net_free(rh_conv_net *n)
{
    if (!n)
        return;
    rh_free(n->weights);
    rh_free(n);
}

void rh_conv_net_input(const rh_conv_net *n, int *height, int *width, int *channels)
{
    *height = n->in.height;
    *width = n->in.width;
    *channels = n->in.channels;
}

size_t rh_conv_net_output(const rh_conv_net *n, int i)
{
    return i >= 0 && i < n->n_out ? n->out_size[i] : 0;
}

size_t rh_conv_net_work(const rh_conv_net *n)
{
    return n->work;
}

/* A window's rows one after the other, for each of `n` pixels from `first` on. */
static void gather(const rh_conv_step *s, const float *in, int first, int n, float *out)
{
    const rh_conv_window *w = &s->window;
    size_t c = (size_t)s->from.channels, row = (size_t)w->width * c;
    for (int i = first; i < first + n; i++) {
        int x = i % s->to.width * w->stride - w->left, y = i / s->to.width * w->stride - w->top;
        int from = x < 0 ? -x : 0, to = x + w->width > s->from.width ? s->from.width - x : w->width;
        for (int k = 0; k < w->height; k++, out += row) {
            const float *a = in + ((ptrdiff_t)(y + k) * s->from.width + x) * (ptrdiff_t)c;
            bool whole = from == 0 && to == w->width, there = y + k >= 0 && y + k < s->from.height;
            if (there && whole)
                memcpy(out, a, row * sizeof *out);
            else
                memset(out, 0, row * sizeof *out);
            if (there && !whole && from < to)
                memcpy(out + (size_t)from * c, a + (size_t)from * c, (size_t)(to - from) * c * sizeof *out);
        }
    }
}

/* Whole rows of the depthwise convolution. */
static void filter(const rh_conv_net *n, const rh_conv_step *s, const float *in, int first, int count,
                   const float *zeros, float *out)
{
    size_t row = (size_t)s->from.width * (size_t)s->from.channels;
    rh_conv_depthwise d = {.width = s->from.width,
                           .n = s->to.width,
                           .channels = s->from.channels,
                           .stride = s->before.stride,
                           .left = s->before.left,
                           .w = s->before_w,
                           .bias = s->before_bias,
                           .out = out};
    for (int i = first; i < first + count; i += s->to.width) {
        int y = i / s->to.width * s->before.stride - s->before.top;
        for (int k = 0; k < 3; k++)
            d.row[k] = y + k >= 0 && y + k < s->from.height ? in + (size_t)(y + k) * row : zeros;
        n->kernels->depthwise(&d);
        d.out += (size_t)s->to.width * (size_t)s->from.channels;
    }
}

/* A row of a window's products where it lies: the pixels whose windows are whole. */
static int straight(const rh_conv_net *n, const rh_conv_step *s, const float *in, rh_conv_product *p, int y)
{
    const rh_conv_window *w = &s->window;
    int top = y * w->stride - w->top, count = (s->from.width - w->width) / w->stride + 1;
    if (w->left || top < 0 || top + w->height > s->from.height || count < STRAIGHT)
        return 0;
    size_t c = (size_t)s->from.channels;
    p->n = count < s->to.width ? count : s->to.width;
    p->k = w->width * s->from.channels;
    p->n_rows = w->height;
    p->ld_a = (size_t)w->stride * c;
    p->ld_row = (size_t)s->from.width * c;
    p->a = in + (size_t)top * p->ld_row;
    n->kernels->product(p);
    return p->n;
}

static void convolve(const rh_conv_net *n, const rh_conv_step *s, const float *in, float *work)
{
    const rh_conv_window *w = &s->window;
    int pixels = s->to.width * s->to.height, most = rh_conv_pixels(s), k = w->width * w->height * s->from.channels;
    bool direct = w->width == 1 && w->height == 1 && w->stride == 1 && !s->before.width;
    bool wide = !s->w16 && w->width > 1 && s->to.width >= STRAIGHT;
    size_t c = rh_conv_padded(s->to.channels), more = (size_t)s->add_panels * RH_CONV_PANEL;
    rh_conv_product p = {.n_panels = (int)(c / RH_CONV_PANEL),
                         .w = s->w,
                         .half = s->half,
                         .w16 = s->w16,
                         .w_scale = s->w_scale,
                         .bias = s->bias,
                         .slope = s->slope,
                         .add_panels = s->add_panels,
                         .ld_add = more,
                         .ld_out = c};
    for (int i = 0; i < pixels; i += p.n) {
        p.add = s->add_panels ? work + s->at_add + (size_t)i * more : NULL;
        p.out = work + s->at_out + (size_t)i * c;
        if (wide && i % s->to.width == 0 && straight(n, s, in, &p, i / s->to.width))
            continue;
        int row = s->to.width - i % s->to.width, last = wide ? i + row : pixels;
        p.n = last - i < most ? last - i : most;
        p.k = k;
        p.n_rows = 1;
        p.ld_a = p.ld_row = (size_t)k;
        p.a = direct ? in + (size_t)i * p.ld_a : work + n->at_pixels;
        if (s->before.width)
            filter(n, s, in, i, p.n, work + n->at_zeros, work + n->at_pixels);
        else if (!direct)
            gather(s, in, i, p.n, work + n->at_pixels);
        if (s->w16) {
            int16_t *a16 = (int16_t *)(void *)(work + n->at_narrow);
            p.a_scale = n->kernels->narrow(p.a, (size_t)p.n * (size_t)k, a16);
            p.a16 = a16;
        }
        n->kernels->product(&p);
    }
}

static void halve(const rh_conv_net *n, const rh_conv_step *s, const float *in, float *out)
{
    size_t row = (size_t)s->from.width * (size_t)s->from.channels;
    for (int y = 0; y < s->to.height; y++, in += 2 * row, out += row / 2)
        n->kernels->pool(in, in + row, s->to.width, s->to.channels, out);
}

void rh_conv_net_run(const rh_conv_net *n, const float *in, float *const *out, float *work)
{
    memset(work + n->at_zeros, 0, (n->at_pixels - n->at_zeros) * sizeof *work);
    for (int i = 0; i < n->n_steps; i++) {
        const rh_conv_step *s = &n->step[i];
        const float *from = s->from_input ? in : work + s->at_in;
        if (s->pool)
            halve(n, s, from, work + s->at_out);
        else
            convolve(n, s, from, work);
    }
    for (int i = 0; i < n->n_out; i++)
        memcpy(out[i], work + n->out_at[i], n->out_size[i] * sizeof **out);
}
