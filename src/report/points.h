/* points.h - what to keep and what to work on.
 *
 * Each rule looks at one side of the delivery and says how good it was (0 to
 * 100), what that rests on, and at which moments. The best are kept, the
 * weakest worked on. Rules and limits: docs/scoring.md. */
#ifndef RH_REPORT_POINTS_H
#define RH_REPORT_POINTS_H

#include <jansson.h>
#include "rehearse/speech/analysis.h"

/* What the rules look at; all borrowed. */
typedef struct {
    const rh_analysis *a; /* NULL without sound */
    const rh_time_span *away;
    size_t n_away;    /* looks away from the camera */
    const char *kind; /* of the question; "" */
    double speech_s;
    double eye_contact; /* share 0..100; < 0 = not seen */
    double attention;
} rh_report_view;

/* Two arrays of at most three points {title, detail, advice, moments}. */
void rh_report_points(const rh_report_view *v, json_t **keep, json_t **change);

#endif
