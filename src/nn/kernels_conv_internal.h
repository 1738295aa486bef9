/* kernels_conv_internal.h - what a convolutional network is made of, once for each instruction set.
 *
 * A picture lies row after row, pixel after pixel, its channels together and a multiple of RH_CONV_PANEL. */
#ifndef RH_KERNELS_CONV_INTERNAL_H
#define RH_KERNELS_CONV_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

enum { RH_CONV_PANEL = 16 };
/* Sums of products of whole numbers stay within 32 bits: no pixel's value is larger than RH_CONV_LEVELS, the magnitudes of
 * a channel's weights add up to RH_CONV_WEIGHTS at most, and (2^13 - 1) 2^18 < 2^31. */
enum { RH_CONV_LEVELS = (1 << 13) - 1, RH_CONV_WEIGHTS = 1 << 18 };

/* Where in w16 the weight of value `j` of `k` for channel `c` lies. */
static inline size_t rh_conv_pair_at(size_t c, size_t j, size_t k)
{
    return (c / RH_CONV_PANEL * k + j / 2 * 2) * RH_CONV_PANEL + c % RH_CONV_PANEL * 2 + j % 2;
}

/* out = slope(a w + bias + add), a panel of channels at a time. */
typedef struct {
    int n, k;       /* pixels, values of each in a row */
    int n_rows;     /* of values: 1, or those of a window */
    const float *a; /* pixel i has a[r ld_row + i ld_a + j], r < n_rows, j < k */
    size_t ld_a, ld_row;
    int n_panels;         /* of `out` */
    const float *w;       /* [n_panels][n_rows][k][RH_CONV_PANEL]; NULL = they are in `half` */
    const uint16_t *half; /* the same in half precision, without infinities */
    /* Whole numbers instead of `a` and these, times a_scale and w_scale; n_rows is 1, k a multiple of RH_CONV_PANEL. */
    const int16_t *a16;   /* [n][k] of narrow(), which returns a_scale */
    const int16_t *w16;   /* [n_panels][k / 2][RH_CONV_PANEL][2]; NULL = floats are multiplied */
    const float *w_scale; /* as bias */
    float a_scale;
    const float *bias;  /* [n_panels][RH_CONV_PANEL] */
    const float *slope; /* as bias: what negative sums are multiplied by; NULL = by 1 */
    int add_panels;     /* of `add`, at most n_panels; 0 = nothing is added */
    const float *add;   /* [n][ld_add] */
    size_t ld_add;
    float *out; /* [n][ld_out], apart from the others */
    size_t ld_out;
} rh_conv_product;

/* A row of a depthwise convolution of 3x3: out[x] = bias + sum of w[3 dy + dx] * row[dy][x stride - left + dx],
 * what lies beside the row being 0. */
typedef struct {
    int width, n, channels; /* px of the rows, of out */
    int stride, left;       /* stride 1 or 2 */
    const float *row[3];    /* [width][channels] */
    const float *w, *bias;  /* [9][channels], [channels] */
    float *out;             /* [n][channels] */
} rh_conv_depthwise;

typedef struct {
    const char *name;
    void (*product)(const rh_conv_product *p);
    void (*depthwise)(const rh_conv_depthwise *d);
    /* out[x] = the largest of a[2 x], a[2 x + 1], b[2 x], b[2 x + 1]; [n][channels] */
    void (*pool)(const float *a, const float *b, int n, int channels, float *out);
    /* n values, a multiple of RH_CONV_PANEL, as whole numbers, the largest as RH_CONV_LEVELS; returns the step. What is
     * not finite may be any number. NULL: this table has no products of whole numbers. */
    float (*narrow)(const float *a, size_t n, int16_t *out);
} rh_conv_kernels;

extern const rh_conv_kernels rh_conv_kernels_c;
#if defined(__x86_64__)
extern const rh_conv_kernels rh_conv_kernels_avx2, rh_conv_kernels_avxvnni, rh_conv_kernels_avx512,
    rh_conv_kernels_avx512vnni;
#elif defined(__aarch64__)
extern const rh_conv_kernels rh_conv_kernels_neon;
#endif

/* The best of them for this machine; REHEARSE_ISA caps it (see cpu.h). */
const rh_conv_kernels *rh_conv_kernels_best(void);

#endif
