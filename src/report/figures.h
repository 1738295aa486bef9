/* figures.h - JSON of what stands beside the scores; where nothing was said they are empty. The caller
 * owns what is returned. */
#ifndef RH_FIGURES_H
#define RH_FIGURES_H

#include <jansson.h>
#include "rehearse/speech/analysis.h"

/* [{"name", "text", "unit", "target", "low", "high", "note", "value"}]: pace, eye contact, fillers, pauses, pitch range
 * beside their targets; "low" and "high" null without one. */
json_t *rh_report_measures(const rh_analysis *a);
/* {score: [{"text", "points"}]}: the parts that made each score, as sentences. */
json_t *rh_report_evidence(const rh_analysis *a);
/* {score: text}: what to do about each score, a sentence each. */
json_t *rh_report_advice(const rh_analysis *a);
/* {"parts": [...], "note"}: situation, task, action, result, and the sentences that carry each. */
json_t *rh_report_structure(const rh_analysis *a);

#endif
