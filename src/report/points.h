/* points.h - what to keep and what to work on.
 *
 * Each rule (point_rules.c) looks at one side of an answer and says how far it is from its target, in units of what
 * listeners notice: 0 within the target, from 1 on half of them would say so. From 1 on it is a fault, the farthest
 * first. Without a fault the nearest to one becomes the next step, and is called that. What is kept lies well within
 * its target; of one group nothing is praised while something is blamed. Rules and limits: docs/scoring.md. */
#ifndef RH_REPORT_POINTS_H
#define RH_REPORT_POINTS_H

#include <jansson.h>
#include <stdbool.h>
#include "rehearse/speech/analysis.h"

/* Two arrays of at most three points {title, detail, advice, moments, good, kind}: kind is "keep", "fault" or
 * "next_step"; good 0 to 100. Of a recording in which nothing was said both are empty. */
void rh_report_points(const rh_analysis *a, json_t **keep, json_t **change);

/* ---- of point_rules.c ---- */

typedef enum {
    RH_POINT_FLOW,
    RH_POINT_PACE,
    RH_POINT_FILLERS,
    RH_POINT_SOUND,
    RH_POINT_SPEECH,
    RH_POINT_MELODY,
    RH_POINT_WORDING,
    RH_POINT_ANSWER,
    RH_POINT_SIGHT
} rh_point_group;

typedef struct {
    double distance; /* from the target, see above */
    double weight;   /* of a fault among others: by what goes with the verdict of interviewers; 0 = 1 */
    double reserve;  /* 0 to 1: how well within it; 0 = not worth praise */
    rh_point_group group;
    const char *praise, *problem, *advice; /* titles, and what to do */
    char detail[240];
    char words[80]; /* advice with words of the language in it */
    json_t *moments;
} rh_point;

/* False where there is nothing to judge. */
typedef bool (*rh_point_rule)(const rh_analysis *a, rh_point *p);
extern const rh_point_rule rh_point_rules[];
extern const size_t rh_n_point_rules;

/* ---- of point_moments.c ---- */

/* Where it was, in seconds; of more than three the first ones stay. `text` may be NULL. */
void rh_point_moment(rh_point *p, float start_s, float end_s, const char *text);
/* The longest spans become moments, their length followed by `unit`. */
void rh_point_longest(rh_point *p, const rh_time_span *list, size_t n, const char *unit);

/* ---- of point_sight.c ---- */

bool rh_point_eyes(const rh_analysis *a, rh_point *p);
bool rh_point_facing(const rh_analysis *a, rh_point *p);
bool rh_point_framing(const rh_analysis *a, rh_point *p);

#endif
