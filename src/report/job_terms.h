/* job_terms.h - what of a job ad and a CV an answer speaks of, as JSON. */
#ifndef RH_REPORT_JOB_TERMS_H
#define RH_REPORT_JOB_TERMS_H

#include <jansson.h>
#include "rehearse/speech/analysis.h"

/* {covered, terms: [{text, from, times, start?, end?}]} into *out, the ad's first, each with the weightiest first; `covered`
 * is the share of the ad's weight that was said. NULL where nothing was pasted or said, or not in English.
 * `pasted`: {job_ad, cv}, may be NULL. RH_ERR_NOMEM. */
rh_status rh_report_job_terms(const rh_analysis *a, const json_t *pasted, json_t **out);

#endif
