/* point_moments.c - the moments of a point. */
#include <stdio.h>
#include "points.h"
#include "rehearse/base/json.h"

enum { MOMENTS = 3 };

void rh_point_moment(rh_point *p, float start_s, float end_s, const char *text)
{
    double start = rh_round((double)start_s, 1000), end = rh_round((double)end_s, 1000);
    if (!p->moments)
        p->moments = json_array();
    if (json_array_size(p->moments) >= MOMENTS)
        return;
    json_array_append_new(p->moments,
                          json_pack("{s:f, s:f, s:s}", "start", start, "end", end, "text", text ? text : ""));
}

void rh_point_longest(rh_point *p, const rh_time_span *list, size_t n, const char *unit)
{
    const rh_time_span *taken[MOMENTS] = {0};
    for (int k = 0; k < MOMENTS; k++) {
        const rh_time_span *best = NULL;
        for (size_t i = 0; i < n; i++) {
            bool is_taken = false;
            for (int m = 0; m < k; m++)
                is_taken |= taken[m] == &list[i];
            if (!is_taken && (!best || list[i].end - list[i].start > best->end - best->start))
                best = &list[i];
        }
        if (!best)
            return;
        char text[64];
        taken[k] = best;
        (void)snprintf(text, sizeof text, "%.1f s%s", (double)(best->end - best->start), unit);
        rh_point_moment(p, best->start, best->end, text);
    }
}
