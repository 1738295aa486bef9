/* reply.c - what a model said, none of it taken on trust. Rules: docs/llm.md. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "llm_internal.h"
#include "rehearse/base/alloc.h"
#include "rehearse/base/json.h"
#include "rehearse/base/text.h"

enum { TEXT_BYTES = 4 * RH_LLM_TEXT_CHARS + 8, LEAST_SCORE = 1, MOST_SCORE = 5 };

typedef struct {
    const rh_answer *answer;
    int n_kept, n_dropped;
} judge;

/* ---- texts ---- */

/* Signs without a look of their own, and those that turn the direction of what follows. */
static bool is_unseen(uint32_t cp)
{
    return cp == 0xad || (cp >= 0x200b && cp <= 0x200f) || (cp >= 0x202a && cp <= 0x202e) ||
           (cp >= 0x2060 && cp <= 0x206f) || cp == 0xfeff || (cp >= 0xfff9 && cp <= 0xfffb) || cp >= 0xe0000;
}

static bool is_blank(uint32_t cp)
{
    return cp <= ' ' || (cp >= 0x7f && cp <= 0xa0) || cp == 0x2028 || cp == 0x2029 ||
           rh_char_class_of(cp) == RH_CHAR_SPACE;
}

/* One line of at most RH_LLM_TEXT_CHARS that can be seen; false: nothing is left of it, or it wants to lead
 * somewhere else. */
static bool clean(const char *s, char out[TEXT_BYTES])
{
    size_t n = strlen(s), k = 0, len, chars = 0, word_end = 0;
    bool cut = false;
    uint32_t cp;
    for (size_t i = 0; i < n; i += len) {
        len = rh_utf8_next(s + i, n - i, &cp);
        if (is_unseen(cp) || (is_blank(cp) && (k == 0 || out[k - 1] == ' ')))
            continue;
        if (++chars > RH_LLM_TEXT_CHARS) {
            cut = true;
            break;
        }
        if (is_blank(cp)) {
            word_end = k;
            out[k++] = ' ';
        } else {
            memcpy(out + k, s + i, len);
            k += len;
        }
    }
    k = cut && word_end > 0 ? word_end : k;
    while (k > 0 && out[k - 1] == ' ')
        k--;
    out[k] = '\0';
    if (cut)
        strcpy(out + k, "\xe2\x80\xa6");
    return k > 0 && !strstr(out, "://") && !strcasestr(out, "www.");
}

/* `key` of `from` into `to`. */
static bool put_text(json_t *to, const json_t *from, const char *key, char text[TEXT_BYTES])
{
    if (!clean(rh_json_str(from, key), text))
        return false;
    json_object_set_new(to, "text", json_string(text));
    return true;
}

/* ---- quotes ---- */

/* The answer's own words where those of the remark's quote stand, with their times. */
static bool put_quote(const judge *j, json_t *to, const json_t *from, size_t *first, size_t *n)
{
    const rh_answer *a = j->answer;
    if (rh_answer_find(a, rh_json_str(from, "quote"), first, n) != RH_OK)
        return false;
    const rh_answer_word *w = &a->words[*first], *last = w + *n - 1;
    json_object_set_new(to, "quote", json_stringn(a->text + w->at, last->at + last->n - w->at));
    json_object_set_new(to, "start", rh_rounded(w->start, 1000));
    json_object_set_new(to, "end", rh_rounded(last->end, 1000));
    return true;
}

/* Counts a remark that was there; NULL where it is dropped. Takes `made`. */
static json_t *judged(judge *j, json_t *made, bool good)
{
    j->n_kept += good;
    j->n_dropped += !good;
    if (good)
        return made;
    json_decref(made);
    return NULL;
}

static json_t *remark(judge *j, const json_t *from, const char *key, char text[TEXT_BYTES], size_t *first, size_t *n)
{
    json_t *o = json_object();
    return judged(j, o, json_is_object(from) && put_quote(j, o, from, first, n) && put_text(o, from, key, text));
}

/* ---- the parts ---- */

static void add_relevance(judge *j, json_t *out, const json_t *said)
{
    const json_t *from = json_object_get(said, "relevance");
    char text[TEXT_BYTES];
    size_t first, n;
    json_t *o = from ? remark(j, from, "text", text, &first, &n) : NULL;
    if (o)
        json_object_set_new(out, "relevance", o);
}

static bool is_said_already(const json_t *list, const char *text)
{
    json_t *o;
    size_t i;
    json_array_foreach(list, i, o)
        if (strcmp(rh_json_str(o, "text"), text) == 0)
            return true;
    return false;
}

static bool asks(const char *text)
{
    static const char *const marks[] = {"?", "\xef\xbc\x9f", "\xd8\x9f"};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (strstr(text, marks[i]))
            return true;
    return false;
}

