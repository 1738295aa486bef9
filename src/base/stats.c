#include "rehearse/base/stats.h"

#include <stdlib.h>

static int ascending(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

void rh_sort_floats(float *x, size_t n)
{
    if (n > 1)
        qsort(x, n, sizeof *x, ascending);
}

float rh_quantile_sorted(const float *x, size_t n, float q)
{
    if (n == 0)
        return 0.0f;
    float at = q * (float)(n - 1);
    size_t i = (size_t)at;
    float rest = at - (float)i;
    return i + 1 < n ? x[i] + rest * (x[i + 1] - x[i]) : x[i];
}
