#include "job_terms.h"

#include <string.h>
#include "rehearse/base/json.h"
#include "rehearse/speech/key_terms.h"

enum { OF_AD = 12, OF_CV = 6 };

/* Terms of one text, looked for in the answer. */
static rh_status find(const rh_analysis *a, const char *text, rh_key_term *terms, size_t cap, size_t *n)
{
    const rh_word_list *said = &a->said.words[RH_WORDS_CLEAN];
    rh_status st = rh_key_terms_of(text, terms, cap, n, NULL);
    return st == RH_OK ? rh_key_terms_seek(said->at, said->n, terms, *n, NULL) : st;
}

static bool is_among(const rh_key_term *terms, size_t n, const rh_key_term *t)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(terms[i].text, t->text) == 0)
            return true;
    return false;
}

static void add(json_t *list, const rh_key_term *t, const char *from)
{
    json_t *o = json_pack("{s:s, s:s, s:i}", "text", t->text, "from", from, "times", t->n_said);
    if (t->n_said > 0) {
        json_object_set_new(o, "start", rh_rounded((double)t->start, 1000));
        json_object_set_new(o, "end", rh_rounded((double)t->end, 1000));
    }
    json_array_append_new(list, o);
}

rh_status rh_report_job_terms(const rh_analysis *a, const json_t *pasted, json_t **out)
{
    rh_key_term ad[OF_AD], cv[OF_CV];
    size_t n_ad = 0, n_cv = 0;
    const char *job_ad = rh_json_str(pasted, "job_ad"), *history = rh_json_str(pasted, "cv");
    unsigned long failures = rh_alloc_failures();
    *out = NULL;
    if (!(*job_ad || *history) || !a->heard || !a->report.spoken || !rh_tongue_of(a->said.language)->has_structure)
        return RH_OK;
    if (find(a, job_ad, ad, OF_AD, &n_ad) != RH_OK || find(a, history, cv, OF_CV, &n_cv) != RH_OK)
        return RH_ERR_NOMEM;
    json_t *list = json_array();
    for (size_t i = 0; i < n_ad; i++)
        add(list, &ad[i], "job_ad");
    for (size_t i = 0; i < n_cv; i++)
        if (!is_among(ad, n_ad, &cv[i]))
            add(list, &cv[i], "cv");
    json_t *o =
        json_pack("{s:o, s:o}", "covered", rh_rounded((double)rh_key_terms_covered(ad, n_ad), 100), "terms", list);
    *out = rh_json_whole(o, failures);
    return *out ? RH_OK : RH_ERR_NOMEM;
}
