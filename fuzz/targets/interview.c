/* What is pasted for an interview: the body of the request, else an advertisement and, behind a zero byte, a CV. */
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "server/interview/terms.h"
#include "server/interview/wish.h"

static void plan_for(const char *ad, const char *cv)
{
    static rh_terms t;
    rh_terms_find(ad, cv, &t);
    if (t.n_words > RH_TERM_WORDS || t.n_names > RH_TERM_NAMES)
        abort();
    for (size_t i = 0; i < t.n_names; i++)
        if (!strstr(ad, t.names[i].text) || (i && t.names[i].weight > t.names[i - 1].weight))
            abort();
    if (rh_terms_met(&t, "Tell me about a time you tested something") < 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    rh_error err;
    json_t *wish = NULL;
    const char *param = NULL;
    char *text = malloc(n + 2);
    if (!text)
        return 0;
    memcpy(text, bytes, n);
    text[n] = text[n + 1] = '\0';
    if (rh_interview_wish(text, n, NULL, &wish, &param, &err) == RH_OK) {
        if (!json_string_length(json_object_get(wish, "role")) || param)
            abort();
        const char *ad = json_string_value(json_object_get(wish, "job_ad"));
        const char *cv = json_string_value(json_object_get(wish, "cv"));
        plan_for(ad ? ad : "", cv ? cv : "");
        json_decref(wish);
    } else {
        plan_for(text, text + strlen(text) + 1);
    }
    free(text);
    return 0;
}
