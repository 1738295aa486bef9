#include "pasted.h"

#include <string.h>
#include "rehearse/asr/terms.h"
#include "rehearse/base/text.h"
#include "rehearse/base/utf8.h"
#include "server/server_limits.h"

rh_status rh_pasted_check(const char *name, const char *text, size_t n, rh_error *err)
{
    if (!rh_utf8_valid(text, n))
        return rh_fail(err, RH_ERR_INVAL, "%s is not UTF-8 text", name);
    size_t chars = rh_utf8_count(text, n);
    if (chars > RH_MAX_PASTED_CHARS)
        return rh_fail(err, RH_ERR_INVAL, "%s has %zu characters: at most %d are read, so paste the part that matters",
                       name, chars, RH_MAX_PASTED_CHARS);
    return RH_OK;
}

static rh_status check(const char *name, const json_t *list, rh_error *err)
{
    const char *terms[RH_TERMS_MAX];
    size_t n = json_array_size(list);
    rh_error why;
    if (n > RH_TERMS_MAX)
        return rh_fail(err, RH_ERR_INVAL, "%s has %zu terms: at most %d are taken", name, n, RH_TERMS_MAX);
    for (size_t i = 0; i < n; i++) {
        const json_t *t = json_array_get(list, i);
        terms[i] = json_string_value(t);
        if (!terms[i])
            return rh_fail(err, RH_ERR_INVAL, "%s must be a list of texts such as [\"Kubernetes\"]", name);
        if (strlen(terms[i]) != json_string_length(t))
            return rh_fail(err, RH_ERR_INVAL, "%s: term %zu holds a NUL: plain text is expected", name, i);
    }
    rh_terms *made = NULL;
    rh_status st = rh_terms_new(&made, terms, n, &why);
    rh_terms_free(made);
    if (st == RH_OK)
        return RH_OK;
    return rh_fail(err, st == RH_ERR_NOMEM ? st : RH_ERR_INVAL, "%s: %s", name, why.msg);
}

rh_status rh_key_terms_check(const json_t *list, rh_error *err)
{
    if (!json_is_array(list))
        return rh_fail(err, RH_ERR_INVAL, "key_terms must be a list of texts such as [\"Kubernetes\"]");
    return check("key_terms", list, err);
}

rh_status rh_key_terms_read(const char *name, const char *text, json_t **out, rh_error *err)
{
    static const char between[] = ",\r\n";
    json_t *list = json_array();
    rh_status st = rh_utf8_valid(text, strlen(text)) ? RH_OK : rh_fail(err, RH_ERR_INVAL, "%s is not UTF-8 text", name);
    for (const char *s = text; st == RH_OK && *(s += strspn(s, between));) {
        size_t n = strcspn(s, between);
        (void)json_array_append_new(list, json_stringn(s, n));
        s += n;
    }
    if (st == RH_OK)
        st = check(name, list, err);
    if (st == RH_OK)
        *out = list;
    else
        json_decref(list);
    return st;
}
