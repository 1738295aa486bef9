/* plan.h - which questions an interview asks, in which order. Pure; any thread. */
#ifndef RH_INTERVIEW_PLAN_H
#define RH_INTERVIEW_PLAN_H

#include <jansson.h>
#include <stdint.h>
#include "rehearse/base/status.h"

typedef struct {
    const char *role;
    int n_questions;         /* 1, 3, 5 or 8 */
    const char *job_ad, *cv; /* "" = not given */
    const json_t *bank;      /* questions: the role's own, and those for every role */
    const json_t *recent;    /* the person's last interviews, whose questions come last again */
    uint64_t seed;           /* the same one makes the same plan */
} rh_plan_wish;

/* Array of {index, question_id, kind, text, shows, term?}; the caller owns it. From opening to closing. Questions
 * that speak of what advertisement and CV speak of come first; one, of eight two, are made from what the
 * advertisement names ("term"). RH_ERR_NOMEM. */
rh_status rh_interview_plan(const rh_plan_wish *wish, json_t **out, rh_error *err);

#endif
