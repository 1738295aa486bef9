#include "session_job.h"

#include <stdio.h>
#include <unistd.h>
#include "llm_job.h"
#include "rehearse/base/json.h"
#include "rehearse/report/report.h"
#include "rehearse/session/videos.h"

static const char *text_of(const json_t *meta, const char *key)
{
    return json_string_value(json_object_get(meta, key));
}

rh_session_options rh_session_options_of(const rh_server *s, const char *id, const json_t *meta, rh_session_source from)
{
    return (rh_session_options){.id = id,
                                .person = text_of(meta, "person"),
                                .client = text_of(meta, "client"),
                                .question = text_of(meta, "question"),
                                .kind = text_of(meta, "kind"),
                                .language = text_of(meta, "language"),
                                .interview = text_of(meta, "interview"),
                                .question_index = (int)rh_json_num(meta, "question_index"),
                                .follow_up = (int)rh_json_num(meta, "follow_up"),
                                .reference = text_of(meta, "reference"),
                                .job_ad = text_of(meta, "job_ad"),
                                .cv = text_of(meta, "cv"),
                                .key_terms = json_object_get(meta, "key_terms"),
                                .source = text_of(meta, "source"),
                                .file_name = text_of(meta, "file_name"),
                                .keep_media = json_is_true(json_object_get(meta, "keep_media")),
                                .keep_video = json_is_true(json_object_get(meta, "keep_video")),
                                .spool_dir = s->media_dir,
                                .from = from};
}

rh_status rh_session_end(rh_server *s, rh_session *session, bool discard, const atomic_bool *cancel, rh_error *err)
{
    json_t *llm = discard ? NULL : rh_llm_expect(s, rh_session_id(session));
    rh_status st = discard ? rh_session_discard(session, err) : rh_report_session(session, llm, cancel, NULL, err);
    if (!discard)
        rh_llm_reported(s, rh_session_id(session), st == RH_OK);
    json_decref(llm);
    if (st != RH_OK)
        rh_session_rest(session);
    return st;
}

rh_status rh_session_attempt(rh_store *store, const char *id, int *attempts, rh_error *err)
{
    rh_error why;
    rh_status st = rh_store_attempt(store, id, attempts, err);
    if (st != RH_OK || *attempts <= RH_MAX_ATTEMPTS)
        return st;
    (void)rh_fail(&why, RH_ERR_LIMIT, "the program ended %d times while it made this session's report", *attempts - 1);
    st = rh_store_fail(store, id, why.msg, err);
    if (st == RH_OK)
        *err = why;
    return st == RH_OK ? RH_ERR_LIMIT : st;
}
