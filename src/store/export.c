/* export.c - everything that is kept, of everybody or of one. */
#include "rehearse/base/alloc.h"
#include "rehearse/base/json.h"
#include "rehearse/store/store.h"
#include "rehearse/store/transcriptions.h"

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

typedef rh_status (*list_page)(rh_store *s, const rh_store_whose *of, rh_store_page page, json_t **rows, rh_error *err);
typedef rh_status (*get_one)(rh_store *s, const char *id, json_t **out, rh_error *err);

static rh_status whole_interview(rh_store *s, const char *id, json_t **out, rh_error *err)
{
    rh_status st = rh_store_interview(s, id, out, err);
    if (st == RH_OK)
        rh_interview_share_out(*out);
    return st;
}

static rh_status list_transcriptions(rh_store *s, const rh_store_whose *of, rh_store_page page, json_t **rows,
                                     rh_error *err)
{
    return rh_store_transcriptions(s, of->person, page.limit, page.before_id, rows, err);
}

static rh_status all_of(rh_store *s, const rh_store_whose *of, list_page list, get_one get, json_t *all, rh_error *err)
{
    rh_store_walk walk = {.page.limit = RH_STORE_LIST_MAX};
    rh_status st = RH_OK;
    while (st == RH_OK && !walk.over) {
        json_t *rows = NULL, *row, *one;
        size_t i;
        st = list(s, of, walk.page, &rows, err);
        rh_store_walk_on(&walk, rows, "created");
        json_array_foreach(rows, i, row) {
            rh_status got = st == RH_OK ? get(s, rh_json_str(row, "id"), &one, err) : st;
            if (got == RH_OK)
                json_array_append_new(all, one);
            else if (got != RH_ERR_NOTFOUND) /* deleted meanwhile */
                st = got;
        }
        json_decref(rows);
    }
    return st;
}

/* All of it, or an error: what is left out of an export is missed too late. */
rh_status rh_store_export(rh_store *s, const rh_store_whose *of, json_t **out, rh_error *err)
{
    unsigned long failures = rh_alloc_failures();
    json_t *sessions = json_array(), *interviews = json_array(), *transcriptions = json_array(), *goals = NULL;
    rh_status st = all_of(s, of, rh_store_list, rh_store_get, sessions, err);
    if (st == RH_OK)
        st = all_of(s, of, rh_store_interviews, whole_interview, interviews, err);
    if (st == RH_OK && !of->reader)
        st = all_of(s, of, list_transcriptions, rh_store_transcription, transcriptions, err);
    if (st == RH_OK)
        st = rh_store_goals(s, of, &goals, err);
    json_t *whole = NULL;
    if (st == RH_OK)
        whole = json_pack("{s:O, s:O, s:O, s:O}", "sessions", sessions, "interviews", interviews, "goals", goals,
                          "transcriptions", transcriptions);
    if (st == RH_OK && (!whole || rh_alloc_failures() != failures)) {
        json_decref(whole);
        st = rh_fail(err, RH_ERR_NOMEM, "store: out of memory");
    }
    if (st == RH_OK)
        *out = whole;
    json_decref(goals);
    json_decref(transcriptions);
    json_decref(interviews);
    json_decref(sessions);
    return st;
}
