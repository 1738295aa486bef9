#include "kept.h"

#include <string.h>
#include "rehearse/base/json.h"

rh_status rh_interview_question(rh_store *store, const char *person, const char *id, int index, json_t **out,
                                rh_error *err)
{
    json_t *interview = NULL;
    rh_status st = rh_store_interview(store, id, &interview, err);
    if (st == RH_OK && strcmp(rh_json_str(interview, "person"), person) != 0)
        st = RH_ERR_NOTFOUND;
    if (st == RH_ERR_NOTFOUND)
        (void)rh_fail(err, st, "no interview \"%.64s\": POST /v1/interviews makes one", id);
    const json_t *plan = json_object_get(interview, "plan");
    if (st == RH_OK && (size_t)index >= json_array_size(plan))
        st = rh_fail(err, RH_ERR_NOTFOUND, "interview \"%s\" has %zu questions: question_index is from 0 to %zu", id,
                     json_array_size(plan), json_array_size(plan) - 1);
    if (st == RH_OK)
        *out = json_incref(json_array_get(plan, (size_t)index));
    json_decref(interview);
    return st;
}
