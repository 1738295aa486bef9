/* Replies of a language model: whatever it says, what stays has the answer's own words, marks in their range and
 * texts that are short, one line and valid. The first byte even: all of a body; odd: what the model said in it. */
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "llm/llm_internal.h"
#include "rehearse/base/json.h"
#include "rehearse/base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static const char said[] = "So I planned the migration of our billing to 3 new servers, and I asked what would break. "
                           "\xe6\x88\x91\xe8\xae\xa1\xe5\x88\x92\xe4\xba\x86\xe8\xbf\x81\xe7\xa7\xbb In the end "
                           "nobody lost a minute, na\xc3\xafve as it sounds.";

static void must(int ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "%s\n", what);
    abort();
}

static void check(const json_t *r)
{
    const char *text = rh_json_str(r, "text"), *quote = rh_json_str(r, "quote");
    if (!r)
        return;
    must(*text && rh_utf8_valid(text, strlen(text)), "text");
    must(rh_utf8_count(text, strlen(text)) <= RH_LLM_TEXT_CHARS + 1, "length");
    for (const char *c = text; *c; c++)
        must((unsigned char)*c >= ' ' && *c != 0x7f, "control");
    must(!strstr(text, "://"), "address");
    must(*quote && strstr(said, quote) != NULL, "quote");
}

static void check_list(const json_t *list, size_t most)
{
    json_t *r;
    size_t i;
    must(json_array_size(list) <= most, "list");
    json_array_foreach(list, i, r)
        check(r);
}

static void check_all(const json_t *o)
{
    json_t *mark;
    size_t i;
    check(json_object_get(o, "relevance"));
    check(json_object_get(o, "rewrite"));
    check_list(json_object_get(o, "follow_ups"), RH_LLM_FOLLOW_UPS);
    check_list(json_object_get(o, "rubric"), 5);
    json_array_foreach(json_object_get(o, "rubric"), i, mark) {
        json_int_t score = json_integer_value(json_object_get(mark, "score"));
        must(score >= 1 && score <= 5, "score");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    rh_answer a = {0};
    json_t *out = NULL,
           *report = json_pack("{s:[{s:s, s:f, s:f}]}", "transcript", "text", said, "start", 0.0, "end", 9.0);
    if (n < 1 || rh_answer_of(&a, report, NULL) != RH_OK) {
        json_decref(report);
        return 0;
    }
    const char *rest = (const char *)bytes + 1;
    char *body = NULL;
    if (bytes[0] & 1) {
        json_t *content = json_stringn(rest, n - 1); /* NULL where it is no UTF-8 */
        json_t *all = json_pack("{s:[{s:{s:o}}]}", "choices", "message", "content", content ? content : json_null());
        body = json_dumps(all, 0);
        json_decref(all);
    }
    if (rh_llm_read(body ? body : rest, body ? strlen(body) : n - 1, &a, &out, NULL) == RH_OK)
        check_all(out);
    json_decref(out);
    free(body);
    rh_answer_done(&a);
    json_decref(report);
    return 0;
}
