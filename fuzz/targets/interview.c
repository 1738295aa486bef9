/* What is pasted for an interview: the body of the request, else an advertisement and, behind a zero byte, a CV. */
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "rehearse/speech/key_terms.h"
#include "server/interview/wish.h"

static void plan_for(const char *ad, const char *cv)
{
    static rh_key_words words;
    rh_key_term names[RH_KEY_NAMES], terms[RH_KEY_TERMS];
    size_t n = 0, n_terms = 0;
    words.n = 0;
    if (rh_key_names_of(ad, cv, names, &n, NULL) != RH_OK ||
        rh_key_terms_of(ad, terms, RH_KEY_TERMS, &n_terms, NULL) != RH_OK ||
        rh_key_words_add(&words, ad, 2, NULL) != RH_OK || rh_key_words_add(&words, cv, 1, NULL) != RH_OK)
        abort();
    if (n > RH_KEY_NAMES || n_terms > RH_KEY_TERMS || words.n > RH_KEY_WORDS)
        abort();
    for (size_t i = 0; i < n; i++)
        if (!names[i].text[0] || (i && names[i].weight > names[i - 1].weight))
            abort();
    if (rh_key_words_met(&words, "Tell me about a time you tested something") < 0)
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
