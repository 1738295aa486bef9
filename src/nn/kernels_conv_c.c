/* Vectors of four floats, which every processor has: tiles of 3 pixels by 16 channels. */
#include <stdbool.h>
#include <string.h>
#include "kernels_conv_internal.h"

enum { ROWS = 3, WIDE = 4, TOGETHER = 1 };
typedef float vf __attribute__((vector_size(16)));
typedef int vi __attribute__((vector_size(16)));

static inline vf load(const float *p)
{
    vf v;
    memcpy(&v, p, sizeof v);
    return v;
}

/* The bits in their places are a number 2^112 times too small. */
static inline vf load_half(const uint16_t *p)
{
    vi h = {p[0], p[1], p[2], p[3]};
    vf magnitude = (vf)((h & 0x7fff) << 13) * (vf){0x1p112f, 0x1p112f, 0x1p112f, 0x1p112f};
    return (vf)((vi)magnitude | (h & 0x8000) << 16);
}

static inline void store(float *p, vf v)
{
    memcpy(p, &v, sizeof v);
}

static inline vf choose(vi first, vf a, vf b)
{
    return (vf)(((vi)a & first) | ((vi)b & ~first));
}

#define LOAD load
#define LOAD_HALF load_half
#define STORE store
#define SPREAD(x) ((vf){(x), (x), (x), (x)})
#define FMA(a, b, c) ((a) * (b) + (c))
#define LARGER(a, b) choose((vi)((a) > (b)), (a), (b))
#define SMALLER(a, b) choose((vi)((a) < (b)), (a), (b))
#include "kernels_conv_tiles.h"

const rh_conv_kernels rh_conv_kernels_c = {"c", product, depthwise, pool, NULL};
