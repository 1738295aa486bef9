/* session_terms.c - names that are likely to be said in a session: its own key terms first, then what stands
 * in the job advertisement and the CV. */
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/json.h"
#include "rehearse/speech/key_terms.h"
#include "session_internal.h"

json_t *rh_session_pasted(const rh_session *s)
{
    json_t *interview = NULL;
    const char *job_ad = s->o.job_ad ? s->o.job_ad : "", *cv = s->o.cv ? s->o.cv : "";
    if (s->o.interview && s->store && rh_store_interview(s->store, s->o.interview, &interview, NULL) == RH_OK) {
        job_ad = rh_json_str(interview, "job_ad");
        cv = rh_json_str(interview, "cv");
    }
    json_t *o = *job_ad || *cv ? json_pack("{s:s, s:s}", "job_ad", job_ad, "cv", cv) : NULL;
    json_decref(interview);
    return o;
}

rh_status rh_session_find_terms(rh_session *s, rh_error *err)
{
    const char *list[RH_TERMS_MAX];
    rh_key_term *found = NULL;
    size_t n = json_array_size(s->o.key_terms), n_found = 0;
    json_t *pasted = rh_session_pasted(s);
    rh_status st = RH_OK;
    if (n > RH_TERMS_MAX)
        st = rh_fail(err, RH_ERR_LIMIT, "%zu terms: at most %d can be given", n, RH_TERMS_MAX);
    for (size_t i = 0; i < n && st == RH_OK; i++) {
        const char *term = json_string_value(json_array_get(s->o.key_terms, i));
        list[i] = term ? term : "";
    }
    if (st == RH_OK && pasted && !(found = rh_alloc_array(RH_TERMS_MAX, sizeof *found)))
        st = rh_fail(err, RH_ERR_NOMEM, "terms: out of memory");
    static const char *const from[] = {"job_ad", "cv"};
    for (size_t i = 0; i < 2 && st == RH_OK && pasted; i++) {
        size_t more = 0;
        st = rh_key_spellings_of(rh_json_str(pasted, from[i]), found + n_found, RH_TERMS_MAX - n_found, &more, err);
        n_found += st == RH_OK ? more : 0;
    }
    for (size_t i = 0; i < n_found && n < RH_TERMS_MAX && st == RH_OK; i++)
        list[n++] = found[i].text;
    if (st == RH_OK && n > 0)
        st = rh_terms_new(&s->terms, list, n, err);
    rh_free(found);
    json_decref(pasted);
    return st;
}
