/* stats.h - order and middle of numbers. Threads: any. */
#ifndef RH_STATS_H
#define RH_STATS_H

#include <stddef.h>

void rh_sort_floats(float *x, size_t n); /* ascending */
/* Share q in [0, 1] of ascending x, with interpolation between neighbours; 0 when n is 0. */
float rh_quantile_sorted(const float *x, size_t n, float q);

#endif
