/* session_report.c - the end of a session: it is measured, its report made and kept. */
#include <stdio.h>
#include <string.h>
#include "rehearse/report/report.h"

/* `what` could not be kept: a sentence and an entry in the report. */
static void name_loss(json_t *report, const char *what, const char *why)
{
    static const char *const sentences[][2] = {
        {"sound", "The sound could not be kept"},
        {"report", "This report could not be kept"},
        {"transcript", "Parts of the transcript and of the measures could not be kept"}};
    json_t *losses = json_object_get(report, "not_kept"), *notes = json_object_get(report, "notes");
    char note[320];
    if (!losses) {
        losses = json_array();
        json_object_set_new(report, "not_kept", losses);
    }
    json_array_append_new(losses, json_pack("{s:s, s:s}", "what", what, "reason", why));
    for (size_t i = 0; i < sizeof sentences / sizeof *sentences; i++)
        if (strcmp(sentences[i][0], what) == 0) {
            (void)snprintf(note, sizeof note, "%s: %s.", sentences[i][1], why);
            json_array_append_new(notes, json_string(note));
        }
}

rh_status rh_report_session(rh_session *s, json_t *llm, const atomic_bool *cancel, json_t **out, rh_error *err)
{
    rh_session_whole whole;
    json_t *report = NULL;
    rh_status st = rh_session_measure(s, cancel, &whole, err);
    if (st != RH_OK)
        return st;
    st = rh_report_build(whole.kept, &whole.analysis, whole.earlier, &report, err);
    rh_session_whole_done(&whole);
    if (st == RH_OK)
        json_object_set_new(report, "llm", llm ? json_incref(llm) : json_pack("{s:s}", "state", "off"));
    if (st == RH_OK)
        st = rh_session_close(s, report, name_loss, err);
    if (st == RH_OK && out)
        *out = report;
    else
        json_decref(report);
    return st;
}
