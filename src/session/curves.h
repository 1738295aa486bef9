/* curves.h - pitch and level of a live stream, for as long as they are asked for.
 *
 * Sound is fed as it comes and tracked in pieces; only the curves stay (about 2 KB a
 * second). Times: seconds from the first sample fed.
 * Threads: one at a time. */
#ifndef RH_CURVES_H
#define RH_CURVES_H

#include <stddef.h>
#include "rehearse/speech/speech.h"
#include "rehearse/base/status.h"

enum { RH_CURVE_F0, RH_CURVE_VOICING, RH_CURVE_LEVEL, RH_CURVE_CHANGE, RH_CURVE_TREBLE, RH_CURVE_CLIPPED, RH_CURVES };

typedef struct {
    float *waiting; /* samples not tracked yet */
    size_t n_waiting, cap_waiting;
    float *at[RH_CURVES]; /* each [n], a value a step */
    size_t cap[RH_CURVES], n;
    size_t first; /* the step that [0] is */
} rh_curves;

void rh_curves_done(rh_curves *c); /* of {0} or used; it may be used again */

/* RH_ERR_NOMEM; RH_ERR_INVAL a sample is not finite. On failure nothing is taken. */
rh_status rh_curves_feed(rh_curves *c, const float *samples, size_t n, rh_error *err);
/* The curves from `from_s` to `to_s`, step 0 at `from_s`, borrowed until the next call.
 * *out has no steps where nothing is known of the beginning. */
rh_status rh_curves_part(rh_curves *c, double from_s, double to_s, rh_contour *out, rh_error *err);
/* What lies before `before_s` will not be asked for. */
void rh_curves_forget(rh_curves *c, double before_s);

#endif
