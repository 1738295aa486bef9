/* kept.h - interviews as the store has them. Pool threads. */
#ifndef RH_INTERVIEW_KEPT_H
#define RH_INTERVIEW_KEPT_H

#include "rehearse/store/store.h"

/* Gives each question of the plan the "sessions" that answer it, in order of time. `interview`: of
 * rh_store_interview(). */
void rh_interview_share_out(json_t *interview);
/* Question `index` of an interview's plan; the caller owns *out. RH_ERR_NOTFOUND names what there is not. */
rh_status rh_interview_question(rh_store *store, const char *id, int index, json_t **out, rh_error *err);
/* All of them, whole; the caller owns *out. */
rh_status rh_interviews_export(rh_store *store, json_t **out, rh_error *err);

#endif