static void add_follow_ups(judge *j, json_t *out, const json_t *said)
{
    json_t *list = json_array(), *from;
    char text[TEXT_BYTES];
    size_t i, first, n;
    json_array_foreach(json_object_get(said, "follow_ups"), i, from) {
        if (json_array_size(list) == RH_LLM_FOLLOW_UPS)
            break;
        json_t *o = remark(j, from, "text", text, &first, &n);
        if (o && (!asks(text) || is_said_already(list, text))) {
            j->n_kept--;
            o = judged(j, o, false);
        }
        if (o)
            json_array_append_new(list, o);
    }
    if (json_array_size(list) > 0)
        json_object_set(out, "follow_ups", list);
    json_decref(list);
}

/* Words that many marks rest on tell nothing of one. */
static bool is_worn(json_t *list, const json_t *o)
{
    json_t *other;
    size_t i, n = 0;
    json_array_foreach(list, i, other)
        n += rh_json_num(other, "start") == rh_json_num(o, "start") &&
             strcmp(rh_json_str(other, "quote"), rh_json_str(o, "quote")) == 0;
    return n >= RH_LLM_SAME_QUOTE;
}

static bool score_of(const json_t *from, int *score)
{
    const json_t *v = json_object_get(from, "score");
    double d = json_number_value(v);
    if (!json_is_number(v) || !(d >= LEAST_SCORE && d <= MOST_SCORE) || d != floor(d))
        return false;
    *score = (int)d;
    return true;
}

static void add_rubric(judge *j, json_t *out, const json_t *said)
{
    static const char *const names[] = {"answered_question", "structure", "specificity", "impact", "reflection"};
    const json_t *rubric = json_object_get(said, "rubric");
    json_t *list = json_array();
    char text[TEXT_BYTES];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const json_t *from = json_object_get(rubric, names[i]);
        size_t first, n;
        int score = 0;
        if (!from)
            continue;
        json_t *o = json_pack("{s:s}", "name", names[i]);
        bool good = score_of(from, &score) && put_quote(j, o, from, &first, &n) && put_text(o, from, "reason", text) &&
                    !is_worn(list, o);
        if ((o = judged(j, o, good)) == NULL)
            continue;
        json_object_set_new(o, "score", json_integer(score));
        json_array_append_new(list, o);
    }
    if (json_array_size(list) > 0)
        json_object_set(out, "rubric", list);
    json_decref(list);
}

/* A better sentence has no numbers that nobody said, and is another one. */
static void add_rewrite(judge *j, json_t *out, const json_t *said)
{
    const json_t *from = json_object_get(said, "rewrite");
    char text[TEXT_BYTES];
    size_t first, n, at, len;
    json_t *o = from ? remark(j, from, "text", text, &first, &n) : NULL;
    bool same = o && rh_answer_find(j->answer, text, &at, &len) == RH_OK;
    if (o && (same || !rh_answer_has_numbers_of(j->answer, text))) {
        j->n_kept--;
        o = judged(j, o, false);
    }
    if (o)
        json_object_set_new(out, "rewrite", o);
}

/* ---- the reply ---- */

/* The first object of a text, which may have thoughts before it and a fence around it. NULL: there is none. */
static json_t *object_in(const char *text)
{
    const char *thought = strstr(text, "</think>");
    const char *at = strchr(thought ? thought : text, '{');
    json_t *o = at ? json_loads(at, JSON_DISABLE_EOF_CHECK, NULL) : NULL;
    if (json_is_object(o))
        return o;
    json_decref(o);
    return NULL;
}

static json_t *what_it_said(const char *body, size_t n, rh_error *err)
{
    json_t *all = json_loadb(body, n, 0, NULL);
    const json_t *choice = json_array_get(json_object_get(all, "choices"), 0);
    const char *content = json_string_value(json_object_get(json_object_get(choice, "message"), "content"));
    json_t *said = content ? object_in(content) : NULL;
    if (!said)
        (void)rh_fail(err, RH_ERR_FORMAT, "%s",
                      !all       ? "its reply is not JSON"
                      : !content ? "its reply has no text where a chat completion has it"
                                 : "it did not answer with the JSON that was asked for");
    json_decref(all);
    return said;
}

rh_status rh_llm_read(const char *body, size_t n, const rh_answer *a, json_t **out, rh_error *err)
{
    static void (*const parts[])(judge *, json_t *, const json_t *) = {add_rubric, add_relevance, add_follow_ups,
                                                                       add_rewrite};
    unsigned long failures = rh_alloc_failures();
    json_t *said = what_it_said(body, n, err), *o;
    judge j = {.answer = a};
    if (rh_alloc_failures() != failures) {
        json_decref(said);
        return rh_fail(err, RH_ERR_NOMEM, "language model: out of memory");
    }
    if (!said)
        return RH_ERR_FORMAT;
    o = json_object();
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        parts[i](&j, o, said);
    json_object_set_new(o, "dropped", json_integer(j.n_dropped));
    json_decref(said);
    o = rh_json_whole(o, failures);
    if (!o)
        return rh_fail(err, RH_ERR_NOMEM, "language model: out of memory");
    if (j.n_kept > 0) {
        *out = o;
        return RH_OK;
    }
    json_decref(o);
    if (j.n_dropped == 0)
        return rh_fail(err, RH_ERR_FORMAT, "its reply has none of the parts that were asked for");
    return rh_fail(err, RH_ERR_NOTFOUND, "none of its remarks rests on words of the answer");
}
