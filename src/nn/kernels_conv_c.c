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

static inline void store(float *p, vf v)
{
    memcpy(p, &v, sizeof v);
}

static inline vf choose(vi first, vf a, vf b)
{
    return (vf)(((vi)a & first) | ((vi)b & ~first));
}

#define LOAD load
#define STORE store
#define SPREAD(x) ((vf){(x), (x), (x), (x)})
#define FMA(a, b, c) ((a) * (b) + (c))
#define LARGER(a, b) choose((vi)((a) > (b)), (a), (b))
#define SMALLER(a, b) choose((vi)((a) < (b)), (a), (b))
#include "kernels_conv_tiles.h"

const rh_conv_kernels rh_conv_kernels_c = {"c", product, depthwise, pool};
