#include "wish.h"

#include <string.h>
#include "rehearse/base/text.h"
#include "server/api/text_field.h"
#include "server/numbers.h"
#include "server/server_limits.h"

enum { MAX_SEED = 0x7fffffff };

/* What is read of the body goes to `out`; each reader takes one key. */
typedef struct {
    const json_t *body;
    const rh_asr_model *model;
    json_t *out;
} reading;

static rh_status text_of(const reading *r, const char *key, const char **text, size_t *n, rh_error *err)
{
    const json_t *v = json_object_get(r->body, key);
    *text = json_string_value(v);
    *n = json_string_length(v);
    if (v && !json_is_null(v) && !*text)
        return rh_fail(err, RH_ERR_INVAL, "%s must be a text in quotes", key);
    return RH_OK;
}

/* Kept as it is when it can be shown; nothing when it is empty. */
static rh_status read_short(const reading *r, const char *key, rh_error *err)
{
    const char *text;
    size_t n;
    rh_status st = text_of(r, key, &text, &n, err);
    if (st == RH_OK && n)
        st = rh_text_field_check(key, text, n, err);
    if (st == RH_OK && n)
        json_object_set_new(r->out, key, json_string(text));
    return st;
}

/* What was pasted: of signs that no text has, blanks are made. */
static rh_status read_pasted(const reading *r, const char *key, rh_error *err)
{
    const char *text;
    size_t n;
    rh_status st = text_of(r, key, &text, &n, err);
    if (st != RH_OK || !n)
        return st;
    size_t chars = rh_utf8_count(text, n);
    if (chars > RH_MAX_PASTED_CHARS)
        return rh_fail(err, RH_ERR_LIMIT, "%s has %zu characters: at most %d are read, so paste the part that matters",
                       key, chars, RH_MAX_PASTED_CHARS);
    json_t *copy = json_stringn(text, n);
    char *s = (char *)(uintptr_t)json_string_value(copy); /* ours alone */
    for (size_t i = 0; s && i < n; i++)
        if (((unsigned char)s[i] < ' ' && s[i] != '\n' && s[i] != '\t') || s[i] == 0x7f)
            s[i] = ' ';
    json_object_set_new(r->out, key, copy);
    return RH_OK;
}

static rh_status read_length(const reading *r, const char *key, rh_error *err)
{
    static const int lengths[] = {1, 3, 5, 8};
    const json_t *v = json_object_get(r->body, key);
    json_int_t n = !v || json_is_null(v) ? 3 : json_is_integer(v) ? json_integer_value(v) : 0;
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
        if (n == lengths[i]) {
            json_object_set_new(r->out, key, json_integer(n));
            return RH_OK;
        }
    return rh_fail(err, RH_ERR_INVAL, "%s must be 1, 3, 5 or 8", key);
}

static rh_status read_language(const reading *r, const char *key, rh_error *err)
{
    char code[RH_ASR_LANG_LEN];
    rh_status st = read_short(r, key, err);
    const char *language = json_string_value(json_object_get(r->out, key));
    return st == RH_OK && language && r->model ? rh_asr_model_language(r->model, language, code, err) : st;
}

static rh_status read_seed(const reading *r, const char *key, rh_error *err)
{
    static const rh_number_range seeds = {0, MAX_SEED, true};
    double seed = -1;
    rh_status st = rh_number_of(r->body, key, seeds, &seed, err);
    if (st == RH_OK && seed >= 0)
        json_object_set_new(r->out, key, json_integer((json_int_t)seed));
    return st;
}

static rh_status read_role(const reading *r, const char *key, rh_error *err)
{
    rh_status st = read_short(r, key, err);
    if (st == RH_OK && !json_object_get(r->out, key))
        return rh_fail(err, RH_ERR_INVAL,
                       "role is missing: questions.json of the page lists them, \"general\" fits all");
    return st;
}

static const struct {
    const char *key;
    rh_status (*read)(const reading *, const char *, rh_error *);
} keys[] = {{"role", read_role},         {"questions", read_length}, {"client", read_short}, {"seed", read_seed},
            {"language", read_language}, {"job_ad", read_pasted},    {"cv", read_pasted}};

rh_status rh_interview_wish(const char *body, size_t n, const rh_asr_model *model, json_t **out, const char **param,
                            rh_error *err)
{
    json_error_t why;
    json_t *given = json_loadb(body, n, 0, &why);
    reading r = {.body = given, .model = model, .out = json_object()};
    rh_status st = RH_OK;
    *param = NULL;
    if (!given)
        st = rh_fail(err, RH_ERR_INVAL, "the body is no JSON: %s", why.text);
    else if (!json_is_object(given))
        st = rh_fail(err, RH_ERR_INVAL, "the body must be an object such as {\"role\":\"general\",\"questions\":3}");
    for (size_t i = 0; i < sizeof keys / sizeof *keys && st == RH_OK; i++) {
        st = keys[i].read(&r, keys[i].key, err);
        *param = st == RH_OK ? NULL : keys[i].key;
    }
    json_decref(given);
    if (st != RH_OK) {
        json_decref(r.out);
        return st;
    }
    if (!json_object_get(r.out, "client"))
        json_object_set_new(r.out, "client", json_string("me"));
    *out = r.out;
    return RH_OK;
}
