/* histogram.c - latencies by steps, for /metrics. */
#include "server_internal.h"

const double rh_histogram_edge_s[RH_HISTOGRAM_STEPS] = {0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10};

void rh_histogram_add(rh_histogram *h, double s)
{
    int i = 0;
    while (i < RH_HISTOGRAM_STEPS && s > rh_histogram_edge_s[i])
        i++;
    h->n[i]++;
    h->sum_s += s;
}
