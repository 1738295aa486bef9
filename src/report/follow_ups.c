#include "follow_ups.h"

#include "rehearse/base/json.h"
#include "rehearse/speech/followups.h"

rh_status rh_report_follow_ups(const rh_analysis *a, const json_t *meta, json_t **list)
{
    rh_followup next[RH_FOLLOWUPS];
    rh_followup_context about = {.question = rh_json_str(meta, "question"), .question_kind = rh_json_str(meta, "kind")};
    size_t n = 0;
    bool answered = a->heard && *about.question && !*rh_json_str(meta, "reference");
    rh_status st = answered ? rh_followups_find(a, &about, next, &n, NULL) : RH_OK;
    json_t *out = json_array();
    if (st != RH_OK || !out) {
        json_decref(out);
        return RH_ERR_NOMEM;
    }
    for (size_t i = 0; i < n; i++)
        json_array_append_new(out, json_pack("{s:s, s:s, s:s, s:f, s:f}", "kind", rh_followup_name(next[i].kind),
                                             "text", next[i].text, "quote", next[i].quote, "start",
                                             rh_round((double)next[i].start, 1000), "end",
                                             rh_round((double)next[i].end, 1000)));
    *list = out;
    return RH_OK;
}
