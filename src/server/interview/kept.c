#include "kept.h"

#include "rehearse/base/json.h"

void rh_interview_share_out(json_t *interview)
{
    static const char *const kept[] = {"id", "created", "state", "duration_s", "scores", "error"};
    json_t *sessions = json_object_get(interview, "sessions"), *plan = json_object_get(interview, "plan"), *s, *q;
    size_t i, k;
    json_array_foreach(plan, i, q)
        json_object_set_new(q, "sessions", json_array());
    json_array_foreach(sessions, i, s) {
        const json_t *meta = json_object_get(s, "meta");
        json_t *row = json_object();
        q = json_array_get(plan, (size_t)rh_json_num(meta, "question_index"));
        for (k = 0; k < sizeof kept / sizeof *kept; k++)
            if (json_object_get(s, kept[k]))
                json_object_set(row, kept[k], json_object_get(s, kept[k]));
        json_object_set_new(row, "question", json_string(rh_json_str(meta, "question")));
        json_object_set_new(row, "follow_up", json_integer((json_int_t)rh_json_num(meta, "follow_up")));
        json_array_append_new(json_object_get(q, "sessions"), row);
    }
    json_object_del(interview, "sessions");
}

rh_status rh_interview_question(rh_store *store, const char *id, int index, json_t **out, rh_error *err)
{
    json_t *interview = NULL;
    rh_status st = rh_store_interview(store, id, &interview, err);
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

rh_status rh_interviews_export(rh_store *store, json_t **out, rh_error *err)
{
    json_t *all = json_array();
    double before = 0;
    size_t n = RH_STORE_LIST_MAX, i;
    rh_status st = RH_OK;
    while (st == RH_OK && n == RH_STORE_LIST_MAX) {
        json_t *rows = NULL, *row, *whole;
        st = rh_store_interviews(store, NULL, RH_STORE_LIST_MAX, before, &rows, err);
        n = json_array_size(rows);
        json_array_foreach(rows, i, row) {
            before = rh_json_num(row, "created");
            if (rh_store_interview(store, rh_json_str(row, "id"), &whole, NULL) != RH_OK)
                continue; /* deleted meanwhile */
            rh_interview_share_out(whole);
            json_array_append_new(all, whole);
        }
        json_decref(rows);
    }
    if (st == RH_OK)
        *out = all;
    else
        json_decref(all);
    return st;
}
