/* kept.h - interviews as the store has them. Pool threads. */
#ifndef RH_INTERVIEW_KEPT_H
#define RH_INTERVIEW_KEPT_H

#include "rehearse/store/store.h"

/* Question `index` of the plan of an interview of this person's ("" = nobody's by name); the caller owns *out. RH_ERR_NOTFOUND names what there is not. */
rh_status rh_interview_question(rh_store *store, const char *person, const char *id, int index, json_t **out,
                                rh_error *err);

#endif
