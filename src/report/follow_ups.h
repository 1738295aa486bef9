/* follow_ups.h - what an interviewer might ask next, as JSON. */
#ifndef RH_REPORT_FOLLOW_UPS_H
#define RH_REPORT_FOLLOW_UPS_H

#include <jansson.h>
#include "rehearse/speech/analysis.h"

/* Array of {kind, text, quote, start, end}, empty where no question was answered. `meta`: of the session.
 * RH_ERR_NOMEM. */
rh_status rh_report_follow_ups(const rh_analysis *a, const json_t *meta, json_t **list);

#endif
