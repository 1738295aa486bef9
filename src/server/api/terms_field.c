#include "terms_field.h"

#include <jansson.h>
#include "multipart.h"
#include "pasted.h"

rh_status rh_terms_read(const char *name, const char *text, rh_terms **out, rh_error *err)
{
    const char *terms[RH_TERMS_MAX];
    json_t *list = NULL;
    rh_status st = rh_key_terms_read(name, text, &list, err);
    for (size_t i = 0; i < json_array_size(list); i++)
        terms[i] = json_string_value(json_array_get(list, i));
    if (st == RH_OK)
        st = rh_terms_new(out, terms, json_array_size(list), err);
    json_decref(list);
    return st;
}

bool rh_terms_field(rh_http *h, const char *name, rh_terms **out)
{
    const char *f = rh_form_text(h, name);
    rh_error err;
    *out = NULL;
    rh_status st = f && *f ? rh_terms_read(name, f, out, &err) : RH_OK;
    if (st != RH_OK)
        rh_http_error_at(h, 400, name, NULL, "%s", err.msg);
    return st == RH_OK;
}
