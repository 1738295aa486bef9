#include "points.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include "rehearse/base/json.h"

enum { MAX_POINTS = 32, SHOWN = 3 };

/* Below this much speech nothing can be said about a delivery. */
static const double LEAST_SPEECH_S = 3;
static const double FAULT = 1, PRAISED = 0.3;

static json_t *as_json(const rh_point *p, const char *kind)
{
    bool keep = strcmp(kind, "keep") == 0, next = strcmp(kind, "next_step") == 0;
    char title[120], detail[320];
    (void)snprintf(title, sizeof title, "%s%s", next ? "Next step: " : "", keep ? p->praise : p->problem);
    (void)snprintf(detail, sizeof detail, "%s%s", next ? "No fault was found; here there is most to gain. " : "",
                   p->detail);
    double good = keep ? 70 + 30 * p->reserve : fmax(0, 70 - 30 * p->distance);
    return json_pack("{s:s, s:s, s:s, s:o, s:f, s:s}", "title", title, "detail", detail, "advice",
                     keep ? "" : p->advice, "moments", p->moments ? json_incref(p->moments) : json_array(), "good",
                     round(good), "kind", kind);
}

static double weight_of(const rh_point *p)
{
    return p->weight > 0 ? p->weight : 1;
}

/* The farthest, or the one with most reserve; ties keep
 * the order of the rules. NULL when none is left that has at least `least`. */
static rh_point *most(rh_point *points, int n, bool by_distance, double least, const bool *taken)
{
    rh_point *best = NULL;
    for (int i = 0; i < n; i++) {
        double value = by_distance ? points[i].distance : points[i].reserve;
        if (taken[i] || value < least)
            continue;
        if (!best ||
            (by_distance ? value * weight_of(&points[i]) > best->distance * weight_of(best) : value > best->reserve))
            best = &points[i];
    }
    return best;
}

static bool is_blamed(const rh_point *points, int n, const bool *blamed, rh_point_group group)
{
    for (int i = 0; i < n; i++)
        if (blamed[i] && points[i].group == group)
            return true;
    return false;
}

static void choose(rh_point *points, int n, json_t *keep, json_t *change)
{
    bool blamed[MAX_POINTS] = {0}, taken[MAX_POINTS] = {0};
    rh_point *p;
    while (json_array_size(change) < SHOWN && (p = most(points, n, true, FAULT, blamed))) {
        blamed[p - points] = true;
        json_array_append_new(change, as_json(p, "fault"));
    }
    for (int i = 0; i < n; i++)
        taken[i] = points[i].distance > 0 || is_blamed(points, n, blamed, points[i].group);
    /* What is only just not a fault is no matter for praise in the same breath. */
    if (json_array_size(change) == 0) {
        bool none[MAX_POINTS] = {0};
        for (int i = 0; i < n; i++) /* within the target: the one with least to spare */
            points[i].distance = points[i].distance > 0 ? points[i].distance : -points[i].reserve;
        p = most(points, n, true, -INFINITY, none);
        if (p) {
            json_array_append_new(change, as_json(p, "next_step"));
            for (int i = 0; i < n; i++)
                taken[i] |= points[i].group == p->group;
        }
    }
    while (json_array_size(keep) < SHOWN && (p = most(points, n, false, PRAISED, taken))) {
        taken[p - points] = true;
        json_array_append_new(keep, as_json(p, "keep"));
    }
}

void rh_report_points(const rh_analysis *a, json_t **keep, json_t **change)
{
    rh_point points[MAX_POINTS];
    int n = 0;
    *keep = json_array();
    *change = json_array();
    if (a->speech_s < LEAST_SPEECH_S)
        return;
    for (size_t i = 0; i < rh_n_point_rules && n < MAX_POINTS; i++) {
        rh_point p = {0};
        if (rh_point_rules[i](a, &p)) {
            points[n] = p;
            if (p.advice == p.words) /* its own text moves with it */
                points[n].advice = points[n].words;
            n++;
        } else {
            json_decref(p.moments);
        }
    }
    choose(points, n, *keep, *change);
    for (int i = 0; i < n; i++)
        json_decref(points[i].moments);
}
